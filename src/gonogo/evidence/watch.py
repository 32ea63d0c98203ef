"""Holds what a watch saw: readings of signals, the alerts that they gave, and who was told.

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
    """The state of an alert. An alert that ended is RESOLVED in the transition, and OK from then on."""

    OK = "ok"
    FEW = "too few"
    """There are too few events to say anything: this is neither good nor bad, and is never shown as good."""
    PENDING = "pending"
    """The value is beyond its limit, but not yet for as long as ``for`` demands."""
    FIRING = "firing"
    NO_DATA = "no data"
    """Nobody can say how things are, which is an alarm of its own."""
    RESOLVED = "resolved"


TESTED = "tested"
"""The event of an announcement that only shows that its channel works."""
ALARMS = (AlertState.FIRING, AlertState.NO_DATA)
"""The states that people are told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of a signal."""

    at: float
    value: float | None
    """The value is in the signal's unit; if it is None, ``missing`` says why."""
    events: float | None = None
    """How many events stand behind the value; None if nothing is counted."""
    missing: str = ""
    """Why there is no value; for checks that fail, it says which they are, and what they say."""

    def __post_init__(self) -> None:
        """Take a value that is no finite number (0/0, an infinite quantile) as missing: beyond no limit, it would pass for good."""
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
    """The alert's id stays the same from its first alarm to its end; it is empty while nobody needs to be told."""
    before: AlertState
    after: AlertState
    value: float | None = None
    reason: str = ""
    """It tells people what was seen, and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The word of a person that they have an alert in hand."""

    alert: str
    by: str
    utc: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What one channel is told of one alert. No two have the same alert, channel and number."""

    alert: str
    channel: str
    """The channel's name in ``[watch.channels]``."""
    number: int
    """Its place among the announcements of this alert to this channel; 1 is the first."""
    event: str
    """``began``, ``reminded`` (nobody acknowledged it), ``escalated`` (nor did, or heard, those before), ``resolved``, or
    ``tested``, of which no journal has one."""
    at: float
    """When it was due."""
    utc: datetime
    """The same moment, for people."""
    threshold: str
    title: str
    severity: str
    """``critical`` or ``warning``."""
    state: AlertState
    """The state is FIRING, NO DATA or RESOLVED."""
    since: datetime
    """When the alert began."""
    reason: str
    """What was seen, and what is allowed."""
    lines: tuple[str, ...] = ()
    """The ids of the checklist lines that the threshold verifies."""
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
    """The event of the announcement."""
    utc: datetime
    attempts: int
    delivered: bool
    tried_again: bool = False
    """Whether the announcement was not delivered, and stays in the outbox."""
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
"""The kinds of events about what the launch stands on: a fact as it is from now on, and a change in words."""
UNSEEN = "unseen"
"""The kind of event that says why something of what the launch stands on could not be looked at."""
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
    """The rules that alerts were judged by, by threshold or key metric: ``Watch.rule_texts``."""
    launch: datetime | None = None
    """T-0, as far as this watcher knew it."""
    until: datetime | None = None
    """The moment at which it was to end by itself; None if somebody ends it."""
    ended: datetime | None = None
    """The moment at which it was ended; None if it is still there, or died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody looked: the watcher was dead, or asleep."""

    begins: datetime
    ends: datetime
    reason: str

    @property
    def length(self) -> timedelta:
        """How long nobody looked."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a signal's course: what was seen within a stretch of time."""

    at: float
    """The place of the last reading in it on the watch's axis, in seconds."""
    value: float | None
    """The worst value; None if there was none, or if there were too few events to say."""
    few: bool
    """Whether there were too few events to say: there is no value, although somebody looked."""
    missing: bool
    """Whether part of the stretch is a gap, so that nobody can say how the whole of it was."""
    joined: bool
    """Whether nothing is missing between the point before and this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchJournalEvidence(Evidence):
    """The journal of a watch as a whole."""

    file: str
    demanded: timedelta
    """How long is to be watched, by ``launch.watch``."""
    launch: datetime | None = None
    """T-0 of the environment file, or else the one that the watcher was told."""
    launch_declared: bool = False
    """Whether the environment file has it, so that an older journal cannot be taken for this launch's."""
    began: datetime
    """The moment of the first round in the journal."""
    ended: datetime
    """The moment of the newest round, or that at which the watcher was ended after it."""
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
    """The announcements that did not arrive, or of which nobody knows whether they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchGreenEvidence(Evidence):
    """What the journal of a watch says of the time just before users come; its scope is ("watch", "green")."""

    file: str
    wanted: timedelta
    """How long nothing may have alarmed, by ``launch.green``."""
    every: timedelta
    """The time between two rounds."""
    began: datetime
    """The moment of the first round of all."""
    looked_until: datetime
    """The moment of the newest round."""
    alarms: tuple[Transition, ...] = ()
    """The beginnings of the alarms that stood at any moment of the wanted time."""
    open: tuple[str, ...] = ()
    """The ids of those alarms that are not over."""
    undecided: tuple[str, ...] = ()
    """The thresholds and key metrics of which the newest round did not know whether they are well."""
    changed: tuple[str, ...] = ()
    """The thresholds and key metrics that were judged otherwise than the environment file says now."""
    gaps: tuple[Gap, ...] = ()
    """The gaps within the wanted time."""
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
    """The moment at which the time to be watched is over, whether or not anybody looked until then."""
    looked_until: datetime
    rounds: int
    """The number of rounds in which it should have been looked at, with those in which nobody looked at anything."""
    observed: int
    """The number of rounds that gave a value, or showed that there were too few events."""
    few: int = 0
    """The number of readings with too few events."""
    most_events: float | None = None
    """The largest number of events in the window of one round; None if nothing is counted."""
    rules: tuple[str, ...] = ()
    """The rules that its alert was judged by, one after another; a rule is empty for a time in which it was not watched."""
    start: str = ""
    """The state of its alert when the time began, as JSON."""
    since: float = 0.0
    """The place on the axis where the time begins, in seconds."""
    until: float = 0.0
    """The place on the axis where the time ends, in seconds."""
    readings: str = ""
    """All readings of the time, one in a line, as ``unpack_readings`` reads them."""
    transitions: tuple[Transition, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unit: str = ""
    limit: float | None = None
    above: bool = True
    """Whether more than the limit is too much; if not, less than the limit is too little."""
    points: tuple[Point, ...] = ()
    """The points of its course, merged so that they make a picture."""
    stale_after: float = 0.0
    """The number of seconds after which a point is an old one, because nobody looked again."""

    @property
    def share(self) -> float:
        """The share of rounds that was observed, 0 to 1."""
        return self.observed / self.rounds if self.rounds else 0.0


def pack_readings(readings: Iterable[Reading]) -> str:
    """Return readings as text, one in a line: the place on the axis, the value, the events, and why there is no value.

    The fields are separated by tabs; ``=`` stands for the reason in the line before.
    """
    lines, before = list[str](), ""
    for reading in readings:
        numbers = ("" if number is None else repr(number) for number in (reading.value, reading.events))
        missing = "=" if reading.missing and reading.missing == before else reading.missing.replace("\n", " ")
        lines.append("\t".join((repr(reading.at), *numbers, missing)))
        before = reading.missing
    return "\n".join(lines)


def unpack_readings(packed: str) -> Iterator[Reading]:
    """Yield the readings of a text that ``pack_readings`` wrote. Raises ValueError for any other text."""
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
