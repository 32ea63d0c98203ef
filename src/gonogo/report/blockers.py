"""The causes that keep the verdict from GO, each once: whatever waits for a cause is folded into it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gonogo.record.results import LineResult, Outcome, Results
from gonogo.report.lines import plain_title
from gonogo.report.wording import Problem, open_lines, problems, stopping

_CAUSES = (Outcome.FAIL, Outcome.WAIVED, Outcome.ERROR, Outcome.NOT_RUN)
_LOUD = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.WARN)
_ALIKE = {Outcome.ERROR, Outcome.NOT_RUN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One cause, or all checks that have no answer for one and the same reason."""

    problem: Problem
    alike: Sequence[str]
    """Ids of further checks with this outcome, for this reason."""
    lines: Sequence[LineResult]
    """Lines of the checklist that are not done because of it."""

    @property
    def ids(self) -> Sequence[str]:
        """All checks that it speaks of."""
        return [self.problem.check.id, *self.alike]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockers:
    """Everything that somebody must do something about, the worst first."""

    causes: Sequence[Blocker]
    lines: Mapping[str, Sequence[LineResult]]
    """Lines that no check speaks of, by the heading above them."""
    statements: Sequence[LineResult]
    """What can therefore not be signed yet."""
    warnings: Sequence[Problem]

    @property
    def total(self) -> int:
        """How many causes there are: checks, and lines that nothing else explains."""
        return sum(len(cause.ids) for cause in self.causes) + sum(map(len, self.lines.values()))


def blockers(results: Results) -> Blockers:
    """Every check and every line that is not in order appears once, or within what explains it."""
    grouped = list(_grouped(_causes(results)))
    speaking = {identifier for group in grouped for problem in group for identifier in _reach(problem)}
    undone = open_lines(results)
    causes = [_blocker(group, undone) for group in grouped]
    explained = {line.id for cause in causes for line in cause.lines}
    unexplained = [line for line in undone if line.id not in explained]
    return Blockers(
        causes=causes,
        lines=_by_heading([line for line in unexplained if not line.supports]),
        statements=[line for line in unexplained if line.supports],
        warnings=[warning for warning in problems(results, _LOUD) if warning.check.id not in speaking],
    )


def _causes(results: Results) -> Sequence[Problem]:
    """Root causes, then whatever is BLOCKED by something that is not shown."""
    stops = stopping(results)
    roots = [problem for outcome in _CAUSES for problem in problems(results, [outcome]) if _counts(problem, stops)]
    reached = {identifier for problem in roots for identifier in _reach(problem)}
    left = [problem for problem in problems(results, [Outcome.BLOCKED]) if problem.check.id in stops - reached]
    return [*roots, *left]


def _counts(problem: Problem, stops: Collection[str]) -> bool:
    """Whatever keeps others from being judged counts, an accepted failure as well: nobody accepted that."""
    return problem.check.id in stops or bool(problem.consequences)


def _reach(problem: Problem) -> Sequence[str]:
    return [problem.check.id, *problem.consequences]


def _grouped(several: Sequence[Problem]) -> Iterator[Sequence[Problem]]:
    """Forty checks without an answer for one reason are one thing to do."""
    groups: dict[object, list[Problem]] = {}
    for problem in several:
        observation = problem.observation
        alike = problem.check.outcome in _ALIKE and observation.message and not problem.consequences
        groups.setdefault(
            (problem.check.outcome, observation.message, observation.hint) if alike else problem.check.id, []
        ).append(problem)
    yield from groups.values()


def _blocker(group: Sequence[Problem], undone: Sequence[LineResult]) -> Blocker:
    reach = {identifier for problem in group for identifier in _reach(problem)}
    first, *others = group
    return Blocker(
        problem=first,
        alike=[other.check.id for other in others],
        lines=[line for line in undone if reach & set(line.checks)],
    )


def _by_heading(lines: Sequence[LineResult]) -> Mapping[str, Sequence[LineResult]]:
    grouped: dict[str, list[LineResult]] = {}
    for line in sorted(lines, key=lambda line: line.number):
        grouped.setdefault(plain_title(line.section[-1]) if line.section else "Without a heading", []).append(line)
    return grouped
