"""Increases and quantiles of series: by the values that Prometheus' own tests demand, and by what holds of all of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.families.watch.series import CounterSeries, histogram_quantile

STEADY = [
    # first value, step each 5 min, of ten steps; window in minutes; what Prometheus 3 says its increase is
    (0, 10, 50, 100),
    (10, 10, 50, 100),
    (1, 10, 50, 100),
    (0, 10, 100, 100),
    (10, 10, 100, 105),
    (1, 10, 100, 101),
]


@pytest.mark.parametrize(("first", "step", "minutes", "increase"), STEADY)
def test_an_increase_is_that_of_prometheus_3(first: float, step: float, minutes: float, increase: float) -> None:
    """By the values that its own tests demand (promqltest, functions.test): the lab's Prometheus may be an older one."""
    series = CounterSeries()
    for number in range(11):
        series.append(number * 300.0, first + number * step)
    assert series.increase(3000.0 - minutes * 60, 3000.0) == pytest.approx(increase)


def test_a_fall_counts_from_zero_as_in_prometheus_3() -> None:
    """Of the same source: what was there before the fall, and all that is there after it."""
    for values, minutes, increase in (
        ([*range(0, 91, 18), *range(0, 91, 18)][:11], 50, 160),
        ([0, 1, 2, 3, 2, 3, 4], 30, 7),
    ):
        series = CounterSeries()
        for number, value in enumerate(values):
            series.append(number * 300.0, value)
        end = (len(values) - 1) * 300.0
        assert series.increase(end - minutes * 60, end) == pytest.approx(increase)


@pytest.mark.parametrize(("first", "rate"), [(0, 0.5), (60, 0.55), (120, 0.6), (180, 0.6), (240, 0.6), (300, 0.6)])
def test_a_counter_is_not_taken_to_have_been_less_than_nothing(first: float, rate: float) -> None:
    """Of the same source: a window that is not full is filled by half a scrape's time, and back to 0 at most."""
    series = CounterSeries()
    for number in range(3):
        series.append(number * 240.0, first + number * 240)
    increase = series.increase(600.0 - 1200, 600.0)
    assert increase is not None
    assert increase / 1200 == pytest.approx(rate)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40), st.floats(1, 400))
def test_an_increase_is_at_least_what_was_seen(steps: list[int], late: float) -> None:
    """Extrapolation adds; it takes nothing away, and at most the time of a scrape and a bit at each end."""
    series, total = CounterSeries(), 0.0
    for number, step in enumerate(steps):
        total += step
        series.append(number * 15.0, total)
    end = (len(steps) - 1) * 15.0 + min(late, 16.0)
    seen = total - steps[0]
    increase = series.increase(-1.0, end)
    assert increase is not None
    assert seen <= increase <= seen * (1 + 3.2 / (len(steps) - 1))


@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 1e6)), max_size=8), st.floats(0.01, 0.99))
def test_a_quantile_lies_within_its_buckets(finite: list[tuple[float, float]], share: float) -> None:
    """Whatever a scrape brings."""
    quantile = histogram_quantile(share, [*finite, (math.inf, 1e6)])
    if finite:
        assert 0 <= quantile.value <= max(bound for bound, _ in finite)
    else:
        assert math.isnan(quantile.value)
