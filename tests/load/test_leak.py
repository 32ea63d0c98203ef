"""The slope of memory over requests, held against the library that everybody trusts."""

import random

import pytest

from gonogo.load.leak import theil_sen


@pytest.mark.parametrize("grain", [1, 4096, 65536])
@pytest.mark.parametrize("count", [10, 31, 300])
def test_slopes_are_those_of_scipy(count: int, grain: int) -> None:
    """With memory in pages, which makes ties, and seconds without a request, which make others."""
    from scipy.stats import theilslopes  # noqa: PLC0415 - slow, and every process of tests reads this file

    generator = random.Random(count * grain)  # noqa: S311 - noise, the same every time
    requests = [float(10 * generator.randrange(count)) for _ in range(count)]
    memory = [1e8 + (one * 300 + generator.gauss(0, 30_000)) // grain * grain for one in requests]
    slope, *intervals = theil_sen(requests, memory, 0.9973, 0.95)
    for confidence, (low, high) in zip((0.9973, 0.95), intervals, strict=True):
        theirs = theilslopes(memory, requests, alpha=confidence)
        assert (slope, low, high) == pytest.approx((theirs.slope, theirs.low_slope, theirs.high_slope))
