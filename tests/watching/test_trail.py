"""A day in few points, and its picture: the worst value stays, and a gap stays a gap."""

from collections.abc import Sequence

import pytest

from gonogo.evidence.watch import AlertState, Reading
from gonogo.families.watch.section import KeyMetric, Threshold, Watch
from gonogo.families.watch.trail import MOST_POINTS, Trail
from gonogo.report.day_chart import HEIGHT, WIDTH, Chart, chart
from gonogo.watching.rows import SignalRow

DAY = 86400
ABOVE = Threshold.model_validate({"signal": {"gauge": "x"}, "above": 5, "severity": "critical"})
BELOW = Threshold.model_validate({"signal": {"gauge": "x"}, "below": 5, "severity": "critical"})
METRIC = KeyMetric.model_validate({"signal": {"gauge": "x"}})
RATIO = Threshold.model_validate(
    {"signal": {"ratio": ["x", "y"]}, "above": 0.5, "severity": "warning", "at_least": 10, "window": "5 min"}
)


def trail(watched: Threshold | KeyMetric, readings: Sequence[Reading]) -> Trail:
    """Of readings every 15 s."""
    return Trail.of(watched, Watch(), readings)


def steady(until: float, value: float = 1.0, begin: float = 0.0) -> list[Reading]:
    """The same value every 15 s."""
    return [Reading(at=begin + 15.0 * number, value=value) for number in range(int((until - begin) // 15))]


@pytest.mark.parametrize(("watched", "kept"), [(ABOVE, 99.0), (METRIC, 99.0), (BELOW, 0.0)])
def test_worst_value_of_a_day_stays(watched: Threshold | KeyMetric, kept: float) -> None:
    """One reading of 5,760, on either side."""
    readings = steady(DAY)
    readings[3000] = Reading(at=45000.0, value=99.0)
    readings[4000] = Reading(at=60000.0, value=0.0)
    points = trail(watched, readings).points()
    assert MOST_POINTS // 3 < len(points) <= MOST_POINTS
    assert kept in {point.value for point in points}
    assert all(point.joined for point in points[1:])


def test_one_reading_that_is_missing_of_a_day_stays() -> None:
    """The stretch has values; it has a gap as well."""
    readings = steady(DAY)
    readings[3000] = Reading(at=45000.0, value=None, missing="connection refused")
    (missing,) = [point for point in trail(ABOVE, readings).points() if point.missing]
    assert missing.at == pytest.approx(45000, abs=DAY / MOST_POINTS * 2)


@pytest.mark.parametrize("begin", [45000.0, 45007.5, 45150.0])
@pytest.mark.parametrize("long", [60.0, 600.0, 36000.0])
def test_time_in_which_nobody_looked_stays(begin: float, long: float) -> None:
    """However short beside a day, and wherever its stretch begins."""
    points = trail(ABOVE, [*steady(begin), *steady(DAY + long, begin=begin + long)]).points()
    torn = [point for point in points[1:] if point.missing or not point.joined]
    assert len(torn) == 1
    assert begin - 600 <= torn[0].at <= begin + long + 600


def test_too_few_events_are_no_value() -> None:
    """0 % of two events is not 0 %."""
    points = trail(RATIO, [Reading(at=0, value=0.0, events=2), Reading(at=15, value=0.1, events=20)]).points()
    assert [(point.value, point.few) for point in points] == [(None, True), (0.1, False)]


def drawn(readings: Sequence[Reading], now: float, watched: Threshold = ABOVE) -> Chart:
    """Its picture from the begin of the watch."""
    one = trail(watched, readings)
    row = SignalRow(
        name="x",
        title="X",
        severity="critical",
        state=AlertState.OK,
        unit="",
        value="1",
        reason="",
        limit=watched.limit,
        limit_text="critical above 5",
        points=tuple(one.points()),
        stale_after=one.stale_after,
    )
    return chart(row, 0, now)


def test_line_breaks_where_nobody_looked() -> None:
    """Two pieces, a band between them, and the limit above both."""
    shown = drawn([*steady(600), *steady(1500, begin=900)], now=1485)
    assert shown.path.count("M") == 3, "two pieces, and the dot at the end"
    ((begin, wide),) = shown.gaps
    assert begin == pytest.approx(585 / 1485 * WIDTH, abs=1)
    assert begin + wide == pytest.approx(900 / 1485 * WIDTH, abs=1)
    assert shown.limit is not None
    assert 0 < shown.limit < HEIGHT / 4
    assert shown.words == "1 to 1; critical above 5; 1 gap"


def test_value_of_zero_is_seen() -> None:
    """A line on the edge would look like none."""
    shown = drawn(steady(600, value=0.0), now=600)
    assert float(shown.path.split()[-1].split("l")[0]) < HEIGHT - 2


def test_what_stopped_is_a_gap_to_the_end() -> None:
    """The last value does not go on."""
    shown = drawn(steady(600), now=1200)
    ((begin, wide),) = shown.gaps
    assert begin + wide == WIDTH
    assert begin == pytest.approx(WIDTH / 2, abs=10)


def test_single_value_between_gaps_is_a_dot() -> None:
    """It was seen, and is shown."""
    silent = [Reading(at=at, value=None, missing="no answer") for at in (0.0, 15.0, 45.0, 60.0)]
    shown = drawn([*silent[:2], Reading(at=30, value=2.0), *silent[2:]], now=60)
    assert "l0 0" in shown.path
    assert shown.words.startswith("2 to 2")


def test_nothing_seen_is_said() -> None:
    """Neither a line nor an empty caption."""
    shown = drawn([], now=60)
    assert shown.path == ""
    assert shown.words == "no value yet; critical above 5"
