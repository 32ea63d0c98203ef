"""``make faults``: every named fault of the reference environment against every check.

A check that no fault turns red is decoration; a fault that turns nothing red is not one; and a fault that makes a line of
the checklist untrue (``lies.toml``) must turn a check of that line red. Each of these fails the build.
Some faults are not of the product: they take our sight away, must give ERROR, and must never give FAIL.
"""

import argparse
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gonogo.base.wakefulness import BUSY
from gonogo.planning.plan import LOAD
from gonogo.planning.suite import project_suite
from gonogo.record.results import Outcome, Results
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess, known_faults
from gonogo.runs.session import results_of
from tests.faults import quick, under_load
from tests.faults.batches import HEALTHY, OPERATIONS, SERVICE, batches, own_checks, part_of
from tests.faults.lies import believed

RED = {Outcome.FAIL, Outcome.WARN}
_FURTHER_TRIES = 4
_PATIENCE_SECONDS = 300.0
_QUIET_PERCENT = 20.0
"""Share of the last ten seconds in which some process waited for a processor."""
_SEEN_OVER_TIME = "watch"
"""The area of faults that show in series while somebody watches: ``tests/reference/test_watched.py`` proves them."""
_SHARE_OF_A_RUN = 0.35
"""What a fault takes of a run that tells others as well; one of the service takes a whole one."""
SHARED = "shared by "
"""Before the names of a batch: the checks that several of its faults need."""
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
    "support-mail-put-off",
    "support-token-narrow",
    "oncall-down",
    "oncall-token-narrow",
    "prometheus-down",
    "alertmanager-down",
    "grafana-down",
}
SIMULATED = {"stripe-payout-failed", "stripe-payout-late"}
"""No bank hears of payouts in test mode, in which the reference environment is: a team may have had them fail on purpose."""
HARMLESS = {"webhook-asks-stripe", "webhook-answers-first", *SIMULATED}
"""Other ways to do it right: nothing may be red, and nothing unseen."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one fault did."""

    red: Sequence[str]
    errors: Sequence[str]
    planned: Sequence[str]
    busy: bool = False
    """Whether this machine was too busy to tell some of it, or some of it was not run."""
    untold: Sequence[str] = ()
    """The checks that this machine was too busy to judge."""
    believed: Sequence[str] = ()
    """Lines of the checklist that stand although the fault makes them untrue."""


_NOTHING_WRONG = Measured([], [], [])


def verify(process: ReferenceProcess, faults: Sequence[str], only: Sequence[str] = ()) -> Results:
    """The checks against the environment as it is now: all, unless some are named."""
    instance = ReferenceInstance(overlay=process.ready["environment"], faults=faults)
    run = prepare(Request(environment="reference", project=Path.cwd(), only=only), {}, instance=instance)
    return results_of(run)


def red(results: Results, among: Container[str]) -> list[str]:
    """The checks among these that said no, by their own judgement."""
    return [check.id for check in results.checks if check.outcome in RED and check.id in among]


def unseen(results: Results, among: Container[str]) -> list[str]:
    """The checks among these that could not ask."""
    return [check.id for check in results.checks if check.outcome is Outcome.ERROR and check.id in among]


def measured_of(results: Results, among: Container[str], faults: Sequence[str] = ()) -> Measured:
    """What these checks say in the results, and which lies they believe."""
    checks = [check for check in results.checks if check.id in among]
    untold = [check.id for check in checks if any(BUSY in seen.message for seen in check.observations)]
    # Whoever is blinded says so with an ERROR, for whatever reason; what was not run is known of nobody.
    blinded = bool(faults) and BLINDING.issuperset(faults)
    # Of the checks that several share, those of no fault among them are none of this run.
    unknown = bool(faults) and any(check.outcome is Outcome.NOT_RUN for check in checks)
    return Measured(
        red(results, among),
        unseen(results, among),
        [check.id for check in checks],
        unknown or (not blinded and bool(untold)),
        [] if blinded else untold,
        [line for fault in faults for line in believed(fault, checks)],
    )


def row(fault: str, results: Results, seconds: float, among: Container[str]) -> str:
    """One line of the table."""
    errors = unseen(results, among)
    blocked = sum(check.outcome is Outcome.BLOCKED and check.id in among for check in results.checks)
    unasked = [check for check in results.checks if check.outcome is Outcome.NOT_RUN and check.id in among]
    why = next((seen.message for check in unasked for seen in check.observations if seen.message), "")
    told = {
        f"ERROR {', '.join(errors)}": errors,
        f"{blocked} blocked": blocked,
        f"NOT RUN {', '.join(check.id for check in unasked)} ({why})": unasked,
    }
    rest = "".join(f" · {words}" for words, any_of_it in told.items() if any_of_it)
    killed = ", ".join(red(results, among)) or "NOTHING"
    return f"{fault:<40} {results.decision.verdict:<11} {seconds:5.1f} s  {killed}{rest}"


def measure(together: Sequence[Sequence[str]]) -> Mapping[str, Measured]:
    """Switch each batch on, one after another, in an environment of their own; a row of the table for each fault."""
    measured: dict[str, Measured] = {}
    suite = project_suite(Path.cwd())
    areas = {fault["name"]: fault["area"] for fault in known_faults()}
    with ReferenceProcess() as process:
        for batch in together:
            started = time.monotonic()
            faults = [fault for fault in batch if fault != HEALTHY]
            process.set_faults(faults)
            own = own_checks(suite, batch, areas)
            results = verify(process, faults, sorted(frozenset().union(*own.values())))
            for fault, checks in own.items():
                print(row(fault, results, time.monotonic() - started, checks), flush=True)
                measured[fault] = measured_of(results, checks, [fault])
            shared = {check.id for check in results.checks}.difference(*own.values())
            measured[f"{SHARED}{' + '.join(batch)}"] = measured_of(results, shared)
    return measured


def measure_all(faults: Sequence[str], workers: int) -> Mapping[str, Measured]:
    """The healthy environment first, by itself; then the faults, on several environments side by side.

    What this machine was too busy to tell is measured again, by itself; so is what was not as it should be, a healthy
    environment that was not green among it, since tests beside it may have starved the service: it must be right then.
    """
    measured = dict(measure([[HEALTHY]]))
    together = batches(faults, {fault["name"]: fault["area"] for fault in known_faults()})
    workers = min(workers, len(together))
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(measure, [together[start::workers] for start in range(workers)]):
            measured |= part
    for _ in range(_FURTHER_TRIES):
        again = [
            batch
            for batch in [[HEALTHY], *together]
            if any(measured[name].busy for name in _rows(batch)) or _is_wrong(batch, measured)
        ]
        if not again:
            break
        print(
            "again, by itself, since this machine was too busy to tell, or since it was not as it should be: "
            + " ".join(fault for batch in again for fault in batch)
        )
        _wait_for_quiet()
        measured |= measure(again)
    return measured


def _wait_for_quiet() -> None:
    """Until few processes here wait for a processor (the kernel's own count), or until the patience ends.

    Tests beside it end some day: tries that are used up before are none.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            found = re.search(r"some avg10=([\d.]+)", Path("/proc/pressure/cpu").read_text())
        except OSError:  # a kernel without it
            return
        if found is None or float(found[1]) < _QUIET_PERCENT:
            return
        time.sleep(1.0)


def _rows(batch: Sequence[str]) -> Sequence[str]:
    """What is measured of a batch: each fault, and the checks that several of them need."""
    return [*batch, f"{SHARED}{' + '.join(batch)}"]


def _is_wrong(batch: Sequence[str], measured: Mapping[str, Measured]) -> bool:
    """Whether something of it would fail the build: what it does beside others must be seen of it by itself."""
    return any(complaints({HEALTHY: _NOTHING_WRONG} | {name: measured[name] for name in _rows(batch)}))


def measure_load(matrix: dict[str, Measured], unjudged: set[str]) -> Iterator[str]:
    """The load with its faults, several at a time, the machine to itself; what is wrong with what was red.

    ``unjudged`` takes the checks that could not be seen red, since the machine was too busy: said, and counted as nothing.
    """
    for faults, results, seconds in under_load.measured(under_load.TOGETHER):
        name = " + ".join(faults)
        everything = {check.id for check in results.checks}
        print(row(name, results, seconds, everything), flush=True)
        if busy := under_load.too_busy(results):
            print(f"  not judged, this machine was too busy three times: {busy}")
            unjudged |= under_load.expected(faults)
            continue
        matrix[name] = measured_of(results, everything, faults)
        yield from (f"{line} is ticked under {name}, which makes it untrue" for line in matrix[name].believed)
        if problem := under_load.complaint(faults, frozenset(matrix[name].red)):
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
        if fault.startswith(SHARED):
            if found.red or found.errors:
                yield f"{', '.join((*found.red, *found.errors))}, {fault}: no telling whose it is"
            continue
        for line in found.believed:
            yield f"fault {fault} makes {line} untrue, and no check of it says so"
        if fault in BLINDING and (found.red or not found.errors):
            yield f"fault {fault} should give ERROR, and nothing red: {', '.join(found.red) or 'no ERROR'}"
        if fault in HARMLESS and (found.red or found.errors):
            yield f"fault {fault} is none, and should stay green: {', '.join((*found.red, *found.errors))}"
        if fault not in BLINDING | HARMLESS and not found.red:
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


def other_complaints(told: Sequence[str], workers: int, *, whole: bool) -> Iterator[str]:
    """What is wrong with these faults, none of the load; ``whole``: each check must be red. Prints the sum below the table."""
    measured = measure_all(told, workers)
    yield from complaints(measured)
    if untold := {check for found in measured.values() for check in found.untold}:
        print(f"  not judged where this machine was too busy to the end: {', '.join(sorted(untold))}")
    if whole:
        yield from never_red(set(measured[HEALTHY].planned) - untold, measured)
    effective = sum(bool(measured[fault].red) for fault in told)
    checks, runs = len(measured[HEALTHY].planned), sum(name.startswith(SHARED) for name in measured)
    print(f"{checks} checks, {len(told)} faults in {runs} runs, {effective} of them turn something red")
    if told == list(_known()):
        quick.keep({fault: measured[fault].red for fault in told})


def _known() -> Mapping[str, str]:
    """Every fault that is told here, to its area: but for those of the load, and those that show to who watches."""
    areas = {fault["name"]: fault["area"] for fault in known_faults()}
    return {fault: area for fault, area in areas.items() if area not in {LOAD, _SEEN_OVER_TIME}}


def _quick() -> list[str]:
    """So few that each check is red; says how many are left."""
    known = _known()
    prices = {fault: 1.0 if part_of(fault, known) in {SERVICE, OPERATIONS} else _SHARE_OF_A_RUN for fault in known}
    told = quick.chosen(list(known), prices)
    print(f"{len(known) - len(told)} of {len(known)} faults are left to make faults: others show what they show")
    return told


def main(options: argparse.Namespace) -> int:
    """Print the table; 1 if it shows a check or a fault that is worth nothing."""
    unknown = sorted(set(options.faults).difference(_known()))
    if unknown:
        print(f"no such fault: {', '.join(unknown)}")
        return 2
    found: list[str] = []
    if options.part != "load":
        told = options.faults or (_quick() if options.part == "quick" else list(_known()))
        found += other_complaints(told, options.workers, whole=not options.faults)
    if options.part in {"all", "load"} and not options.faults:
        found += load_complaints()
    for complaint in found:
        print(f"✖ {complaint}")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", help="these alone; all, unless some are named")
    parser.add_argument("--part", choices=["all", "load", "without-load", "quick"], default="all")
    parser.add_argument("--workers", type=int, default=_WORKERS, help="environments side by side")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
