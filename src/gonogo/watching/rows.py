"""What the live page shows, as records: one word with its reason, and everything that it rests on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter

from gonogo.evidence.watch import Acknowledgement, AlertState, Gap, Point, Poll, Receipt, WatchEvent
from gonogo.watching.facts import Done
from gonogo.watching.ledger import Unwritten

MISSED_ROUNDS = 2
"""After so many rounds without news the word is BLIND."""


class Word(StrEnum):
    """What somebody reads from five metres."""

    ALL_WELL = "ALL WELL"
    LOOK = "LOOK"
    ABORT = "ABORT"
    BLIND = "BLIND"


class DutyState(StrEnum):
    """Where a duty of the run sheet stands."""

    DONE = "done"
    OVERDUE = "overdue"
    DUE = "due"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchClock:
    """Where the launch stands."""

    t0: datetime | None
    seconds: float | None
    """Since T-0; below nothing before it; None: no T-0 is declared."""
    text: str
    ends: datetime | None
    """When the watch of the launch is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    """One duty of the run sheet."""

    key: str
    at: str
    title: str
    owner: str
    due: datetime | None
    state: DutyState
    done: Done | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert that is open, or that ended lately."""

    id: str
    name: str
    title: str
    severity: str
    state: AlertState
    since: datetime
    ended: datetime | None
    reason: str
    first_step: str
    acknowledgement: Acknowledgement | None
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One signal with its course."""

    name: str
    title: str
    severity: str
    """Empty for a key metric."""
    state: AlertState | None
    """None: nobody has looked yet."""
    unit: str
    value: str
    reason: str
    limit: float | None
    limit_text: str
    points: tuple[Point, ...]
    stale_after: float
    """Seconds after which a point is an old one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """What one role said; None: it has not answered."""

    role: str
    title: str
    poll: Poll | None
    seal: str
    """Whether that is signed, or why its signature does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One channel."""

    name: str
    down: str
    """Why its newest announcement did not arrive; empty: it is not known to be down."""
    failures: int
    arrived: datetime | None
    """When something arrived last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """Everything that the page shows."""

    word: Word
    reason: str
    service: str
    environment: str
    zone: str
    now: datetime
    every: float
    """Seconds between two rounds."""
    began: datetime
    rounds: int
    last_round: datetime | None
    round_seconds: float
    axis: float
    """Seconds on the watch's axis now: points are placed by it."""
    clock: LaunchClock
    duties: tuple[DutyRow, ...]
    alerts: tuple[AlertRow, ...]
    over: tuple[AlertRow, ...]
    """Alerts that ended, the newest first."""
    signals: tuple[SignalRow, ...]
    roles: tuple[RoleRow, ...]
    channels: tuple[ChannelRow, ...]
    receipts: tuple[Receipt, ...]
    """The newest first, as are events."""
    events: tuple[WatchEvent, ...]
    gaps: tuple[Gap, ...]
    unwritten: Unwritten | None
    """What is not in the journal, and why; None: everything is there."""
    changes: tuple[str, ...]
    rollback: tuple[str, ...]

    @property
    def patience(self) -> float:
        """Seconds without news after which nobody can say anything."""
        return MISSED_ROUNDS * self.every

    @property
    def round_age(self) -> float:
        """Seconds from the newest round to ``now``; 0 where there is none."""
        return abs((self.now - self.last_round).total_seconds()) if self.last_round else 0.0


STATE: TypeAdapter[LiveState] = TypeAdapter(LiveState)
