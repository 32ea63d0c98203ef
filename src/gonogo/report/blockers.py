"""The causes that keep the verdict from GO, each once: whatever waits for a cause is folded into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gonogo.record.results import LineResult, Outcome, Results
from gonogo.report.lines import plain_title
from gonogo.report.wording import Problem, beside_causes, causes, open_lines

_LOUD = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.WARN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One cause, with what it keeps from being done."""

    problem: Problem
    lines: Sequence[LineResult]
    """Lines of the checklist that are not done because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockers:
    """Everything that somebody must do something about, the worst first."""

    causes: Sequence[Blocker]
    lines: Mapping[str, Sequence[LineResult]]
    """Lines that no check speaks of, by the heading above them."""
    statements: Sequence[LineResult]
    """What can therefore not be signed yet."""
    warnings: Sequence[Problem]


def blockers(results: Results) -> Blockers:
    """Every check and every line that is not in order appears once, or within what explains it."""
    undone = open_lines(results)
    told = [
        Blocker(problem=cause, lines=[line for line in undone if set(cause.reach) & set(line.checks)])
        for cause in causes(results)
    ]
    explained = {line.id for cause in told for line in cause.lines}
    unexplained = [line for line in undone if line.id not in explained]
    return Blockers(
        causes=told,
        lines=_by_heading([line for line in unexplained if not line.supports]),
        statements=[line for line in unexplained if line.supports],
        warnings=beside_causes(results, _LOUD),
    )


def _by_heading(lines: Sequence[LineResult]) -> Mapping[str, Sequence[LineResult]]:
    grouped: dict[str, list[LineResult]] = {}
    for line in sorted(lines, key=lambda line: line.number):
        grouped.setdefault(plain_title(line.section[-1]) if line.section else "Without a heading", []).append(line)
    return grouped
