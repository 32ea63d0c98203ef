"""The first user, the first payment: what the numbers show for the first time after T-0."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from gonogo.evidence.watch import Reading
from gonogo.families.watch.section import KeyMetric, Watch


@dataclass(slots=True)
class Firsts:
    """Key metrics with ``first``, each of which is told once."""

    watch: Watch
    told: set[str] = field(default_factory=set)
    """What was told before a restart."""
    _calm: dict[str, bool] = field(init=False, default_factory=dict)
    """Whether a window held no event right before T-0: then whatever it holds after it is new."""

    @property
    def asked(self) -> Mapping[str, KeyMetric]:
        """Those that have a first event."""
        return {name: metric for name, metric in self.watch.metrics.items() if metric.first}

    def seen(self, at: float, launched: float | None, readings: Mapping[str, Reading]) -> Iterator[str]:
        """What these readings show for the first time. ``launched`` is T-0 on the axis; None before it."""
        for name, metric in self.asked.items():
            count = _count(readings.get(name))
            if launched is None:
                self._calm[name] = count == 0
            elif name not in self.told and count and self._is_new(name, metric, at - launched):
                self.told.add(name)
                yield metric.first or name

    def _is_new(self, name: str, metric: KeyMetric, since: float) -> bool:
        """A window that reaches back before T-0 may hold what was before it."""
        return self._calm.get(name, False) or metric.window is None or since >= metric.window.total_seconds()


def told_before(watch: Watch, texts: Collection[str]) -> set[str]:
    """The names of those that the journal has already."""
    return {name for name, metric in watch.metrics.items() if metric.first in texts}


def _count(reading: Reading | None) -> float | None:
    """How much a reading holds: events, where they are counted; None where nobody can say."""
    if reading is None or reading.value is None:
        return None
    return reading.value if reading.events is None else reading.events
