"""The traffic that rules of a firewall let in together: networks are added up, however they are spelled."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gonogo.base.errors import Unobserved
from gonogo.evidence.networks import is_everybody, networks
from gonogo.evidence.providers import InboundRule

_LAST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRange:
    """Ports of one protocol, the last included."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        if (self.first, self.last) == (1, _LAST_PORT):
            return f"all ports/{self.protocol}"
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{ports}/{self.protocol}"

    def without(self, ports: Collection[int]) -> Iterator["PortRange"]:
        """The rest of the range; all ports stay all ports."""
        if (self.first, self.last) == (1, _LAST_PORT):
            yield self
            return
        first = self.first
        for port in sorted(port for port in ports if self.first <= port <= self.last):
            if first < port:
                yield PortRange(protocol=self.protocol, first=first, last=port - 1)
            first = port + 1
        if first <= self.last:
            yield PortRange(protocol=self.protocol, first=first, last=self.last)


def open_to_everybody(rules: Sequence[InboundRule], protocol: str) -> Iterator[PortRange]:
    """The ports of a protocol that the rules, all together, open to everybody."""
    ranges = [(_ports(rule), rule.sources) for rule in rules if rule.protocol == protocol]
    edges = sorted({edge for (first, last), _ in ranges for edge in (first, last + 1)})
    open_from: int | None = None
    for first, after in pairwise([*edges, _LAST_PORT + 1]):
        sources = [
            source for (low, high), permitted in ranges if low <= first and after - 1 <= high for source in permitted
        ]
        if _is_everybody(sources):
            open_from = first if open_from is None else open_from
        elif open_from is not None:
            yield PortRange(protocol=protocol, first=open_from, last=first - 1)
            open_from = None
    if open_from is not None:
        yield PortRange(protocol=protocol, first=open_from, last=_LAST_PORT)


def is_opened(rules: Sequence[InboundRule], protocol: str, port: int) -> bool:
    """Whether any rule lets anybody in at this port."""
    ranges = [_ports(rule) for rule in rules if rule.protocol == protocol]
    return any(first <= port <= last for first, last in ranges)


def _ports(rule: InboundRule) -> tuple[int, int]:
    if rule.ports == "all":
        return 1, _LAST_PORT
    first, marked, last = rule.ports.partition("-")
    try:
        return int(first), int(last if marked else first)
    except ValueError:
        raise Unobserved(f"a firewall rule is about the ports {rule.ports!r}, which gonogo cannot read") from None


def _is_everybody(sources: Sequence[str]) -> bool:
    ranges, others = networks(sources)
    if others:
        raise Unobserved(f"a firewall rule lets in {others[0]!r}, which is no network")
    return is_everybody(ranges)
