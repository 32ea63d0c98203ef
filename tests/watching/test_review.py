"""The daily review, from a journal of a simulated day."""

from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import CHANGED, Acknowledgement, Poll, Reading, Receipt
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.section import Launch
from gonogo.watching.review import day_number, review
from tests.support.watch_day import BEGAN, ENVIRONMENT, Day, announcement, watch_of, well

LAUNCH = Launch(zone="America/Sao_Paulo")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of an hour: an alarm that was answered, one that is open, a gap, and a channel that is down."""
    path = tmp_path / "journal.sqlite3"
    day = Day(path, watch_of()).look(600)
    day.look(
        900, lambda at: {**well(at), "errors": Reading(at=at, value=0.2, events=300.0)}, lambda one: [announcement(one)]
    )
    began = day.transitions[-1]
    receipt = Receipt(
        alert=began.alert,
        event="began",
        channel="oncall",
        number=1,
        utc=began.utc,
        attempts=2,
        delivered=True,
        answer="250 OK",
    )
    day.journal.receipt(receipt)
    day.journal.acknowledge(
        Acknowledgement(alert=began.alert, by="Ana", utc=began.utc + timedelta(minutes=6), note="a bad release")
    )
    day.look(1200)
    day.journal.event(day.utc, day.at, CHANGED, "release at a.example.com: was 3f2c1a, is 77aa01")
    day.journal.close()
    day = Day(path, watch_of(), began=BEGAN + timedelta(minutes=30)).look(3000)
    day.look(3600, lambda at: {**well(at), "room": Reading(at=at, value=95.0)}, lambda one: [announcement(one)])
    began = day.transitions[-1]
    day.journal.receipt(
        Receipt(
            alert=began.alert,
            event="began",
            channel="oncall",
            number=1,
            utc=began.utc,
            attempts=3,
            delivered=False,
            answer="connection refused",
        )
    )
    day.journal.poll(Poll(role="devops", decision="hold", by="Davi", utc=day.utc, note="disk"))
    day.end()
    return path


EXPECTED = """\
day 1 of staging: 2026-12-01 09:00:00 to 2026-12-02 09:00:00 (America/Sao_Paulo)

observed
  200 rounds, 1 gap, from 2026-12-01 09:00:00 to 2026-12-01 09:59:45
  2026-12-01 09:19:45 for 10 min 15 s: not watched (the watcher was not running)

key metrics
  users: 0 to 3585, 1852 on average, rising from 487.5 to 3098

thresholds
  errors: 1 % to 20 %, 2.9 % on average, falling from 6.76 % to 1 %; the limit is 5 %
  room: 50 to 95, 59 on average, rising from 50 to 77.27; the limit is 90

alarms
  errors-1 (critical, firing) 2026-12-01 09:10:00, over after 5 min 15 s: 20 % of 300 events within 1 min; above 5 % is too much
    acknowledged by Ana after 6 min, later than the 5 min that is allowed: a bad release
    notified: oncall
  room-1 (warning, firing) 2026-12-01 09:50:00, still open: 95; above 90 is too much
    acknowledged by nobody; 1 h is allowed
    notified: nobody

changes
  2026-12-01 09:20:00 release at a.example.com: was 3f2c1a, is 77aa01

open
  room-1: 95; above 90 is too much
  devops is on HOLD (Davi): disk

announcements that did not arrive
  began of room-1 to oncall: connection refused
"""


def test_day_is_told_whole(path: Path) -> None:
    """Who reviews the first day reads in one page what went on, what was slow, and what is left to do."""
    with JournalReader.read(path, environment=ENVIRONMENT) as reader:
        assert review(reader, watch_of(), LAUNCH, 1) == EXPECTED


def test_day_counts_from_the_launch(path: Path) -> None:
    """What was before T-0 is no part of day 1."""
    with JournalReader.read(path, environment=ENVIRONMENT) as reader:
        text = review(reader, watch_of(), Launch(at=BEGAN + timedelta(minutes=55)), 1)
        assert "20 rounds, 0 gaps" in text
        assert "errors-1" not in text
        with pytest.raises(
            UsageError, match="there was no watch on day 2; the watch has 2026-12-01 12:00:00 to 2026-12-01 12:59:45"
        ):
            review(reader, watch_of(), Launch(), 2)


@pytest.mark.parametrize("text", ["1", "day 0", "day one", "today", ""])
def test_day_that_is_none_is_refused(text: str) -> None:
    """A typo must not review another day."""
    with pytest.raises(UsageError, match="write it as in --review 'day 1'"):
        day_number(text)
    assert day_number("day 12") == 12
