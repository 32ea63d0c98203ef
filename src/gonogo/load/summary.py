"""From the samples of all workers to evidence: counters by second, percentiles from HdrHistograms."""

import hashlib
import io
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hdrh.histogram import HdrHistogram

from gonogo.base.ranks import nearest_rank
from gonogo.evidence.load import Quantile, Reason, SecondBounds, SecondCounts, SecondLatencies, Traffic
from gonogo.families.load.section import Budget, Load
from gonogo.load.binomial import at_most
from gonogo.load.bounds import Slacks
from gonogo.load.plan import FAILED, Outcome
from gonogo.load.samples import Samples
from gonogo.load.window import Window

_MICROSECONDS = 1e6
"""In a second."""
_MILLI = 1e3
"""Microseconds in a millisecond."""
_LARGEST = 3_600_000_000
"""Microseconds: an hour."""
_DIGITS = 3
_MOST_REASONS = 5
_QUANTILES = (50.0, 95.0, 99.0)
_CURVE = (0, 10, 25, 50, 75, 80, 90, 92.5, 95, 96, 97, 98, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.999)
BySecond = Mapping[int, Mapping[Outcome, "array[float]"]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that was measured, and where it belongs."""

    load: Load
    names: Sequence[str]
    """What was measured of each endpoint, by its index."""
    samples: Samples
    window: Window
    slacks: Slacks = field(default_factory=lambda: Slacks({}))
    """What the generator may have added or hidden."""
    reasons: Mapping[tuple[int, str], int] = field(default_factory=dict)
    """How many requests of the window failed, by endpoint and reason."""

    def endpoints(self) -> Iterator[Traffic]:
        """Yield the traffic of each endpoint, with its own budget or that of its class."""
        for index, name in enumerate(self.names):
            group = next(group for group, members in self.load.classes.items() if name in members.endpoints)
            own = self.load.endpoints.get(name)
            budget = own or self.load.classes[group]
            yield self._traffic(name, group, budget, [index], decided=own is not None)

    def classes(self) -> Iterator[Traffic]:
        """Yield the traffic of each class: all requests of its endpoints."""
        for name, group in self.load.classes.items():
            indices = [self.names.index(endpoint) for endpoint in group.endpoints]
            traffic = self._traffic(name, name, group, indices, decided=True)
            yield replace(traffic, course=tuple(self._course(indices)))

    def _traffic(self, name: str, group: str, budget: Budget, indices: Sequence[int], *, decided: bool) -> Traffic:
        """Count each second of these endpoints by itself; of the window for the verdict, of the warm-up as one sum."""
        limit, parts = budget.latency.total_seconds(), [self.samples.of(index) for index in indices]
        bounds: list[SecondBounds] = []
        tallies, warm_up, given_up, histogram = [], SecondCounts(0, 0, 0, 0, 0), 0, new_histogram()
        for second in sorted({second for part in parts for second in part}):
            outcomes = [(outcome, latencies) for part in parts for outcome, latencies in part.get(second, {}).items()]
            tally = _tally(second - self.window.begins, outcomes, limit)
            if self.window.covers(second):
                tallies.append(tally)
                bound = self._bound(tally, second, outcomes, limit)
                if bound[1:] != (tally.over_budget, tally.over_budget, tally.failed):
                    bounds.append(bound)
                given_up += sum(len(latencies) for outcome, latencies in outcomes if outcome == "given up")
                for _, latencies in outcomes:
                    record(histogram, latencies)
            elif second < self.window.begins:
                least = self._bound(tally, second, outcomes, limit).least_over_budget
                warm_up = _added(warm_up, tally._replace(second=1, over_budget=least))
        return Traffic(
            name=name,
            group=group,
            budget=timedelta(seconds=limit),
            percentile=budget.percentile,
            decided=decided,
            tallies=tuple(tallies),
            given_up=given_up,
            warm_up=warm_up,
            quantiles=tuple(_quantiles(histogram, self.load.confidence)),
            curve=tuple(_curve(histogram)),
            bounds=tuple(bounds),
            reasons=tuple(self._reasons(indices)),
        )

    def _course(self, indices: Sequence[int]) -> Iterator[SecondLatencies]:
        """Latencies of these endpoints, second by second of the window; a second without a request is left out."""
        parts = [self.samples.of(index) for index in indices]
        for second in sorted({second for part in parts for second in part if self.window.covers(second)}):
            ascending = sorted(
                elapsed for part in parts for latencies in part.get(second, {}).values() for elapsed in latencies
            )
            p50, p95 = nearest_rank(ascending, 50), nearest_rank(ascending, 95)
            if p50 is not None and p95 is not None:
                yield SecondLatencies(second - self.window.begins, _tenths(p50), _tenths(p95))

    def _bound(
        self, tally: SecondCounts, second: int, outcomes: Iterable[tuple[Outcome, "array[float]"]], limit: float
    ) -> SecondBounds:
        """How many of a second's requests were over the limit, or failed, whatever the generator added or hid."""
        if not self.slacks.by_second:
            return SecondBounds(tally.second, tally.over_budget, tally.over_budget, tally.failed)
        least, most, failed = 0, 0, tally.failed
        for outcome, latencies in outcomes:
            for elapsed in latencies:
                slack = self.slacks.during(second, elapsed)
                certain = elapsed - slack.added >= limit
                least += certain
                most += elapsed + slack.hidden >= limit
                failed -= outcome == "given up" and not certain
        return SecondBounds(tally.second, least, most, failed)

    def _reasons(self, indices: Sequence[int]) -> Iterator[Reason]:
        counted: Counter[str] = Counter()
        for (index, reason), count in self.reasons.items():
            if index in indices:
                counted[reason] += count
        return iter(counted.most_common(_MOST_REASONS))

    def histogram_log(self) -> bytes:
        """Every second of every endpoint and outcome, as a HdrHistogram log, version 1.3; values in microseconds."""
        log = io.StringIO()
        log.write("#[Histogram log format version 1.3]\n")
        log.write(f"#[StartTime: {self.window.begins:.3f} (seconds since epoch)]\n")
        log.write('"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n')
        for index, name in enumerate(self.names):
            for second, outcomes in self.samples.of(index).items():
                for outcome, latencies in outcomes.items():
                    histogram = new_histogram()
                    record(histogram, latencies)
                    # A tag ends at the first comma or blank.
                    tag = f"{name}|{outcome}".replace(" ", "_")
                    payload = histogram.encode().decode()
                    most = histogram.get_max_value() / _MICROSECONDS
                    log.write(f"Tag={tag},{second:.3f},1.000,{most:.6f},{payload}\n")
        return log.getvalue().encode()


def new_histogram() -> HdrHistogram:
    """An empty histogram of latencies from one microsecond to one hour, exact to 0.1 %."""
    return HdrHistogram(1, _LARGEST, _DIGITS)


def record(histogram: HdrHistogram, seconds: Iterable[float]) -> None:
    """Add latencies to the histogram."""
    for elapsed in seconds:
        histogram.record_value(min(max(1, round(elapsed * _MICROSECONDS)), _LARGEST))


def digest(log: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(log).hexdigest()


def _tally(second: int, outcomes: Iterable[tuple[Outcome, "array[float]"]], limit: float) -> SecondCounts:
    """Count the requests of one second: all, over the budget, failed, refused."""
    requests = over = failed = refused = 0
    for outcome, latencies in outcomes:
        requests += len(latencies)
        over += sum(latency >= limit for latency in latencies)
        failed += len(latencies) if outcome in FAILED else 0
        refused += len(latencies) if outcome == "refused" else 0
    return SecondCounts(second, requests, over, failed, refused)


def _tenths(seconds: float) -> float:
    """Milliseconds, to a tenth: nothing is judged by them."""
    return round(seconds * _MILLI, 1)


def _added(first: SecondCounts, second: SecondCounts) -> SecondCounts:
    return SecondCounts(*(sum(counts) for counts in zip(first, second, strict=True)))


def _quantiles(histogram: HdrHistogram, confidence: float) -> Iterator[Quantile]:
    """Percentiles with their confidence interval by ranks, which needs no assumption about the distribution."""
    count = histogram.get_total_count()
    if not count:
        return
    for percentile in _QUANTILES:
        low, high = _ranks(count, percentile / 100, confidence)
        yield Quantile(
            percentile=percentile,
            value=_at(histogram, percentile),
            low=_at(histogram, 100 * low / count),
            high=_at(histogram, 100 * high / count) if high <= count else None,
        )


def _ranks(count: int, share: float, confidence: float) -> tuple[int, int]:
    """Order statistics between which the true quantile lies, with this confidence (David and Nagaraja 2003, 7.1)."""
    doubt = (1 - confidence) / 2

    def rank(probability: float) -> int:
        return bisect_left(range(count + 1), probability, key=lambda below: at_most(below, count, share))

    return max(1, rank(doubt)), rank(1 - doubt) + 1


def _curve(histogram: HdrHistogram) -> Iterator[tuple[float, float]]:
    """Yield percentile and milliseconds as far out as there are samples, and the largest sample at the end."""
    count = histogram.get_total_count()
    for percentile in _CURVE:
        if count * (1 - percentile / 100) >= 1:
            yield float(percentile), _at(histogram, percentile)
    if count:
        yield 100.0, histogram.get_max_value() / _MILLI


def _at(histogram: HdrHistogram, percentile: float) -> float:
    return float(histogram.get_value_at_percentile(percentile)) / _MILLI
