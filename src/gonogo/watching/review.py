"""``gonogo watch --review "day 1"``: a day of the watch in words, from the journal alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from gonogo.base.durations import format_duration
from gonogo.base.errors import UsageError
from gonogo.base.wording import counted
from gonogo.evidence.watch import CHANGED, Reading
from gonogo.families.watch.alarms import Alarm, alarms_of
from gonogo.families.watch.alerts import Rule, in_unit, rules_of
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.section import Launch, Watch

_DAY = timedelta(days=1)
_STEADY = 0.1
"""A mean that moves by less than this share of itself is told as steady."""


def day_number(text: str) -> int:
    """``"day 1"`` → 1. Raises UsageError."""
    match = re.fullmatch(r"day ([1-9]\d{0,2})", text.strip())
    if match is None:
        raise UsageError(f"--review: {text!r} is not a day of the watch; write it as in --review 'day 1'")
    return int(match[1])


def review(reader: JournalReader, watch: Watch, launch: Launch, number: int) -> str:
    """The day, counted from T-0, or from the begin of the watch where no T-0 is known. Raises UsageError."""
    rounds = reader.rounds()
    if not rounds:
        raise UsageError(f"{reader.path}: the watch has not looked at anything yet")
    zero = launch.at or reader.launch or rounds[0].utc
    day = _Day(begins=zero + (number - 1) * _DAY, zone=launch.zone_info)
    own = [look for look in rounds if day.has(look.utc)]
    if not own:
        watched = f"{day.time(rounds[0].utc)} to {day.time(rounds[-1].utc)}"
        raise UsageError(f"{reader.path}: there was no watch on day {number}; the watch has {watched} ({launch.zone})")
    since, until = own[0].at, own[-1].at
    readings = {name: _within(values, since, until) for name, values in reader.all_readings(since).items()}
    return "\n".join((*_Review(reader, watch, day, number, readings, [look.utc for look in own]).lines(), ""))


def _within(readings: Sequence[Reading], since: float, until: float) -> Sequence[Reading]:
    return [reading for reading in readings if since <= reading.at <= until]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    begins: datetime
    zone: ZoneInfo

    @property
    def ends(self) -> datetime:
        return self.begins + _DAY

    def has(self, moment: datetime) -> bool:
        return self.begins <= moment < self.ends

    def time(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"


class _Review:
    def __init__(  # noqa: PLR0913, PLR0917 - all that the text is about
        self,
        reader: JournalReader,
        watch: Watch,
        day: _Day,
        number: int,
        readings: dict[str, Sequence[Reading]],
        rounds: Sequence[datetime],
    ) -> None:
        self._reader, self._watch, self._day, self._number = reader, watch, day, number
        self._readings, self._rounds, self._rules = readings, rounds, rules_of(watch)
        alarms = alarms_of(reader.transitions(), reader.acknowledgements(), reader.receipts())
        self._alarms = [alarm for alarm in alarms if self._touches(alarm.began, alarm.ended)]

    def _touches(self, begins: datetime, ends: datetime | None) -> bool:
        return begins < self._day.ends and (ends is None or ends >= self._day.begins)

    def lines(self) -> Iterator[str]:
        """The text, part by part."""
        day = self._day
        yield f"day {self._number} of {self._reader.environment}: {day.time(day.begins)} to {day.time(day.ends)} ({day.zone.key})"
        yield from _part("observed", self._observed())
        yield from _part("key metrics", [self._course(name) for name in self._watch.metrics])
        yield from _part("thresholds", [self._course(name) for name in self._watch.thresholds])
        yield from _part("alarms", [line for alarm in self._alarms for line in self._alarm(alarm)])
        changes = [one for one in self._reader.events() if one.kind == CHANGED and self._day.has(one.utc)]
        yield from _part("changes", [f"{self._day.time(one.utc)} {one.text}" for one in changes])
        yield from _part("open", list(self._open()))
        yield from _part("announcements that did not arrive", list(self._lost()))

    def _observed(self) -> Sequence[str]:
        gaps = [gap for gap in self._reader.gaps() if self._touches(gap.begins, gap.ends)]
        lines = [
            f"{self._day.time(gap.begins)} for {format_duration(gap.length)}: not watched ({gap.reason})"
            for gap in gaps
        ]
        first, last = (self._day.time(moment) for moment in (self._rounds[0], self._rounds[-1]))
        return [f"{counted(len(self._rounds), 'round')}, {counted(len(gaps), 'gap')}, from {first} to {last}", *lines]

    def _course(self, name: str) -> str:
        """What the values of the day were, and where they went."""
        rule, readings = self._rules[name], self._readings.get(name, ())
        title = rule.watched.title or name
        values = [reading.value for reading in readings if reading.value is not None and not _is_few(rule, reading)]
        unknown = f"; no value in {_share(len(readings) - len(values), len(readings))} of the rounds"
        more = unknown if len(values) < len(readings) else ""
        if not values:
            return (
                f"{title}: no value all day{': ' + readings[-1].missing if readings and readings[-1].missing else ''}"
            )
        unit = rule.watched.unit
        low, mean, high = (in_unit(value, unit) for value in (min(values), fmean(values), max(values)))
        threshold = rule.threshold
        limit = f"; the limit is {in_unit(threshold.limit, unit)}" if threshold else ""
        return f"{title}: {low} to {high}, {mean} on average, {_trend(values, unit)}{limit}{more}"

    def _alarm(self, alarm: Alarm) -> Iterator[str]:
        threshold = self._watch.thresholds.get(alarm.threshold)
        severity = threshold.severity if threshold else "warning"
        within = self._watch.respond.of(severity)
        over = f"over after {format_duration(alarm.ended - alarm.began)}" if alarm.ended else "still open"
        yield f"{alarm.id} ({severity}, {alarm.state}) {self._day.time(alarm.began)}, {over}: {alarm.reason}"
        if alarm.acknowledgement and alarm.answered_within is not None:
            took = alarm.answered_within
            late = "" if took <= within else f", later than the {format_duration(within)} that is allowed"
            note = f": {alarm.acknowledgement.note}" if alarm.acknowledgement.note else ""
            yield f"  acknowledged by {alarm.acknowledgement.by} after {format_duration(took)}{late}{note}"
        else:
            yield f"  acknowledged by nobody; {format_duration(within)} is allowed"
        channels = dict.fromkeys(receipt.channel for receipt in alarm.delivered)
        yield f"  notified: {', '.join(channels) or 'nobody'}"

    def _open(self) -> Iterator[str]:
        """What somebody still has to do something about."""
        yield from (f"{alarm.id}: {alarm.reason}" for alarm in self._alarms if alarm.ended is None)
        newest = {poll.role: poll for poll in self._reader.polls()}
        for poll in newest.values():
            if poll.decision == "hold":
                yield f"{poll.role} is on HOLD ({poll.by}): {poll.note or 'no reason given'}"
        waiting = self._reader.unsent()
        yield from (f"not sent yet: {unsent.announcement.alert} to {unsent.announcement.channel}" for unsent in waiting)

    def _lost(self) -> Iterator[str]:
        for receipt in self._reader.receipts():
            if not receipt.delivered and self._day.has(receipt.utc):
                yield f"{receipt.event} of {receipt.alert} to {receipt.channel}: {receipt.answer}"


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in lines or ("none",))


def _is_few(rule: Rule, reading: Reading) -> bool:
    return reading.events is not None and reading.events < rule.watched.at_least


def _trend(values: Sequence[float], unit: str) -> str:
    """The mean of the first third beside that of the last."""
    third = max(1, len(values) // 3)
    first, last = fmean(values[:third]), fmean(values[-third:])
    if abs(last - first) <= _STEADY * max(abs(first), abs(last)):
        return "steady"
    word = "rising" if last > first else "falling"
    return f"{word} from {in_unit(first, unit)} to {in_unit(last, unit)}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %"
