"""Whether a limit was kept: decided on counters, exactly, with a declared confidence, or not at all.

"p95 < 500 ms" means that fewer than 5 % of the requests take 500 ms or longer. A count of those is binomial, so the
tests are exact (Clopper and Pearson, 1934). Requests of one bad second are not independent, so seconds are counted
as well, and both must hold. A promise that consists of several holds when each of them does, at the same confidence
(intersection-union test, Berger 1982); for a failure the confidence is shared out among them (Bonferroni).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gonogo.load.binomial import at_least, at_most

_LONGEST = 1 << 20
"""Times as long: nobody waits for that."""


class LimitDecision(Enum):
    """The decision about a limit, at the declared confidence."""

    KEPT = "kept"
    MISSED = "missed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceedances:
    """How often something happened that should be rare, by second: requests, and those that it happened to."""

    name: str
    seconds: Sequence[tuple[int, int]]
    """Requests, and those over the limit, for each second."""
    unseen: int = 0
    """Requests that were never made, and are taken for hits: to see whether a limit is kept all the same."""

    @property
    def requests(self) -> int:
        """The number of requests, those that were never made included."""
        return sum(requests for requests, _ in self.seconds) + self.unseen

    @property
    def count(self) -> int:
        """The number of requests that it happened to."""
        return sum(hits for _, hits in self.seconds) + self.unseen

    @property
    def busy_seconds(self) -> int:
        """Seconds with requests."""
        return sum(requests > 0 for requests, _ in self.seconds)

    @property
    def bad_seconds(self) -> int:
        """Seconds in which it happened to most of the requests: a stall, a burst, no chance."""
        return sum(2 * hits > requests for requests, hits in self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitResult:
    """One limit, judged."""

    exceedances: Exceedances
    limit: float
    """The share that must not be reached, between 0 and 1."""
    decision: LimitDecision
    times: float | None = None
    """For an undecided one: a run this many times as long would decide, if it went on like this; None: none would."""
    most: Exceedances | None = None
    """Set where only the generator's own lateness leaves it undecided: ``exceedances`` is the least that it can be."""

    @property
    def words(self) -> str:
        """Say for people what was counted, and what would have been allowed."""
        if self.most is not None:
            ends = f"between {self.exceedances.count} and {self.most.count} of {self.most.requests}"
            return f"{self.exceedances.name}: {ends} requests (must stay below {100 * self.limit:.3g}%)"
        hits = self.exceedances
        share = (
            f"{hits.count} of {hits.requests} requests, {hits.count / hits.requests:.1%}"
            if hits.requests
            else "no request"
        )
        # A second counts where it happened to most of its requests.
        bad = f"; in {hits.bad_seconds} of {hits.busy_seconds} seconds it was most of them" if hits.bad_seconds else ""
        return f"{hits.name}: {share} (must stay below {100 * self.limit:.3g}%){bad}"


def decide_limit(hits: Exceedances, limit: float, confidence: float, *, comparisons: int = 1) -> LimitResult:
    """Whether the true share is below ``limit``; ``comparisons`` is the number of limits that are judged together."""
    decision = _decision(hits.count, hits.requests, hits.bad_seconds, hits.busy_seconds, limit, confidence, comparisons)
    times = _times(hits, limit, confidence, comparisons) if decision is LimitDecision.UNDECIDED else None
    return LimitResult(exceedances=hits, limit=limit, decision=decision, times=times)


def decide_between(  # noqa: PLR0913 - a measurement with its two ends, and what it is held against
    hits: Exceedances, least: Exceedances, most: Exceedances, limit: float, confidence: float, *, comparisons: int = 1
) -> LimitResult:
    """Decide as ``decide_limit`` where the generator may have changed what it measured: both ends must agree.

    Missed if even the least is too much, kept if even the most is little enough.
    """
    if least == hits == most:
        return decide_limit(hits, limit, confidence, comparisons=comparisons)
    low, high = (decide_limit(end, limit, confidence, comparisons=comparisons) for end in (least, most))
    if low.decision is LimitDecision.MISSED:
        return low
    measured = decide_limit(hits, limit, confidence, comparisons=comparisons)
    if high.decision is LimitDecision.KEPT:
        return measured if measured.decision is LimitDecision.KEPT else high
    if measured.decision is LimitDecision.UNDECIDED:
        return measured
    return LimitResult(exceedances=least, limit=limit, decision=LimitDecision.UNDECIDED, most=most)


def rejected(hits: int, of: int, limit: float, confidence: float, *, comparisons: int = 1) -> bool:
    """Whether the limit is exceeded: this many hits would be rare if the true share were at the limit."""
    return 0 < hits <= of and at_least(hits, of, limit) <= (1 - confidence) / comparisons


def _decision(  # noqa: PLR0913, PLR0917 - counts of two kinds, and what they are held against
    hits: int, of: int, bad: int, seconds: int, limit: float, confidence: float, comparisons: int
) -> LimitDecision:
    """Missed, kept or undecided, by requests and by whole seconds: one bad second with many requests is one event."""
    doubt = 1 - confidence
    if rejected(hits, of, limit, confidence, comparisons=comparisons) or rejected(
        bad, seconds, limit, confidence, comparisons=comparisons
    ):
        return LimitDecision.MISSED
    # A run of a minute or less has too few seconds to prove anything by them: then not one may be bad.
    steady = not bad or _kept(bad, seconds, limit, doubt)
    return LimitDecision.KEPT if steady and _kept(hits, of, limit, doubt) else LimitDecision.UNDECIDED


def _kept(hits: int, of: int, limit: float, doubt: float) -> bool:
    """Whether the limit holds: this few hits would be rare if the true share were at the limit."""
    return of > 0 and at_most(hits, of, limit) <= doubt


def _times(measured: Exceedances, limit: float, confidence: float, comparisons: int) -> float | None:
    """How many times as long a run must be."""

    def decided(times: float) -> bool:
        counts = (measured.count, measured.requests, measured.bad_seconds, measured.busy_seconds)
        hits, of, bad, seconds = (round(times * count) for count in counts)
        return _decision(hits, of, bad, seconds, limit, confidence, comparisons) is not LimitDecision.UNDECIDED

    if not measured.requests:
        return None
    longest = 2.0
    while not decided(longest):
        longest *= 2
        if longest > _LONGEST:
            return None
    shortest = longest / 2
    while longest / shortest > 1.05:  # noqa: PLR2004 - nobody sets a duration more exactly
        middle = math.sqrt(shortest * longest)
        if decided(middle):
            longest = middle
        else:
            shortest = middle
    return longest
