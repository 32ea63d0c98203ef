"""Whether memory grows with the requests answered, told from noise (Theil 1950, Sen 1968)."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from gonogo.evidence.load import ServerSecond

_LEAST_SAMPLES = 10
_SURE = 0.9973
"""The two-sided confidence of three standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Bytes per request, with an interval for each of the two errors that can be made."""

    slope: float
    """Bytes per request."""
    low: float
    """Below this it is not, by three standard deviations: significance alone would flag trifles."""
    high: float
    """Above this it is not, with the declared confidence."""
    requests: int
    """While it was watched."""


def growth(samples: Sequence[ServerSecond], confidence: float) -> Growth | None:
    """None if there are too few samples to say anything, or nothing was answered."""
    points = [
        (sample.requests, sample.memory)
        for sample in samples
        if sample.requests is not None and sample.memory is not None
    ]
    if len(points) < _LEAST_SAMPLES or points[-1][0] <= points[0][0]:
        return None
    requests, memory = [point[0] for point in points], [point[1] for point in points]
    slope, (low, _), (_, high) = theil_sen(requests, memory, _SURE, confidence)
    return Growth(
        slope=slope,
        low=low,
        high=high,
        requests=round(requests[-1] - requests[0]),
    )


def theil_sen(x: Sequence[float], y: Sequence[float], *confidences: float) -> tuple[Any, ...]:
    """The median slope of all pairs of points, and its interval (low, high) at each two-sided confidence.

    As ``scipy.stats.theilslopes``, which a test holds it against: to import that takes longer than all the rest of
    judging a run again.
    """
    import numpy as np  # noqa: PLC0415 - of the extra, and slow to import

    across, up = np.asarray(x, float), np.asarray(y, float)
    run, rise = across[:, None] - across, up[:, None] - up
    slopes = np.sort(rise[run > 0] / run[run > 0])
    spread = math.sqrt((_rank_variance(len(up)) - sum(_ties(across)) - sum(_ties(up))) / 18)
    intervals = []
    for confidence in confidences:
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * spread
        low = max(round((len(slopes) - reach) / 2) - 1, 0)
        high = min(round((len(slopes) + reach) / 2), len(slopes) - 1)
        intervals.append((float(slopes[low]), float(slopes[high])))
    return float(np.median(slopes)), *intervals


def _rank_variance(count: int) -> int:
    """A term of the variance of Kendall's statistic, times eighteen; every group of ties takes off its own."""
    return count * (count - 1) * (2 * count + 5)


def _ties(values: Any) -> Iterator[int]:  # noqa: ANN401 - an array of a package that need not be there
    return (_rank_variance(count) for count in Counter(values.tolist()).values())
