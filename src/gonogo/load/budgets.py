"""Whether a run of plain Locust kept its budgets, by what Locust itself counted: for its exit code, not for a verdict."""

import math
from collections.abc import Iterator

from locust.stats import RequestStats

from gonogo.load.plan import EndpointPlan, LoadPlan

_STEPS = 10
"""Parts of a millisecond: Locust counts replies by their time, and by default rounds it over a budget or below it."""


def bucket(response_time: float) -> float:
    """The time by which Locust counts a reply: never more than was measured."""
    return math.floor(response_time * _STEPS) / _STEPS


def missed_budgets(stats: RequestStats, plan: LoadPlan) -> Iterator[str]:
    """One line for every endpoint that was too slow, and one if nothing was asked at all."""
    requests = 0
    for endpoint in plan.endpoints:
        entry = stats.entries.get((endpoint.name, endpoint.name.partition(" ")[0]))
        if entry is None or not entry.num_requests:
            continue
        requests += entry.num_requests
        over = sum(count for time, count in entry.response_times.items() if time >= 1000 * endpoint.budget)
        if over / entry.num_requests >= _share(endpoint):
            yield (
                f"{endpoint.name}: {over} of {entry.num_requests} took {1000 * endpoint.budget:g} ms or longer; "
                f"fewer than {_share(endpoint):.3g} of all may"
            )
    if not requests:
        yield "not one request was made"


def _share(endpoint: EndpointPlan) -> float:
    return round(1 - endpoint.percentile / 100, 9)
