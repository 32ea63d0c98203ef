"""A wrong GO costs a launch, a wrong NO-GO our users' trust: the rules, as a table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gonogo.environment.types import Effect
from gonogo.policy.severity import Severity
from gonogo.record.results import WORST_FIRST, Cause, CheckResult, Observation, Outcome, Verdict, sum_line
from gonogo.verdict.decision import count, decide, is_same_answer

P, W, F, E, B, N = (
    Outcome.PASS,
    Outcome.WARN,
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.BLOCKED,
    Outcome.NOT_RUN,
)


def checks(blockers: Sequence[Outcome], warnings: Sequence[Outcome] = ()) -> list[CheckResult]:
    """Checks with these outcomes."""
    severities = [Severity.BLOCKER] * len(blockers) + [Severity.WARNING] * len(warnings)
    return [
        CheckResult(
            id=f"c-{number}",
            title="T",
            family="f",
            severity=severity,
            effect=Effect.READ,
            proves=(),
            needs=(),
            outcome=outcome,
            why="w",
            fix="f",
            observations=[Observation(scope=("h",), outcome=outcome)],
        )
        for number, (severity, outcome) in enumerate(zip(severities, (*blockers, *warnings), strict=True))
    ]


@pytest.mark.parametrize(
    ("blockers", "warnings", "verdict", "counted"),
    [
        ([P], [], Verdict.GO, 0),
        ([P, P], [P, W], Verdict.GO, 0),
        ([P], [E, B, N], Verdict.GO, 0),
        ([F], [], Verdict.NO_GO, 1),
        ([P, F, E, B, N], [], Verdict.NO_GO, 1),
        ([F, F], [W], Verdict.NO_GO, 2),
        ([P, E], [], Verdict.INCOMPLETE, 1),
        ([P, B], [], Verdict.INCOMPLETE, 1),
        ([P, N], [], Verdict.INCOMPLETE, 1),
        ([N, N, N], [], Verdict.INCOMPLETE, 3),
        ([], [], Verdict.INCOMPLETE, 0),
        ([], [P, P], Verdict.INCOMPLETE, 0),
    ],
)
def test_verdict(blockers: list[Outcome], warnings: list[Outcome], verdict: Verdict, counted: int) -> None:
    """A failure outranks a gap, a gap outranks everything else, and nothing at all is not GO."""
    decision = decide(checks(blockers, warnings))
    assert (decision.verdict, decision.blockers) == (verdict, counted)
    assert decision.reason


def test_the_first_is_what_keeps_the_most_from_being_judged() -> None:
    """Seven symptoms of a dead database would be read before the database."""
    results = checks([F, F, B, B])
    cause = Cause(check="c-1", scope=("h",))
    blocked = [replace(check, observations=[replace(check.observations[0], cause=cause)]) for check in results[2:]]
    decision = decide([*results[:2], *blocked])
    assert decision.reason.startswith("2 must-pass checks failed; start with c-1:")
    assert decide(results[:2]).reason.startswith("2 must-pass checks failed; start with c-0:")


@pytest.mark.parametrize(
    ("changes", "same"),
    [({}, True), ({"reason": "1 blocker failed"}, True), ({"verdict": Verdict.GO}, False), ({"blockers": 0}, False)],
)
def test_other_words_are_the_same_answer(changes: dict[str, Any], same: bool) -> None:  # noqa: FBT001 - a table
    """Every run of last week would be refused after an update that words a reason otherwise; another verdict always is."""
    decided = decide(checks([F]))
    assert is_same_answer(replace(decided, **changes), decided) is same


def test_sum_accounts_for_every_check() -> None:
    """The line at the end is how a signer sees that nothing was lost."""
    counts = count(checks([P, P, F, E], [W, B, N]))
    assert counts["planned"] == sum(counts[outcome] for outcome in Outcome) == 7
    assert sum_line(counts) == "7 = 2 pass + 1 warn + 1 fail + 1 could not check + 1 blocked + 1 not run"


def test_every_outcome_has_its_place() -> None:
    """An outcome that is missing from the order would crash the run that meets it."""
    assert set(WORST_FIRST) == set(Outcome)
