"""``make bench``: what the load generator sees beside the truth, what it costs beside a plain Locust, what it admits.

Each ratio is of one run on one machine.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence

from gonogo.load.judging import unfit
from tests.lab.load_shapes import SHAPES, ruled
from tests.load.driving import drive, latencies, percentile, target, verdict

_DELAYS_MS = (100, 496, 504, 549)
_USERS, _SECONDS = 50, 6.0
_RUNS = 20


def accuracy() -> None:
    """p95 as measured, over p95 as the server itself recorded it, and what is decided of 500 ms."""
    print("delay    p95 measured ÷ recorded by the server    p95 < 500 ms is")
    for delay in _DELAYS_MS:
        with target(delay=delay / 1000) as where:
            aggregator = drive(where.plan, {"hit": 200.0}, seconds=8, warm_up=4)
        ratio = percentile(latencies(aggregator), 0.95) / percentile(sorted(where.took), 0.95)
        print(f"{delay} ms   {ratio:.4f}   {verdict(aggregator)}", flush=True)


def shapes() -> None:
    """What is said of servers that know the truth, beside the truth."""
    print("shape                                    truth     said, three times")
    for shape in SHAPES:
        said = [ruled(shape).words for _ in range(3)]
        print(f"{shape.name:<40} {shape.truth:<9} {', '.join(said)}", flush=True)


def cost() -> None:
    """Requests for each second of processor time, over those of a plain FastHttpUser; and the time around the load."""
    with target() as where:
        started = time.monotonic()
        aggregator = drive(where.plan, {"hit": 1.0}, seconds=_SECONDS, model="closed", users=_USERS, think=0.0)
        around = time.monotonic() - started - _SECONDS - 1.0
        arguments = [str(where.plan.port), str(_USERS), str(_SECONDS)]
        command = [sys.executable, "-m", "tests.bench.plain_locust", *arguments]
        plain = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603 - our own
    own = len(latencies(aggregator)) / sum(second.cpu for second in aggregator.generator())
    theirs = plain["requests"] / plain["cpu"]
    print(
        f"requests per processor second: {own:.0f}, a plain FastHttpUser {theirs:.0f}: {own / theirs:.2f} times as many"
    )
    print(f"start and stop together: {around:.1f} s beside the load itself")


def fitness() -> None:
    """Saturated and healthy in turn."""
    found: dict[str, list[str]] = {"saturated": [], "healthy": []}
    for _ in range(_RUNS):
        for name, rates, data in (("saturated", {"heavy": 40.0}, {"computes": 0.03}), ("healthy", {"hit": 40.0}, {})):
            with target(delay=0.02) as where:
                aggregator = drive(where.plan, rates, seconds=3, data=data)
            found[name].append(unfit(list(aggregator.generator()), len(latencies(aggregator))))
    for name, reasons in found.items():
        print(f"{name}: {sum(map(bool, reasons))} of {_RUNS} called unfit {_common(reasons)}")


def _common(reasons: Sequence[str]) -> str:
    said = [reason.rpartition(": ")[2] for reason in reasons if reason]
    return f"({max(set(said), key=said.count)})" if said else ""


if __name__ == "__main__":
    accuracy()
    shapes()
    cost()
    fitness()
