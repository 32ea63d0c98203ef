"""A wrong GO and a wrong NO-GO are both bugs of the highest order: the tests are exact, and so are these."""

import random
from pathlib import Path

import pytest

from gonogo.load.limits import Exceedances, LimitDecision, LimitResult, decide_limit, rejected
from gonogo.planning.declarations import read_declarations

ROOT = Path(__file__).parents[2]
LIMIT, CONFIDENCE = 0.05, 0.95


def spread(hits: int, of: int, seconds: int = 30) -> Exceedances:
    """Evenly, as requests that do not know of each other come."""
    return Exceedances(
        name="x ≥ 500 ms",
        seconds=[
            (of // seconds + (second < of % seconds), hits // seconds + (second < hits % seconds))
            for second in range(seconds)
        ],
    )


def ruled(hits: int, of: int, **more: int) -> LimitResult:
    """At five per cent and 95 % confidence."""
    return decide_limit(spread(hits, of), LIMIT, CONFIDENCE, **more)


@pytest.mark.parametrize(
    ("hits", "of", "ruling"),
    [
        (0, 0, LimitDecision.UNDECIDED),  # silence is no success
        (0, 58, LimitDecision.UNDECIDED),
        (0, 59, LimitDecision.KEPT),
        (38, 1000, LimitDecision.KEPT),
        (39, 1000, LimitDecision.UNDECIDED),
        (50, 1000, LimitDecision.UNDECIDED),
        (62, 1000, LimitDecision.UNDECIDED),
        (63, 1000, LimitDecision.MISSED),
        (1000, 1000, LimitDecision.MISSED),
    ],
)
def test_exact_limits(hits: int, of: int, ruling: LimitDecision) -> None:
    """Computed by hand from the binomial distribution; a point estimate would call 49 of 1000 green."""
    assert ruled(hits, of).decision is ruling


@pytest.mark.parametrize("of", [59, 100, 500, 2000])
def test_a_service_at_its_limit_is_rarely_called_good_or_bad(of: int) -> None:
    """The promise of the confidence, summed over everything that can happen."""
    from scipy.stats import binom  # noqa: PLC0415 - slow, and every process of tests reads this file

    chance = {
        ruling: sum(
            float(binom.pmf(hits, of, LIMIT)) for hits in range(min(of, 250) + 1) if ruled(hits, of).decision is ruling
        )
        for ruling in LimitDecision
    }
    assert chance[LimitDecision.KEPT] <= 0.05
    assert chance[LimitDecision.MISSED] <= 0.05


def test_whole_seconds_count_as_one() -> None:
    """6 % of the seconds wholly bad: few of many requests, and yet no accident."""
    calm = Exceedances(name="x", seconds=[(50, 0)] * 100)
    burst = Exceedances(name="x", seconds=[(50, 0)] * 96 + [(50, 50)] * 4)
    assert decide_limit(calm, LIMIT, CONFIDENCE).decision is LimitDecision.KEPT
    assert decide_limit(burst, LIMIT, CONFIDENCE).decision is LimitDecision.UNDECIDED
    assert decide_limit(Exceedances(name="x", seconds=burst.seconds), LIMIT, CONFIDENCE).times is not None
    steady = Exceedances(name="x", seconds=[(50, 2)] * 100)  # as many requests, spread: kept
    assert decide_limit(steady, LIMIT, CONFIDENCE).decision is LimitDecision.KEPT


def test_short_runs_may_have_no_bad_second() -> None:
    """Thirty seconds cannot prove that bursts are rare: then there must be none."""
    assert decide_limit(Exceedances(name="x", seconds=[(50, 0)] * 30), LIMIT, CONFIDENCE).decision is LimitDecision.KEPT
    assert (
        decide_limit(Exceedances(name="x", seconds=[(50, 0)] * 29 + [(50, 26)]), LIMIT, CONFIDENCE).decision
        is LimitDecision.UNDECIDED
    )


def test_several_limits_share_the_doubt_of_a_failure() -> None:
    """Twenty endpoints at five per cent each would call one of them bad in every second run."""
    assert ruled(63, 1000).decision is LimitDecision.MISSED
    assert ruled(63, 1000, comparisons=20).decision is LimitDecision.UNDECIDED
    assert ruled(80, 1000, comparisons=20).decision is LimitDecision.MISSED


def test_undecided_says_how_long_it_would_take() -> None:
    """And the longer run then does decide."""
    judged = ruled(39, 1000)
    assert judged.times is not None
    again = decide_limit(spread(round(39 * judged.times), round(1000 * judged.times)), LIMIT, CONFIDENCE)
    assert again.decision is LimitDecision.KEPT
    assert ruled(50, 1000).times is None, "nobody can decide what lies on the limit"
    assert decide_limit(Exceedances(name="x", seconds=[]), LIMIT, CONFIDENCE).times is None


def test_missed_for_certain_stays_missed() -> None:
    """The load stops early on hits so far, held against all that is planned: nothing that comes can mend it."""
    for planned in (100, 1000, 5000):
        enough = next(hits for hits in range(planned) if rejected(hits, planned, LIMIT, CONFIDENCE, comparisons=14))
        for more in range(0, planned - enough, max(1, planned // 7)):
            now = enough + more
            assert rejected(now, planned, LIMIT, CONFIDENCE, comparisons=14)
            assert rejected(enough, max(enough, planned // 2), LIMIT, CONFIDENCE, comparisons=14), (
                "fewer requests, as many hits"
            )


def test_words_tell_counts_and_what_was_allowed() -> None:
    """A tired engineer reads this at 3 a.m."""
    assert ruled(63, 1000).words == "x ≥ 500 ms: 63 of 1000 requests, 6.3% (must stay below 5%)"
    bad = Exceedances(name="payments failed", seconds=[(10, 6), (10, 0), (0, 0)])
    assert decide_limit(bad, LIMIT, CONFIDENCE).words == (
        "payments failed: 6 of 20 requests, 30.0% (must stay below 5%); in 1 of 2 seconds it was most of them"
    )


def test_limits_of_the_project_are_told_with_the_load() -> None:
    """A family is the file's name: failed payments stand beside the latency, and the same people act on both."""
    assert {each.family for each in read_declarations(ROOT / "loadtests")} == {"load"}


def test_true_shares_are_told_apart() -> None:
    """2 % and 12 % of 2000 requests, over and over: never the wrong word."""
    chance = random.Random(1)  # noqa: S311 - the same every time
    for share, wrong in ((0.02, LimitDecision.MISSED), (0.12, LimitDecision.KEPT)):
        for _ in range(100):
            hits = sum(chance.random() < share for _ in range(2000))
            assert ruled(hits, 2000).decision is not wrong
