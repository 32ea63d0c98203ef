"""``make load-faults``: every fault that shows under load only, one by one; each must turn exactly its own checks red.

The healthy environment comes first, under its whole load, and must be GO.

``make faults`` does the same with several at a time, and leaves out those that take minutes to prove: 11 % where 10 %
are allowed, or 6 % where 5 are, is a difference that only thousands of requests show.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gonogo.planning.plan import LOAD
from gonogo.record.results import Outcome, Results, Verdict
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.runs.session import results_of

OWN: Mapping[str, frozenset[str]] = {
    "load-slow-tail": frozenset({"load-latency"}),
    "load-stalls": frozenset({"load-latency"}),
    "load-errors": frozenset({"load-errors"}),
    "load-errors-often": frozenset({"load-errors"}),
    "load-collapses": frozenset({"load-ran"}),
    "load-payments-fail": frozenset({"load-payments", "load-failures"}),
    "load-payments-fail-often": frozenset({"load-payments", "load-failures"}),
    "load-registrations-fail": frozenset({"load-registrations", "load-failures"}),
    "load-uploads-fail": frozenset({"load-uploads", "load-failures"}),
    "load-slow-start": frozenset({"load-cold-start"}),
    "load-queues-up": frozenset({"load-latency", "load-throughput"}),
    "load-leak": frozenset({"load-leak"}),
    "load-memory-hoarded": frozenset({"load-memory"}),
    "load-memory-noisy": frozenset(),
    "load-sessions-brief": frozenset(),
}
"""Fault to the checks that it turns red: these, and no others."""
ALSO: Mapping[str, frozenset[str]] = {
    # Whoever waits in vain was not served, whatever they wanted: how many of each kind differs from run to run.
    "load-queues-up": frozenset(
        {"load-errors", "load-failures", "load-payments", "load-registrations", "load-uploads"}
    ),
    # A tail falls on the first replies as well: of a class with few of them, perhaps on these alone.
    "load-slow-tail": frozenset({"load-cold-start"}),
}
"""Fault to checks that it may turn red as well."""
TOGETHER: Sequence[Sequence[str]] = (
    ("load-queues-up", "load-memory-noisy"),
    (
        *("load-payments-fail-often", "load-registrations-fail", "load-uploads-fail"),
        *("load-leak", "load-slow-start", "load-sessions-brief"),
    ),
    ("load-slow-tail", "load-memory-hoarded", "load-errors-often"),
    ("load-collapses",),
)
"""What can be seen in one run, since none of them hides another. A leak is told best of a service that is warm."""
_SHORT = {"warm_up": "6 s", "duration": {"gate": "14 s"}}
_ONLY = 0.001
_TRIES = 3
CHECKS = frozenset[str]().union(*OWN.values())
"""All checks of the load."""


def _only(visit: str, rate: float, duration: str) -> Mapping[str, Any]:
    """Visits of one kind: the fault is rare, and takes thousands of its requests to tell."""
    visits = {name: 100 if name == visit else _ONLY for name in ("browse", "book", "join", "upload", "pay")}
    return {**_SHORT, "visits_per_second": rate, "visits": visits, "duration": {"gate": duration}}


_TRAFFIC: Mapping[str, Mapping[str, Any]] = {
    "load-stalls": {**_SHORT, "duration": {"gate": "20 s"}},
    "load-errors": _only("browse", 45, "45 s"),
    "load-payments-fail": _only("pay", 12, "240 s"),
}
RED = {Outcome.FAIL, Outcome.WARN}


def under_load(process: ReferenceProcess, faults: Sequence[str]) -> Results:
    """The load's checks, with these faults."""
    process.set_faults(faults)
    traffic = next((_TRAFFIC[fault] for fault in faults if fault in _TRAFFIC), _SHORT if faults else {})
    instance = ReferenceInstance(overlay=process.ready["environment"], faults=faults)
    request = Request(
        environment="reference", project=Path.cwd(), gate="load", overlay={"load": traffic} if traffic else {}
    )
    run = prepare(request, {}, instance=instance)
    return results_of(run)


def red(results: Results) -> frozenset[str]:
    """The checks that said no."""
    return frozenset(check.id for check in results.checks if check.outcome in RED)


def measured(groups: Sequence[Sequence[str]]) -> Iterator[tuple[Sequence[str], Results, float]]:
    """Each group in turn, alone on the machine; again if something kept the machine busy, or if it was not as expected.

    What was wrong the first time is printed: one run of half a minute may fall into somebody else's second.
    """
    with ReferenceProcess() as process:
        for faults in groups:
            started = time.monotonic()
            results = under_load(process, faults)
            for _ in range(_TRIES - 1):
                wrong = too_busy(results) or complaint(faults, red(results))
                if not wrong:
                    break
                print(f"again: {wrong}", flush=True)
                results = under_load(process, faults)
            yield faults, results, time.monotonic() - started


def too_busy(results: Results) -> str:
    """What the generator said of itself, if it was not fit to measure."""
    for check in results.checks:
        for seen in check.observations:
            if check.family == LOAD and "cannot be trusted" in seen.message:
                return seen.message
    return ""


def expected(faults: Sequence[str]) -> frozenset[str]:
    """The checks that these should turn red."""
    return frozenset[str]().union(*(OWN[fault] for fault in faults))


def complaint(faults: Sequence[str], found: frozenset[str]) -> str:
    """What is wrong, if these checks turned red; empty: nothing."""
    wanted = expected(faults)
    tolerated = frozenset[str]().union(*(ALSO.get(fault, frozenset()) for fault in faults))
    if wanted <= found <= wanted | tolerated:
        return ""
    return f"{' + '.join(faults) or 'nothing'} should turn red {_words(wanted)}, and turned red {_words(found)}"


def _words(checks: frozenset[str]) -> str:
    return ", ".join(sorted(checks)) or "nothing"


def main(wanted: Sequence[str]) -> int:
    """Print one line for each, the healthy environment first; 1 if any is wrong."""
    bad = 0
    healthy: Sequence[Sequence[str]] = [] if wanted else [()]
    for faults, results, seconds in measured([*healthy, *([fault] for fault in wanted or OWN)]):
        problem = complaint(faults, red(results))
        if not faults and results.decision.verdict is not Verdict.GO:
            problem = "; ".join(seen.message for check in results.checks for seen in check.observations if seen.message)
        bad += bool(problem)
        print(
            f"{faults[0] if faults else 'none':<26} {results.decision.verdict:<11} {seconds:5.1f} s  {problem or _words(red(results))}",
            flush=True,
        )
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
