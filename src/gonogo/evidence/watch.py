"""What a watch saw: readings of signals, the alerts that they gave, and who was told.

Times ``at`` are seconds on the watch's own axis: it begins with the watch, goes on over restarts, and is counted by a
clock that nobody sets. Times in UTC are for people.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from gonogo.evidence.base import Evidence


class AlertState(StrEnum):
    """Where an alert stands. An alert that ended is RESOLVED in the transition, and OK from then on."""

    OK = "ok"
    FEW = "too few"
    """Too few events to say anything: neither good nor bad, and never shown as good."""
    PENDING = "pending"
    """Beyond its limit, and not yet for as long as ``for`` demands."""
    FIRING = "firing"
    NO_DATA = "no data"
    """Nobody can say: an alarm of its own."""
    RESOLVED = "resolved"


TESTED = "tested"
"""The event of an announcement that tells nothing but that its channel works."""
ALARMS = (AlertState.FIRING, AlertState.NO_DATA)
"""States that people are told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of a signal."""

    at: float
    value: float | None
    """In the signal's unit; None: there is none, and ``missing`` says why."""
    events: float | None = None
    """How many events stand behind the value; None where nothing is counted."""
    missing: str = ""
    """Why there is no value; of checks that fail, which they are, and what they say."""

    def __post_init__(self) -> None:
        """What is no finite number (0/0, an infinite quantile) is beyond no limit, and would pass for good: it is missing."""
        if self.value is not None and not math.isfinite(self.value):
            object.__setattr__(self, "missing", self.missing or f"the value is no finite number ({self.value:g})")
            object.__setattr__(self, "value", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of one alert."""

    at: float
    utc: datetime
    threshold: str
    alert: str = ""
    """Id of the alert, the same from its first alarm to its end; empty while nobody needs to be told."""
    before: AlertState
    after: AlertState
    value: float | None = None
    reason: str = ""
    """For people: what was seen, and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody has an alert in hand."""

    alert: str
    by: str
    utc: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What one channel is told of one alert. No two have the same alert, channel and number."""

    alert: str
    channel: str
    """Its name in ``[watch.channels]``."""
    number: int
    """Which one it is of those of this alert to this channel; 1 is the first."""
    event: str
    """``began``, ``reminded`` (nobody acknowledged it), ``escalated`` (nor did, or heard, those before), ``resolved``, or
    ``tested``, of which no journal has one."""
    at: float
    """When it was due."""
    utc: datetime
    """The same for people."""
    threshold: str
    title: str
    severity: str
    """``critical`` or ``warning``."""
    state: AlertState
    """FIRING, NO DATA or RESOLVED."""
    since: datetime
    """When the alert began."""
    reason: str
    """What was seen, and what is allowed."""
    lines: tuple[str, ...] = ()
    """Lines of the checklist that it is."""
    note: str = ""
    """Why it is told again, or to this channel as well."""

    @property
    def tells(self) -> bool:
        """Whether somebody is to act."""
        return self.event not in {"resolved", TESTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """An announcement that the outbox still holds."""

    announcement: Announcement
    claimed: bool
    """Whether sending was begun, and nobody knows how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of an announcement; a later receipt of the same one takes the place of the former."""

    alert: str
    channel: str
    number: int = 1
    event: str
    """That of the announcement."""
    utc: datetime
    attempts: int
    delivered: bool
    tried_again: bool = False
    """Whether it was not delivered, and stays in the outbox."""
    answer: str = ""
    """The channel's answer, or why there was none; never the channel's address, which is a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One answer of one role to the question whether to go on; the newest of a role counts."""

    role: str
    decision: str
    """``go`` or ``hold``."""
    by: str
    utc: datetime
    note: str = ""


FACT, CHANGED = "fact", "changed"
"""Kinds of events about what the launch stands on: a fact as it is from now on, and each change in words."""
UNSEEN = "unseen"
"""The kind of those that say why something of it could not be looked at."""
CHANNELS = "channels"
"""The name of the fact that says whom the watch tells."""
RELEASE_AT, FACT_IS = "release at ", " is "
"""How the fact of a release begins, and what stands between the name of a fact and its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvent:
    """Something that happened to the watch itself, or that everybody should know: a clock that was set, T-0."""

    at: float
    utc: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at everything that was due."""

    at: float
    utc: datetime
    mono_ok: bool
    """Whether the wall clock went along with the watch's axis since the round before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One life of the watcher, from its start to its end."""

    began: datetime
    at: float
    """Where it began on the axis."""
    pid: int
    every: timedelta
    rules: Mapping[str, str] = field(default_factory=dict)
    """What alerts were judged by, by threshold or key metric: ``Watch.rule_texts``."""
    launch: datetime | None = None
    """T-0, as this watcher knew it."""
    until: datetime | None = None
    """When it was to end by itself; None: when somebody ends it."""
    ended: datetime | None = None
    """None: it is still there, or it died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody looked: the watcher was dead, or asleep."""

    begins: datetime
    ends: datetime
    reason: str

    @property
    def length(self) -> timedelta:
        """How long it was."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class Point:
    """What was seen within a stretch of time."""

    at: float
    """Seconds on the watch's axis: of the last reading in it."""
    value: float | None
    """The worst; None where there was none, or too few events to say."""
    few: bool
    """Too few events to say: no value, and yet somebody looked."""
    missing: bool
    """Nobody can say for the whole stretch: part of it is a gap."""
    joined: bool
    """Nothing is missing between the point before and this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchJournalEvidence(Evidence):
    """The journal of a watch as a whole."""

    file: str
    demanded: timedelta
    """How long is to be watched: ``launch.watch``."""
    launch: datetime | None = None
    """T-0, of the environment file, else as the watcher was told."""
    launch_declared: bool = False
    """Whether the environment file has it, so that an older journal cannot be taken for this launch's."""
    began: datetime
    """The first round, of all that are in the journal."""
    ended: datetime
    """The newest round, or when the watcher was ended after it."""
    has_ended: bool
    """Whether it was ended on purpose; otherwise it is still there, or it died."""
    rounds: int
    starts: int
    """How many times a watcher began."""
    gaps: tuple[Gap, ...] = ()
    events: tuple[WatchEvent, ...] = ()
    polls: tuple[Poll, ...] = ()
    """The newest answer of every role."""
    announced: int = 0
    undelivered: tuple[Receipt, ...] = ()
    """Announcements that did not arrive, or of which nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchGreenEvidence(Evidence):
    """What the journal of a watch says of the time just before users come; its scope is ("watch", "green")."""

    file: str
    wanted: timedelta
    """For so long nothing may have alarmed: ``launch.green``."""
    every: timedelta
    """Time between two rounds."""
    began: datetime
    """The first round of all."""
    looked_until: datetime
    """The newest one."""
    alarms: tuple[Transition, ...] = ()
    """The beginnings of alarms that stood at any time of it."""
    open: tuple[str, ...] = ()
    """Ids of those among them that are not over."""
    undecided: tuple[str, ...] = ()
    """Thresholds and key metrics of which the newest round did not know whether they are well."""
    changed: tuple[str, ...] = ()
    """Those that were judged otherwise than the environment file says now."""
    gaps: tuple[Gap, ...] = ()
    """Within it."""
    releases: tuple[tuple[str, str, datetime], ...] = ()
    """Where the service was seen to serve which releases (as in ``v41, 4f2a90``), and since when."""
    unseen: str = ""
    """Why the newest look at what the launch stands on did not see all of it; empty where no release is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvidence(Evidence):
    """What the journal of a watch holds of one threshold or one key metric; its scope is ("watch", name).

    All of it is about one time: from T-0 on, for as long as is to be watched; where no T-0 is known, the newest so long.
    """

    only_recorded: ClassVar[tuple[str, ...]] = ("readings", "start")

    began: datetime
    ended: datetime
    """When the time is over that is to be watched, whether anybody looked until then or not."""
    looked_until: datetime
    rounds: int
    """Rounds in which it should have been looked at, those among them in which nobody looked at anything."""
    observed: int
    """Rounds that gave a value, or the knowledge that there were too few events."""
    few: int = 0
    """Those of them with too few events."""
    most_events: float | None = None
    """In the window of one round; None where nothing is counted."""
    rules: tuple[str, ...] = ()
    """What its alert was judged by, one after another; empty for a time in which it was not watched."""
    start: str = ""
    """Its alert as it was when the time began, as JSON."""
    since: float = 0.0
    """Where the time begins on the axis."""
    until: float = 0.0
    """Where it ends."""
    readings: str = ""
    """All of the time, each in a line: ``unpack_readings``."""
    transitions: tuple[Transition, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unit: str = ""
    limit: float | None = None
    above: bool = True
    """Whether more than the limit is too much; else less is too little."""
    points: tuple[Point, ...] = ()
    """Its course, merged: for a picture of it."""
    stale_after: float = 0.0
    """Seconds after a point from which on nobody looked."""

    @property
    def share(self) -> float:
        """The share of rounds that was observed, 0 to 1."""
        return self.observed / self.rounds if self.rounds else 0.0


def pack_readings(readings: Iterable[Reading]) -> str:
    """One line for each: where on the axis, the value, the events, and why there is none; ``=``: as in the line before."""
    lines, before = list[str](), ""
    for reading in readings:
        numbers = ("" if number is None else repr(number) for number in (reading.value, reading.events))
        missing = "=" if reading.missing and reading.missing == before else reading.missing.replace("\n", " ")
        lines.append("\t".join((repr(reading.at), *numbers, missing)))
        before = reading.missing
    return "\n".join(lines)


def unpack_readings(packed: str) -> Iterator[Reading]:
    """The reverse."""
    before = ""
    for line in packed.splitlines():
        at, value, events, missing = line.split("\t", 3)
        before = before if missing == "=" else missing
        yield Reading(
            at=float(at),
            value=float(value) if value else None,
            events=float(events) if events else None,
            missing=before,
        )
