"""What outcomes and verdicts are called, and the shapes that stand beside the words: never colour alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gonogo.results import CheckResult, Observation, Outcome, Results, Verdict

SHAPES = {
    Outcome.PASS: "✔",
    Outcome.WARN: "▲",
    Outcome.FAIL: "✖",
    Outcome.ERROR: "?",
    Outcome.BLOCKED: "⊘",
    Outcome.NOT_RUN: "○",
    Outcome.WAIVED: "◇",
}
VERDICT_SHAPES = {
    Verdict.GO: "✔",
    Verdict.GO_WITH_EXCEPTIONS: "✔",
    Verdict.NO_GO: "✖",
    Verdict.INCOMPLETE: "◌",
}
QUIET = {Outcome.PASS, Outcome.WARN, Outcome.WAIVED}
"""Outcomes that are written small: the loud ones keep the verdict from GO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to do something about: a check, what it said where most depends on it, and what it kept from being judged."""

    check: CheckResult
    observation: Observation
    elsewhere: int
    """How many more targets it said the like of."""
    consequences: Sequence[str]


def word(outcome: Outcome) -> str:
    """``pass`` and ``warn``, but ``FAIL``, ``ERROR``, ``BLOCKED`` and ``NOT RUN``."""
    return outcome.value if outcome in QUIET else outcome.value.upper()


def families(results: Results) -> dict[str, list[CheckResult]]:
    """The checks by family, both in the order of the plan."""
    grouped: dict[str, list[CheckResult]] = {}
    for check in results.checks:
        grouped.setdefault(check.family, []).append(check)
    return grouped


def problems(results: Results, outcomes: Iterable[Outcome]) -> list[Problem]:
    """The checks with one of these outcomes; those with the most consequences first."""
    wanted = set(outcomes)
    found = [_problem(check, results) for check in results.checks if check.outcome in wanted]
    return sorted(found, key=lambda problem: -len(problem.consequences))


def command(results: Results, check_id: str) -> str:
    """What reproduces one check."""
    return f"gonogo run --env {results.run.environment} --only {check_id}"


def _problem(check: CheckResult, results: Results) -> Problem:
    alike = [seen for seen in check.observations if seen.outcome is check.outcome]
    causes = [cause for cause in results.causes if cause.check == check.id]
    by_scope = {seen.scope: seen for seen in alike}
    # Causes come with the most consequences first: what is said is what keeps the most from being judged.
    said = next((by_scope[cause.scope] for cause in causes if cause.scope in by_scope), alike[0])
    consequences = dict.fromkeys(consequence for cause in causes for consequence in cause.consequences)
    return Problem(check=check, observation=said, elsewhere=len(alike) - 1, consequences=list(consequences))
