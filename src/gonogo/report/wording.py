"""Words for outcomes and verdicts, and the shapes beside them: never colour alone."""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gonogo.base.wording import counted
from gonogo.policy.severity import Severity
from gonogo.record.results import DONE, CheckResult, LineResult, LineStatus, Observation, Outcome, Results, Verdict
from gonogo.verdict.decision import spoken_for

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
LINE_SHAPES = {
    LineStatus.VERIFIED: "✔",
    LineStatus.ATTESTED: "✔",
    LineStatus.SUPPORTED: "◐",
    LineStatus.EXCEPTED: "◇",
    LineStatus.FAILED: "✖",
    LineStatus.OPEN: "○",
}
QUIET = {Outcome.PASS, Outcome.WARN, Outcome.WAIVED}
"""Outcomes that are written small: the loud ones keep the verdict from GO."""
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")
"""Names of gates and releases that a shell takes as they are."""
_UNOBSERVED = {Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN}
"""Outcomes that say nothing about the target: to repair it would be to repair what nobody saw broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to do something about: a check, what it said where most depends on it, and what it kept from being judged."""

    check: CheckResult
    observation: Observation
    elsewhere: int
    """How many more targets it said the like of."""
    consequences: Sequence[str]

    @property
    def advice(self) -> tuple[str, str]:
        """The label and the text of the advice, as ``advice`` gives them."""
        return advice(self.check, self.observation)


def advice(check: CheckResult, observation: Observation) -> tuple[str, str]:
    """``hint`` or ``fix``, and its text; both are empty where nothing was observed and no hint is known."""
    if observation.hint:
        return "hint", observation.hint
    return ("", "") if observation.outcome in _UNOBSERVED else ("fix", check.fix)


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
    matching = [_problem(check, results) for check in results.checks if check.outcome in wanted]
    return sorted(matching, key=lambda problem: -len(problem.consequences))


def stopping(results: Results) -> frozenset[str]:
    """Ids of the blockers without a good end, but for those that people or other runs answer for."""
    answered = {check.id for check in spoken_for(results.checks, results.lines)}
    return frozenset(
        check.id
        for check in results.checks
        if check.severity is Severity.BLOCKER and check.outcome not in QUIET and check.id not in answered
    )


def command(results: Results, check_id: str) -> str:
    """The command that asks this one check again as this run did: the same gate, and the same release.

    Both are words of a person or of a file: what is not plain is left out, and never pasted into anybody's shell.
    """
    run = results.run
    told = {"gate": run.gate, "release": run.release or ""}
    options = "".join(f" --{name} {value}" for name, value in told.items() if _PLAIN.fullmatch(value))
    return f"gonogo run --env {shlex.quote(run.environment)}{options} --only {check_id}"


def open_lines(results: Results) -> Sequence[LineResult]:
    """The demanded leaves that keep the gate shut; those that failed before those that nobody knows."""
    undone = [line for line in results.leaves if line.status not in DONE]
    return sorted(undone, key=lambda line: line.status is not LineStatus.FAILED)


def line_counts(results: Results) -> Mapping[LineStatus, int]:
    """How many demanded leaves have each status; they add up to all of them."""
    counts = Counter(line.status for line in results.leaves)
    return {status: counts[status] for status in LineStatus}


def line_sum(results: Results) -> str:
    """``178 = 100 verified + 60 attested + 18 open``."""
    counts = line_counts(results)
    parts = [f"{number} {status}" for status, number in counts.items() if number]
    carried = sum(bool(line.carried) for line in results.leaves)
    others = f", {carried} of them carried from other runs" if carried else ""
    return f"{sum(counts.values())} = {' + '.join(parts) or '0'}{others}"


def asked(results: Results) -> str:
    """``17 of 178 lines were asked by this gate; 161 were not``, or nothing where there is no list."""
    demanded, lines = results.asked
    if not lines:
        return ""
    if demanded == lines == 1:
        return "The one line of the checklist was asked by this gate"
    if demanded == lines:
        return f"All {counted(lines, 'line')} of the checklist were asked by this gate"
    was, were = ("was" if number == 1 else "were" for number in (demanded, lines - demanded))
    return f"{demanded} of {counted(lines, 'line')} {was} asked by this gate; {lines - demanded} {were} not"


def asked_share(results: Results) -> str:
    """The same for a row of a table: ``17 of 178 lines asked``."""
    demanded, lines = results.asked
    return f"{demanded} of {counted(lines, 'line')} asked" if lines else ""


def carried_runs(results: Results) -> Iterator[str]:
    """One sentence for each run that stands for lines of this one, or was given and does not."""
    for run in results.carried:
        if run.problem:
            yield f"not carried: {run.words}: {run.problem}"
            continue
        lines = sum(line.carried == run.id for line in results.leaves)
        signed = f"signed by {', '.join(run.signed_by)}" if run.signed_by else "signed by nobody"
        yield (
            f"{counted(lines, 'line')} carried from {run.words}: {run.verdict} to {run.question!r}, release {run.release}, "
            f"{signed}, results.json sha256:{run.digest}"
        )


def _problem(check: CheckResult, results: Results) -> Problem:
    worst = check.observed
    alike = [observation for observation in check.observations if observation.outcome is worst]
    causes = [cause for cause in results.causes if cause.check == check.id]
    by_scope = {observation.scope: observation for observation in alike}
    # Causes come with the most consequences first: what is said is what keeps the most from being judged.
    shown = next((by_scope[cause.scope] for cause in causes if cause.scope in by_scope), alike[0])
    consequences = dict.fromkeys(consequence for cause in causes for consequence in cause.consequences)
    return Problem(check=check, observation=shown, elsewhere=len(alike) - 1, consequences=list(consequences))
