"""The real generator against real servers: what it must see, and what it must say of itself.

Nothing here asserts a latency of this machine: two things of one run are compared, or an effect of seconds is looked for.
"""

from typing import Any

import pytest

from gonogo.load.judging import unfit
from gonogo.load.process import Event, Generator, GeneratorConfig
from tests.load.driving import drive, latencies, percentile, recorded, target

HIT = {"hit": 40.0}


def outcomes(found: Any) -> tuple[int, int, int]:  # noqa: ANN401 - Recorded
    """Requests, failed and given up."""
    one = next(found.endpoints())
    return one.requests, one.failed, one.given_up


def test_visits_come_at_their_rate() -> None:
    """The rate is the declared one from the first second on, and every request is on record once."""
    with target() as where:
        aggregator = drive(where.plan, HIT, seconds=4)
    assert not aggregator.problems
    assert aggregator.done
    requests, failed, given_up = outcomes(recorded(aggregator))
    # Users take turns from random moments on: a second more or less at the ends.
    assert 120 <= requests <= 200
    assert (failed, given_up) == (0, 0)
    ended, waited = aggregator.visits()
    assert (ended, waited) == (requests, 0)
    assert len(where.took) >= requests


def test_stall_counts_in_full() -> None:
    """A server that stands still for 1 s of every 3 s is slow for a third of its visitors: nobody is left out.

    A generator that waits for replies before it asks again would send one request per user into each stall.
    """
    with target(stall=1.0, stall_every=3.0) as where:
        aggregator = drive(where.plan, HIT, seconds=6)
    found = latencies(aggregator)
    late = sum(one >= 0.1 for one in found) / len(found)
    assert 0.2 < late < 0.5
    assert percentile(found, 0.95) > 0.7


def test_errors_are_counted_where_they_come() -> None:
    """Every fourth reply is a 500."""
    with target(fail_every=4) as where:
        aggregator = drive(where.plan, HIT, seconds=3)
    requests, failed, _ = outcomes(recorded(aggregator))
    assert failed == pytest.approx(requests / 4, abs=3)


def test_closed_model_waits_for_replies() -> None:
    """Ten users with a server that takes 0.2 s are never more than fifty requests a second."""
    with target(delay=0.2) as where:
        aggregator = drive(where.plan, HIT, seconds=3, model="closed", users=10)
    found = latencies(aggregator)
    assert 0 < len(found) <= 10 * 3 / 0.2 + 10


def test_saturated_generator_says_so() -> None:
    """Forty visits a second that keep the processor for 30 ms each are more than there is of it: nothing is decided."""
    with target() as where:
        aggregator = drive(where.plan, {"heavy": 40.0}, seconds=3, data={"computes": 0.03})
    assert unfit(list(aggregator.generator()), len(latencies(aggregator)))


def test_four_workers_make_one_load() -> None:
    """On Locust's own master and workers; what they measured adds up exactly."""
    reports: dict[str, int] = {}

    def count(event: Event, _generator: Generator) -> None:
        if event["event"] == "report":
            reports[event["worker"]] = reports.get(event["worker"], 0) + 1

    with target() as where:
        aggregator = drive(
            where.plan, {"hit": 80.0}, seconds=3, generator_config=GeneratorConfig(processes=4), on_event=count
        )
    assert len(reports) == 4
    assert aggregator.final == set(reports)
    assert not aggregator.lost
    assert not aggregator.problems
    total = sum(len(found) for found in aggregator.samples.by_key.values())
    assert total == len(where.took), "every reply of the server is on record, once"
    assert 180 <= outcomes(recorded(aggregator))[0] <= 300
