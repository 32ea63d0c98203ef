"""What is known of a watch at one moment: what its journal and its loop say, before anybody judges it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gonogo.evidence.watch import Acknowledgement, Gap, Receipt, Transition
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.trail import Trail
from gonogo.watching.ledger import Unwritten

SIGNED, NOT_SIGNED = "signed", "not signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The newest look at everything that was due."""

    number: int
    """How many there were, this one among them."""
    at: float
    """On the watch's axis."""
    utc: datetime
    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a role said when it was polled."""

    role: str
    decision: Literal["GO", "HOLD"]
    by: str
    utc: datetime
    note: str = ""
    seal: str = NOT_SIGNED
    """Whether it is signed, or why its signature does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened beside the alerts: a clock that was set, a service that started again, T-0."""

    utc: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A duty of the run sheet that somebody did."""

    by: str
    utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFacts:
    """All that the page rests on. Sequences are in the order of time."""

    service: str
    environment: str
    began: datetime
    round: Round | None = None
    """None: nobody has looked yet."""
    ended: datetime | None = None
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    """By threshold or key metric; what is missing was not judged yet."""
    trails: Mapping[str, Trail] = field(default_factory=dict)
    """By threshold or key metric: kept by the loop, or made of the journal's readings (``Trail.of``)."""
    transitions: Sequence[Transition] = ()
    """At least those of alerts that are open, and the newest."""
    acknowledgements: Sequence[Acknowledgement] = ()
    receipts: Sequence[Receipt] = ()
    gaps: Sequence[Gap] = ()
    events: Sequence[Event] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    """Id and title of the roles that are polled."""
    polls: Sequence[Poll] = ()
    done: Mapping[str, Done] = field(default_factory=dict)
    """By ``duty_key``."""
    channels_down: Mapping[str, str] = field(default_factory=dict)
    """Channel to why: its newest announcement did not arrive."""
    channel_failures: Mapping[str, int] = field(default_factory=dict)
    """Channel to the number of attempts that failed since the watch began."""
    changes: Sequence[str] = ()
    """What is otherwise than at T-0: release, certificate, DNS, policy."""
    unwritten: Unwritten | None = None
    """What is not in the journal, and why."""
    rollback: Sequence[str] = ()
    """The way back: snapshot and its age, TTL that is left, the command."""
