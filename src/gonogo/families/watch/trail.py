"""The course of one signal, in few points whatever the length of the watch: worst values stay, gaps stay gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from gonogo.evidence.watch import Point, Reading
from gonogo.families.watch.section import Threshold, Watch, Watched

MOST_POINTS = 300
_LATE = 2.5
"""So many times its cadence after the reading before, one has missed others; rounds are jittered by less."""


@dataclass(slots=True)
class _Stretch:
    first: float
    last: float
    worst: float | None
    few: int
    missing: int


class Trail:
    """Readings of one signal, merged: at most ``MOST_POINTS`` of them are kept, so that a day needs what an hour does."""

    def __init__(self, watched: Watched, cadence: timedelta, most: int = MOST_POINTS) -> None:
        self._watched, self._most = watched, most
        self._cadence = self._width = max(cadence.total_seconds(), 0.001)
        self._stretches: dict[int, _Stretch] = {}
        self.last: Reading | None = None

    @classmethod
    def of(cls, watched: Watched, watch: Watch, readings: Iterable[Reading] = ()) -> Self:
        """The trail of something that is watched, at its own cadence."""
        trail = cls(watched, watch.checks_every if watched.signal.checks else watch.every)
        for reading in readings:
            trail.add(reading)
        return trail

    @property
    def stale_after(self) -> float:
        """Seconds after which a reading is an old one."""
        return _LATE * self._cadence

    def add(self, reading: Reading) -> None:
        """One more reading, later than all before."""
        few = reading.events is not None and reading.events < self._watched.at_least
        known = reading.value is not None and not few
        stretch = _Stretch(
            first=reading.at,
            last=reading.at,
            worst=reading.value if known else None,
            few=int(reading.value is not None and few),
            missing=int(reading.value is None),
        )
        self.last = reading
        self._place(int(reading.at // self._width), stretch)
        while len(self._stretches) > self._most:
            self._width *= 2
            before, self._stretches = self._stretches, {}
            for index, merged in before.items():
                self._place(index // 2, merged)

    def points(self) -> Sequence[Point]:
        """From the first to the last."""
        points: list[Point] = []
        # A stretch is as wide as the scale; what is further from the one before than both explain is a gap.
        late, before = _LATE * self._cadence, None
        for stretch in self._stretches.values():
            joined = before is not None and stretch.first - before <= late
            points.append(
                Point(
                    at=stretch.last,
                    value=stretch.worst,
                    few=stretch.worst is None and stretch.few > 0,
                    missing=stretch.missing > 0,
                    joined=joined,
                )
            )
            before = stretch.last
        return points

    def _place(self, index: int, stretch: _Stretch) -> None:
        there = self._stretches.get(index)
        if there is None:
            self._stretches[index] = stretch
            return
        # A gap between the two must not vanish in the merging: it counts as a reading that is missing.
        gap = int(stretch.first - there.last > _LATE * self._cadence)
        self._stretches[index] = _Stretch(
            first=there.first,
            last=stretch.last,
            worst=self._worse(there.worst, stretch.worst),
            few=there.few + stretch.few,
            missing=there.missing + stretch.missing + gap,
        )

    def _worse(self, one: float | None, other: float | None) -> float | None:
        values = [value for value in (one, other) if value is not None]
        least = isinstance(self._watched, Threshold) and self._watched.below is not None
        return (min if least else max)(values, default=None)
