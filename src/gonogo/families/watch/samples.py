"""What scrapes brought of each selector: counters within their windows, gauges now. Memory is bounded."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gonogo.families.http.exposition import Sample, Scrape
from gonogo.families.watch.selector import Selector
from gonogo.families.watch.series import CounterSeries, Labels

Key = frozenset[tuple[str, str]]
_MOST_SERIES = 5000
_MOST_SAMPLES = 2_000_000
"""Of one selector within its window: 32 MB."""
_MOST_LABELS, _SHOWN = 200, 5
_STARTED = "process_start_time_seconds"
_SUFFIXES = ("_total", "_bucket", "_count", "_sum")


@dataclass(slots=True, kw_only=True)
class Selected:
    """The series of one selector, as far as one window looks back."""

    selector: Selector
    window: float
    """Seconds; of a gauge, how long a series that is gone is missed."""
    most: int
    counts: bool
    series: dict[Key, CounterSeries] = field(default_factory=dict)
    """Those that have samples within the window, or had when they were last looked at."""
    past: dict[Key, CounterSeries] = field(default_factory=dict)
    """Those that have none any more: when they return, they are not new."""
    odd: tuple[float, str] | None = None
    """When a series had a value that is no number, and which."""
    crowded: float | None = None
    """When there were more series than are kept."""
    moved: float | None = None
    """When events were counted last."""
    seen: float | None = None
    """When a series matched last."""

    def take(self, key: Key, labels: Labels, at: float, value: float, *, born: bool) -> None:
        """One sample of a series that matches."""
        self.seen = at
        series = self.series.get(key) or self._introduced(key, labels, at, born=born)
        if series is None:
            self.crowded = at
            return
        if series.seen == at:
            return  # of two samples of one series, the first counts, as in Prometheus
        series.seen = at
        if not math.isfinite(value):
            self.odd = (at, f"{described(self.selector.name, labels)} is {value}")
            series.last = series.last if self.counts else None
        elif self.counts:
            if series.append(at, value):
                self.moved = at
        else:
            series.last = value

    def _introduced(self, key: Key, labels: Labels, at: float, *, born: bool) -> CounterSeries | None:
        series = self.past.pop(key, None)
        if series is None:
            if len(self.series) >= self.most:
                return None
            while len(self.series) + len(self.past) >= self.most:
                del self.past[next(iter(self.past))]
            series = CounterSeries(labels, born=at if born and self.counts else None)
        self.series[key] = series
        return series

    def within(self, start: float) -> Iterator[CounterSeries]:
        """Those with a sample within the window. What has none any more is put aside."""
        for key, series in list(self.series.items()):
            series.expire(start)
            if series.seen > start:
                yield series
            else:
                self.past[key] = self.series.pop(key)


@dataclass(slots=True)
class Named:
    """Selectors of one name, and which of them each series of this name belongs to."""

    selected: list[Selected] = field(default_factory=list)
    belongs: dict[Key, tuple[Selected, ...]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    """Names of labels that series of this name have."""
    seen: bool = False

    def take(self, labels: Labels, at: float, value: float, *, born: bool) -> None:
        """One sample of this name."""
        self.seen = True
        key = frozenset(labels.items())
        belongs = self.belongs.get(key)
        if belongs is None:
            belongs = self._matched(key, labels)
        for selected in belongs:
            selected.take(key, labels, at, value, born=born)

    def _matched(self, key: Key, labels: Labels) -> tuple[Selected, ...]:
        if len(self.belongs) >= 2 * _MOST_SERIES:
            self.belongs.clear()  # it is made again from what is still scraped
        belongs = tuple(one for one in self.selected if one.selector.accepts(one.selector.name, labels))
        self.belongs[key] = belongs
        if len(self.labels) < _MOST_LABELS:
            self.labels.update(labels)
        return belongs


def most_series(window: float, every: float) -> int:
    """How many series of one selector are kept."""
    return max(1, min(_MOST_SERIES, int(_MOST_SAMPLES / max(1.0, window / every))))


def described(name: str, labels: Mapping[str, str]) -> str:
    """A series, for people."""
    shown = ",".join(f"{label}={value[:40]!r}" for label, value in sorted(labels.items()))
    return f"{name}{{{shown}}}" if shown else name


class Store:
    """The newest scrapes, as far back as windows of what is watched reach. Times are seconds on the watch's axis."""

    def __init__(self, wanted: Iterable[tuple[Selector, float, bool]], every: float) -> None:
        """Selectors, with their windows and whether they are of counters."""
        self.begun: float | None = None
        """The first scrape that brought samples."""
        self.scraped: float | None = None
        """The newest one."""
        self.tried: float | None = None
        self.failure = ""
        """Why the newest scrape brought none."""
        self.names: frozenset[str] = frozenset()
        self.restarted = -math.inf
        """When the service was seen to have been restarted."""
        self._declared: frozenset[str] = frozenset()
        self._started: float | None = None
        self._named: dict[str, Named] = {}
        self._selected: dict[tuple[Selector, float, bool], Selected] = {}
        for selector, window, counts in wanted:
            if (selector, window, counts) not in self._selected:
                most = most_series(window if counts else 0.0, every)
                selected = Selected(selector=selector, window=window, most=most, counts=counts)
                self._selected[selector, window, counts] = selected
                self._named.setdefault(selector.name, Named()).selected.append(selected)

    def add(self, at: float, samples: Iterable[Sample] | Scrape | None, failure: str = "") -> None:
        """One scrape: its samples, or why there are none. Of a Scrape, what it declares without a sample is known too."""
        self.tried = at
        if samples is None:
            self.failure = failure or "the scrape of its metrics failed"
            return
        scraped = list(samples.samples if isinstance(samples, Scrape) else samples)
        if not scraped:
            self.failure = failure or "the scrape of its metrics brought no sample"
            return
        self.failure = ""
        self._declared = frozenset(samples.declared) if isinstance(samples, Scrape) else frozenset()
        named, born = self._named, self.scraped is not None
        for name, labels, value in scraped:
            if name in named:
                named[name].take(labels, at, value, born=born)
        self.names = frozenset([sample.name for sample in scraped])
        self._note_start(at, [sample.value for sample in scraped if sample.name == _STARTED])
        self.begun = at if self.begun is None else self.begun
        self.scraped = at

    def _note_start(self, at: float, started: list[float]) -> None:
        """A restart shows in counters only if they fall; a process that says when it was started shows each."""
        if len(started) == 1 and math.isfinite(started[0]):
            if self._started is not None and abs(started[0] - self._started) > 1:
                self.restarted = at
            self._started = started[0]

    def find(self, selector: Selector, window: float, *, counts: bool) -> Selected:
        """The series of a selector that was wanted."""
        return self._selected[selector, window, counts]

    def has(self, name: str) -> bool:
        """Whether the newest scrape has a metric, or declares it without an event so far."""
        declared = self._declared
        return (
            name in self.names or name in declared or any(name.removesuffix(suffix) in declared for suffix in _SUFFIXES)
        )

    def had(self, name: str) -> bool:
        """Whether any scrape had it."""
        return self._named[name].seen

    def strange(self, selector: Selector) -> str:
        """Which of its conditions no series of this name fulfils, with what there is; empty if each is fulfilled."""
        named = self._named[selector.name]
        for matcher in selector.matchers:
            values = {dict(key).get(matcher.label, "") for key in named.belongs}
            if not any(map(matcher.accepts, values)):
                shown = ", ".join(map(repr, sorted(values - {""})[:_SHOWN])) or "nothing"
                return f"no {selector.name} has {matcher}; {matcher.label} is {shown}"
        return ""

    def lacks_label(self, selector: Selector) -> str:
        """A label that is demanded, and that no series of this name has: a slip of the pen, and no lack of events."""
        labels = self._named[selector.name].labels
        demanded = (matcher.label for matcher in selector.matchers if not matcher.accepts(""))
        return next((label for label in demanded if labels and label not in labels), "")
