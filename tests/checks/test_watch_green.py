"""Before users come, by the journal of a watch: green for long enough, of this release, and fresh."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.watch import FACT, FACT_IS, RELEASE_AT, UNSEEN, WatchGreenEvidence
from gonogo.families.registry import environment_from
from gonogo.families.watch.probe import JournalQuestion, probe_green
from gonogo.families.watch.section import Launch
from tests.checks.conftest import Judge
from tests.support.watch_checks import ill
from tests.support.watch_day import ENVIRONMENT, Day, watch_of

GREEN, WHOLE = Launch(green=timedelta(minutes=10)), 1200.0


def green(path: Path, *, later: timedelta = timedelta(seconds=5), **more: Any) -> WatchGreenEvidence:  # noqa: ANN401 - keys
    """What the probe reads of the last ten minutes, so much later than the newest round."""
    watch = watch_of(journal=str(path), environment=ENVIRONMENT, **more)
    evidence = asyncio.run(probe_green(JournalQuestion(watch=watch, launch=GREEN, name="green")))
    return replace(evidence, taken_at=evidence.looked_until + later)


def slept(day: Day) -> Day:
    """The watcher died, and somebody began it again an hour later."""
    path = day.look(WHOLE).journal.path
    day.journal.close()
    again = Day(path, watch_of(), began=day.utc + timedelta(hours=1))
    return again.look(again.at + 300)


def released(day: Day, release: str) -> Day:
    """The watch saw this release at the one address."""
    day.journal.event(day.utc, day.at, FACT, f"{RELEASE_AT}a.test/203.0.113.10{FACT_IS}{release}")
    return day


def unseen(day: Day, reason: str) -> Day:
    """The watch could not look at it."""
    day.journal.event(day.utc, day.at, UNSEEN, reason)
    return day


def under_review(release: str | None = "4f2a90c") -> Environment:
    """What the check is given."""
    service = {"name": "S", "base_url": "https://a.test", **({"release": release} if release else {})}
    return environment_from({"service": service})


def test_ten_minutes_without_an_alarm_are_green(path: Path, judge: Judge) -> None:
    """Of the release under review, at each address; and where nobody names one, of whatever is served."""
    day = released(Day(path, watch_of()).look(15), "v41, 4f2a90c11223344").look(WHOLE)
    assert judge("watch-green", watch_green=green(path), environment=under_review()) is None
    day.journal.close()
    assert judge("watch-green", watch_green=green(path), environment=under_review(None)) is None


@pytest.mark.parametrize(
    ("quiet", "words"),
    [(0, "still open: 20 % of 200 events within 1 min"), (300, ", over: 20 % of 200 events within 1 min"), (900, "")],
)
def test_alarm_of_the_last_ten_minutes_is_red(path: Path, judge: Judge, quiet: float, words: str) -> None:
    """One that is over for five minutes as well as one that stands; one of a quarter of an hour ago is over."""
    Day(path, watch_of()).look(600).look(1200, ill(errors=0.2)).look(1200 + quiet)
    told = judge("watch-green", watch_green=green(path), environment=under_review(None)) or ""
    assert bool(told) == bool(words)
    assert words in told


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (lambda day: day.look(300), "the watch has run for 4 min 45 s without a gap; 10 min is expected"),
        (slept, "the watch has run for 4 min 45 s without a gap; 10 min is expected"),
        (lambda day: day.look(WHOLE - 20).look(WHOLE, ill(room=None)), "not decided yet: room"),
        (lambda day: day.look(WHOLE), "the watch does not know yet which release it watches"),
        (
            lambda day: unseen(day, "service a.test could not be looked at: no answer").look(WHOLE),
            "which release it watches: service a.test could not be looked at: no answer",
        ),
        (
            lambda day: released(day, "v40").look(WHOLE),
            "the release that was watched at a.test/203.0.113.10 is v40;",
        ),
        (
            lambda day: released(released(day, "v40").look(WHOLE), "4f2a90c").look(WHOLE + 300),
            "4f2a90c was watched at a.test/203.0.113.10 for only 4 min 45 s; 10 min is expected",
        ),
    ],
    ids=["short", "gap", "undecided", "no release", "unseen", "another release", "since it was deployed"],
)
def test_what_nobody_saw_is_not_green(path: Path, judge: Judge, story: Callable[[Day], Day], words: str) -> None:
    """Each leaves the line open, and says what to wait for."""
    story(Day(path, watch_of()))
    with pytest.raises(Unobserved, match=words):
        judge("watch-green", watch_green=green(path), environment=under_review())


def test_record_that_is_old_or_by_another_file_is_not_green(path: Path, judge: Judge) -> None:
    """A watch that died an hour ago, and one with a limit that the file has no more."""
    released(Day(path, watch_of()), "4f2a90c").look(WHOLE)
    with pytest.raises(Unobserved, match="the newest round is 2 min old, so no watch is running"):
        judge("watch-green", watch_green=green(path, later=timedelta(minutes=2)), environment=under_review())
    other = green(path, no_data="5 min")
    with pytest.raises(Unobserved, match="uses another file: errors, room, users were judged differently"):
        judge("watch-green", watch_green=other, environment=under_review())
    question = JournalQuestion(watch=watch_of(journal=str(path), environment="production"), launch=GREEN, name="green")
    with pytest.raises(Unobserved, match="is the journal of staging, not of production"):
        asyncio.run(probe_green(question))
