"""Whether a certificate is for a host: RFC 9525, section 6, as OpenSSL and browsers apply it."""

import ipaddress
from collections.abc import Sequence

from gonogo.environment.types import is_address

_FEWEST_LABELS = 2
"""After the wildcard: ``*.test`` would be for everybody's names."""


def matches(host: str, *, names: Sequence[str], addresses: Sequence[str]) -> bool:
    """``names`` and ``addresses`` are those of the subject alternative name extension; ``host`` is in A-labels."""
    if is_address(host):
        return ipaddress.ip_address(host) in {ipaddress.ip_address(address) for address in addresses}
    wanted = host.lower()
    # A final dot is not stripped: OpenSSL and GnuTLS refuse a name with one (RFC 5280, 4.2.1.6).
    return any(_covers(name.lower(), wanted) for name in names)


def _covers(name: str, host: str) -> bool:
    """A wildcard is the whole leftmost label, and stands for exactly one, of whatever script."""
    if not name.startswith("*."):
        return name == host
    label, _, domain = host.partition(".")
    parent = name.removeprefix("*.")
    return bool(label) and domain == parent and "*" not in parent and len(parent.split(".")) >= _FEWEST_LABELS
