"""The vocabulary of an environment file: what each type takes, and what it refuses."""

import pytest
from pydantic import TypeAdapter, ValidationError

from gonogo.environment.types import HostName, Label, Network

_NAME = TypeAdapter[str](HostName)


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("k1._domainkey.example.com", "k1._domainkey.example.com"),
        ("_acme-challenge.WWW.example.com.", "_acme-challenge.www.example.com"),
        ("r3---sn-abc.example.com", "r3---sn-abc.example.com"),
        ("_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_names_that_dns_knows(written: str, understood: str) -> None:
    """The names that dangle most are those with an underscore; IDNA knows none."""
    assert _NAME.validate_python(written) == understood


@pytest.mark.parametrize(
    "written",
    [
        *(
            "a..example.com",
            "-a.example.com",
            "a b.example.com",
            "*.example.com",
            "",
            ".",
            "192.0.2.1",
            "xn--a.example",
        ),
        *(f"{'a' * 64}.example.com", ".".join(["a"] * 128)),
    ],
)
def test_names_that_nobody_has(written: str) -> None:
    """A typo would be a name that does not resolve."""
    with pytest.raises(ValidationError):
        _NAME.validate_python(written)


def test_networks_and_labels() -> None:
    """A network with bits of a host in it is a typo of one or of the other."""
    network, label = TypeAdapter[str](Network), TypeAdapter[str](Label)
    assert network.validate_python("203.0.113.0/24") == "203.0.113.0/24"
    assert label.validate_python("s1.mail") == "s1.mail"
    for adapter, written in ((network, "203.0.113.7/24"), (network, "cdn"), (label, "a b"), (label, "")):
        with pytest.raises(ValidationError):
            adapter.validate_python(written)
