"""Every check notes what it compares: no limit is compared with a bare operator, and no threshold is left out."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gonogo.base.comparing import Compared
from gonogo.policy.catalogue import read_catalogue
from gonogo.record.archive import read_results
from gonogo.record.results import CheckResult, Outcome

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "checks", ROOT / "smoke", *sorted(ROOT.glob("packages/*/src/*/checks")))
NUMBERS = {"at_most", "at_least", "below", "above", "not_over", "too_slow", "slower_than"}
COMPARING = NUMBERS | {"equal", "one_of", "nothing", "so", "there", "shown", "decided"}
ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
BARE: Mapping[str, str] = {}
"""Checks that compare a number with a bare operator, and why."""
ELSEWHERE = {
    "dns-dnssec": "gonogo.families.dns.signing compares what is left of the signatures' life",
}
"""Checks whose threshold is handed to a family, which compares it."""
WITHOUT_NUMBER = {
    "stripe-requirements": "nothing becomes due at the reference: there is no notice to count",
    "sentry-key-limit": "the reference's key has no limit",
}
"""Checks with a threshold that at a healthy reference have nothing to hold against it; they say so in words."""
JUDGED = {Outcome.PASS, Outcome.FAIL, Outcome.WARN}
SAMPLE = ROOT / "reports" / "sample" / "results.json"


def functions() -> Iterator[tuple[str, ast.FunctionDef, Mapping[str, ast.FunctionDef], Path]]:
    """Every check by its id, with the functions of its module."""
    for path in (path for folder in FOLDERS for path in sorted(folder.glob("*.py"))):
        defined = {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        for node in defined.values():
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.check":
                    yield ast.literal_eval(decorator.args[0]), node, defined, path


def reached(node: ast.FunctionDef, defined: Mapping[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The function, and all of its module that it comes to by name."""
    found, waiting = {node.name: node}, [node]
    while waiting:
        for name in {each.id for each in ast.walk(waiting.pop()) if isinstance(each, ast.Name)} & defined.keys():
            if name not in found:
                found[name] = defined[name]
                waiting.append(defined[name])
    return list(found.values())


def called(nodes: Sequence[ast.AST]) -> set[str]:
    """The last word of everything that is called."""
    calls = [each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {ast.unparse(call.func).rpartition(".")[2] for call in calls}


CHECKS = {identifier: (node, defined, path) for identifier, node, defined, path in functions()}


@pytest.mark.parametrize("identifier", list(CHECKS))
def test_no_limit_is_compared_with_a_bare_operator(identifier: str) -> None:
    """What an operator compares is judged and not shown; at_most, below, at_least and above do both."""
    node, defined, path = CHECKS[identifier]
    bare = [
        f"{path.name}:{compare.lineno}: {ast.unparse(asserted.test)}"
        for function in reached(node, defined)
        for asserted in ast.walk(function)
        if isinstance(asserted, ast.Assert)
        for compare in ast.walk(asserted.test)
        if isinstance(compare, ast.Compare) and isinstance(compare.ops[0], ORDERED)
        if not inside_comparing(compare, asserted.test)
    ]
    assert not bare or identifier in BARE, f"{bare}: use gonogo.base.comparing"


def inside_comparing(compare: ast.Compare, test: ast.expr) -> bool:
    """Whether it is an argument of a comparison that notes: of two lengths, say, in words."""
    calls = (call for call in ast.walk(test) if isinstance(call, ast.Call))
    return any(ast.unparse(call.func) in COMPARING and compare in list(ast.walk(call)) for call in calls)


@pytest.mark.parametrize("identifier", list(CHECKS))
def test_no_comparison_is_asserted_the_other_way_round(identifier: str) -> None:
    """`assert not at_most(…)` would be noted as met where it fails; too_slow alone says what is wrong."""
    node, defined, path = CHECKS[identifier]
    turned = [
        f"{path.name}:{asserted.lineno}"
        for function in reached(node, defined)
        for asserted in ast.walk(function)
        if isinstance(asserted, ast.Assert)
        for negated in ast.walk(asserted.test)
        if isinstance(negated, ast.UnaryOp)
        and isinstance(negated.op, ast.Not)
        and isinstance(negated.operand, ast.Call)
        if ast.unparse(negated.operand.func) in COMPARING - {"too_slow"}
    ]
    assert not turned


@pytest.mark.parametrize("identifier", list(CHECKS))
def test_every_assertion_notes_what_it_compares(identifier: str) -> None:
    """A bare assertion fails with its message alone: nobody sees what was wanted, nor by how much it was missed."""
    node, defined, path = CHECKS[identifier]
    assert not [
        f"{path.name}:{asserted.lineno}: {ast.unparse(asserted.test)}"
        for function in reached(node, defined)
        for asserted in ast.walk(function)
        if isinstance(asserted, ast.Assert) and not called([asserted.test]) & COMPARING
    ]


def thresholds() -> Iterator[str]:
    """Ids of all checks whose line in a catalogue sets one."""
    for folder in FOLDERS:
        yield from (name for name, line in read_catalogue(folder / "catalogue.toml").items() if line.policy.root)


@pytest.mark.parametrize("identifier", list(thresholds()))
def test_threshold_of_the_catalogue_is_compared_with_a_number(identifier: str) -> None:
    """A threshold that no noted comparison uses would be missing on the page."""
    node, defined, _ = CHECKS[identifier]
    assert called(reached(node, defined)) & NUMBERS or identifier in ELSEWHERE


def test_recorded_checks_show_what_they_were_judged_by() -> None:
    """Passed or failed: observed and wanted, and for a threshold a number with its margin."""
    asked = [check for check in read_results(SAMPLE).checks if check.outcome in JUDGED]
    if not any(observation.measured for check in asked for observation in check.observations):
        pytest.skip("the sample is of a gonogo that did not note it yet: make sample")
    assert not [check.id for check in asked if not values(check)]
    numbers = {check.id: any(compared.margin is not None for compared in values(check)) for check in asked}
    assert not [
        check.id for check in asked if check.thresholds and not numbers[check.id] and check.id not in WITHOUT_NUMBER
    ]
    assert not [name for name in WITHOUT_NUMBER if numbers.get(name)], "these have a number now: take them out"


def test_recorded_outcomes_agree_with_what_was_compared() -> None:
    """What passed has met all that it was compared with."""
    passed = [
        observation
        for check in read_results(SAMPLE).checks
        for observation in check.observations
        if observation.outcome is Outcome.PASS
    ]
    assert passed
    assert not [compared.what for observation in passed for compared in observation.measured if not compared.met]


def values(check: CheckResult) -> list[Compared]:
    """Everything that it was judged by, at all of its targets."""
    return [compared for observation in check.observations for compared in observation.measured]
