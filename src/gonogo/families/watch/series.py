"""Series of counters within a window, and what PromQL's functions make of them.

Source: Prometheus' documentation of increase(), rate() and histogram_quantile(), as version 3 computes them: a window is
open at its beginning, and what lies near its ends is extrapolated.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Labels = Mapping[str, str]
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

    __slots__ = ("_correction", "_falls", "_first", "_times", "_values", "born", "fall", "labels", "last", "seen")

    def __init__(self, labels: Labels, *, born: float | None) -> None:
        self.labels = labels
        self.born = born
        """When it appeared, where an earlier scrape did not have it: then it was 0 before."""
        self.seen = -math.inf
        """The newest scrape that had it, whatever its value."""
        self.last: float | None = None
        """Its newest value, within the window or not."""
        self.fall: Fall | None = None
        """The newest one."""
        self._times, self._values, self._first = array("d"), array("d"), 0
        self._correction, self._falls = 0.0, 0

    def __len__(self) -> int:
        return len(self._times) - self._first

    def append(self, at: float, value: float) -> bool:
        """Add a finite sample; whether events were counted since the one before."""
        before, self.last = self.last, value
        if len(self._times) > self._first and value < self._values[-1]:
            self._correction += self._values[-1]
            self._falls += 1
            self.fall = Fall(at, self._values[-1], value)
        self._times.append(at)
        self._values.append(value)
        if before is None:
            return self.born is not None and value > 0
        return value > before or (value < before and value > 0)

    def expire(self, start: float) -> None:
        """Forget what is not after the beginning of the window."""
        times, values, first, end = self._times, self._values, self._first, len(self._times)
        while first < end and times[first] <= start:
            if self._falls and first + 1 < end and values[first + 1] < values[first]:
                self._falls -= 1
                self._correction = self._correction - values[first] if self._falls else 0.0
            first += 1
        if first > _DROPPED_AT_ONCE and first * 2 > end:
            del times[:first], values[:first]
            first = 0
        self._first = first

    def fell(self) -> Fall | None:
        """The newest fall within the window."""
        return self.fall if self._falls else None

    def increase(self, start: float, end: float) -> float | None:
        """The events between both times; None where fewer than two samples say nothing about that.

        A series that was born within the window began with 0, so that its first event is not lost: in Prometheus, which
        knows nothing of that, the rules of `gonogo rules` say the same.
        """
        size = len(self._times) - self._first
        if size and self.born is not None and self.born > start:
            return self._values[-1] + self._correction
        if size < 2:  # noqa: PLR2004 - two samples have a distance
            return None
        first, last = self._values[self._first], self._values[-1]
        raised = last - first + self._correction
        if not raised:
            return 0.0
        return raised * _stretch(
            self._times[self._first] - start,
            self._times[-1] - self._times[self._first],
            end - self._times[-1],
            size,
            zero=first / raised if raised > 0 and first >= 0 else math.inf,
        )


def _stretch(before: float, between: float, after: float, size: int, *, zero: float) -> float:
    """How much longer than its samples' time a series is taken to be; at ``zero`` of it, backwards, it was 0."""
    distance = between / (size - 1)
    if before >= distance * _NEAR:
        before = distance / 2
    if after >= distance * _NEAR:
        after = distance / 2
    return (between + min(before, between * zero) + after) / between


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
