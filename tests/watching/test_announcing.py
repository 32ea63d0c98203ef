"""Who is told what, and when, on a clock that is passed in."""

import pytest
from pydantic import ValidationError

from gonogo.evidence.watch import AlertState
from gonogo.watching.announcing import due, standing
from tests.watching.told import Day, watch_of

MINUTE, HOUR = 60.0, 3600.0


def test_first_channel_is_told_once_when_it_begins_and_when_it_ends() -> None:
    """Rounds in between tell nothing, and so does a watch in which nothing alarms."""
    day = Day(watch_of())
    assert day.round(0) == []
    day.alarms("api-errors")
    assert day.round(15) == ["oncall began api-errors-1"]
    assert day.round(30) == []
    day.ends("api-errors")
    assert day.round(45) == ["oncall resolved api-errors-1"]
    assert day.round(60) == []


def test_next_alarm_of_a_threshold_is_another_alert() -> None:
    """With an id of its own, it is told anew."""
    day = Day(watch_of())
    day.alarms("api-errors")
    day.round(0)
    day.ends("api-errors")
    day.round(15)
    day.alarms("api-errors")
    assert day.round(30) == ["oncall began api-errors-2"]


def test_nobody_acknowledges() -> None:
    """After each response time everybody is told again, and one channel more, until all of them know."""
    day = Day(watch_of())
    day.alarms("api-errors")
    day.round(0)
    assert day.round(5 * MINUTE - 1) == []
    assert day.round(5 * MINUTE) == ["oncall reminded api-errors-1", "team escalated api-errors-1"]
    assert day.round(5 * MINUTE + 15) == []
    again = ["oncall reminded api-errors-1", "team reminded api-errors-1"]
    assert day.round(10 * MINUTE) == [*again, "boss escalated api-errors-1"]
    assert day.round(15 * MINUTE) == [*again, "boss reminded api-errors-1"]
    day.ends("api-errors")
    assert day.round(15 * MINUTE + 15) == [f"{name} resolved api-errors-1" for name in ("oncall", "team", "boss")]


def test_acknowledged_alert_is_not_told_again() -> None:
    """From then on; its end still is, to everybody who was told."""
    day = Day(watch_of())
    day.alarms("api-errors")
    day.round(0)
    day.round(5 * MINUTE)
    day.acknowledge("api-errors-1")
    assert day.round(HOUR) == []
    day.ends("api-errors")
    assert day.round(HOUR + 15) == ["oncall resolved api-errors-1", "team resolved api-errors-1"]


def test_response_time_is_that_of_the_severity() -> None:
    """A warning waits for an hour, a key metric that nobody can read as well."""
    day = Day(watch_of())
    day.alarms("slow")
    day.alarms("users", AlertState.NO_DATA)
    assert day.round(0) == ["oncall began slow-1", "oncall began users-1"]
    assert day.round(HOUR - 1) == []
    assert "team escalated slow-1" in day.round(HOUR)
    assert {one.severity for one in day.announced} == {"warning"}


def test_times_that_went_by_unseen_are_one_reminder() -> None:
    """A watch that was away for an hour tells once, and all channels that would have been told by then."""
    day = Day(watch_of())
    day.alarms("api-errors")
    day.round(0)
    back = day.round(HOUR)
    assert back == ["oncall reminded api-errors-1", "team escalated api-errors-1", "boss escalated api-errors-1"]
    assert day.announced[1].note == "nobody acknowledged it within 1 h"


def test_channel_that_is_down_is_made_up_for_by_the_next() -> None:
    """At the next round, whoever is the next; a channel that comes back needs nobody in its place."""
    day = Day(watch_of())
    day.down = {"oncall", "team"}
    day.alarms("api-errors")
    assert day.round(0) == ["oncall began api-errors-1"]
    assert day.round(15) == ["team escalated api-errors-1"]
    assert day.round(30) == ["boss escalated api-errors-1"]
    assert day.announced[-1].note == "oncall and team could not be reached"
    assert day.round(45) == []
    # What waits is not told a second time.
    assert day.round(5 * MINUTE) == ["boss reminded api-errors-1"]
    day.down = set()
    assert day.round(6 * MINUTE) == []
    assert len(day.round(10 * MINUTE)) == 3


def test_channel_that_has_not_answered_yet_is_not_down() -> None:
    """Nobody is woken in its place between two rounds."""
    day = Day(watch_of())
    day.unanswered = {"oncall"}
    day.alarms("api-errors")
    day.round(0)
    assert day.round(15) == []


def test_acknowledged_alert_needs_no_other_channel() -> None:
    """Somebody has it in hand, though a channel is down."""
    day = Day(watch_of())
    day.down = {"oncall"}
    day.alarms("api-errors")
    day.round(0)
    day.acknowledge("api-errors-1")
    assert day.round(15) == []


def test_channels_by_severity() -> None:
    """Those that are named are told at once; the others only while nobody answers, on call before the others."""
    day = Day(watch_of(tell={"critical": ["team", "boss"], "warning": ["boss"]}))
    day.alarms("api-errors")
    day.alarms("slow")
    assert day.round(0) == ["team began api-errors-1", "boss began api-errors-1", "boss began slow-1"]
    assert "oncall escalated api-errors-1" in day.round(5 * MINUTE)
    assert "oncall escalated slow-1" in day.round(HOUR)


def test_name_of_no_channel_is_refused() -> None:
    """With the nearest one."""
    with pytest.raises(
        ValidationError, match=r"tell\.critical: no channel 'oncal' in watch\.channels; did you mean oncall"
    ):
        watch_of(tell={"critical": ["oncal"]})


def test_nobody_can_say_becomes_beyond_the_limit() -> None:
    """One alert still; whoever was told the one is told the other at once, acknowledged or not."""
    day = Day(watch_of())
    day.alarms("api-errors", AlertState.NO_DATA)
    day.round(0)
    day.acknowledge("api-errors-1")
    day.alarms("api-errors")
    assert day.round(15) == ["oncall began api-errors-1"]
    assert day.announced[-1].number == 2
    assert day.round(30) == []


def test_restart_tells_nothing_twice_and_forgets_nothing() -> None:
    """What is due follows from what the journal holds: the same question twice has one answer."""
    day = Day(watch_of())
    day.alarms("api-errors")
    day.round(0)
    day.at = 20.0
    assert due(day.watch, day.rules, day.seen()) == []
    # Ended and begun while nobody looked.
    day.ends("api-errors")
    day.alarms("slow")
    assert day.round(MINUTE) == ["oncall began slow-1", "oncall resolved api-errors-1"]


def test_what_nobody_watches_any_more_is_not_over() -> None:
    """A threshold that was taken out of the file while its alert fired."""
    day = Day(watch_of())
    day.alarms("api-errors")
    day.round(0)
    del day.alerts["api-errors"]
    assert day.round(15) == ["oncall resolved api-errors-1"]
    assert day.announced[-1].note == "it is not watched any more, so it is not known whether it has ended"


def test_without_channels_nobody_is_told() -> None:
    """And nothing breaks."""
    day = Day(watch_of(()))
    day.alarms("api-errors")
    assert day.round(0) == []


def test_what_stands_is_what_each_channel_heard_last() -> None:
    """Of alerts that are not over."""
    day = Day(watch_of())
    day.alarms("api-errors")
    day.alarms("slow")
    day.round(0)
    day.round(5 * MINUTE)
    day.ends("slow")
    day.round(6 * MINUTE)
    found = {(one.alert, one.channel, one.number) for one in standing(day.seen())}
    assert found == {("api-errors-1", "oncall", 2), ("api-errors-1", "team", 1)}


def test_since_and_reason_are_those_of_the_alert() -> None:
    """Since it began, whenever it is told."""
    day = Day(watch_of())
    day.alarms("api-errors")
    began = day.utc
    day.round(0)
    day.round(5 * MINUTE)
    assert {one.since for one in day.announced} == {began}
    assert [one.reason for one in day.announced] == ["seen at 0 s"] * 3
    assert day.announced[0].title == "API errors"
    assert day.announced[0].lines == ("alerts.error-rate",)
