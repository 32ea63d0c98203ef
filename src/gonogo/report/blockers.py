"""What keeps the verdict from GO, each cause once: what it kept from being judged is folded into it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gonogo.policy.catalogue import Severity
from gonogo.record.results import CheckResult, LineResult, Outcome, Results
from gonogo.report.lines import plain_title
from gonogo.report.wording import Problem, open_lines, problems

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
    """Of the checklist, that are not done because of it."""

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
        return sum(len(one.ids) for one in self.causes) + sum(map(len, self.lines.values()))


def blockers(results: Results) -> Blockers:
    """Every check and every line that is not in order appears once, or within what explains it."""
    grouped = list(_grouped(_causes(results)))
    speaking = {identifier for group in grouped for one in group for identifier in _reach(one)}
    undone = open_lines(results)
    causes = [_blocker(group, undone) for group in grouped]
    explained = {line.id for cause in causes for line in cause.lines}
    rest = [line for line in undone if line.id not in explained]
    return Blockers(
        causes=causes,
        lines=_by_heading([line for line in rest if not line.supports]),
        statements=[line for line in rest if line.supports],
        warnings=[found for found in problems(results, _LOUD) if found.check.id not in speaking],
    )


def _causes(results: Results) -> Sequence[Problem]:
    """Root causes, then whatever is BLOCKED by something that is not shown."""
    found = [one for outcome in _CAUSES for one in problems(results, [outcome]) if _counts(one)]
    known = {identifier for one in found for identifier in _reach(one)}
    left = [one for one in problems(results, [Outcome.BLOCKED]) if one.check.id not in known and _blocks(one.check)]
    return [*found, *left]


def _counts(found: Problem) -> bool:
    """An accepted failure counts where it keeps others from being judged: nobody accepted that."""
    if found.check.outcome is Outcome.WAIVED:
        return bool(found.consequences)
    return _blocks(found.check) or bool(found.consequences)


def _blocks(check: CheckResult) -> bool:
    return check.severity is Severity.BLOCKER


def _reach(found: Problem) -> Sequence[str]:
    return [found.check.id, *found.consequences]


def _grouped(found: Sequence[Problem]) -> Iterator[Sequence[Problem]]:
    """Forty checks without an answer for one reason are one thing to do."""
    groups: dict[object, list[Problem]] = {}
    for one in found:
        seen = one.observation
        alike = one.check.outcome in _ALIKE and seen.message and not one.consequences
        groups.setdefault((one.check.outcome, seen.message, seen.hint) if alike else one.check.id, []).append(one)
    yield from groups.values()


def _blocker(group: Sequence[Problem], undone: Sequence[LineResult]) -> Blocker:
    reach = {identifier for one in group for identifier in _reach(one)}
    first, *others = group
    return Blocker(
        problem=first,
        alike=[one.check.id for one in others],
        lines=[line for line in undone if reach & set(line.checks)],
    )


def _by_heading(lines: Sequence[LineResult]) -> Mapping[str, Sequence[LineResult]]:
    grouped: dict[str, list[LineResult]] = {}
    for line in sorted(lines, key=lambda line: line.number):
        grouped.setdefault(plain_title(line.section[-1]) if line.section else "Without a heading", []).append(line)
    return grouped
