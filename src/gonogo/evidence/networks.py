"""IP networks that are added up, however they are spelled."""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

Network = IPv4Network | IPv6Network
_MOST_ADDRESSES = {4: 2**24, 6: 2**108}
"""No single organisation that a service would let in has more: a /8, and a /20 of IPv6."""


def networks(texts: Iterable[str]) -> tuple[list[Network], list[str]]:
    """The networks among some texts, and the texts that are none."""
    parsed, others = list[Network](), list[str]()
    for text in texts:
        try:
            parsed.append(ip_network(text, strict=False))
        except ValueError:
            others.append(text)
    return parsed, others


def is_everybody(several: Iterable[Network]) -> bool:
    """Whether these networks hold more public addresses, together, than any single organisation has."""
    counts = {4: 0, 6: 0}
    for network in _added_up(list(several)):
        counts[network.version] += 0 if network.is_private else network.num_addresses
    return any(counts[version] > most for version, most in _MOST_ADDRESSES.items())


def covered(network: Network, by: Sequence[Network]) -> bool:
    """Whether all addresses of a network are among those of others, together."""
    return any(_inside(network, other) for other in _added_up(by))


def _added_up(several: Sequence[Network]) -> Iterator[Network]:
    yield from collapse_addresses(network for network in several if isinstance(network, IPv4Network))
    yield from collapse_addresses(network for network in several if isinstance(network, IPv6Network))


def _inside(network: Network, other: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(other, IPv4Network):
        return network.subnet_of(other)
    if isinstance(network, IPv6Network) and isinstance(other, IPv6Network):
        return network.subnet_of(other)
    return False
