"""Every limit of the load is decided by these two numbers: held against the library that everybody trusts."""

import pytest

from gonogo.load.binomial import at_least, at_most

_SHARES = (1e-6, 0.001, 0.01, 0.05, 0.37, 0.5, 0.95, 1 - 1e-6)


def _counts(of: int, share: float) -> set[int]:
    """The ends, and what lies around the expected number: in between either tail is as good as nothing, or as all."""
    mean, spread = of * share, (of * share * (1 - share)) ** 0.5 + 1
    around = (round(mean + sigmas * spread) for sigmas in (-8, -3, -1, -0.1, 0, 0.1, 1, 3, 8))
    return {0, 1, of - 1, of, *(min(max(count, 0), of) for count in around)}


@pytest.mark.parametrize("of", [1, 2, 59, 1000, 86_400, 3_000_000])
@pytest.mark.parametrize("share", _SHARES)
def test_tails_are_those_of_scipy(of: int, share: float) -> None:
    """A tail that is a little too small makes a wrong GO of a limit that nobody could decide."""
    from scipy.stats import binom  # noqa: PLC0415 - slow, and every process of tests reads this file

    for hits in _counts(of, share):
        assert at_most(hits, of, share) == pytest.approx(float(binom.cdf(hits, of, share)), rel=1e-7, abs=1e-290)
        assert at_least(hits, of, share) == pytest.approx(float(binom.sf(hits - 1, of, share)), rel=1e-7, abs=1e-290)


@pytest.mark.parametrize("hits", range(8))
def test_both_tails_are_all(hits: int) -> None:
    """Whatever happens is either fewer hits or as many and more."""
    assert at_most(hits, 7, 0.3) + at_least(hits + 1, 7, 0.3) == pytest.approx(1)


@pytest.mark.parametrize(("share", "none", "some"), [(0.0, 1.0, 0.0), (1.0, 0.0, 1.0)])
def test_certainties(share: float, none: float, some: float) -> None:
    """A service without a single failure must not end the judgement with an error of arithmetic."""
    assert (at_most(0, 7, share), at_least(1, 7, share)) == (none, some)
