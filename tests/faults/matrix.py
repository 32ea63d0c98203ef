"""``make faults``: every named fault of the reference environment against every check.

A check that no fault turns red is decoration; a fault that turns nothing red is not one. Either fails the build.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gonogo.reference_instance import ReferenceInstance, ReferenceProcess, known_faults
from gonogo.results import Outcome, Results
from gonogo.run import Request, prepare
from gonogo.session import judge

RED = {Outcome.FAIL, Outcome.WARN}
Matrix = Mapping[str, Sequence[str]]
"""The checks that each fault turned red."""


def verify(process: ReferenceProcess, faults: Sequence[str]) -> Results:
    """All checks against the environment as it is now."""
    instance = ReferenceInstance(overlay=process.ready["environment"], faults=faults, attached=True)
    run = prepare(Request(environment="reference", project=Path.cwd()), {}, instance=instance)
    try:
        plugin = judge(run)
        return run.results(plugin.seen, b"", unseen=plugin.unseen_because)
    finally:
        run.close()


def red(results: Results) -> list[str]:
    """The checks that said no, by their own judgement."""
    return [check.id for check in results.checks if check.outcome in RED]


def row(fault: str, results: Results, seconds: float) -> str:
    """One line of the table."""
    errors = [check.id for check in results.checks if check.outcome is Outcome.ERROR]
    blocked = sum(check.outcome is Outcome.BLOCKED for check in results.checks)
    rest = "".join((f" · ERROR {', '.join(errors)}" if errors else "", f" · {blocked} blocked" if blocked else ""))
    killed = ", ".join(red(results)) or "NOTHING"
    return f"{fault:<40} {results.decision.verdict:<11} {seconds:5.1f} s  {killed}{rest}"


def measure(faults: Sequence[str]) -> Iterator[tuple[str, Results]]:
    """Switch the faults on one after another; the healthy environment comes first, as the fault ``none``."""
    with ReferenceProcess() as process:
        for fault in ("none", *faults):
            started = time.monotonic()
            names = [] if fault == "none" else [fault]
            if names:
                process.set_faults(names)
            results = verify(process, names)
            print(row(fault, results, time.monotonic() - started), flush=True)
            yield fault, results


def complaints(matrix: Matrix, checks: Sequence[str], *, complete: bool) -> Iterator[str]:
    """What is wrong with the matrix itself."""
    if matrix.get("none"):
        yield f"the healthy environment turns red: {', '.join(matrix['none'])}"
    for fault, killed in matrix.items():
        if fault != "none" and not killed:
            yield f"fault {fault} turns no check red"
    if complete:
        for check in sorted(set(checks).difference(*matrix.values())):
            yield f"check {check} is turned red by no fault"


def main(wanted: Sequence[str]) -> int:
    """Print the table; 1 if it shows a check or a fault that is worth nothing."""
    faults = [fault["name"] for fault in known_faults() if not wanted or fault["name"] in wanted]
    matrix: dict[str, list[str]] = {}
    checks: list[str] = []
    for fault, results in measure(faults):
        matrix[fault] = red(results)
        checks = [check.id for check in results.checks]
    found = list(complaints(matrix, checks, complete=not wanted))
    for complaint in found:
        print(f"✖ {complaint}")
    killing = sum(bool(killed) for killed in matrix.values())
    print(f"{len(checks)} checks, {len(faults)} faults, {killing} of them turn something red")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
