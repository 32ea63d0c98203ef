"""``make faults``: every named fault of the reference environment against every check.

A check that no fault turns red is decoration; a fault that turns nothing red is not one. Either fails the build.
Some faults are not of the product: they take our sight away, must give ERROR, and must never give FAIL.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gonogo.planning.plan import LOAD
from gonogo.planning.suite import Suite, project_suite
from gonogo.record.results import Outcome, Results
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess, known_faults
from gonogo.runs.session import results_of
from tests.faults import under_load

RED = {Outcome.FAIL, Outcome.WARN}
HEALTHY = "none"
_WORKERS = min(3 * (os.cpu_count() or 1), 8)
"""An environment waits for its own deadlines more than half of the time."""
BLINDING = {
    "stripe-down",
    "stripe-key-restricted",
    "sentry-down",
    "sentry-token-narrow",
    "server-down",
    "server-hides",
    "droplet-api-down",
    "droplet-token-narrow",
    "atlas-api-down",
    "atlas-token-narrow",
}
HARMLESS = {"webhook-asks-stripe", "webhook-answers-first"}
"""Other ways to do it right: nothing may be red, and nothing unseen."""
_ALSO_IN: Mapping[str, Sequence[str]] = {
    "dns": ["dns_names", "dns_caa", "dns_mail", "records"],
    "http": ["tls", "health", "metrics", "openapi", "requests"],
    "tls": ["certificates"],
    "mongodb": ["health"],
    "redis": ["health"],
    "cleanup": ["booking"],
    "stripe": ["payment"],
    "sentry": ["errors"],
    "mail": ["client", "booking"],
    "booking-broken": ["privacy", "webhook"],
    "token-refused": ["security"],
}
"""Families of checks, beside that of a fault's own area, that the faults of an area, or one fault, show in."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one fault did."""

    red: Sequence[str]
    errors: Sequence[str]
    planned: Sequence[str]


def verify(process: ReferenceProcess, faults: Sequence[str], only: Sequence[str] = ()) -> Results:
    """The checks against the environment as it is now: all, unless some are named."""
    instance = ReferenceInstance(overlay=process.ready["environment"], faults=faults)
    run = prepare(Request(environment="reference", project=Path.cwd(), only=only), {}, instance=instance)
    return results_of(run)


def confronted(suite: Suite, fault: str, area: str) -> list[str]:
    """The checks that a fault is held against: walking everything for each would take half an hour."""
    families = {area, *_ALSO_IN.get(area, ()), *_ALSO_IN.get(fault, ())}
    return [found.id for found in suite.declarations.values() if found.family in families]


def red(results: Results) -> list[str]:
    """The checks that said no, by their own judgement."""
    return [check.id for check in results.checks if check.outcome in RED]


def unseen(results: Results) -> list[str]:
    """The checks that could not ask."""
    return [check.id for check in results.checks if check.outcome is Outcome.ERROR]


def row(fault: str, results: Results, seconds: float) -> str:
    """One line of the table."""
    errors = unseen(results)
    blocked = sum(check.outcome is Outcome.BLOCKED for check in results.checks)
    rest = "".join((f" · ERROR {', '.join(errors)}" if errors else "", f" · {blocked} blocked" if blocked else ""))
    killed = ", ".join(red(results)) or "NOTHING"
    return f"{fault:<40} {results.decision.verdict:<11} {seconds:5.1f} s  {killed}{rest}"


def measure(faults: Sequence[str]) -> Mapping[str, Measured]:
    """Switch these on, one after another, in an environment of their own; a row of the table for each."""
    measured: dict[str, Measured] = {}
    suite = project_suite(Path.cwd())
    areas = {fault["name"]: fault["area"] for fault in known_faults()}
    with ReferenceProcess() as process:
        for fault in faults:
            started = time.monotonic()
            if fault == HEALTHY:
                looking = [found.id for found in suite.declarations.values() if LOAD not in found.arguments]
                results = verify(process, [], looking)
            else:
                process.set_faults([fault])
                results = verify(process, [fault], confronted(suite, fault, areas[fault]))
            print(row(fault, results, time.monotonic() - started), flush=True)
            measured[fault] = Measured(red(results), unseen(results), [check.id for check in results.checks])
    return measured


def measure_all(faults: Sequence[str], workers: int) -> Mapping[str, Measured]:
    """The healthy environment first, by itself; then the faults, on several environments side by side."""
    measured = dict(measure([HEALTHY]))
    workers = min(workers, len(faults))
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(measure, [faults[start::workers] for start in range(workers)]):
            measured |= part
    return measured


def measure_load(matrix: dict[str, Measured], unjudged: set[str]) -> Iterator[str]:
    """The load with its faults, several at a time, the machine to itself; what is wrong with what was red.

    ``unjudged`` takes the checks that could not be seen red, since the machine was too busy: said, and counted as nothing.
    """
    for faults, results, seconds in under_load.measured(under_load.TOGETHER):
        name = " + ".join(faults)
        print(row(name, results, seconds), flush=True)
        if busy := under_load.too_busy(results):
            print(f"  not judged, this machine was too busy three times: {busy}")
            unjudged |= under_load.expected(faults)
            continue
        matrix[name] = Measured(red(results), unseen(results), [check.id for check in results.checks])
        if problem := under_load.complaint(faults, frozenset(red(results))):
            yield problem
    left = under_load.OWN.keys() - {fault for faults in under_load.TOGETHER for fault in faults}
    print(f"left to make load-faults, since a small difference takes minutes to prove: {', '.join(sorted(left))}")


def complaints(matrix: Mapping[str, Measured]) -> Iterator[str]:
    """What is wrong with the rows of the matrix."""
    healthy = matrix[HEALTHY]
    if healthy.red or healthy.errors:
        yield f"the healthy environment is not green: {', '.join((*healthy.red, *healthy.errors))}"
    for fault in sorted(matrix.keys() - {HEALTHY}):
        found = matrix[fault]
        if fault in BLINDING and (found.red or not found.errors):
            yield f"fault {fault} should give ERROR, and nothing red: {', '.join(found.red) or 'no ERROR'}"
        if fault in HARMLESS and (found.red or found.errors):
            yield f"fault {fault} is none, and should stay green: {', '.join((*found.red, *found.errors))}"
        if fault not in BLINDING | HARMLESS and not found.red and not fault.startswith(HEALTHY):
            yield f"fault {fault} turns no check red"


def never_red(planned: Iterable[str], matrix: Mapping[str, Measured]) -> Iterator[str]:
    """The columns of the matrix without anything red in them."""
    for check in sorted(set(planned).difference(*(found.red for found in matrix.values()))):
        yield f"check {check} is turned red by no fault"


def load_complaints() -> Iterator[str]:
    """What is wrong with the faults of the load, and with the checks that only they turn red."""
    measured: dict[str, Measured] = {}
    unjudged = set[str]()
    yield from measure_load(measured, unjudged)
    yield from never_red(under_load.CHECKS - unjudged, measured)


def other_complaints(wanted: Sequence[str], known: Sequence[str], workers: int) -> Iterator[str]:
    """What is wrong with all other faults, or with those that are wanted; prints the sum below the table."""
    measured = measure_all(wanted or known, workers)
    yield from complaints(measured)
    if not wanted:
        declarations = project_suite(Path.cwd()).declarations
        looking = [check for check in measured[HEALTHY].planned if LOAD not in declarations[check].arguments]
        yield from never_red(looking, measured)
    effective = sum(bool(result.red) for result in measured.values())
    checks = len(measured[HEALTHY].planned)
    print(f"{checks} checks, {len(measured) - 1} rows, {effective} of them turn something red")


def main(options: argparse.Namespace) -> int:
    """Print the table; 1 if it shows a check or a fault that is worth nothing."""
    known = [fault["name"] for fault in known_faults() if fault["area"] != LOAD]
    unknown = sorted(set(options.faults).difference(known))
    if unknown:
        print(f"no such fault: {', '.join(unknown)}")
        return 2
    found: list[str] = []
    if options.part != "load":
        found += other_complaints(options.faults, known, options.workers)
    if options.part != "without-load" and not options.faults:
        found += load_complaints()
    for complaint in found:
        print(f"✖ {complaint}")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", help="these alone; all, unless some are named")
    parser.add_argument("--part", choices=["all", "load", "without-load"], default="all")
    parser.add_argument("--workers", type=int, default=_WORKERS, help="environments side by side")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
