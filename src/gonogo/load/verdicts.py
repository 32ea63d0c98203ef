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

_LONGEST = 1 << 20
"""Times as long: nobody waits for that."""


class Ruling(Enum):
    """What can be said with confidence."""

    KEPT = "kept"
    MISSED = "missed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """How often something happened that should be rare, by second: requests, and those that it happened to."""

    name: str
    seconds: Sequence[tuple[int, int]]
    unseen: int = 0
    """Requests that were never made, and are taken for hits: to see whether a limit is kept all the same."""

    @property
    def of(self) -> int:
        """Requests."""
        return sum(requests for requests, _ in self.seconds) + self.unseen

    @property
    def hits(self) -> int:
        """Those that it happened to."""
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
class Judged:
    """One limit, judged."""

    hits: Hits
    limit: float
    ruling: Ruling
    times: float | None = None
    """For an undecided one: a run this many times as long would decide, if it went on like this; None: none would."""
    most: Hits | None = None
    """Set where only the generator's own lateness leaves it undecided: ``hits`` is the least that it can be."""

    @property
    def words(self) -> str:
        """For people: what was counted, and what would have been allowed."""
        if self.most is not None:
            ends = f"between {self.hits.hits} and {self.most.hits} of {self.most.of}"
            return f"{self.hits.name}: {ends} (fewer than {100 * self.limit:.3g}% are allowed)"
        counted = self.hits
        share = f"{counted.hits / counted.of:.1%}" if counted.of else "no request"
        bad = f", {counted.bad_seconds} of {counted.busy_seconds} seconds altogether" if counted.bad_seconds else ""
        return f"{counted.name}: {counted.hits} of {counted.of} ({share}{bad}; fewer than {100 * self.limit:.3g}% are allowed)"


def judge(hits: Hits, limit: float, confidence: float, *, among: int = 1) -> Judged:
    """Whether the true share is below ``limit``; ``among`` is the number of limits that are judged together."""
    ruling = _ruling(hits.hits, hits.of, hits.bad_seconds, hits.busy_seconds, limit, confidence, among)
    times = _times(hits, limit, confidence, among) if ruling is Ruling.UNDECIDED else None
    return Judged(hits=hits, limit=limit, ruling=ruling, times=times)


def judge_between(  # noqa: PLR0913 - a measurement with its two ends, and what it is held against
    hits: Hits, least: Hits, most: Hits, limit: float, confidence: float, *, among: int = 1
) -> Judged:
    """As ``judge``, where the generator may have changed what it measured: both ends must say the same.

    Missed if even the least is too much, kept if even the most is little enough.
    """
    low, high = (judge(end, limit, confidence, among=among) for end in (least, most))
    if low.ruling is Ruling.MISSED:
        return low
    measured = judge(hits, limit, confidence, among=among)
    if high.ruling is Ruling.KEPT:
        return measured if measured.ruling is Ruling.KEPT else high
    if measured.ruling is Ruling.UNDECIDED:
        return measured
    return Judged(hits=least, limit=limit, ruling=Ruling.UNDECIDED, most=most)


def missed(hits: int, of: int, limit: float, confidence: float, *, among: int = 1) -> bool:
    """So many would be rare if the true share were the limit."""
    from scipy.special import bdtrc  # noqa: PLC0415 - of the extra, and slow to import

    return 0 < hits <= of and float(bdtrc(hits - 1, of, limit)) <= (1 - confidence) / among


def _ruling(  # noqa: PLR0913, PLR0917 - counts of two kinds, and what they are held against
    hits: int, of: int, bad: int, seconds: int, limit: float, confidence: float, among: int
) -> Ruling:
    doubt = 1 - confidence
    if missed(hits, of, limit, confidence, among=among) or missed(bad, seconds, limit, confidence, among=among):
        return Ruling.MISSED
    # A run of a minute or less has too few seconds to prove anything by them: then not one may be bad.
    steady = not bad or _kept(bad, seconds, limit, doubt)
    return Ruling.KEPT if steady and _kept(hits, of, limit, doubt) else Ruling.UNDECIDED


def _kept(hits: int, of: int, limit: float, doubt: float) -> bool:
    """So few would be rare if the true share were the limit."""
    from scipy.special import bdtr  # noqa: PLC0415 - of the extra, and slow to import

    return of > 0 and float(bdtr(hits, of, limit)) <= doubt


def _times(measured: Hits, limit: float, confidence: float, among: int) -> float | None:
    """How many times as long a run must be."""

    def decided(times: float) -> bool:
        counts = (measured.hits, measured.of, measured.bad_seconds, measured.busy_seconds)
        hits, of, bad, seconds = (round(times * count) for count in counts)
        return _ruling(hits, of, bad, seconds, limit, confidence, among) is not Ruling.UNDECIDED

    if not measured.of:
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
