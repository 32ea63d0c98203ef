"""What a cause means, in one sentence for readers who know the checklist and not the service: every format has the same.

It is made of the catalogue's titles and reasons and of the team's own lines, and of nothing else. A title states a fact
that ought to be true: beside "is not true" many of them would be a double negation.
"""

from gonogo.record.results import CheckResult, LineResult, LineStatus, Outcome, Results
from gonogo.report.blockers import Blocker, blockers
from gonogo.verdict.causes import is_step

_LONGEST = 120
"""Letters of a title, and of a line."""
_ENDED = {
    Outcome.FAIL: "Requirement not met",
    Outcome.WAIVED: "Waived",
    Outcome.NOT_RUN: "Not checked",
}


def first_meaning(results: Results) -> str:
    """The sentence of the first cause; empty where there is none."""
    first = next(iter(blockers(results).causes), None)
    return meaning(results, first) if first else ""


def meaning(results: Results, blocker: Blocker) -> str:
    """``Requirement not met: “A client books a service”. Without bookings there is no income``; without a reason, the lines that it blocks."""
    check = _told(results, blocker)
    if check.why:
        return f"{fact(check)}. {check.why.removesuffix('.')}"
    if not blocker.lines:
        return fact(check)
    text, number = shortened(_nearest(check, blocker).text), len(blocker.lines)
    blocked = f"{number} checklist lines, among them “{text}”" if number > 1 else f"the checklist line “{text}”"
    return f"{fact(check)}. This blocks {blocked}"


def fact(check: CheckResult) -> str:
    """``Requirement not met: “A client books a service”``: how the check ended, and its title."""
    return f"{_ENDED.get(check.outcome, 'Could not be checked')}: “{shortened(check.title)}”"


def line_fact(line: LineResult, look_at: CheckResult | None) -> str:
    """Why a line that no cause explains blocks GO: ``Not verified: “Auto-renewal configured”, because tls-renewal warned``."""
    text = f"“{shortened(line.text)}”"
    if line.status is LineStatus.FAILED:
        return f"Failed: {text}"
    if look_at and look_at.outcome is Outcome.WARN:
        seen = next((seen.message for seen in look_at.observations if seen.outcome is Outcome.WARN), "")
        return f"Not verified: {text}, because {look_at.id} warned: {shortened(seen)}"
    return f"Open: {text}; see {look_at.id}" if look_at else f"Open: {text}; {shortened(line.why)}"


def _told(results: Results, blocker: Blocker) -> CheckResult:
    """The check whose title says what people notice: the cause's own, or that of a failed step of a journey.

    That the database is down says little to most readers; that nobody can register says enough.
    """
    problem = blocker.problem
    if is_step(problem.check):
        return problem.check
    by_id = {check.id: check for check in results.checks}
    steps = [by_id[id_] for id_ in problem.alike if by_id[id_].outcome is Outcome.FAIL and is_step(by_id[id_])]
    proved = {step.id: sum(step.id in line.checks for line in blocker.lines) for step in steps}
    return max((step for step in steps if proved[step.id]), key=lambda step: proved[step.id], default=problem.check)


def _nearest(check: CheckResult, blocker: Blocker) -> LineResult:
    """The line that says most nearly what the check asks: it rests on the fewest others."""
    about = [line for line in blocker.lines if check.id in line.checks]
    return min(about, key=lambda line: len(line.checks), default=blocker.lines[0])


def shortened(text: str, letters: int = _LONGEST) -> str:
    """The first letters of a title or line, and an ellipsis where there are more."""
    return text if len(text) <= letters else f"{text[:letters]}…"
