"""URLs that name several hosts, as those of MongoDB and PostgreSQL do: no URL of RFC 3986, and no two Pythons agree on them.

Later ones refuse the brackets of an IPv6 address behind the first host; the distributions' patched ones do as well.
"""

import re
from urllib.parse import SplitResult, urlsplit

_BEFORE_PATH = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)")


def split_url(url: str) -> SplitResult:
    """The parts of a URL, of one with several hosts as well. Raises ValueError where a host, or the port of a further one, is none."""
    before_path = _BEFORE_PATH.match(url)
    if before_path is None or "," not in before_path[2]:
        return urlsplit(url)
    for host in before_path[2].rpartition("@")[2].split(","):
        _ = urlsplit(f"//{host}").port
    parts = urlsplit(f"{before_path[1]}hosts{url[before_path.end() :]}")
    return parts._replace(netloc=before_path[2])
