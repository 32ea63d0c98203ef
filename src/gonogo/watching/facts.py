"""What is known of a watch at one moment: what its journal and its loop say, before anybody judges it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gonogo.evidence.watch import Acknowledgement, Gap, Poll, Reading, Receipt, Transition, WatchEvent
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.trail import Trail
from gonogo.watching.ledger import Unwritten

SIGNED, NOT_SIGNED = "signed", "not signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRound:
    """What one round saw, for whoever shows it."""

    at: float
    """On the watch's axis."""
    utc: datetime
    readings: Mapping[str, Reading]
    alerts: Mapping[str, Alert]
    transitions: Sequence[Transition]
    seconds: float
    """How long it took."""


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
    round: LiveRound | None = None
    """The newest one; None: nobody has looked yet."""
    rounds: int = 0
    """How many there were."""
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
    events: Sequence[WatchEvent] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    """Id and title of the roles that are polled."""
    polls: Sequence[Poll] = ()
    seals: Mapping[Poll, str] = field(default_factory=dict)
    """Whether each is signed, or why its signature does not hold; NOT_SIGNED where it is not named."""
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
