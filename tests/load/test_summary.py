"""From samples to counters and percentiles: nothing lost, nothing rounded over a budget."""

import random
from array import array

import pytest
from hdrh.histogram import HdrHistogram

from gonogo.load.plan import OUTCOMES
from gonogo.load.samples import Samples
from gonogo.load.summary import Measured, record
from gonogo.load.window import Window
from tests.load.driving import load

WINDOW = Window(begins=1000, ends=1010)


def recorded(samples: Samples, **changes: object) -> Measured:
    """One endpoint's."""
    return Measured(load(**changes), ["GET /"], samples, WINDOW)


def latencies(count: int, seed: int = 7) -> list[float]:
    """Seconds, most of them small, some of them not."""
    chance = random.Random(seed)  # noqa: S311 - the same every time
    return [chance.lognormvariate(-3, 1) for _ in range(count)]


@pytest.mark.parametrize(("elapsed", "over"), [(0.4999999, 0), (0.5, 1), (0.5000001, 1), (0.496, 0), (0.504, 1)])
def test_over_is_decided_on_the_float(elapsed: float, over: int) -> None:
    """Locust itself keeps 496 ms as 500, and 504 as well."""
    samples = Samples()
    samples.add(1003, 0, "ok", elapsed)
    assert next(recorded(samples).endpoints()).over == over


def test_warm_up_is_kept_apart() -> None:
    """It is shown, and does not count; what comes after the window is neither."""
    samples = Samples()
    for second, elapsed in ((998, 0.9), (999, 0.1), (1000, 0.1), (1009, 0.1), (1010, 0.9)):
        samples.add(second, 0, "ok", elapsed)
    found = next(recorded(samples).endpoints())
    assert (found.requests, found.over) == (2, 0)
    assert found.warm_up == (2, 2, 1, 0, 0)
    assert found.tallies == ((0, 1, 0, 0, 0), (9, 1, 0, 0, 0))


def test_outcomes_are_told_apart() -> None:
    """A refusal is no error, and giving up is late and a failure, whatever would have come."""
    samples = Samples()
    for outcome in OUTCOMES:
        samples.add(1001, 0, outcome, 2.0 if outcome == "given up" else 0.01)
    found = next(recorded(samples).classes())
    assert (found.requests, found.over, found.failed, found.refused, found.given_up) == (4, 1, 2, 1, 1)


def test_percentiles_are_within_a_thousandth() -> None:
    """Of the sorted floats; and the true one lies in the interval, which is not endless."""
    samples, known = Samples(), latencies(5000)
    for index, elapsed in enumerate(known):
        samples.add(1000 + index % 10, 0, "ok", elapsed)
    found, known = next(recorded(samples).endpoints()), sorted(known)
    for quantile in found.quantiles:
        true = known[-(-len(known) * round(quantile.percentile * 10) // 1000) - 1] * 1000
        assert quantile.value == pytest.approx(true, rel=0.001)
        assert quantile.high is not None
        assert quantile.low <= quantile.value <= quantile.high < 2 * quantile.value
    values = [value for _, value in found.curve]
    assert values == sorted(values)
    assert found.curve[-1][1] == pytest.approx(known[-1] * 1000, rel=0.001)


def test_few_samples_have_no_upper_end() -> None:
    """Ten requests say nothing about a 99th percentile."""
    samples = Samples()
    for elapsed in latencies(10):
        samples.add(1000, 0, "ok", elapsed)
    assert next(recorded(samples).endpoints()).quantiles[-1].high is None
    assert next(recorded(Samples()).endpoints()).quantiles == ()


def test_merging_is_exact() -> None:
    """Four workers, in any order, make the same as one."""
    whole, parts, known = Samples(), [Samples() for _ in range(4)], latencies(2000)
    for index, elapsed in enumerate(known):
        outcome = OUTCOMES[index % len(OUTCOMES)]
        whole.add(1000 + index % 12, 0, outcome, elapsed)
        parts[index % 4].add(1000 + index % 12, 0, outcome, elapsed)
    merged = Samples()
    for part in reversed(parts):
        merged.merge(list(part.packed()))
    assert {key: sorted(found) for key, found in merged.by_key.items()} == {
        key: sorted(found) for key, found in whole.by_key.items()
    }
    assert list(recorded(merged).endpoints()) == list(recorded(whole).endpoints())
    assert recorded(merged).histogram_log() == recorded(whole).histogram_log()


def test_log_holds_every_reply() -> None:
    """In the format that HdrHistogram's own tools read; added up, its histograms are the whole."""
    samples, known = Samples(), latencies(500)
    for index, elapsed in enumerate(known):
        samples.add(1000 + index % 10, 0, "ok" if index % 7 else "failed", elapsed)
    lines = [line for line in recorded(samples).histogram_log().decode().splitlines() if line.startswith("Tag=")]
    assert {line.split(",")[0] for line in lines} == {"Tag=GET_/|ok", "Tag=GET_/|failed"}
    assert len(lines) == 20
    total = HdrHistogram(1, 3_600_000_000, 3)
    for line in lines:
        total.add(HdrHistogram.decode(line.split(",")[4].encode()))
    assert total.get_total_count() == len(known)
    whole = HdrHistogram(1, 3_600_000_000, 3)
    record(whole, array("d", known))
    assert whole.equals(total)


def test_a_class_has_its_latencies_second_by_second() -> None:
    """What is drawn over the time of the load: of the window only, of all its requests, and of no endpoint twice."""
    samples = Samples()
    for elapsed in (0.9, *(number / 1000 for number in range(1, 20))):
        samples.add(1002, 0, "ok", elapsed)
    samples.add(1004, 0, "given up", 2.00004)
    samples.add(999, 0, "ok", 0.5)
    assert next(recorded(samples).classes()).course == ((2, 10.0, 19.0), (4, 2000.0, 2000.0))
    assert next(recorded(samples).endpoints()).course == ()
