"""The journal of launch day, judged as a whole: whose it is, who agreed, whom it told, and what changed meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.watch import CHANGED, FACT, Poll
from gonogo.families.watch.probe import JournalQuestion, probe_journal, probe_watched
from gonogo.families.watch.section import Watch
from tests.checks.conftest import Judge
from tests.support.watch_checks import MINUTE, WHOLE, alarm, asked, whole
from tests.support.watch_day import BEGAN, HOUR, Day, watch_of


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
