"""Launch day, judged by simulated days: each way in which it went wrong, and what may be as it was."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.watch import (
    CHANGED,
    FACT,
    Acknowledgement,
    Poll,
    Reading,
    Receipt,
    WatchEvidence,
    WatchJournalEvidence,
)
from gonogo.families.registry import environment_from
from gonogo.families.watch.probe import JournalQuestion, probe_journal, probe_watched
from gonogo.families.watch.record import Period, missed_rounds
from gonogo.families.watch.section import Launch, Watch
from tests.checks.conftest import Judge
from tests.support.watch_day import BEGAN, ENVIRONMENT, HOUR, Day, Readings, announcement, watch_of, well

Story = Callable[[Day], object]
MINUTE, WHOLE = timedelta(minutes=1), 3600.0


def ill(**what: float | None) -> Readings:
    """Everything is as it should be but for these; None: it cannot be read."""

    def readings(at: float) -> Mapping[str, Reading]:
        changed = {
            name: replace(well(at)[name], value=value, missing="" if value is not None else "the scrape failed")
            for name, value in what.items()
        }
        return {**well(at), **changed}

    return readings


def answered(day: Day, *, after: timedelta, delivered: bool = True) -> None:
    """Somebody was told, and took it in hand."""
    began = day.transitions[-1]
    day.journal.receipt(
        Receipt(
            alert=began.alert,
            event="began",
            channel="oncall",
            number=1,
            utc=began.utc,
            attempts=1,
            delivered=delivered,
            answer="250 OK" if delivered else "connection refused",
        )
    )
    day.journal.acknowledge(Acknowledgement(alert=began.alert, by="Ana", utc=began.utc + after))


def alarm(
    day: Day, *, after: timedelta = MINUTE, delivered: bool = True, minutes: int = 10, **what: float | None
) -> Day:
    """Ten minutes in which something is wrong, after ten in which nothing was."""
    day.look(600)
    day.look(600 + 60 * minutes, ill(**(what or {"errors": 0.2})), lambda one: [announcement(one)])
    if day.transitions:
        answered(day, after=after, delivered=delivered)
    return day


def environment(**more: Any) -> Environment:  # noqa: ANN401 - keys of the section
    """What the checks are given: the file of the day."""
    watch = watch_of(**more).model_dump(mode="json", by_alias=True, exclude_none=True)
    return environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "watch": watch})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "journal.sqlite3"


def asked(path: Path, name: str = "", launch: Launch = HOUR, **more: Any) -> JournalQuestion:  # noqa: ANN401 - as above
    """The question, as an environment file raises it."""
    watch = watch_of(journal=str(path), environment=ENVIRONMENT, **more)
    return JournalQuestion(watch=watch, launch=launch, name=name)


def watched(path: Path, name: str = "errors", launch: Launch = HOUR) -> WatchEvidence:
    """What the probe reads of one threshold."""
    return asyncio.run(probe_watched(asked(path, name, launch)))


def whole(path: Path, launch: Launch = HOUR) -> WatchJournalEvidence:
    """What it reads of the journal."""
    return asyncio.run(probe_journal(asked(path, launch=launch)))


def test_day_on_which_nothing_happened(path: Path, judge: Judge) -> None:
    """The usual day: everything that is watched is verified."""
    Day(path, watch_of()).look(WHOLE).end()
    for name in watch_of().watched:
        evidence = watched(path, name)
        assert judge("watch-*", watched=evidence, environment=environment()) is None
        assert (evidence.rounds, evidence.observed) == (240, 240)
    assert judge("watch-channels", watch_journal=whole(path)) is None


def test_day_with_an_alarm_that_was_answered(path: Path, judge: Judge) -> None:
    """An alarm that somebody took in hand in time, and that is over, is what watching is for."""
    alarm(Day(path, watch_of())).look(WHOLE).end()
    evidence = watched(path)
    assert [one.alert for one in evidence.transitions] == ["", "errors-1", "errors-1"]
    assert judge("watch-*", watched=evidence, environment=environment()) is None
    # A minute without data is an alarm, and costs less than the share.
    assert evidence.share == 1


RED: list[tuple[str, Story, str, str]] = [
    (
        "open",
        lambda day: alarm(day, minutes=50),
        "errors",
        "errors-1, 2026-12-01 12:10:00 UTC: still open: 20 % of 200",
    ),
    (
        "late",
        lambda day: alarm(day, after=8 * MINUTE).look(WHOLE),
        "errors",
        "acknowledged only after 8 min; at most 5 min is allowed",
    ),
    (
        "unheard",
        lambda day: alarm(day, delivered=False).look(WHOLE),
        "errors",
        "nobody was notified: oncall: connection refused",
    ),
    (
        "unacknowledged",
        lambda day: day.look(600).look(1200, ill(errors=0.2), lambda one: [announcement(one)]).look(WHOLE),
        "errors",
        "never acknowledged; at most 5 min is allowed",
    ),
    (
        "never sent",
        lambda day: day.look(600, ill(errors=0.2)).look(WHOLE),
        "errors",
        "nobody was notified: nothing was sent",
    ),
    (
        "no data at the end",
        lambda day: day.look(3540).look(WHOLE + 120, ill(room=None), lambda one: [announcement(one)]),
        "room",
        "still open: unknown: the scrape failed",
    ),
    (
        "no data of a key metric",
        lambda day: day.look(3540).look(WHOLE + 120, ill(users=None), lambda one: [announcement(one)]),
        "users",
        "users-1, 2026-12-01 13:00:00 UTC: still open: unknown",
    ),
]


@pytest.mark.parametrize(("story", "name", "message"), [case[1:] for case in RED], ids=[case[0] for case in RED])
def test_day_that_went_wrong(path: Path, judge: Judge, story: Story, name: str, message: str) -> None:
    """Whoever signs reads which alarm it was, when, and what is wrong with how it went."""
    day = Day(path, watch_of())
    story(day)
    day.end()
    told = judge("watch-*", watched=watched(path, name), environment=environment())
    assert told is not None
    assert message in told


def test_alarm_that_was_over_before_anybody_had_to_answer(path: Path, judge: Judge) -> None:
    """Nobody has to acknowledge what ended by itself within the time that they had."""
    day = Day(path, watch_of()).look(600).look(660, ill(errors=0.2), lambda one: [announcement(one)])
    answered(day, after=timedelta(hours=5))
    day.look(WHOLE).end()
    assert judge("watch-*", watched=watched(path), environment=environment()) is None


UNKNOWN: list[tuple[str, Story, str, str]] = [
    (
        "too short",
        lambda day: day.look(1800),
        "errors",
        r"observed in 120 of 240 rounds \(50.0 %; 99 % is expected\) of the 1 h",
    ),
    ("gap", lambda day: day.look(600).skip(120).look(WHOLE), "errors", r"observed in 232 of 240 rounds \(96.7 %"),
    (
        "scrapes that failed",
        lambda day: day.look(600).look(645, ill(errors=None)).look(WHOLE),
        "errors",
        r"observed in 237 of 240 rounds \(98.8 %",
    ),
    (
        "too few events all day",
        lambda day: day.look(WHOLE, lambda at: {**well(at), "errors": Reading(at=at, value=0.5, events=2.0)}),
        "errors",
        "never enough events to decide: at most 2 in its window, at_least is 50",
    ),
    (
        "undecided at the end",
        lambda day: day.look(3570).look(WHOLE, ill(room=None)),
        "room",
        "still undecided at the end of the time",
    ),
]


@pytest.mark.parametrize(
    ("story", "name", "message"), [case[1:] for case in UNKNOWN], ids=[case[0] for case in UNKNOWN]
)
def test_day_of_which_nobody_knows(path: Path, judge: Judge, story: Story, name: str, message: str) -> None:
    """What was not seen is neither good nor bad, and never passes: the run is INCOMPLETE."""
    day = Day(path, watch_of())
    story(day)
    day.end()
    with pytest.raises(Unobserved, match=message):
        judge("watch-*", watched=watched(path, name), environment=environment())


def test_gap_is_told_with_its_reason(path: Path, judge: Judge) -> None:
    """Half an hour without a watcher: the message says when, and why."""
    day = Day(path, watch_of()).look(600)
    day.journal.close()
    Day(path, watch_of(), began=BEGAN + timedelta(minutes=40)).look(WHOLE).end()
    with pytest.raises(Unobserved, match=r"gaps: 12:09:45 for 30 min 15 s \(the watcher was not running\)"):
        judge("watch-*", watched=watched(path), environment=environment())


def test_watch_that_still_runs_shows_what_it_knows(path: Path, judge: Judge) -> None:
    """``--report`` in the middle: an alarm that is open is a FAIL already, and what is well is not yet proved."""
    day = Day(path, watch_of(), launch=BEGAN).look(1200)
    with pytest.raises(Unobserved, match="the watch was there until 2026-12-01 12:19:45 UTC"):
        judge("watch-*", watched=watched(path), environment=environment())
    assert not whole(path).has_ended
    day.look(1800, ill(errors=0.2), lambda one: [announcement(one)])
    told = judge("watch-*", watched=watched(path), environment=environment())
    assert told is not None
    assert "still open" in told


def test_time_is_counted_from_the_launch(path: Path, judge: Judge) -> None:
    """What was before T-0 is no part of the day, and a watch that went on after it takes nothing away."""
    launch = Launch(at=BEGAN + timedelta(minutes=20), watch=timedelta(hours=1))
    day = alarm(Day(path, watch_of()), delivered=False).look(WHOLE + 1200)
    day.look(WHOLE + 4800, ill(errors=None)).end()
    evidence = watched(path, launch=launch)
    assert (evidence.began, evidence.ended) == (launch.at, launch.at + timedelta(hours=1) if launch.at else None)
    assert evidence.share == 1
    # The alarm of the time before was still open at T-0, and is judged with the day.
    told = judge("watch-*", watched=evidence, environment=environment())
    assert told is not None
    assert "errors-1, 2026-12-01 12:10:00 UTC: never acknowledged" not in told
    assert "nobody was notified" in told
    assert judge("watch-*", watched=watched(path, "users", launch), environment=environment()) is None


def test_record_that_was_changed_contradicts_its_readings(path: Path, judge: Judge) -> None:
    """An alarm that is taken out of the journal, or put off, does not go with the readings that led to it."""
    day = alarm(Day(path, watch_of())).look(WHOLE)
    day.end()
    evidence = watched(path)
    first, began, ended = evidence.transitions
    without = replace(evidence, transitions=(first,))
    told = judge("watch-*", watched=without, environment=environment())
    assert told == (
        "errors: the journal contradicts itself: the journal has no further change, its readings give ok → firing of "
        "errors-1 after 600 s, with 0.2"
    )
    later = replace(evidence, transitions=(first, began, replace(ended, at=ended.at - 60)))
    told = judge("watch-*", watched=later, environment=environment())
    assert told is not None
    assert "the journal contradicts itself" in told
    calm = replace(
        evidence, readings="\n".join(line.replace("\t0.2\t", "\t0.02\t") for line in evidence.readings.splitlines())
    )
    told = judge("watch-*", watched=calm, environment=environment())
    assert told is not None
    assert "its readings give no further change" in told


def test_limit_that_was_loosened_proves_nothing(path: Path, judge: Judge) -> None:
    """Who changes a threshold after the fact, or in the middle, has watched something else."""
    Day(path, watch_of()).look(WHOLE).end()
    strict = watch_of().model_dump(mode="json", by_alias=True, exclude_none=True)["thresholds"]
    strict["errors"]["above"] = 0.5
    with pytest.raises(Unobserved, match="not judged by the present environment file"):
        judge("watch-*", watched=watched(path), environment=environment(thresholds=strict))
    strict["errors"] |= {"above": 0.05, "title": "Errors", "line": ["thresholds.critical.errors"]}
    assert judge("watch-*", watched=watched(path), environment=environment(thresholds=strict)) is None


def test_no_journal_is_no_pass(path: Path) -> None:
    """Nobody watched: every check of it is an ERROR that says what to do."""
    for probe, question in ((probe_journal, asked(path)), (probe_watched, asked(path, "errors"))):
        with pytest.raises(Unobserved, match="there is no journal") as unseen:
            asyncio.run(probe(question))
        assert unseen.value.hint == "gonogo watch --env staging writes it"
    Day(path, watch_of()).journal.close()
    with pytest.raises(Unobserved, match="has not looked at anything yet"):
        whole(path)


def test_journal_of_another_environment_is_no_pass(path: Path) -> None:
    """A rehearsal on staging says nothing about production."""
    Day(path, watch_of()).look(WHOLE).end()
    watch = watch_of(journal=str(path), environment="production")
    with pytest.raises(Unobserved, match="is the journal of staging, not of production"):
        asyncio.run(probe_journal(JournalQuestion(watch=watch, launch=HOUR)))


def test_journal_of_another_launch_is_no_pass(path: Path, judge: Judge) -> None:
    """Last month's journal is well, and says nothing about today; with launch.at everybody knows which day is meant."""
    Day(path, watch_of()).look(WHOLE).end()
    evidence = whole(path)
    late = replace(evidence, taken_at=evidence.ended + timedelta(minutes=61))
    with pytest.raises(Unobserved, match="the watch ended 1 h 1 min ago; this may have been another launch"):
        judge("watch-journal", watch_journal=late)
    assert judge("watch-journal", watch_journal=replace(late, launch_declared=True)) is None
    assert judge("watch-journal", watch_journal=replace(evidence, taken_at=evidence.ended)) is None
    early = replace(evidence, taken_at=evidence.ended, launch=evidence.ended + MINUTE)
    with pytest.raises(Unobserved, match="T-0 is 2026-12-01 13:01 UTC, and the watch has seen only the time before it"):
        judge("watch-journal", watch_journal=early)


def test_role_on_hold_fails(path: Path, judge: Judge) -> None:
    """Somebody who said HOLD and never took it back has not agreed; the newest answer of a role counts."""
    day = Day(path, watch_of()).look(WHOLE)
    poll = Poll(role="devops", decision="hold", by="Davi", utc=day.utc, note="disk at 88 %")
    day.journal.poll(poll)
    assert (
        judge("watch-journal", watch_journal=replace(whole(path), taken_at=day.utc))
        == "on HOLD: devops (Davi): disk at 88 %"
    )
    day.journal.poll(replace(poll, decision="go"))
    assert judge("watch-journal", watch_journal=replace(whole(path), taken_at=day.utc)) is None


def test_announcement_that_did_not_arrive_is_told(path: Path, judge: Judge) -> None:
    """The channel is named, with its answer."""
    alarm(Day(path, watch_of()), delivered=False).look(WHOLE).end()
    told = judge("watch-channels", watch_journal=whole(path))
    assert told == "1 of 1 announcement did not arrive: began of errors-1 to oncall: connection refused"


@pytest.mark.parametrize(
    ("due", "missed"),
    [
        ([float(at) for at in range(0, 60, 10)], 0),
        ([at * 1.04 for at in range(0, 60, 10)], 0),
        ([0, 10, 40, 50], 2),
        ([20, 30, 40, 50], 2),
        ([0, 10, 20, 30], 2),
        ([], 6),
    ],
)
def test_rounds_that_are_missing_are_counted(due: list[float], missed: int) -> None:
    """A round that is late is none that is missing; jitter costs nothing, a hole does."""
    period = Period(began=BEGAN, ended=BEGAN + MINUTE, since=0.0, until=60.0)
    assert missed_rounds(due, period, 10.0) == missed


def test_only_the_record_has_all_readings(path: Path) -> None:
    """The page has a chart of the day; the readings of forty signals would be too heavy for it."""
    day = Day(path, watch_of()).look(600).skip(600)
    day.look(1800, lambda at: {**well(at), "errors": Reading(at=at, value=1.0, events=3.0)}).look(
        WHOLE, ill(errors=0.04)
    )
    day.end()
    evidence = watched(path)
    seen = [(point.at, point.value, point.few) for point in evidence.points if not point.joined]
    assert seen == [(15.0, 0.01, False), (1215.0, None, True)]
    assert len(evidence.points) == 100
    assert {point.value for point in evidence.points if point.at > 1830} == {0.04}
    assert (evidence.limit, evidence.above, evidence.unit) == (0.05, True, "%")
    assert "readings" in evidence.only_recorded


def test_file_says_where_the_journal_is() -> None:
    """Without a word of the file it is among the environment's reports."""
    own = Watch.model_validate(watch_of().model_dump(mode="json", by_alias=True), context={"environment_name": "beta"})
    assert own.journal is None
    named = Watch.model_validate({"thresholds": {}}, context={"environment_name": "beta"})
    assert (named.journal, named.environment) == ("reports/beta/watch/journal.sqlite3", "beta")


def test_what_changed_after_the_launch_is_told_and_nothing_before_it(path: Path, judge: Judge) -> None:
    """A deployment before T-0 is what is launched; one after it was signed by nobody."""
    day = Day(path, watch_of(), launch=BEGAN + 10 * MINUTE).look(WHOLE)
    day.journal.event(BEGAN + MINUTE, 60.0, CHANGED, "release at a.example.com: was 1f, is 3f")
    day.journal.event(BEGAN + MINUTE, 60.0, FACT, "release at a.example.com is 3f")
    assert judge("watch-changes", watch_journal=whole(path)) is None
    day.journal.event(BEGAN + 20 * MINUTE, 1200.0, CHANGED, "new issue SHOP-3 at Sentry: KeyError: city (error)")
    assert judge("watch-changes", watch_journal=whole(path)) == (
        "since 2026-12-01 12:10 UTC: new issue SHOP-3 at Sentry: KeyError: city (error)"
    )
    assert {event.kind for event in whole(path).events} == {CHANGED}
