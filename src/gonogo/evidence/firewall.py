"""The packet filter of a server: rules as ufw and iptables have them, and what each of them opens, and to whom."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any, Literal

Network = IPv4Network | IPv6Network
PortRange = tuple[int, int]
"""The first and the last."""
EVERY_PORT: PortRange = (0, 65535)
_ADDRESSES = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
_INTERNET: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("2000::/3"))
"""The whole internet; of IPv6 it uses an eighth, 2000::/3."""
_INWARD = ("lo", "wg", "tun", "tailscale", "docker0", "veth")
"""Beginnings of the names of interfaces that do not lead to the internet, whatever the routes say."""
_PRIVATE: dict[int, tuple[Any, ...]] = {
    4: tuple(
        map(
            ip_network,
            ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
        )
    ),
    6: (),
}
"""What is never routed on the internet; of IPv6 all of that lies outside of 2000::/3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule:
    """A line of ``ufw status``, or a rule of iptables spelled as one."""

    to: str
    """Ports, with the address, protocol, application and interface that it is limited to, if it is."""
    action: str
    """As in ``ALLOW IN``, ``LIMIT IN``, ``ALLOW FWD``; ``ACCEPT`` and the chain for a rule that ufw does not list;
    ``PUBLISH`` and the container for a port that Docker publishes; ``RESTORE``, the chain and the file for one that ufw
    loads at its next start.
    """
    source: str

    @property
    def _target(self) -> list[str]:
        """The words of ``to``, without interface and the name of an application."""
        return self.to.replace(" (v6)", "").partition(" on ")[0].partition(" (")[0].split()

    @property
    def _numbers(self) -> tuple[str, str]:
        """Ports and protocol as they are written; no protocol for any."""
        words = [word for word in self._target if _network(word) is None]
        numbers, _, protocol = (words[0] if words else "Anywhere").partition("/")
        return numbers, protocol

    @property
    def ports(self) -> tuple[PortRange, ...]:
        """The ports that the rule is about; none for a protocol that has no ports."""
        numbers, protocol = self._numbers
        if protocol not in {"", "tcp", "udp", "sctp"}:
            return ()
        if not numbers[:1].isdecimal():
            return (EVERY_PORT,)
        ends = (part.partition(":") for part in numbers.split(","))
        return tuple((int(first), int(last or first)) for first, _, last in ends)

    @property
    def destination(self) -> Network | None:
        """The addresses of this server that it is limited to."""
        return next((network for word in self._target if (network := _network(word))), None)

    @property
    def interface(self) -> str:
        """Where packets must come in; empty for anywhere."""
        _, _, source = self.source.partition(" on ")
        _, _, target = self.to.replace(" (v6)", "").partition(" on ")
        return (source or ("" if self.forwards else target)).strip()

    @property
    def network(self) -> Network:
        """The network that a packet must come from for the rule to apply."""
        first = self.source.replace(" (v6)", "").split()[0]
        return _network(first) or _network(first.rpartition("/")[0]) or _ADDRESSES[self.version]

    @property
    def version(self) -> Literal[4, 6]:
        """Version of the internet protocol: 6 if the rule says so, else 4."""
        return 6 if "(v6)" in f"{self.to}{self.source}" or (self.destination and self.destination.version == 6) else 4  # noqa: PLR2004 - the version

    @property
    def opens(self) -> bool:
        """Whether it takes packets in, or passes them on."""
        return self.action.startswith(("ALLOW", "LIMIT", "ACCEPT", "PUBLISH", "RESTORE")) and not self.action.endswith(
            "OUT"
        )

    @property
    def past_ufw(self) -> str:
        """The words for what opens it where ``ufw status`` does not list it; empty for ufw's own rules."""
        kind, _, name = self.action.partition(" ")
        chain, _, path = name.partition(" ")
        return {
            "ACCEPT": f"by a rule of {name} that ufw status does not list",
            "RESTORE": f"by a rule of {chain} in {path}, which ufw loads at its next start or reload",
            "PUBLISH": f"which Docker publishes past ufw for the container {name}",
        }.get(kind, "")

    @property
    def closes_to_all(self) -> bool:
        """Whether it turns everybody away from its ports."""
        plain = not self.interface and self.destination is None and self.source.startswith("Anywhere")
        return plain and self.action.startswith(("DENY", "REJECT")) and not self.action.endswith("OUT")

    def closes(self, other: "FirewallRule") -> bool:
        """Whether nobody comes as far as another rule, at the ports of this one."""
        protocol = self._numbers[1] in {"", other._numbers[1]}  # noqa: SLF001 - the same class
        alike = (self.version, self.forwards) == (other.version, other.forwards)
        return self.closes_to_all and protocol and alike

    @property
    def opening(self) -> tuple[object, ...]:
        """What it opens and to whom, however that is written."""
        return self.forwards, self.ports, self.network, self.destination, self.interface

    @property
    def by_a_bridge(self) -> bool:
        """Whether it opens something to an interface whose name does not tell where it leads."""
        return self.opens and self.interface.startswith("br")

    def is_about(self, port: int) -> bool:
        """Whether that port is among its own."""
        return any(low <= port <= high for low, high in self.ports)

    def meets_the_internet(self, uplinks: tuple[str, ...] | None) -> bool:
        """Whether packets of the internet may come by it; a bridge counts only where the uplinks are known."""
        if self.interface.startswith(_INWARD):
            return False
        if self.destination is not None and (self.destination.is_multicast or self.destination.is_loopback):
            return False
        if self.interface and uplinks is not None:
            return any(fnmatchcase(uplink, self.interface.replace("+", "*")) for uplink in uplinks)
        return not self.by_a_bridge

    @property
    def forwards(self) -> bool:
        """Whether it is about packets for somebody behind this server."""
        return "FWD" in self.action or "forward" in self.action.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """ufw, and what goes past it."""

    active: bool
    incoming: str = ""
    """What happens to what no rule is about."""
    rules: tuple[FirewallRule, ...] = ()
    """In the order in which they are tried."""
    beside: tuple[FirewallRule, ...] | None = None
    """Rules of iptables that take in new packets, and that ``ufw status`` does not list; None if they were not read."""
    loaded: tuple[FirewallRule, ...] = ()
    """What the kernel has in the chains that ``ufw status`` lists from a file, in the order in which they are tried."""
    enabled: bool = True
    """Whether it starts with the machine."""
    at_start: tuple[FirewallRule, ...] = ()
    """What its files would load at its next start, in the order in which they are tried."""
    unfiltered: tuple[int, ...] = ()
    """Versions of the internet protocol whose packets the kernel takes in where no rule is about them."""
    published: tuple[FirewallRule, ...] = ()
    """Ports that Docker publishes to everybody, past ufw."""


def openings(
    firewall: Firewall, uplinks: tuple[str, ...] | None, allowed: Collection[int], *, at_least: float
) -> Iterator[tuple[FirewallRule, float]]:
    """The first rule that opens each undeclared port to such a share of the internet, and to how much of it."""
    opened = set[object]()
    for rules in (firewall.rules, firewall.beside or (), firewall.loaded, firewall.at_start):
        for rule, share in exposures(rules, uplinks, allowed):
            if share >= at_least and rule.opening not in opened:
                opened.add(rule.opening)
                yield rule, share
    # What Docker publishes goes past all of these, whatever they say.
    yield from (opening for opening in exposures(firewall.published, uplinks, allowed) if opening[1] >= at_least)


def exposures(
    rules: Sequence[FirewallRule], uplinks: tuple[str, ...] | None, allowed: Collection[int]
) -> Iterator[tuple[FirewallRule, float]]:
    """Every rule that opens a port beside the allowed ones, and to how much of the internet the rules open that port."""
    closing: list[FirewallRule] = []
    opening = [rule for rule in rules if rule.opens and rule.meets_the_internet(uplinks)]
    for rule in rules:
        if rule.closes_to_all:
            closing.append(rule)
        closed = [ports for earlier in closing if earlier.closes(rule) for ports in earlier.ports]
        port = _first_port(rule, allowed, closed) if rule in opening else None
        if port is not None:
            alike = [other for other in opening if other.forwards == rule.forwards and other.is_about(port)]
            yield rule, share_of_the_internet(other.network for other in alike)


def _first_port(rule: FirewallRule, allowed: Collection[int], closed: Sequence[PortRange]) -> int | None:
    """The first port of the rule that is not allowed, and that no earlier rule closes."""
    for low, high in rule.ports:
        for port in range(max(low, 1), high + 1):
            if port not in allowed and not any(first <= port <= last for first, last in closed):
                return port
    return None


def share_of_the_internet(networks: Iterable[Network]) -> float:
    """How much of the addresses of the internet these are, together: the larger share of both protocols."""
    listed = list(networks)
    return max(
        _share([network for network in listed if network.version == whole.version], whole) for whole in _INTERNET
    )


def _share(networks: list[Network], whole: Network) -> float:
    inside: list[Any] = [
        whole if network.prefixlen < whole.prefixlen else network for network in networks if network.overlaps(whole)
    ]
    public = (
        network for network in inside if not any(network.subnet_of(private) for private in _PRIVATE[whole.version])
    )
    return float(sum(network.num_addresses for network in collapse_addresses(public)) / whole.num_addresses)


def _network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False) if "." in text or ":" in text else None
    except ValueError:
        return None
