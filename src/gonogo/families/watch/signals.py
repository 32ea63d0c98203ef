"""Signals: what scrapes of a service's metrics say about each thing that is watched.

Silence is never a value. What cannot be said is None with its reason; a value that is known only to be at least so much
counts where that decides already. docs/watch.md has the rules.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from gonogo.evidence.watch import Reading
from gonogo.families.http.exposition import Sample, Scrape, parse_scrape
from gonogo.families.watch.alerts import in_unit
from gonogo.families.watch.samples import Selected, Series, Store, described
from gonogo.families.watch.section import Threshold, Watch, Watched
from gonogo.families.watch.selector import Selector
from gonogo.families.watch.series import histogram_quantile

__all__ = ["Sample", "Samples", "parse_metrics"]

_SLACK = 2.0
"""Seconds that a scrape may be late, beyond twice its interval."""
_MINUTE = 60.0


class _Unknown(Exception):
    """There is no value, for the reason that it carries."""


class _Count(NamedTuple):
    """Events within a window."""

    increases: Sequence[tuple[Series, float]]
    events: float
    lost: str = ""
    """Why it may have been more; empty where it is exact."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is watched, with what its reading needs at hand."""

    watched: Watched
    read: "Callable[[_Wanted, float], Reading]"
    no_traffic: float
    """Seconds."""
    selected: tuple[Selected, ...]


def parse_metrics(text: str, *, openmetrics: bool = False) -> Scrape:
    """The samples of a page of metrics. Raises ValueError, which names the line that Prometheus would not read."""
    return parse_scrape(text.encode(), openmetrics=openmetrics)


class Samples:
    """Scrapes of one service, and the readings of what is watched in them.

    Times are seconds on the watch's axis. Memory is bounded: of each selector, 5,000 series and 32 MB at most.
    """

    def __init__(self, watch: Watch) -> None:
        watched = {name: watched for name, watched in watch.watched.items() if watched.signal.selectors}
        self._every = watch.every.total_seconds()
        self._near: tuple[frozenset[str], dict[str, str]] = (frozenset(), {})
        self._store = Store(
            (
                (selector, _window(entry), entry.signal.kind != "gauge")
                for entry in watched.values()
                for selector in entry.signal.selectors
            ),
            self._every,
        )
        self._wanted = {name: self._prepared(entry) for name, entry in watched.items()}

    def _prepared(self, watched: Watched) -> _Wanted:
        kinds = {
            "ratio": self._ratio,
            "increase": self._increase,
            "rate": self._increase,
            "quantile": self._quantile,
            "gauge": self._gauge,
        }
        kind, window = watched.signal.kind, _window(watched)
        selected = tuple(
            self._store.find(selector, window, counts=kind != "gauge") for selector in watched.signal.selectors
        )
        return _Wanted(watched, kinds[kind], watched.no_traffic.total_seconds(), selected)

    def add(self, at: float, samples: Iterable[Sample] | Scrape | None, failure: str = "") -> None:
        """One scrape: its samples, or why there are none. What a Scrape declares without a sample is known too."""
        self._store.add(at, samples, failure)

    def read(self, name: str, at: float) -> Reading:
        """The value of what is watched by this name. KeyError for what no scrape can say: checks and promql."""
        wanted = self._wanted[name]
        try:
            self._check_scraped(at)
            return wanted.read(wanted, at)
        except _Unknown as unknown:
            return Reading(at=at, value=None, missing=str(unknown))

    def _check_scraped(self, at: float) -> None:
        store = self._store
        if store.failure or store.tried is None:
            raise _Unknown(store.failure or "its metrics were not scraped yet")
        if at - store.tried > 2 * self._every + _SLACK:
            raise _Unknown(f"its metrics were scraped last {at - store.tried:.0f} s ago")

    def _ratio(self, wanted: _Wanted, at: float) -> Reading:
        part, whole = wanted.selected
        self._check_present(whole, at)
        events = self._count(whole, at)
        self._check_traffic(whole, wanted, at)
        self._check_known(part, of_whole=True)
        several = self._count(part, at)
        if events.events <= 0 < several.events:
            raise _Unknown(f"{part.selector} counts events, and {whole.selector} none: they do not belong together")
        value = several.events / events.events if events.events > 0 else 0.0
        reading = Reading(at=at, value=value, events=events.events)
        return _settled(wanted.watched, reading, several.lost or events.lost)

    def _increase(self, wanted: _Wanted, at: float) -> Reading:
        (selected,) = wanted.selected
        self._check_known(selected)
        count = self._count(selected, at)
        value = count.events if wanted.watched.signal.increase else count.events / selected.window
        return _settled(wanted.watched, Reading(at=at, value=value), count.lost, at_least=True)

    def _quantile(self, wanted: _Wanted, at: float) -> Reading:
        (selected,), watched = wanted.selected, wanted.watched
        self._check_present(selected, at)
        count = self._count(selected, at)
        buckets = [(series.bound, events) for series, events in count.increases if not math.isnan(series.bound)]
        if buckets and (wrong := _incomplete({bound for bound, _ in buckets})):
            raise _Unknown(f"{selected.selector} {wrong}")
        self._check_traffic(selected, wanted, at)
        events = math.fsum(events for bound, events in buckets if bound == math.inf)
        if events <= 0:
            return _settled(watched, Reading(at=at, value=0.0, events=0.0), count.lost)
        quantile = histogram_quantile(watched.signal.quantile or 0.0, buckets)
        value = math.nextafter(quantile.value, math.inf) if quantile.at_least else quantile.value
        reading = _settled(watched, Reading(at=at, value=value, events=events), count.lost)
        if not quantile.at_least or events < watched.at_least:
            return reading
        lost = (
            f"it is more than {in_unit(value, watched.unit)}, where its highest bucket begins; by how much is not known"
        )
        return _settled(watched, reading, lost, at_least=True)

    def _gauge(self, wanted: _Wanted, at: float) -> Reading:
        (selected,), combine = wanted.selected, wanted.watched.signal.combine
        self._check_present(selected, at)
        values, lost = list[float](), ""
        for series in selected.within(at - selected.window):
            if series.seen != self._store.scraped:
                lost = _gone(selected, series, at)
            elif series.value is None:
                lost = selected.odd[1] if selected.odd else ""
            else:
                values.append(series.value)
        if lost and (not values or combine in {"sum", "mean"}):
            raise _Unknown(lost)
        reading = Reading(at=at, value=_COMBINED[combine](values))
        return _settled(wanted.watched, reading, lost, at_least=combine == "max", at_most=combine == "min")

    def _check_known(self, selected: Selected, *, of_whole: bool = False) -> None:
        """What has no event yet has no series in most services. Its name tells that from a slip of the pen."""
        store, selector = self._store, selected.selector
        if selected.seen == store.scraped:
            if selected.crowded == store.scraped:
                raise _Unknown(f"more than {selected.most} series match {selector}: name fewer, by their labels")
            if selected.odd and selected.odd[0] == store.scraped and selected.counts:
                raise _Unknown(selected.odd[1])
        elif not store.has(selector.name) and not (of_whole and store.had(selector.name)):
            raise _Unknown(self._nothing(selector))
        elif selected.seen is None and (label := store.lacks_label(selector)):
            raise _Unknown(f"no series of {selector.name} has the label {label}: {store.strange(selector)}")

    def _check_present(self, selected: Selected, at: float) -> None:
        """The same, where a series that was there and is gone is no lack of events."""
        self._check_known(selected)
        if selected.seen is None and not selected.counts:
            raise _Unknown(self._nothing(selected.selector))
        if selected.seen is not None and selected.seen != self._store.scraped:
            raise _Unknown(f"nothing matches {selected.selector} any more; {at - selected.seen:.0f} s ago it was there")

    def _check_traffic(self, selected: Selected, wanted: _Wanted, at: float) -> None:
        """No event at all for too long is no "too few"."""
        since = self._store.begun if selected.moved is None else selected.moved
        if since is not None and at - since > wanted.no_traffic:
            strange = self._store.strange(selected.selector) if selected.seen is None else ""
            lasted = f"no event of {selected.selector} for {_rounded(at - since)}"
            raise _Unknown(f"{lasted}: {strange}" if strange else lasted)

    def _count(self, selected: Selected, at: float) -> _Count:
        """The events of each series within the window, and what makes that uncertain."""
        start, scraped = at - selected.window, self._store.scraped
        steady = self._store.increases(selected, at)
        if steady is not None:
            return _Count(
                list(zip(selected.steady, steady, strict=True)), math.fsum(steady), self._restarted(start, at)
            )
        self._store.give_back()
        increases, uncertain, single = list[tuple[Series, float]](), None, False
        for series in selected.within(start):
            counter = series.counter
            if counter is not None:
                increase = counter.increase(start, at)
                if increase is None:
                    single = True
                else:
                    increases.append((series, increase))
                if series.seen != scraped or counter.falls:
                    uncertain = series
        if single and not increases:
            raise _Unknown("there is only one scrape within its window; two are needed to count")
        lost = self._restarted(start, at)
        if uncertain is not None:
            lost = lost or _fell(selected, uncertain, at) or _gone(selected, uncertain, at)
        return _Count(increases, math.fsum([increase for _, increase in increases]), lost)

    def _restarted(self, start: float, at: float) -> str:
        restarted = self._store.restarted
        if restarted <= start:
            return ""
        return f"the service was started again, at most {at - restarted:.0f} s ago, and counts from 0"

    def unknown(self) -> Mapping[str, str]:
        """What the newest scrape has no metric of this name for, not even a line of TYPE: a word for each, by what is watched."""
        return {
            name: self._nothing(selector)
            for name, wanted in self._wanted.items()
            for selector in wanted.watched.signal.selectors
            if self._store.scraped is not None and not self._store.has(selector.name)
        }

    def _nothing(self, selector: Selector) -> str:
        """Why nothing matches: for whoever wrote the selector."""
        name, names = selector.name, self._store.names
        if self._store.has(name):
            return self._store.strange(selector) or f"nothing matches {selector}"
        if self._near[0] is not names:
            self._near = (names, {})
        if name not in self._near[1]:
            nearest = get_close_matches(name, names, n=1)
            self._near[1][name] = f"; the nearest is {nearest[0]}" if nearest else ""
        return f"the service has no metric {name}{self._near[1][name]}"


def _incomplete(bounds: set[float]) -> str:
    if math.inf not in bounds:
        return "has no bucket le='+Inf', so the number of events is not known"
    return "has one bucket only" if len(bounds) == 1 else ""


def _gone(selected: Selected, series: Series, at: float) -> str:
    return f"{described(selected.selector.name, series.labels)} is gone; {at - series.seen:.0f} s ago it was there"


def _fell(selected: Selected, series: Series, at: float) -> str:
    counter = series.counter
    if counter is None or counter.fall is None or not counter.falls:
        return ""
    fall = counter.fall
    return (
        f"{described(selected.selector.name, series.labels)} counted again from 0 (it fell from {fall.before:g} to "
        f"{fall.after:g} {at - fall.at:.0f} s ago): the service restarted, or several instances answer at this address "
        "in turns"
    )


_COMBINED: Mapping[str, Callable[[Sequence[float]], float]] = {
    "max": max,
    "min": min,
    "sum": sum,
    "mean": lambda values: sum(values) / len(values),
}


def _rounded(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"


def _window(watched: Watched) -> float:
    """Seconds. A gauge has no window: a series of it that is gone is missed for as long as traffic would be."""
    return (watched.window or watched.no_traffic).total_seconds()


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
