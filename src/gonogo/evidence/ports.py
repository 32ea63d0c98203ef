"""Which ports of an address can be reached from here."""

from dataclasses import dataclass
from enum import StrEnum

from gonogo.evidence.base import Evidence


class PortState(StrEnum):
    """The result of connecting to a port."""

    OPEN = "open"
    REFUSED = "refused"
    """Nobody listens, or a firewall says so."""
    FILTERED = "filtered"
    """Nothing came back, not even a refusal."""
    UNKNOWN = "unknown"
    """This machine could not ask, or could not hear the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port that should be closed."""

    service: str
    number: int
    state: PortState
    identified: str = ""
    """The program that answered on an open port."""
    problem: str = ""
    """Why the state is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerEvidence(Evidence):
    """One declared port of one address; its scope is the host, the address, and the entry."""

    state: PortState
    problem: str = ""
    """Why TLS could not be spoken, although the connection was accepted."""
    said: str = ""
    """The beginning of what the server said."""
    expected: bool = False
    """Whether the declared text stood in what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsEvidence(Evidence):
    """All of them at one address, with a control that must be open."""

    address: str
    control_port: int
    """A port that must answer: without it, closed ports would show nothing but a lost route."""
    control_state: PortState
    control_after: PortState
    """The state of the control once all the others were asked: a guard may have shut us out in between."""
    source: str
    """Our own address, as the control connection had it; empty without one."""
    ports: tuple[Port, ...]
