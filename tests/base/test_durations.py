"""A duration read wrongly makes a check green that ought to be red."""

from datetime import timedelta

import pytest

from gonogo.base.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500 ms", 0.5), ("10s", 10), ("1.5 s", 1.5), ("5 min", 300), ("24 h", 86400), ("30 d", 2_592_000)],
)
def test_a_duration_with_its_unit_is_read_exactly(text: str, seconds: float) -> None:
    """The budget that the team wrote is the budget that is enforced."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "1m", "10 sec", "-1 s", "1 h 5 min", "ten s", "\u0661 s", "9e99 d", "9" * 40 + " d"]
)
def test_an_ambiguous_duration_is_refused_with_the_cure(text: str) -> None:
    """Silently reading '1m' as a minute, or as a month, would move a deadline."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0425, "42 ms"),
        (1.5, "1.5 s"),
        (60, "1 min"),
        (3725, "1 h 2 min"),
        (90_000, "1 d 1 h"),
        (86_400, "1 d"),
        (-7200, "-2 h"),
    ],
)
def test_a_duration_is_shown_in_at_most_two_units(seconds: float, text: str) -> None:
    """'3.2 of 90 days left' is read at 3 a.m.; 276480 seconds are not."""
    assert format_duration(timedelta(seconds=seconds)) == text
