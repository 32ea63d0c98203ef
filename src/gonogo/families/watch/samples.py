"""What scrapes brought of each selector: counters within their windows, gauges now. Memory is bounded."""

import math
from collections.abc import Iterable, Mapping, Sequence

from gonogo.families.http.exposition import Sample, Scrape
from gonogo.families.watch.selector import Labels, Selector
from gonogo.families.watch.series import CounterSeries
from gonogo.families.watch.steady import MOST_VALUES, Table

Key = frozenset[tuple[str, str]]
_MOST_SERIES = 5000
_MOST_SAMPLES = 2_000_000
"""Of one selector within its window: 32 MB."""
_MOST_LABELS, _SHOWN = 200, 5
_LEAST_COLUMNS = 2
_STARTED = "process_start_time_seconds"
_SUFFIXES = ("_total", "_bucket", "_count", "_sum")


class Series:
    """One series of one selector."""

    __slots__ = ("bound", "counter", "is_live", "labels", "owner", "seen", "value")

    def __init__(self, owner: "Selected", labels: Labels, counter: CounterSeries | None) -> None:
        self.owner = owner
        self.labels = labels
        self.bound = _bound(labels)
        """A bucket's upper bound; NaN of what is none."""
        self.counter = counter
        """Its samples; None of a gauge."""
        self.is_live = False
        self.seen = -math.inf
        """The newest scrape that had it, whatever its value."""
        self.value: float | None = None
        """Of a gauge, the newest; None if that is no number."""

    def take(self, at: float, value: float, before: float | None) -> None:
        """A sample, and when the scrape before this one was."""
        owner = self.owner
        owner.seen = at
        if self.seen == at:
            return  # of two samples of one series, the first counts, as in Prometheus
        if self.counter is not None and before is not None and self.seen < before and before > at - owner.window:
            self.counter.reappear(before, value, restarted=owner.restarted > self.seen)
        self.seen = at
        if not self.is_live:
            owner.revive(self)
        if not math.isfinite(value):
            self.value = None
            owner.odd = (at, f"{described(owner.selector.name, self.labels)} is {value}")
        elif self.counter is None:
            self.value = value
        elif self.counter.append(at, value):
            owner.moved = at


class Selected:
    """The series of one selector, as far as one window looks back."""

    def __init__(self, selector: Selector, window: float, *, most: int, counts: bool) -> None:
        self.selector = selector
        self.window = window
        """Seconds; of a gauge, how long a series that is gone is missed."""
        self.most = most
        self.odd: tuple[float, str] | None = None
        """When a series had a value that is no number, and which."""
        self.crowded: float | None = None
        """When there were more series than are kept."""
        self.moved: float | None = None
        """When events were counted last."""
        self.seen: float | None = None
        """When a series matched last."""
        self.restarted = -math.inf
        """When the service was seen to have been started again."""
        self.counts = counts
        self.places: tuple[int, ...] = ()
        """Where its series are in the rows of the table, while there is one."""
        self.steady: Sequence[Series] = ()
        """Those series, in the same order."""
        self._live: list[Series] = []
        self._all: dict[Key, Series] = {}
        """Those that have no sample any more as well: when they return, they are not new."""

    def series(self, key: Key, labels: Labels, at: float, before: float | None) -> Series | None:
        """The series with these labels; None where there are too many. ``before`` is when the scrape before was."""
        series = self._all.get(key)
        if series is not None:
            return series
        if len(self._all) >= self.most:
            self._all = {key: old for key, old in self._all.items() if old.is_live}
            if len(self._all) >= self.most:
                self.crowded = at
                return None
        # A scrape before this one did not have it: it was born since then, within the window.
        is_new = before is not None and before > at - self.window
        counter = CounterSeries(born=before if is_new else None) if self.counts else None
        series = self._all[key] = Series(self, labels, counter)
        return series

    def settle(self, places: Mapping[int, int]) -> None:
        """A table begins: the places of its series, by their identity."""
        self.steady = [series for series in self._live if id(series) in places]
        self.places = tuple(places[id(series)] for series in self.steady)

    def revive(self, series: Series) -> None:
        """It has a sample (again)."""
        series.is_live = True
        self._live.append(series)

    def within(self, start: float) -> Sequence[Series]:
        """Those with a sample within the window."""
        for series in self._live:
            if series.seen <= start:
                break
        else:
            return self._live
        for series in self._live:
            series.is_live = series.seen > start
        self._live = [series for series in self._live if series.is_live]
        return self._live


class Named:
    """Selectors of one name, and which of them each series of this name belongs to."""

    def __init__(self) -> None:
        self.selected: list[Selected] = []
        self.labels: set[str] = set()
        """Names of labels that series of this name have."""
        self.takers: dict[Key, tuple[Series, ...]] = {}

    def introduce(self, key: Key, labels: Labels, at: float, before: float | None) -> tuple[Series, ...]:
        """A series that is new, as each selector keeps it."""
        if len(self.takers) >= 2 * _MOST_SERIES:
            self.takers.clear()  # what is still scraped comes back at once
        if len(self.labels) < _MOST_LABELS:
            self.labels.update(labels)
        matching = [one for one in self.selected if one.selector.accepts(one.selector.name, labels)]
        series = tuple(taker for one in matching if (taker := one.series(key, labels, at, before)) is not None)
        if len(series) == len(matching):
            self.takers[key] = series
        return series


def most_series(window: float, every: float) -> int:
    """How many series of one selector are kept."""
    return max(1, min(_MOST_SERIES, int(_MOST_SAMPLES / max(1.0, window / every))))


def _bound(labels: Labels) -> float:
    """Prometheus passes over buckets whose bound is no number."""
    try:
        return float(labels.get("le", ""))
    except ValueError:
        return math.nan


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
        """The newest scrape after which the service was started again."""
        self._table: Table | None = None
        self._taken: list[tuple[int, Series]] = []
        """What was looked at sample by sample last, with its place in the scrape: a table needs the same twice."""
        self._gauges: Sequence[tuple[int, Series]] = ()
        self._columns: Sequence[tuple[int, Series]] = ()
        self._counted: Sequence[Selected] = ()
        self._declared: frozenset[str] = frozenset()
        self._started: float | None = None
        self._named: dict[str, Named] = {}
        self._selected: dict[tuple[Selector, float, bool], Selected] = {}
        for selector, window, counts in wanted:
            if (selector, window, counts) not in self._selected:
                most = most_series(window if counts else 0.0, every)
                selected = Selected(selector, window, most=most, counts=counts)
                self._selected[selector, window, counts] = selected
                self._named.setdefault(selector.name, Named()).selected.append(selected)
        self._every = every
        self._longest = max((selected.window for selected in self._selected.values() if selected.counts), default=0.0)

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
        if not self._add_row(at, scraped):
            self.give_back()
            self._table = None
            self._add_each(at, scraped)
        self.begun = at if self.begun is None else self.begun
        self.scraped = at

    def _add_row(self, at: float, scraped: list[Sample]) -> bool:
        """Add a scrape that is as the ones before; whether it was."""
        if self._table is None or (raised := self._table.add(at, scraped, self._longest)) is None:
            return False
        if _STARTED in self.names:
            self._note_start(at, [sample.value for sample in scraped if sample.name == _STARTED])
        for place, series in self._gauges:
            series.take(at, scraped[place].value, self.scraped)
        for selected in self._counted:
            selected.seen = at
            if any([raised[place] for place in selected.places]):  # noqa: C419 - a generator takes twice as long
                selected.moved = at
        return True

    def _add_each(self, at: float, scraped: list[Sample]) -> None:
        """Add a scrape sample by sample, and begin a table where the next one may be the same."""
        names = {sample.name for sample in scraped}
        if names != self.names:
            self.names = frozenset(names)
        if _STARTED in names:
            self._note_start(at, [sample.value for sample in scraped if sample.name == _STARTED])
        named, before, taken = self._named, self.scraped, list[tuple[int, Series]]()
        is_steady = math.isfinite(sum(sample.value for sample in scraped))
        for place, (name, labels, value) in enumerate(scraped):
            if name in named:
                key, of_name = frozenset(labels.items()), named[name]
                takers = of_name.takers.get(key)
                if takers is None:
                    takers = of_name.introduce(key, labels, at, before)
                    is_steady = is_steady and key in of_name.takers
                for series in takers:
                    is_steady = is_steady and series.seen != at
                    series.take(at, value, before)
                    taken.append((place, series))
        same, self._taken = taken == self._taken, taken
        if is_steady and same:
            self._begin_table(at, scraped, taken)

    def _begin_table(self, at: float, scraped: list[Sample], taken: list[tuple[int, Series]]) -> None:
        self._gauges = [(place, series) for place, series in taken if series.counter is None]
        counters = [(place, series) for place, series in taken if series.counter is not None]
        places = list(dict.fromkeys(place for place, _ in counters))
        if len(places) < _LEAST_COLUMNS or len(places) * self._longest / self._every > MOST_VALUES:
            return
        columns = {place: column for column, place in enumerate(places)}
        self._columns = [(columns[place], series) for place, series in counters]
        of_series = {id(series): column for column, series in self._columns}
        self._counted = [selected for selected in self._selected.values() if selected.counts]
        for selected in self._counted:
            selected.settle(of_series)
        self._counted = [selected for selected in self._counted if selected.places]
        self._table = Table(scraped, places, at)

    def increases(self, selected: Selected, at: float) -> Sequence[float] | None:
        """The events of each of its ``steady`` series within the window, where all of that is in the table."""
        if self._table is None or not selected.places:
            return None
        increases = self._table.increases(selected.window, at)
        return None if increases is None else [increases[place] for place in selected.places]

    def give_back(self) -> None:
        """The series get what only the table has."""
        if self._table is None:
            return
        times, rows, anew = self._table.give()
        if times:
            for column, series in self._columns:
                if series.counter is not None:
                    series.counter.extend(times, [row[column] for row in rows], anew=anew)
                    series.seen = times[-1]

    def _note_start(self, at: float, started: list[float]) -> None:
        """A restart shows in counters only if they fall; a process that says when it was started shows each."""
        if len(started) == 1 and math.isfinite(started[0]):
            if self._started is not None and abs(started[0] - self._started) > 1:
                self.restarted = at if self.scraped is None else self.scraped
                for selected in self._selected.values():
                    selected.restarted = at
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
        return bool(self._named[name].takers)

    def strange(self, selector: Selector) -> str:
        """Which of its conditions no series of this name fulfils, with what there is; empty if each is fulfilled."""
        named = self._named[selector.name]
        for matcher in selector.matchers:
            values = {dict(key).get(matcher.label, "") for key in named.takers}
            if not any(map(matcher.accepts, values)):
                shown = ", ".join(map(repr, sorted(values - {""})[:_SHOWN])) or "nothing"
                return f"no {selector.name} has {matcher}; {matcher.label} is {shown}"
        return ""

    def lacks_label(self, selector: Selector) -> str:
        """A label that is demanded, and that no series of this name has: a slip of the pen, and no lack of events."""
        labels = self._named[selector.name].labels
        demanded = (matcher.label for matcher in selector.matchers if not matcher.accepts(""))
        return next((label for label in demanded if labels and label not in labels), "")
