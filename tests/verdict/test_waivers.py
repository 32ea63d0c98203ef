"""What a waiver excepts, and nothing beside it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gonogo.planning.declarations import Declaration
from gonogo.planning.plan import Plan, PlannedCheck
from gonogo.policy.catalogue import CheckPolicy
from gonogo.policy.severity import Severity
from gonogo.record.results import Observation, Outcome
from gonogo.verdict.decision import conclude

P, W, F, E, B, N, X = (
    Outcome.PASS,
    Outcome.WARN,
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.BLOCKED,
    Outcome.NOT_RUN,
    Outcome.WAIVED,
)


def concluded(observed: Sequence[Outcome], excepted: set[Outcome]) -> Outcome:
    """What becomes of a check with these observations, one per host."""
    declared = Declaration(
        id="tls-a",
        family="tls",
        function="test_a",
        path=Path("test_a.py"),
        arguments=("tls",),
        why="w",
        fix="f",
        line=1,
    )
    scopes = [(f"host-{number}",) for number in range(len(observed))]
    policy = CheckPolicy(title="T", severity=Severity.BLOCKER)
    plan = Plan(checks={"tls-a": PlannedCheck(declaration=declared, policy=policy, subject="tls", scopes=scopes)})
    seen = {"tls-a": [Observation(scope=scope, outcome=one) for scope, one in zip(scopes, observed, strict=True)]}
    (result,) = conclude(plan, seen, unseen="", waived={"tls-a": excepted})
    return result.outcome


@pytest.mark.parametrize(
    ("observed", "excepted", "outcome"),
    [
        ([F], {F}, X),
        ([P, F], {F}, X),
        ([P], {F}, P),
        ([E], {F}, E),
        ([F, E], {F}, E),
        ([F, E], {F, E}, X),
        ([F, E], {E}, F),
        ([B], {F, E, W}, B),
        ([N], {F, E, W}, N),
        ([F, B], {F}, B),
        ([W], {F}, W),
        ([W], {W}, X),
        ([F], set(), F),
    ],
)
def test_only_what_is_excepted(observed: list[Outcome], excepted: set[Outcome], outcome: Outcome) -> None:
    """An accepted failure at one host hides no silence at another; what nobody asked is never accepted."""
    assert concluded(observed, excepted) is outcome
