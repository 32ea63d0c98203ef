"""The table of journeys: what the run waited for."""

from datetime import timedelta
from typing import Any

from gonogo.record.results import CheckResult, Outcome
from gonogo.report.html import render_signoff
from gonogo.report.journeys import journeys
from tests.report.conftest import check, results


def step(identifier: str, began: str, elapsed: str) -> CheckResult:
    """One that was walked."""
    return check(identifier, facts={"walk": {"began": began, "elapsed": elapsed, "ending": "pass"}})


def test_critical_path_is_the_longest_journey_and_the_last() -> None:
    """They are walked side by side: the sum of all would be nobody's waiting time."""
    made = results(
        [
            step("client-a", "PT0S", "PT1S"),
            step("client-b", "PT1S", "PT0.5S"),
            step("booking-a", "PT0S", "PT2.25S"),
            step("cleanup-a", "PT0S", "PT0.5S"),
            check("tls-a"),
        ]
    )
    found = {journey.name: (journey.elapsed.total_seconds(), journey.critical) for journey in journeys(made)}
    assert found == {"client": (1.5, False), "booking": (2.25, True), "cleanup": (0.5, True)}
    assert "The critical path took 2.75 s." in render_signoff(made).decode()


def test_no_journey_no_table() -> None:
    """A run that walked nothing says nothing about walking."""
    made = results([check("tls-a")])
    assert not journeys(made)
    assert "critical path" not in render_signoff(made).decode()


def test_recorded_nonsense_is_no_time() -> None:
    """The facts come from a file."""
    odd: list[Any] = ["soon", None, [], "PT-1S"]
    made = results([step(f"client-{index}", value, "PT1S") for index, value in enumerate(odd)])
    assert journeys(made)[0].elapsed == timedelta(0)


def test_steps_stand_in_their_place_in_time() -> None:
    """A waterfall: what waited, what was slow, and what was not walked; with the same in words."""
    made = results(
        [
            step("client-a", "PT0S", "PT1S"),
            step("client-b", "PT1S", "PT0.0001S"),
            step("client-c", "PT1S", "PT3S"),
            check("client-d", Outcome.BLOCKED, "blocked"),
        ]
    )
    rows = journeys(made)[0].rows
    assert [(row.title, row.words) for row in rows] == [
        ("client-a", "at 0.00 s, took 1.00 s"),
        ("client-b", "at 1.00 s, took 0.00 s"),
        ("client-c", "at 1.00 s, took 3.00 s"),
        ("client-d", "not walked"),
    ]
    assert [[(one.kind, one.x, one.width) for one in row.parts] for row in rows] == [
        [("pass", "0%", "25%")],
        [("pass", "25%", "1%")],
        [("pass", "25%", "75%")],
        [],
    ]


def test_times_that_make_no_sense_stay_in_the_picture() -> None:
    """A step that began before its journey, and a journey without a length."""
    rows = journeys(results([step("client-a", "-PT5S", "PT1S"), step("client-b", "PT0S", "PT2S")]))[0].rows
    assert rows[0].parts[0].x == "0%"
    assert journeys(results([step("client-a", "PT0S", "PT0S")]))[0].rows[0].words == "at 0.00 s, took 0.00 s"
