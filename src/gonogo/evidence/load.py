"""Evidence about a service under load: counters of raw floats, by endpoint and by second."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from gonogo.evidence.base import Evidence

Reason = tuple[str, int]
"""Why requests failed, and how many of them."""


class SecondCounts(NamedTuple):
    """How the requests that were due in one second ended."""

    second: int
    """Seconds since the measured window began; of a whole warm-up, its number of seconds."""
    requests: int
    """Requests that were due in this second, whenever their replies came."""
    over_budget: int
    """Requests that took as long as their budget, or longer."""
    failed: int
    """Requests that were answered wrongly, cut off, or not answered."""
    refused: int
    """Requests that were answered by a no that has a meaning, as a declined card."""


class SecondBounds(NamedTuple):
    """The counts of one second at both ends of what the generator may have done to them."""

    second: int
    """As in the counts: seconds since the window began."""
    least_over_budget: int
    """Requests over their budget if the generator's own lateness is taken off."""
    most_over_budget: int
    """Requests over their budget if what the generator's clock may have hidden is added."""
    least_failed: int


class SecondLatencies(NamedTuple):
    """How long the requests took that were due in one second, failures included: milliseconds, by nearest rank."""

    second: int
    """As in the counts: seconds since the window began."""
    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A percentile in milliseconds, with the interval that holds the true one with the declared confidence."""

    percentile: float
    """Between 0 and 100."""
    value: float
    low: float
    """The lower end of the confidence interval."""
    high: float | None
    """None where there are too few samples to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """All requests to one endpoint, or to those of one class, that were due within the measured window."""

    name: str
    group: str
    """Name of the endpoint's class; for a class, its own name."""
    budget: timedelta
    """The latency that most replies must stay below."""
    percentile: float
    """The share of replies that must stay below the budget, between 0 and 100."""
    decided: bool
    """Whether its own verdict is asked for: classes, and endpoints with a budget of their own."""
    tallies: tuple[SecondCounts, ...]
    given_up: int
    """Requests that had no reply after four times their budget: over it, whatever would have come later."""
    warm_up: SecondCounts
    """The counts of the whole warm-up, which is not judged with the rest."""
    quantiles: tuple[Quantile, ...]
    curve: tuple[tuple[float, float], ...]
    """Percentile and milliseconds, for drawing."""
    bounds: tuple[SecondBounds, ...] = ()
    """Bounds for the seconds in which the generator may have changed what it measured; in all others it is as measured."""
    reasons: tuple[Reason, ...] = ()
    """The most frequent first."""
    course: tuple[SecondLatencies, ...] = ()
    """Of classes, for drawing; earlier records have none."""

    @property
    def requests(self) -> int:
        """The number of requests."""
        return sum(tally.requests for tally in self.tallies)

    @property
    def over(self) -> int:
        """The number of requests that took as long as the budget, or longer."""
        return sum(tally.over_budget for tally in self.tallies)

    @property
    def failed(self) -> int:
        """The number of requests that were answered wrongly, cut off, or not answered."""
        return sum(tally.failed for tally in self.tallies)

    @property
    def failed_at_least(self) -> int:
        """The number of requests that failed whatever the generator did."""
        certain = {bound.second: bound.least_failed for bound in self.bounds}
        return sum(certain.get(tally.second, tally.failed) for tally in self.tallies)

    @property
    def refused(self) -> int:
        """The number of requests that were answered by a no that has a meaning."""
        return sum(tally.refused for tally in self.tallies)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorSecond:
    """How fit one process of the load generator was, for one second."""

    worker: str
    second: int
    lag: timedelta
    """Delay of the event loop's wake-ups, at the 95th percentile of its probes."""
    worst: timedelta = timedelta(0)
    """Longest delay of a wake-up, or of the begin of a visit."""
    cpu: float
    """Share of one processor that it used."""
    waited: float
    """Share of the second that it was ready to run, and had to wait for a processor."""
    stolen: float
    """Share of the machine's time that its hypervisor gave to others."""
    planned: int
    """Visits that should have begun."""
    begun: int
    """Those of them that did, in time."""
    begun_late: int = 0
    """Those of them that did, later than that: their latencies hold the delay."""
    own_errors: int
    """Requests that this machine could not even send."""
    clock_step: timedelta
    """Difference by which the wall clock left the monotonic one in this second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSecond:
    """One second of the service's own metrics; None where it exports no such series."""

    second: float
    """Since the window began, by the time of the scrape."""
    memory: float | None
    """Bytes; None where the service does not show it."""
    cpu: float | None
    connections: float | None
    queue: float | None
    requests: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadEvidence(Evidence):
    """One run of the load generator."""

    profile: str
    model: str
    visits_per_second: float
    """As planned."""
    confidence: float
    """Between 0 and 1: how sure a limit's decision must be."""
    warm_up: timedelta
    """The time before the window, whose requests are made and not counted."""
    planned: timedelta
    """How long was to be measured."""
    seconds: int
    """How long was measured."""
    visits_ended: int
    """Number of visits due within the window that came to their end, or to a reply that ended them."""
    visits_given_up: int
    """Those that waited for a reply in vain."""
    classes: tuple[Traffic, ...]
    endpoints: tuple[Traffic, ...]
    generator: tuple[GeneratorSecond, ...]
    server: tuple[ServerSecond, ...]
    server_problem: str = ""
    """Why the service's metrics were not read."""
    workers: int
    """Processes that made the load."""
    lost: tuple[str, ...] = ()
    """Workers that did not report to the end."""
    cut_short: str = ""
    """Why less than the plan was measured, other than because the budget was missed for certain."""
    stopped_early: str = ""
    """Which budget could not be kept any more, whatever came."""
    problems: tuple[str, ...] = ()
    """What scenarios raised, and what else is wrong with the generator itself."""
    statuses_only: tuple[str, ...] = ()
    """Scenarios that look at no more of a reply than its status."""
    histograms: str = ""
    """SHA-256 of the HdrHistogram log that lies beside the evidence, in hex."""
