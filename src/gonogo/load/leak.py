"""Whether memory grows with the requests answered, told from noise (Theil 1950, Sen 1968)."""

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.evidence.load import ServerSecond

_LEAST_SAMPLES = 10
_Z = 3.0
_SURE = 0.9973
"""The two-sided confidence of three standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Bytes per request, with an interval for each of the two errors that can be made."""

    slope: float
    low: float
    """Below this it is not, by three standard deviations: significance alone would flag trifles."""
    high: float
    """Above this it is not, with the declared confidence."""
    requests: int
    """While it was watched."""


def growth(samples: Sequence[ServerSecond], confidence: float) -> Growth | None:
    """None if there are too few samples to say anything, or nothing was answered."""
    from scipy.stats import theilslopes  # noqa: PLC0415 - of the extra, and slow to import

    points = [(one.requests, one.memory) for one in samples if one.requests is not None and one.memory is not None]
    if len(points) < _LEAST_SAMPLES or points[-1][0] <= points[0][0]:
        return None
    requests, memory = [point[0] for point in points], [point[1] for point in points]
    sure = theilslopes(memory, requests, alpha=_SURE)
    declared = theilslopes(memory, requests, alpha=confidence)
    return Growth(
        slope=float(sure.slope),
        low=float(sure.low_slope),
        high=float(declared.high_slope),
        requests=round(requests[-1] - requests[0]),
    )
