"""URLs of several hosts: what every Python, patched or not, has to read alike."""

import pytest

from gonogo.base.several_hosts import split_url

THREE = "mongodb://app:p%40ss,word@a:1,b,[::1]:3/shop?replicaSet=rs0#x"


def test_several_hosts_are_read_wherever_an_address_has_brackets() -> None:
    """Python 3.11.2 of Debian and those after 3.13.1 refuse brackets behind the first host."""
    parts = split_url(THREE)
    assert (parts.netloc, parts.path, parts.query) == ("app:p%40ss,word@a:1,b,[::1]:3", "/shop", "replicaSet=rs0")
    assert (parts.username, parts.password) == ("app", "p%40ss,word")
    assert parts.geturl() == THREE


@pytest.mark.parametrize("url", ["https://a.test:8443/x?y=a,b", "redis://[::1]:6379/0", "redis://u:p,q@h/0", "no url"])
def test_one_host_is_read_as_ever(url: str) -> None:
    """A comma in a password or in a query is no second host."""
    assert split_url(url).geturl() == url
    assert (
        split_url(url).hostname
        == {"https": "a.test", "redis": "::1" if "[" in url else "h", "": None}[split_url(url).scheme]
    )


@pytest.mark.parametrize("url", ["mongodb://a,[::1/x", "mongodb://a,b:port/x", "mongodb://a:70000,b/x"])
def test_hosts_that_are_none_are_refused(url: str) -> None:
    """Each of them, and not the first alone."""
    with pytest.raises(ValueError, match=r"IPv6|[Pp]ort"):
        split_url(url)
