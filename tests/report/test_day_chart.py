"""The day of a signal on the page of a run: what nobody saw is a gap, at both ends as well."""

from dataclasses import asdict
from typing import Any

from gonogo.evidence.watch import Point
from gonogo.report.day_chart import WIDTH, recorded_chart


def facts(*points: Point, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - facts of any kind
    """Of a check of the watch, as the results have them: an hour of a share."""
    shown = {"unit": "%", "limit": 0.05, "above": True, "stale_after": 60.0, "since": 0.0, "until": 3600.0}
    return {**shown, "points": [asdict(point) for point in points], "observed": 2, **more}


def point(at: float, value: float, *, joined: bool = True) -> Point:
    """A value that was seen."""
    return Point(at=at, value=value, few=False, missing=False, joined=joined)


def test_time_that_nobody_saw_is_a_gap_at_both_ends() -> None:
    """A watch that began late, or ended early, must not look like one that saw nothing wrong."""
    drawn = recorded_chart(facts(point(1800, 0.01, joined=False), point(1830, 0.02)))
    assert drawn is not None
    assert list(drawn.gaps) == [(0.0, WIDTH / 2), (305.0, 295.0)]
    assert drawn.words == "1 % to 2 %; above 5 % is too much; 2 gaps"


def test_day_without_any_value_is_one_gap() -> None:
    """Nobody looked at all."""
    drawn = recorded_chart(facts())
    assert drawn is not None
    assert [round(width) for _, width in drawn.gaps] == [round(WIDTH)]
    assert drawn.words == "no value yet; above 5 % is too much; 1 gap"


def test_day_that_was_seen_whole_has_no_gap() -> None:
    """From the first round to the last."""
    drawn = recorded_chart(
        facts(point(15, 0.01, joined=False), *(point(at, 0.01) for at in range(60, 3600, 30)), limit=None)
    )
    assert drawn is not None
    assert (list(drawn.gaps), drawn.limit, drawn.words) == ([], None, "1 % to 1 %")


def test_other_facts_have_no_picture() -> None:
    """Facts of another kind, and of a version that wrote them otherwise, are shown as they are."""
    assert recorded_chart({"points": 3}) is None
    assert recorded_chart(facts(unit=7)) is None
    assert recorded_chart("text") is None
