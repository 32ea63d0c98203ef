"""Scales, axes and marks: what a picture says is what the numbers say."""

import pytest

from gonogo.report.drawing import Scale, across, bars, line, percent, ticks


@pytest.mark.parametrize(
    ("highest", "most", "expected"),
    [
        (100, 4, [0, 50, 100]),
        (550, 4, [0, 200, 400, 600]),
        (2800, 4, [0, 1000, 2000, 3000]),
        (2, 2, [0, 1, 2]),
        (0.3, 2, [0, 0.2, 0.4]),
        (3600, 6, [0, 1000, 2000, 3000, 4000]),
        (1e6, 4, [0, 500_000, 1_000_000]),
    ],
)
def test_ticks_are_round_and_hold_the_highest(highest: float, most: int, expected: list[float]) -> None:
    """A value above the highest tick would be drawn at a lower one."""
    assert ticks(highest, most) == expected


def test_nothing_to_scale_is_the_beginning() -> None:
    """A load without a request, a certificate of no length: no division, no place outside of the picture."""
    assert Scale(low=5, high=5, begin=10, end=20)(7) == 10
    assert ticks(0, 4)[0] == 0
    x = across(0, 10)
    assert (x(-3), x(5), x(12)) == (0.0, 500.0, 1000.0)
    assert (percent(0), percent(333.3), percent(1000)) == ("0%", "33.33%", "100%")


def test_gaps_are_gaps_and_a_lonely_point_is_a_dot() -> None:
    """Joined over a gap, a line would claim what nobody measured."""
    assert line([(0, 1), (1, 2.5), None, (3, 4), None, None, (5, 6)]) == "M0 1L1 2.5M3 4h0M5 6h0"
    assert line([]) == ""
    assert bars([(0, 10, 3.5), (10, 20, 1)], 8) == "M0 8V3.5H10V8ZM10 8V1H20V8Z"
