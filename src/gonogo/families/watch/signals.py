"""Signals: what scrapes of a service's metrics say about each thing that is watched.

Silence is never a value. What cannot be said is None with its reason; a value that is known only to be at least so much
counts where that decides already. docs/watch.md has the rules.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

from gonogo.evidence.watch import Reading
from gonogo.families.http.exposition import Sample, Scrape, parse_scrape
from gonogo.families.watch.alerts import in_unit
from gonogo.families.watch.samples import Selected, Store, described
from gonogo.families.watch.section import Threshold, Watch, Watched
from gonogo.families.watch.selector import Selector
from gonogo.families.watch.series import CounterSeries, histogram_quantile

__all__ = ["Sample", "Samples", "parse_metrics"]

_SLACK = 2.0
"""Seconds that a scrape may be late, beyond twice its interval."""


class _Unknown(Exception):
    """There is no value, for the reason that it carries."""


class _Count(NamedTuple):
    """Events within a window."""

    events: float
    lost: str = ""
    """Why it may have been more; empty where it is exact."""


def parse_metrics(text: str, *, openmetrics: bool = False) -> Scrape:
    """The samples of a page of metrics. Raises ValueError, which names the line that Prometheus would not read."""
    return parse_scrape(text.encode(), openmetrics=openmetrics)


class Samples:
    """Scrapes of one service, and the readings of what is watched in them.

    Times are seconds on the watch's axis. Memory is bounded: of each selector, 5,000 series and 32 MB at most.
    """

    def __init__(self, watch: Watch) -> None:
        self._watched = {name: watched for name, watched in watch.watched.items() if watched.signal.selectors}
        self._every = watch.every.total_seconds()
        self._kinds = {
            "ratio": self._ratio,
            "increase": self._increase,
            "rate": self._rate,
            "quantile": self._quantile,
            "gauge": self._gauge,
        }
        self._near: dict[str, tuple[frozenset[str], str]] = {}
        self._store = Store(
            (
                (selector, _window(watched), watched.signal.kind != "gauge")
                for watched in self._watched.values()
                for selector in watched.signal.selectors
            ),
            self._every,
        )

    def add(self, at: float, samples: Iterable[Sample] | Scrape | None, failure: str = "") -> None:
        """One scrape: its samples, or why there are none. What a Scrape declares without a sample is known too."""
        self._store.add(at, samples, failure)

    def read(self, name: str, at: float) -> Reading:
        """The value of what is watched by this name. KeyError for what no scrape can say: checks and promql."""
        watched = self._watched[name]
        try:
            self._check_scraped(at)
            return self._kinds[watched.signal.kind](watched, at)
        except _Unknown as unknown:
            return Reading(at=at, value=None, missing=str(unknown))

    def _check_scraped(self, at: float) -> None:
        store = self._store
        if store.failure or store.tried is None:
            raise _Unknown(store.failure or "its metrics were not scraped yet")
        if at - store.tried > 2 * self._every + _SLACK:
            raise _Unknown(f"its metrics were scraped last {at - store.tried:.0f} s ago")

    def _ratio(self, watched: Watched, at: float) -> Reading:
        part, whole = watched.signal.selectors
        events = self._traffic(whole, watched, at)
        several = self._count(self._matched(part, watched, of_whole=True), at)
        if events.events <= 0 and several.events > 0:
            raise _Unknown(f"{part} counts events, and {whole} none: they do not belong together")
        value = several.events / events.events if events.events > 0 else 0.0
        return _settled(watched, Reading(at=at, value=value, events=events.events), several.lost or events.lost)

    def _increase(self, watched: Watched, at: float) -> Reading:
        count = self._count(self._matched(watched.signal.selectors[0], watched), at)
        return _settled(watched, Reading(at=at, value=count.events), count.lost, at_least=True)

    def _rate(self, watched: Watched, at: float) -> Reading:
        count = self._count(self._matched(watched.signal.selectors[0], watched), at)
        return _settled(watched, Reading(at=at, value=count.events / _window(watched)), count.lost, at_least=True)

    def _quantile(self, watched: Watched, at: float) -> Reading:
        selector, share = watched.signal.selectors[0], watched.signal.quantile or 0.0
        selected = self._present(selector, watched, at)
        increases = [(_bound(series), increase) for series, increase in self._increases(selected, at)]
        buckets = [(bound, increase) for bound, increase in increases if not math.isnan(bound)]
        events = math.fsum(count for bound, count in buckets if bound == math.inf)
        if buckets and math.inf not in (bounds := {bound for bound, _ in buckets}):
            raise _Unknown(f"{selector} has no bucket le='+Inf', so that nobody knows how many events there were")
        if buckets and len(bounds) == 1:
            raise _Unknown(f"{selector} has one bucket only")
        self._check_traffic(selected, watched, at)
        if events <= 0:
            return _settled(watched, Reading(at=at, value=0.0, events=0.0), self._lost(selected, at))
        quantile = histogram_quantile(share, buckets)
        reading = Reading(at=at, value=quantile.value, events=events)
        reading = _settled(watched, reading, self._lost(selected, at))
        if not quantile.at_least:
            return reading
        highest = in_unit(quantile.value, watched.unit)
        lost = f"it is more than {highest}, where its highest bucket begins; nobody can say how much"
        return _settled(watched, replace(reading, value=math.nextafter(quantile.value, math.inf)), lost, at_least=True)

    def _gauge(self, watched: Watched, at: float) -> Reading:
        selector, combine = watched.signal.selectors[0], watched.signal.combine
        selected = self._present(selector, watched, at)
        here, lost = list[float](), ""
        for series in selected.within(at - selected.window):
            if series.seen != self._store.scraped:
                lost = self._gone(selected, series, at)
            elif series.last is None:
                lost = selected.odd[1] if selected.odd else ""
            else:
                here.append(series.last)
        if not here:
            raise _Unknown(lost or self._nothing(selector))
        reading = Reading(at=at, value=_COMBINED[combine](here))
        if lost and combine in {"sum", "mean"}:
            raise _Unknown(lost)
        return _settled(watched, reading, lost, at_least=combine == "max", at_most=combine == "min")

    def _matched(self, selector: Selector, watched: Watched, *, of_whole: bool = False) -> Selected:
        """The series of a selector: none at all where nothing was counted yet, of a metric that there is."""
        store = self._store
        selected = store.find(selector, _window(watched), counts=watched.signal.kind != "gauge")
        if selected.crowded is not None and selected.crowded == store.scraped:
            raise _Unknown(f"more than {selected.most} series match {selector}: name fewer, by conditions on labels")
        if selected.counts and selected.odd and selected.odd[0] == store.scraped:
            raise _Unknown(selected.odd[1])
        # What has no event yet has no series in most services. Its name tells that from a slip of the pen.
        if not store.has(selector.name) and not (of_whole and store.had(selector.name)):
            raise _Unknown(self._nothing(selector))
        if selected.seen is None and (label := store.lacks_label(selector)):
            raise _Unknown(f"no series of {selector.name} has the label {label}: {store.strange(selector)}")
        return selected

    def _present(self, selector: Selector, watched: Watched, at: float) -> Selected:
        """The same, where a series that was there and is gone is no lack of events."""
        selected = self._matched(selector, watched)
        if selected.seen is None and not selected.counts:
            raise _Unknown(self._nothing(selector))
        if selected.seen is not None and selected.seen != self._store.scraped:
            raise _Unknown(f"nothing matches {selector} any more; {at - selected.seen:.0f} s ago something did")
        return selected

    def _traffic(self, selector: Selector, watched: Watched, at: float) -> _Count:
        selected = self._present(selector, watched, at)
        count = self._count(selected, at)
        self._check_traffic(selected, watched, at)
        return count

    def _check_traffic(self, selected: Selected, watched: Watched, at: float) -> None:
        """No event at all for too long is no "too few"."""
        begun = self._store.begun if self._store.begun is not None else at
        quiet = at - max(begun, selected.moved if selected.moved is not None else begun)
        if quiet > watched.no_traffic.total_seconds():
            strange = f" ({self._store.strange(selected.selector)})" if selected.seen is None else ""
            raise _Unknown(f"no event of {selected.selector} for {quiet / 60:.0f} min{strange}")

    def _count(self, selected: Selected, at: float) -> _Count:
        events = math.fsum(increase for _, increase in self._increases(selected, at))
        return _Count(events, self._lost(selected, at))

    def _increases(self, selected: Selected, at: float) -> list[tuple[CounterSeries, float]]:
        start, increases, single = at - selected.window, list[tuple[CounterSeries, float]](), False
        for series in selected.within(start):
            increase = series.increase(start, at)
            if increase is None:
                single = True
            else:
                increases.append((series, increase))
        if single and not increases:
            raise _Unknown("there is only one scrape within its window; two are needed to count")
        return increases

    def _lost(self, selected: Selected, at: float) -> str:
        """Why there may have been more events than were counted."""
        start = at - selected.window
        if self._store.restarted > start:
            return f"the service was started again {at - self._store.restarted:.0f} s ago, and counts again from 0"
        for series in selected.within(start):
            if fall := series.fell():
                name = described(selected.selector.name, series.labels)
                return (
                    f"{name} counted again from 0 (it fell from {fall.before:g} to {fall.after:g} {at - fall.at:.0f} s "
                    "ago): the service restarted, or several instances answer at this address in turns"
                )
            if series.seen != self._store.scraped:
                return self._gone(selected, series, at)
        return ""

    def _gone(self, selected: Selected, series: CounterSeries, at: float) -> str:
        return f"{described(selected.selector.name, series.labels)} is gone; {at - series.seen:.0f} s ago it was there"

    def _nothing(self, selector: Selector) -> str:
        """Why nothing matches: for whoever wrote the selector."""
        name, names = selector.name, self._store.names
        if self._store.has(name):
            return self._store.strange(selector) or f"nothing matches {selector}"
        if self._near.get(name, (None, ""))[0] is not names:
            nearest = get_close_matches(name, names, n=1)
            self._near[name] = (names, f"; the nearest is {nearest[0]}" if nearest else "")
        return f"the service has no metric {name}{self._near[name][1]}"


_COMBINED: Mapping[str, Callable[[Sequence[float]], float]] = {
    "max": max,
    "min": min,
    "sum": sum,
    "mean": lambda values: sum(values) / len(values),
}


def _window(watched: Watched) -> float:
    """Seconds. A gauge has no window: a series of it that is gone is missed for as long as traffic would be."""
    return (watched.window or watched.no_traffic).total_seconds()


def _bound(series: CounterSeries) -> float:
    """A bucket's upper bound; NaN for what is none, which Prometheus passes over."""
    try:
        return float(series.labels.get("le", ""))
    except ValueError:
        return math.nan


def _settled(
    watched: Watched, reading: Reading, lost: str, *, at_least: bool = False, at_most: bool = False
) -> Reading:
    """A reading of which something is missing counts if it decides all the same.

    What is known to be at least so much is beyond a limit below it, whatever was lost. Of an estimate, as a ratio is,
    only the alarm counts.
    """
    value = reading.value
    if value is None or not math.isfinite(value):
        raise _Unknown(f"the value is {value}")
    if not lost:
        return reading
    if isinstance(watched, Threshold):
        beyond = watched.beyond(value)
        enough = reading.events is None or reading.events >= watched.at_least
        bounded_within = (at_least and watched.below is not None) or (at_most and watched.above is not None)
        if enough and beyond != bounded_within:
            return reading
    least = f"; at least {in_unit(value, watched.unit)}" if at_least else ""
    raise _Unknown(f"{lost}{least}")
