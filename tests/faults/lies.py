"""``make lies``: what is untrue of a line of the checklist, told to the reference environment; the line must not be ticked.

``lies.toml`` says which faults make which lines untrue. ``make faults`` tells each of them alone; here a dozen are told at
once, in sets that are drawn with a seed, and the lines are read from whole runs: what another lie hides must not be ticked
either. What only somebody who watches can see is told while somebody does, all that go together in one watch.
"""

import argparse
import random
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gonogo.planning.plan import LOAD
from gonogo.planning.suite import project_suite
from gonogo.record.results import DONE, CheckResult, LineResult, Outcome, Results
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess, known_faults
from gonogo.runs.session import results_of
from gonogo.verdict.line_proof import judge_line
from reference.faults import faulty
from tests.faults import watched

_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
LIES: Mapping[str, Sequence[str]] = _TABLES["at-once"] | _TABLES["alone"]
"""Leaf of the checklist to the faults with each of which it is untrue."""
_AT_ONCE: Mapping[str, Sequence[str]] = _TABLES["at-once"]
"""Those of them that nobody's word may tick, whatever else is untrue."""
OVER_TIME: Mapping[str, Sequence[str]] = _TABLES["over-time"]
"""The same for what only somebody who watches can see."""
_TRUE_AGAIN = {"mongo-app-read-only": "mongo-no-auth"}
"""Lie to the one beside which its line is true again: where nobody needs to log in, everybody may write."""


def lines_of(fault: str, table: Mapping[str, Sequence[str]] = LIES) -> Iterator[str]:
    """The lines that it is a lie about."""
    return (line for line, lies in table.items() if fault in lies)


def believed(fault: str, checks: Sequence[CheckResult], table: Mapping[str, Sequence[str]] = LIES) -> list[str]:
    """The lines that stand while this lie about them is told, by these checks alone."""
    return [line for line in lines_of(fault, table) if _stands(line, checks)]


def _stands(line: str, checks: Sequence[CheckResult]) -> bool:
    """Whether none of these checks says anything against the line: a proof that was not asked says nothing."""
    proving = [check for check in checks if line in check.proves]
    supporting = [check for check in checks if line in check.supports]
    proof = judge_line(proving, supporting, {})
    return proof.status in DONE or all(check.outcome is Outcome.PASS for check in (*proving, *supporting))


def drawn(dice: random.Random, lies: Sequence[str], size: int) -> list[str]:
    """As many lies, each of which is told: one whose change another takes back is none."""
    told: list[str] = []
    for lie in dice.sample(lies, len(lies)):
        candidate = [*told, lie]
        if all(_is_told(other, candidate) for other in candidate):
            told = candidate
        if len(told) == size:
            break
    return told


def _is_told(lie: str, together: Sequence[str]) -> bool:
    if _TRUE_AGAIN.get(lie) in together:
        return False
    return faulty(together) != faulty([other for other in together if other != lie])


def _run(process: ReferenceProcess, faults: Sequence[str], checks: Sequence[str]) -> Results:
    process.set_faults(faults)
    instance = ReferenceInstance(overlay=process.ready["environment"], faults=faults)
    run = prepare(Request(environment="reference", project=Path.cwd(), only=checks), {}, instance=instance)
    return results_of(run)


def _by_id(results: Results) -> Mapping[str, LineResult]:
    return {line.id: line for line in results.lines}


def unshown(healthy: Results, lies: Sequence[str]) -> Iterator[str]:
    """Lines that are not ticked although nothing is untrue: what lies do to them would show nothing."""
    lines = _by_id(healthy)
    for line in dict.fromkeys(line for lie in lies for line in lines_of(lie, _AT_ONCE)):
        if lines[line].status not in DONE:
            yield f"{line} is not ticked where all is well: {lines[line].why}"


def ticked(results: Results, told: Sequence[str]) -> Iterator[str]:
    """Lines that are ticked although a lie about them was told."""
    lines = _by_id(results)
    for lie in told:
        for line in lines_of(lie, _AT_ONCE):
            if lines[line].status in DONE:
                yield f"{line} is {lines[line].status} while {lie} is told: {lines[line].why}"


def _watched(told: Sequence[str]) -> Sequence[CheckResult]:
    """In an environment of its own: whom the last one refused, or kept from starting, is no part of this one."""
    with ReferenceProcess() as process:
        return watched.watched(process, told)


def over_time(dice: random.Random) -> Iterator[str]:
    """What is wrong with what a watch says: of nothing untrue, of each group, and of a part of the greatest one by chance."""
    lies = sorted({lie for several in OVER_TIME.values() for lie in several})
    together = watched.groups(lies)
    greatest = max(together, key=len)
    yield from watched.unticked(_watched([]))
    for told in (*together, dice.sample(greatest, len(greatest) // 2)):
        checks = _watched(told)
        lines = sorted({line for lie in told for line in lines_of(lie, OVER_TIME)})
        print(f"  watched, {len(lines)} lines untrue: {', '.join(told)}", flush=True)
        for lie in told:
            yield from (f"{line} stands while a watch is told {lie}" for line in believed(lie, checks, OVER_TIME))


def main(options: argparse.Namespace) -> int:
    """Print each set and what was ticked in it; 1 if anything was."""
    areas = {fault["name"]: fault["area"] for fault in known_faults()}
    lies = sorted({lie for several in _AT_ONCE.values() for lie in several if areas[lie] != LOAD})
    suite = project_suite(Path.cwd())
    checks = sorted(found.id for found in suite.declarations.values() if LOAD not in found.arguments)
    dice = random.Random(options.seed)  # noqa: S311 - it draws sets for a test
    complaints: list[str] = []
    with ReferenceProcess() as process:
        sets = 0 if options.watched else options.sets
        complaints += unshown(_run(process, [], checks), lies) if sets else ()
        for number in range(sets):
            told = drawn(dice, lies, options.size)
            results = _run(process, told, checks)
            wrong = list(ticked(results, told))
            if results.decision.verdict.opens:
                wrong.append(f"the verdict is {results.decision.verdict}")
            lines = len({line for lie in told for line in lines_of(lie, _AT_ONCE)})
            print(f"{number + 1:>3}  {results.decision.verdict}, {lines} lines untrue: {', '.join(told)}", flush=True)
            complaints += [f"set {number + 1} of seed {options.seed}: {problem}" for problem in wrong]
    complaints += over_time(dice)
    for complaint in complaints:
        print(f"✖ {complaint}")
    print(
        f"{len(lies)} lies about {len(_AT_ONCE)} lines; {sets} sets of {options.size}, and {len(OVER_TIME)} that are watched; seed {options.seed}"
    )
    return 1 if complaints else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watched", action="store_true", help="the part that is watched, and nothing else")
    parser.add_argument("--sets", type=int, default=12, help="how many sets are told, one after another")
    parser.add_argument("--size", type=int, default=12, help="lies in each")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the sets")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
