"""Scrapes that are as the ones before: the same series in the same order, each a number, and no counter less than before.

That is nearly every scrape of every day. Their counters are then rows of one table, whose windows begin and end at the same
times: all increases within one window are computed at once, by one factor, and no series is looked at by itself. Whatever
is otherwise (a series that is new, or gone, or fell) ends the table, and what it holds is given back to the series.
"""

import math
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter, sub

from gonogo.families.http.exposition import Sample
from gonogo.families.watch.series import extrapolation

MOST_VALUES = 2_000_000
"""Of all rows: 16 MB. A table that would be larger is not begun."""


class Table:
    """The newest scrapes as rows. The first row is of a scrape that the series themselves have already."""

    def __init__(self, samples: Sequence[Sample], places: Sequence[int], at: float) -> None:
        """``places`` are those of counters among the samples of a scrape: two at least."""
        self._names = [sample.name for sample in samples]
        self._labels = [sample.labels for sample in samples]
        self._gathered: Callable[[Sequence[float]], tuple[float, ...]] = itemgetter(*places)
        self._times = [at]
        self._rows = [array("d", self._gathered([sample.value for sample in samples]))]
        self._waiting = 0
        """So many of the newest rows are not in the series yet."""
        self._forgot = False
        """Whether rows were dropped that are not in the series: what is in those is older than every window then."""
        self._increases: dict[float, tuple[float, list[float] | None]] = {}

    def add(self, at: float, samples: Sequence[Sample], longest: float) -> Sequence[float] | None:
        """One more row: by how much each counter rose. None, and nothing is added, where the scrape is another kind."""
        if len(samples) != len(self._names):
            return None
        names, labels, values = zip(*samples, strict=True)
        if [*names] != self._names or [*labels] != self._labels or not math.isfinite(sum(values)):
            return None
        row = array("d", self._gathered(values))
        raised = list(map(sub, row, self._rows[-1]))
        if min(raised) < 0:
            return None
        self._times.append(at)
        self._rows.append(row)
        self._waiting += 1
        if (old := bisect_right(self._times, at - longest) - 1) > 0:
            del self._times[:old], self._rows[:old]
            self._forgot = True
        return raised

    def increases(self, window: float, at: float) -> list[float] | None:
        """The events of each counter within a window; None where the table does not reach back so far."""
        last = self._increases.get(window)
        if last is None or last[0] != at:
            last = self._increases[window] = (at, self._increased(at - window, at))
        return last[1]

    def _increased(self, start: float, end: float) -> list[float] | None:
        times = self._times
        first = bisect_right(times, start)
        if not first or len(times) - first < 2:  # noqa: PLR2004 - two samples have a distance
            return None
        between, before, after = extrapolation(start, end, times[first], times[-1], len(times) - first)
        factor = (between + before + after) / between
        return [
            raised * factor
            if not (raised := new - old) or old < 0 or (zero := between * (old / raised)) >= before
            else raised * ((between + zero + after) / between)
            for old, new in zip(self._rows[first], self._rows[-1], strict=True)
        ]

    def give(self) -> "tuple[list[float], list[array[float]], bool]":
        """Times and rows that the series do not have yet, and whether they take the place of all that those have."""
        rows = len(self._rows) if self._forgot else self._waiting
        begins = len(self._rows) - rows
        given = self._times[begins:], self._rows[begins:], self._forgot
        self._waiting, self._forgot = 0, False
        return given
