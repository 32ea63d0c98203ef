"""What the load showed: budgets kept or missed with the declared confidence, or not known."""

from collections.abc import Sequence

import pytest

from gonogo.base.comparing import at_least, at_most, below, nothing
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.load import LoadEvidence, Traffic
from gonogo.families.load.section import Load
from gonogo.load.bounds import not_made, sick_share
from gonogo.load.judging import (
    complete,
    errors,
    failed_for,
    fit,
    limit_results,
    named_limit,
    over_budget,
    raise_for,
    too_unfit,
)
from gonogo.load.leak import growth
from gonogo.load.limits import Exceedances, LimitDecision, decide_limit
from gonogo.policy.catalogue import Policy

_MIB = 2**20


@pytest.mark.check("load-ran")
def test_load_was_made_as_planned(load: LoadEvidence) -> None:
    """The other results of the load mean little if less traffic was sent than the launch will bring.

    Fix: read what the generator says; gonogo load --profile smoke shows quickly whether the scenarios work.
    """
    complete(load)
    if load.problems:
        raise Unobserved("; ".join(load.problems), hint="correct loadtests/locustfile.py, or the environment's [load]")
    requests, failed = (
        sum(endpoint.requests for endpoint in load.endpoints),
        sum(endpoint.failed_at_least for endpoint in load.endpoints),
    )
    assert at_least(requests, 1, "requests made"), "not one request was made in the measured time"
    assert below(failed, requests, "requests failed"), (
        f"none of {requests} requests was answered correctly under load{failed_for(load)}"
    )


@pytest.mark.check("load-latency")
def test_replies_are_fast_enough(load: LoadEvidence) -> None:
    """Users leave an app that hesitates, and a launch is when most of them come at once.

    Fix: look at the traces of the named endpoint at that time; a stall of all endpoints is a lock, a collection or a pool.
    """
    fit(load)
    measured = [
        (endpoint, over_budget(endpoint, load), 1 - endpoint.percentile / 100)
        for endpoint in (*load.classes, *load.endpoints)
    ]
    raise_for(limit_results(measured, load), load)
    if silent := [endpoint.name for endpoint in load.endpoints if not endpoint.requests]:
        hint = "a longer run, a higher rate, or fewer endpoints in [load.classes]"
        raise Unobserved(f"no request was sent to {', '.join(silent)}", hint=hint)


@pytest.mark.check("load-errors")
def test_replies_are_right(load: LoadEvidence, environment: Environment) -> None:
    """What works for one tester can fail for a hundred users: pools run dry, locks time out.

    Fix: look the errors up in Sentry by the time of the run; the page names the endpoints.
    """
    complete(load)
    limit = _declared(environment).errors_below
    measured = [(endpoint, errors(endpoint, load), limit) for endpoint in (*load.classes, *load.endpoints)]
    raise_for(limit_results(measured, load), load)


@pytest.mark.check("load-failures")
def test_what_matters_most_seldom_fails(load: LoadEvidence, environment: Environment) -> None:
    """The business depends on these operations, and each has a share that may fail.

    Fix: compare the failures with the logs of whatever answers these requests; the page names the endpoints.
    """
    complete(load)
    raise_for([named_limit(load, _declared(environment), name) for name in _declared(environment).failures], load)


@pytest.mark.check("load-throughput")
def test_service_keeps_up(load: LoadEvidence, policy: Policy) -> None:
    """A queue that only grows ends in a crash some minutes after the launch.

    Fix: start more instances or more workers; before you buy larger ones, look at what they wait for.
    """
    fit(load)
    least, visits = policy.number("min_served_fraction"), load.visits_ended + load.visits_given_up
    assert at_least(visits, 1, "visits ended"), "no visit ended in the measured time"
    # At its least by what the generator itself may have given up, at its most by the visits that nobody began.
    ours = sum(endpoint.failed - endpoint.failed_at_least for endpoint in load.endpoints)
    unseen = not_made(load.generator, sum(endpoint.requests for endpoint in load.endpoints))
    message = (
        f"{load.visits_given_up} of {visits} visits timed out (at least {least:.0%} should be served): "
        f"the service does not keep up with {load.visits_per_second:g} visits a second"
    )
    assert at_least((load.visits_ended + ours) / visits, least, "visits served", "share"), message
    if load.visits_ended / visits * (1 - unseen) < least:
        raise too_unfit(load, message)
    reached = visits / load.seconds
    wanted = least * load.visits_per_second
    # Open traffic comes at its rate in any case; users who wait for each other come at the rate that they are served.
    if load.model == "open" or at_least(reached, wanted, "visits a second", "/s"):
        return
    message = f"{reached:.1f} visits a second were served; {load.visits_per_second:g} are expected"
    if reached >= wanted * (1 - sick_share(load.generator)):
        raise too_unfit(load, message)
    raise AssertionError(message)


@pytest.mark.check("load-cold-start")
def test_first_replies_are_fast_as_well(load: LoadEvidence) -> None:
    """The warm-up is not measured with the rest, but the first users of a launch and of every new instance experience it.

    Fix: open pools and fill caches before the health check says ready.
    """
    fit(load)
    slow = [
        f"{endpoint.name}: {endpoint.warm_up.over_budget} of {endpoint.warm_up.requests}"
        for endpoint in load.classes
        if _slow(endpoint, [(endpoint.warm_up.requests, endpoint.warm_up.over_budget)], load)
        and not _slow(endpoint, over_budget(endpoint, load).found.seconds, load)
    ]
    assert nothing(slow, "classes that are slow in the warm-up only", of=len(load.classes)), (
        f"over the budget in the first {load.warm_up.total_seconds():g} s: {'; '.join(slow)}"
    )


@pytest.mark.check("load-memory")
def test_memory_stays_within_its_limit(load: LoadEvidence, environment: Environment) -> None:
    """The kernel kills a process that uses too much memory, in the middle of a request.

    Fix: find what holds it (tracemalloc, memray), limit caches and pools, or give the service more memory.
    """
    limit = _declared(environment).memory_limit
    if limit is None:
        raise Unobserved("the environment declares no load.memory_limit", hint="declare it, as in '512 MiB'")
    samples = _seen(load, [second.memory for second in load.server if second.memory is not None])
    assert below(max(samples), limit, "memory", "B"), (
        f"the service used {max(samples) / _MIB:.0f} MiB; its limit is {limit / _MIB:.0f} MiB"
    )


@pytest.mark.check("load-leak")
def test_memory_does_not_grow_with_every_request(load: LoadEvidence, environment: Environment) -> None:
    """A leak passes every test that ends before the memory is full.

    Fix: compare two tracemalloc snapshots some thousand requests apart; look for lists and caches without a limit.
    """
    complete(load)
    budget = _declared(environment).leak_bytes_per_request
    _seen(load, [second.memory for second in load.server if second.memory is not None])
    trend = growth(load.server, load.confidence)
    if trend is None:
        raise Unobserved("too few samples of memory and requests", hint="a longer run: gonogo load --profile soak")
    growth_words = f"{trend.slope:.0f} bytes a request over {trend.requests} requests (at least {trend.low:.0f}, at most {trend.high:.0f})"
    assert at_most(trend.low, budget, "growth of memory a request, at least", "B"), (
        f"memory grows by {growth_words}; at most {budget:g} are allowed"
    )
    if not at_most(trend.high, budget, "growth of memory a request, at most", "B"):
        hint = "a longer run decides: gonogo load --profile soak"
        raise Unobserved(
            f"it is not certain yet whether memory grows by {budget:g} bytes a request or more: {growth_words}",
            hint=hint,
        )


def _slow(traffic: Traffic, seconds: Sequence[tuple[int, int]], load: LoadEvidence) -> bool:
    """Whether the budget was missed for certain in these."""
    result = decide_limit(
        Exceedances(name=traffic.name, seconds=seconds), 1 - traffic.percentile / 100, load.confidence
    )
    return result.decision is LimitDecision.MISSED


def _declared(environment: Environment) -> Load:
    return environment.require(Load)


def _seen(load: LoadEvidence, samples: Sequence[float]) -> Sequence[float]:
    """These, if there are any."""
    if not samples:
        problem = load.server_problem or "no sample came in the measured time"
        raise Unobserved(
            f"the service's memory could not be read: {problem}", hint="declare [load.metrics], and look at /metrics"
        )
    return samples
