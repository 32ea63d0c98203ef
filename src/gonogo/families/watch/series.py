"""Series of counters within a window, and what PromQL's functions make of them.

Source: Prometheus' documentation of increase(), rate() and histogram_quantile(), as version 3 computes them: a window is
open at its beginning, and what lies near its ends is extrapolated.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

_NEAR = 1.1
"""A window's end is near if it is at most this many times the mean distance of samples away."""
_ROUNDING = 1e-12
"""Buckets that differ by less, relatively, differ by rounding only."""
_LEAST_BUCKETS = 2
_DROPPED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Fall:
    """A counter that counts again from 0."""

    at: float
    before: float
    after: float


class CounterSeries:
    """The samples of one series of a counter that lie within a window. A sample takes 16 bytes."""

    __slots__ = ("_correction", "_first", "_last", "_times", "_values", "born", "fall", "falls")

    def __init__(self, *, born: float | None = None) -> None:
        self.born = born
        """The scrape before its first one, if there was one that did not have it: then it was 0."""
        self.fall: Fall | None = None
        """The newest one, within the window or not."""
        self._last: float | None = None
        self._times, self._values, self._first = array("d"), array("d"), 0
        self._correction = 0.0
        self.falls = 0
        """How often it counted again from 0 within the window that was looked at last."""

    def append(self, at: float, value: float) -> bool:
        """Add a finite sample; whether events were counted since the one before."""
        before, self._last = self._last, value
        self._times.append(at)
        self._values.append(value)
        if value == before:
            return False
        if before is None:
            return self.born is not None and value > 0
        if value > before:
            return True
        if len(self._times) - self._first > 1:
            self._correction += before
            self.falls += 1
            self.fall = Fall(at, before, value)
        return value > 0

    def extend(self, times: Sequence[float], values: Sequence[float], *, anew: bool) -> None:
        """Add finite samples of which none is less than the one before; ``anew``: in the place of all that is there."""
        if anew:
            self._times, self._values = array("d"), array("d")
            self._first, self._correction, self.falls = 0, 0.0, 0
        self._times.extend(times)
        self._values.extend(values)
        self._last = self._values[-1]

    def reappear(self, before: float, value: float, *, restarted: bool) -> None:
        """The scrape before did not have it. After a restart, or if it counts from less, it is born again."""
        if self._last is not None and (restarted or value < self._last):
            self.born = before

    def _expire(self, start: float) -> None:
        """Forget what is not after the beginning of the window."""
        times, values, first, end = self._times, self._values, self._first, len(self._times)
        while first < end and times[first] <= start:
            if self.falls and first + 1 < end and values[first + 1] < values[first]:
                self.falls -= 1
                self._correction = self._correction - values[first] if self.falls else 0.0
            first += 1
        if first > _DROPPED_AT_ONCE and first * 2 > end:
            del times[:first], values[:first]
            first = 0
        self._first = first

    def increase(self, start: float, end: float) -> float | None:
        """The events between both times; None where fewer than two samples say nothing about that.

        A series that was born within the window, between two scrapes, began with 0, so that its first events are not
        lost: in Prometheus, which knows nothing of that, the rules of ``gonogo rules`` say the same.
        """
        times, values, first = self._times, self._values, self._first
        size = len(times) - first
        if size and times[first] <= start:
            if size > 1 and times[first + 1] > start and not self.falls and first < _DROPPED_AT_ONCE:
                self._first = first = first + 1  # as nearly always: one comes, one goes
            else:
                self._expire(start)
                first = self._first
            size = len(times) - first
        if size and self.born is not None and self.born > start and times[first] > self.born:
            return values[-1] + self._correction
        if size < 2:  # noqa: PLR2004 - two samples have a distance
            return None
        raised = values[-1] - values[first] + self._correction
        if not raised:
            return 0.0
        between, before, after = extrapolation(start, end, times[first], times[-1], size)
        if raised > 0 and values[first] >= 0:
            before = min(before, between * (values[first] / raised))  # it was 0 then, and not less before
        return raised * ((between + before + after) / between)


def extrapolation(start: float, end: float, begin: float, last: float, size: int) -> tuple[float, float, float]:
    """Seconds between the first and the last of so many samples, and how far they hold before and after that."""
    between = last - begin
    near = between / (size - 1) * _NEAR
    before = begin - start if begin - start < near else near / _NEAR / 2
    after = end - last if end - last < near else near / _NEAR / 2
    return between, before, after


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a histogram."""

    value: float
    """NaN: there is none."""
    at_least: bool = False
    """It lies in the highest bucket, which has no end: it is this at least."""


def histogram_quantile(share: float, buckets: Sequence[tuple[float, float]]) -> Quantile:
    """The quantile of cumulative buckets (upper bound, count), interpolated within its bucket."""
    bounds, counts = _even(buckets)
    if len(bounds) < _LEAST_BUCKETS or not math.isinf(bounds[-1]) or counts[-1] == 0:
        return Quantile(math.nan)
    rank = share * counts[-1]
    index = next((at for at, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if index == len(counts) - 1:
        return Quantile(bounds[-2], at_least=True)
    if index == 0 and bounds[0] <= 0:
        return Quantile(bounds[0])
    begin, below = (bounds[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    return Quantile(begin + (bounds[index] - begin) * ((rank - below) / (counts[index] - below)))


def _even(buckets: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Bounds in order, each once, with counts that never fall: scrapes are not atomic."""
    totals: dict[float, float] = {}
    for bound, count in buckets:
        totals[bound] = totals.get(bound, 0.0) + count
    bounds = sorted(totals)
    counts: list[float] = []
    for bound in bounds:
        count = totals[bound]
        if counts and (count < counts[-1] or (count and (count - counts[-1]) / count <= _ROUNDING)):
            count = counts[-1]
        counts.append(count)
    return bounds, counts
