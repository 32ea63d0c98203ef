"""The causes that keep the verdict from GO, each once: whatever waits for a cause is folded into it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gonogo.base.wording import counted
from gonogo.record.results import LineResult, Outcome, Results
from gonogo.report.lines import plain_title
from gonogo.report.wording import Problem, beside_causes, causes, open_lines
from gonogo.verdict.causes import stopping
from gonogo.verdict.line_proof import keeps_open
from gonogo.verdict.undone import undone_words

_LOUD = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.WARN)
_NOUNS = {
    Outcome.FAIL: ("failed check",),
    Outcome.ERROR: ("check that could not be asked", "checks that could not be asked"),
    Outcome.BLOCKED: ("blocked check",),
    Outcome.NOT_RUN: ("check that did not run", "checks that did not run"),
    Outcome.WARN: ("warning",),
    Outcome.WAIVED: ("waived check",),
    Outcome.PASS: ("check that passed", "checks that passed"),
}


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
    """Lines that no cause explains, by the heading above them."""
    unexplained: Sequence[LineResult]
    """The same lines in the order of the list."""
    looked_at: Mapping[str, str]
    """By the id of such a line, the check to look at before anybody attests it: a warning, or the cause of a gap."""
    lines_words: str
    """How many of these failed, and how many are open."""
    statements: Sequence[LineResult]
    """What can therefore not be signed yet."""
    warnings: Sequence[Problem]


def blockers(results: Results) -> Blockers:
    """Every check and every line that is not in order appears once, or within what explains it."""
    undone = open_lines(results)
    loud = {check.id for check in results.checks if keeps_open(check)}
    told = [
        Blocker(problem=cause, lines=[line for line in undone if set(cause.reach) & _keeping(line, loud)])
        for cause in causes(results)
    ]
    explained = {line.id for cause in told for line in cause.lines}
    unexplained = [line for line in undone if line.id not in explained]
    unspoken = [line for line in unexplained if not line.supports]
    return Blockers(
        causes=told,
        lines=_by_heading(unspoken),
        unexplained=sorted(unspoken, key=lambda line: line.number),
        looked_at=_looked_at(results, unspoken, told),
        lines_words=undone_words(unspoken),
        statements=[line for line in unexplained if line.supports],
        warnings=beside_causes(results, _LOUD),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Numbers of what keeps the verdict from GO: the same in every format."""

    causes: int
    more_lines: int
    """Demanded lines that are not done, and that no cause explains."""
    failed: int
    """Must-pass checks."""
    unanswered: int
    """Must-pass checks that could not be checked."""
    lines: Sequence[LineResult]
    """Demanded lines that are not done."""

    @property
    def words(self) -> str:
        """``3 things block GO: 1 cause and 2 checklist lines. In all: 7 must-pass checks failed``; or nothing."""
        return ". In all: ".join(filter(None, (self.title, self.details)))

    @property
    def title(self) -> str:
        """How many things somebody has to settle; empty where no cause is known, and the lines say it all."""
        if not self.causes:
            return ""
        causes, things = counted(self.causes, "cause"), self.causes + self.more_lines
        if not self.more_lines:
            return f"{causes} block{'s' if things == 1 else ''} GO"
        return f"{things} things block GO: {causes} and {counted(self.more_lines, 'checklist line')}"

    @property
    def details(self) -> str:
        """``7 must-pass checks failed, 11 not checked, 8 checklist lines not done (5 failed, 3 open)``: all that they stop."""
        checks = [f"{counted(self.failed, 'must-pass check')} failed"] if self.failed else []
        noun = "" if self.failed else f" must-pass check{'' if self.unanswered == 1 else 's'}"
        checks += [f"{self.unanswered}{noun} not checked"] if self.unanswered else []
        parts = [*checks, *([words] if (words := undone_words(self.lines)) else [])]
        return ", ".join(parts)


def stops(results: Results) -> Stops:
    """How much of what keeps the verdict from GO there is."""
    found = blockers(results)
    by_id = {check.id: check for check in results.checks}
    stopped = stopping(results.checks, results.lines)
    failed = sum(by_id[identifier].outcome is Outcome.FAIL for identifier in stopped)
    return Stops(
        causes=len(found.causes),
        more_lines=len(found.unexplained),
        failed=failed,
        unanswered=len(stopped) - failed,
        lines=open_lines(results),
    )


def undone_lines(results: Results) -> Sequence[LineResult]:
    """The demanded lines that are not done: first those that no cause explains, and that no cause's card tells; statements last."""
    found = blockers(results)
    told = {line.id for cause in found.causes for line in cause.lines}
    return sorted(open_lines(results), key=lambda line: (bool(line.supports), line.id in told))


def waiting_for(problem: Problem, found: Blockers) -> Sequence[LineResult]:
    """The lines that are not done because of it; of a check that is no cause, those that look at it."""
    lines = next((cause.lines for cause in found.causes if cause.problem.check.id == problem.check.id), ())
    return lines or [line for line in found.unexplained if found.looked_at.get(line.id) == problem.check.id]


def alike_words(ids: Sequence[str], outcomes: Mapping[str, Outcome]) -> str:
    """``6 failed checks and 4 warnings``: what shows a cause as well, the loudest first."""
    counts = Counter(outcomes.get(identifier, Outcome.NOT_RUN) for identifier in ids)
    told = [counted(counts[outcome], *nouns) for outcome, nouns in _NOUNS.items() if counts[outcome]]
    return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def because_of(results: Results) -> Mapping[str, str]:
    """For each line that a check explains, the first cause, or what to look at, where its reason names another one."""
    found = blockers(results)
    told = {line: [check] for line, check in found.looked_at.items()}
    for cause in found.causes:
        for line in cause.lines:
            told.setdefault(line.id, []).append(cause.problem.check.id)
    return {
        line.id: told[line.id][0]
        for line in open_lines(results)
        if line.id in told and not any(check in line.why for check in told[line.id])
    }


def _keeping(line: LineResult, loud: Collection[str]) -> set[str]:
    """Ids of the checks that may keep the line from being done; of those that only support it, the ones that do."""
    return {*line.checks, *(check for check in line.supporting if check in loud)}


def _looked_at(results: Results, lines: Sequence[LineResult], told: Sequence[Blocker]) -> Mapping[str, str]:
    """By line, the first check that speaks of it and is not in order; in place of what a cause blocks, the cause."""
    leads = {identifier: cause.problem.check.id for cause in told for identifier in cause.problem.reach}
    loud = {check.id for check in results.checks if check.outcome in _LOUD and check.permitted}
    first = {
        line.id: next((check for check in (*line.checks, *line.supporting) if check in loud), "") for line in lines
    }
    return {line: leads.get(check, check) for line, check in first.items() if check}


def _by_heading(lines: Sequence[LineResult]) -> Mapping[str, Sequence[LineResult]]:
    grouped: dict[str, list[LineResult]] = {}
    for line in sorted(lines, key=lambda line: line.number):
        grouped.setdefault(plain_title(line.section[-1]) if line.section else "Without a heading", []).append(line)
    return grouped
