"""Makes the evidence of launch day from a journal: what was seen in the time that had to be watched."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from gonogo.base.errors import Unobserved
from gonogo.evidence.base import Scope
from gonogo.evidence.watch import (
    ALARMS,
    FACT,
    FACT_IS,
    RELEASE_AT,
    UNSEEN,
    AlertState,
    Gap,
    Poll,
    Reading,
    Round,
    Stretch,
    Transition,
    WatchEvent,
    WatchEvidence,
    WatchGreenEvidence,
    WatchJournalEvidence,
    pack_readings,
)
from gonogo.families.watch.alarms import alarms_of
from gonogo.families.watch.alerts import Alert, Rule, rules_of
from gonogo.families.watch.journal_reader import ALERT, JournalReader
from gonogo.families.watch.replaying import replay, rule_from
from gonogo.families.watch.section import Launch, Watch
from gonogo.families.watch.trail import Trail

_MOST_POINTS = 120
"""Points of the picture of a signal."""
_MOST_EVENTS = 100
_TWO = 2
_SLOW = 0.5
"""How late a round may be before one counts as missing, as a share of the time between two rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time that is judged: ``began`` and ``ended`` in UTC, ``since`` and ``until`` in seconds on the watch's axis."""

    began: datetime
    ended: datetime
    since: float
    until: float


def journal_evidence(reader: JournalReader, launch: Launch | None, scope: Scope, now: datetime) -> WatchJournalEvidence:
    """Return the evidence about the journal as a whole. Raises Unobserved if it has no round yet."""
    first, stretches = _first(reader), reader.stretches()
    receipts = reader.receipts()
    declared = launch.at if launch else None
    return WatchJournalEvidence(
        scope=scope,
        taken_at=now,
        file=str(reader.path),
        demanded=_demanded(launch),
        launch=declared or reader.launch,
        launch_declared=declared is not None,
        began=first.utc,
        ended=_last_moment(reader, stretches),
        has_ended=bool(stretches) and stretches[-1].ended is not None,
        rounds=reader.number_of_rounds,
        starts=len(stretches),
        gaps=tuple(reader.gaps()),
        events=tuple([event for event in reader.events() if event.kind != FACT][-_MOST_EVENTS:]),
        polls=tuple(_newest(reader.polls())),
        announced=len(reader.announcements()),
        undelivered=tuple(receipt for receipt in receipts if not receipt.delivered),
    )


def watched_evidence(  # noqa: PLR0913 - the journal, what it is asked about, and when
    reader: JournalReader, name: str, watch: Watch, launch: Launch | None, *, scope: Scope, now: datetime
) -> WatchEvidence:
    """Return the evidence about one threshold or key metric, by its name. Raises Unobserved if there is no round yet."""
    rule, period, stretches = rules_of(watch)[name], period_of(reader, launch), reader.stretches()
    looks = reader.looks(name)
    before = [reading for _, _, reading in looks if reading.at < period.since]
    readings = [reading for _, _, reading in looks if period.since <= reading.at <= period.until]
    start = _alert_after(name, before, stretches)
    transitions = _transitions(reader, name, start, period)
    alerts = {transition.alert for transition in transitions if transition.alert}
    due = {at: reading for at, is_due, reading in looks if is_due and period.since <= at < period.until}
    places = list(due)
    missed = missed_rounds(places, period, _cadence(watch, rule, places))
    trail = Trail(rule.watched, timedelta(seconds=_cadence(watch, rule, places)), _MOST_POINTS)
    for reading in readings:
        trail.add(reading)
    threshold = rule.threshold
    return WatchEvidence(
        scope=scope,
        taken_at=now,
        began=period.began,
        ended=period.ended,
        looked_until=_last_moment(reader, stretches),
        rounds=len(due) + missed,
        observed=sum(reading.value is not None for reading in due.values()),
        few=sum(_is_few(rule, reading) for reading in readings),
        most_events=max((reading.events for reading in readings if reading.events is not None), default=None),
        rules=tuple(_rules(name, stretches, period)),
        start=ALERT.dump_json(start).decode(),
        since=period.since,
        until=period.until,
        readings=pack_readings(readings),
        transitions=transitions,
        acknowledgements=tuple(one for one in reader.acknowledgements() if one.alert in alerts),
        receipts=tuple(one for one in reader.receipts() if one.alert in alerts),
        gaps=tuple(_overlapping(reader.gaps(), period)),
        unit=rule.watched.unit,
        limit=threshold.limit if threshold else None,
        above=threshold is None or threshold.above is not None,
        points=tuple(trail.points()),
        stale_after=trail.stale_after,
    )


def green_evidence(
    reader: JournalReader, watch: Watch, wanted: timedelta, scope: Scope, now: datetime
) -> WatchGreenEvidence:
    """Return the evidence about the time ``wanted`` before the newest round. Raises Unobserved if there is no round yet."""
    first, last, stretches = _first(reader), reader.last_round() or _first(reader), reader.stretches()
    since, alerts = last.utc - wanted, reader.alerts()
    transitions, rules = reader.transitions(), stretches[-1].rules if stretches else {}
    standing = {
        alarm.id: alarm for alarm in alarms_of(transitions, (), ()) if alarm.ended is None or alarm.ended > since
    }
    begins = {one.alert: one for one in reversed(transitions) if one.alert in standing and one.after in ALARMS}
    events = reader.events()
    releases = tuple(_releases(events))
    pending = {name for name in watch.watched if alerts.get(name, Alert(threshold=name)).state == AlertState.PENDING}
    return WatchGreenEvidence(
        scope=scope,
        taken_at=now,
        file=str(reader.path),
        wanted=wanted,
        every=stretches[-1].every if stretches else watch.every,
        began=first.utc,
        looked_until=last.utc,
        alarms=tuple(sorted(begins.values(), key=lambda one: one.utc)),
        open=tuple(alarm.id for alarm in standing.values() if alarm.ended is None),
        undecided=tuple(sorted(pending)),
        changed=tuple(sorted(name for name, text in watch.rule_texts.items() if rules.get(name) != text)),
        gaps=tuple(gap for gap in reader.gaps() if gap.ends > since),
        releases=releases,
        unseen="" if releases else next((one.text for one in reversed(events) if one.kind == UNSEEN), ""),
    )


def _releases(events: Iterable[WatchEvent]) -> Iterator[tuple[str, str, datetime]]:
    """Yield the newest release that each place served: place, release, and when it was seen."""
    newest: dict[str, tuple[str, str, datetime]] = {}
    for event in events:
        if event.kind == FACT and event.text.startswith(RELEASE_AT):
            place, _, words = event.text.removeprefix(RELEASE_AT).partition(FACT_IS)
            newest[place] = place, words, event.utc
    yield from newest.values()


def period_of(reader: JournalReader, launch: Launch | None) -> Period:
    """Return the time that is judged: from T-0 for ``launch.watch``, or the newest period of that length without a T-0.

    Raises Unobserved if the journal has no round yet.
    """
    demanded = _demanded(launch)
    begins = (launch.at if launch else None) or reader.launch
    if begins is None:
        ended = _last_moment(reader, reader.stretches())
        begins = ended - demanded
        since = _axis(ended, reader) - demanded.total_seconds()
    else:
        begins = begins.astimezone(UTC)
        since = _axis(begins, reader)
    return Period(began=begins, ended=begins + demanded, since=since, until=since + demanded.total_seconds())


def missed_rounds(due: Sequence[float], period: Period, every: float) -> int:
    """Return how many rounds are missing in a period.

    ``due`` are the places of the rounds on the watch's axis, in order; ``every`` is the time between two, in seconds.
    """
    if not due:
        return max(1, int((period.until - period.since) / every))
    following = pairwise((*due, period.until))
    missed = sum(max(0, int((later - earlier) / every + _SLOW) - 1) for earlier, later in following)
    return int((due[0] - period.since) / every) + missed


def _first(reader: JournalReader) -> Round:
    first = reader.first_round()
    if first is None:
        raise Unobserved(f"{reader.path}: the watch has not looked at anything yet", hint="let it look, and ask again")
    return first


def _demanded(launch: Launch | None) -> timedelta:
    return (launch or Launch()).watch


def _last_moment(reader: JournalReader, stretches: Sequence[Stretch]) -> datetime:
    """Return when the watch was last known to run."""
    last, ended = reader.last_round() or _first(reader), stretches[-1].ended if stretches else None
    return max(last.utc, ended) if ended else last.utc


def _axis(moment: datetime, reader: JournalReader) -> float:
    """Return the place of a moment on the axis, in seconds, counted from the round before it or else from the first one."""
    nearest = reader.round_before(moment) or _first(reader)
    return nearest.at + (moment - nearest.utc).total_seconds()


def _cadence(watch: Watch, rule: Rule, due: Sequence[float]) -> float:
    """Return the seconds between two readings of a rule: checks may run less often than everything else."""
    every, seldom = watch.every.total_seconds(), watch.checks_every.total_seconds()
    if rule.watched.signal.kind != "checks" or len(due) < _TWO:
        return every
    usual = median(later - earlier for earlier, later in pairwise(due))
    return min(max(usual, every), max(seldom, every))


def _alert_after(name: str, readings: Iterable[Reading], stretches: Sequence[Stretch]) -> Alert:
    """Return the alert after the readings of earlier runs of the watcher, each judged by its own rule."""
    alert = Alert(threshold=name)
    readings = list(readings)
    for stretch, until in _lives(stretches):
        own = [reading for reading in readings if stretch.at <= reading.at < until]
        if own and (text := stretch.rules.get(name)):
            alert, _ = replay(rule_from(name, text), alert, own)
    return alert


def _rules(name: str, stretches: Sequence[Stretch], period: Period) -> Iterator[str]:
    """Yield the rules by which a threshold was judged within the period, each once."""
    lives = [life for life, until in _lives(stretches) if life.at <= period.until and until > period.since]
    yield from dict.fromkeys(stretch.rules.get(name, "") for stretch in lives)


def _lives(stretches: Sequence[Stretch]) -> Iterator[tuple[Stretch, float]]:
    """Yield each run of the watcher with the place on the axis where the next one begins."""
    ends = [stretch.at for stretch in stretches[1:]] + [float("inf")]
    yield from zip(stretches, ends, strict=True)


def _transitions(reader: JournalReader, name: str, start: Alert, period: Period) -> tuple[Transition, ...]:
    """Return the transitions of the period, and the beginning and end of every alert that was open in it."""
    own = [transition for transition in reader.transitions() if transition.threshold == name]
    within = [transition for transition in own if period.since <= transition.at <= period.until]
    open_alerts = {start.id, *(transition.alert for transition in within)} - {""}
    return tuple(transition for transition in own if transition in within or transition.alert in open_alerts)


def _is_few(rule: Rule, reading: Reading) -> bool:
    return reading.value is not None and reading.events is not None and reading.events < rule.watched.at_least


def _overlapping(gaps: Iterable[Gap], period: Period) -> Iterator[Gap]:
    yield from (gap for gap in gaps if gap.ends > period.began and gap.begins < period.ended)


def _newest(polls: Iterable[Poll]) -> Iterator[Poll]:
    yield from {poll.role: poll for poll in polls}.values()
