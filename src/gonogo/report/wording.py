"""Words for outcomes and verdicts, and the shapes beside them: never colour alone."""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gonogo.base.bundled import FAULTS_ON
from gonogo.base.wording import counted
from gonogo.record.declared import ExceptionResult
from gonogo.record.history import OUTCOME_LETTERS
from gonogo.record.results import (
    DONE,
    CheckResult,
    LineResult,
    LineStatus,
    Observation,
    Outcome,
    Results,
    Verdict,
)
from gonogo.verdict.causes import Trouble, foremost, troubles

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
    LineStatus.WAIVED: "◇",
    LineStatus.FAILED: "✖",
    LineStatus.OPEN: "○",
}
QUIET = {Outcome.PASS, Outcome.WARN, Outcome.WAIVED}
"""Outcomes that are written small: the loud ones keep the verdict from GO."""
_LETTERS = {letter: outcome.words for outcome, letter in OUTCOME_LETTERS.items()}
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")
"""Names of gates and releases that a shell takes as they are."""
_FAULT = "--fault"
"""Before the name of a fault that the run switched on."""
_COMMANDS = {"smoke", "load"}
"""Gates with a command of their own."""
_WORD = re.compile(r"(?:--)?[0-9A-Za-z][0-9A-Za-z._ -]{0,63}")
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
    alike: Sequence[str] = ()
    """Ids of further checks that show the same trouble."""

    @property
    def reach(self) -> Sequence[str]:
        """All checks that it speaks of."""
        return [self.check.id, *self.alike, *self.consequences]

    @property
    def fix(self) -> str:
        """What to do about it, as ``fix`` gives it."""
        return fix(self.check, self.observation)


def fix(check: CheckResult, observation: Observation) -> str:
    """What to do; where nothing was observed, what lets the check be asked, and nothing where nobody knows."""
    return observation.hint if observation.outcome in _UNOBSERVED else observation.hint or check.fix


def word(outcome: Outcome) -> str:
    """``pass`` and ``warn``, but ``FAIL``, ``COULD NOT CHECK``, ``BLOCKED`` and ``NOT RUN``."""
    return outcome.words if outcome in QUIET else outcome.words.upper()


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


def causes(results: Results) -> Sequence[Problem]:
    """Everything that keeps the verdict from GO, each thing once, in the order in which every format tells it."""
    by_id = {check.id: check for check in results.checks}
    return [_cause(by_id[trouble.check], trouble, results) for trouble in troubles(results.checks, results.lines)]


def beside_causes(results: Results, outcomes: Iterable[Outcome]) -> Sequence[Problem]:
    """The checks with one of these outcomes that no cause speaks of: none of them keeps the verdict from GO."""
    told = {identifier for cause in causes(results) for identifier in cause.reach}
    return [problem for problem in problems(results, outcomes) if problem.check.id not in told]


def command(results: Results, check_id: str) -> str:
    """The command that asks this one check again as this run did: the same gate, release, faults, and profile."""
    return f"{_asked_as(results, results.run.options)} --only {check_id}"


def command_after_repair(results: Results) -> str:
    """The command that asks everything again as this run did, without the faults that a rehearsal switched on."""
    options = list(results.run.options)
    while _FAULT in options:
        at = options.index(_FAULT)
        del options[at : at + 2]
    return _asked_as(results, options)


def _asked_as(results: Results, further_options: Sequence[str]) -> str:
    """The command of a run with this one's environment, gate and release.

    These are words of a person or of a file: what is not plain is left out, and never pasted into anybody's shell.
    """
    run = results.run
    told = {"gate": run.gate, "release": run.release or ""}
    options = "".join(f" --{name} {value}" for name, value in told.items() if _PLAIN.fullmatch(value))
    verb = "run"
    if run.gate in _COMMANDS:
        verb, options = run.gate, options.removeprefix(f" --gate {run.gate}")
    further = shlex.join(further_options) if all(_WORD.fullmatch(part) for part in further_options) else ""
    options += f" {further}" if further else ""
    return f"gonogo {verb} --env {shlex.quote(run.environment)}{options}"


def reproduce(results: Results) -> str:
    """The label before a command, where it switches faults on again; else empty: the command says it all."""
    return "reproduce (with the faults)" if _FAULT in results.run.options else ""


def rehearsal(results: Results) -> str:
    """A sentence for readers who were not told that faults are on, or nothing where none was.

    A real failure may stand among those of the faults: only a run without them tells.
    """
    return _rehearsal(results, "")


def rehearsal_and_faults(results: Results) -> str:
    """The same sentence with the names of the faults."""
    return _rehearsal(results, f" ({', '.join(results.faults)})")


def _rehearsal(results: Results, names: str) -> str:
    number = len(results.faults)
    if not number:
        return ""
    them = "it" if number == 1 else "them"
    return f"Rehearsal with {counted(number, 'fault')}{names} switched on: repair nothing before a run without {them}"


def fix_label(results: Results) -> str:
    """What stands before a fix: in a rehearsal nobody shall restart a database at night."""
    return "fix if this were real" if results.faults else "fix"


def acts_label(results: Results) -> str:
    """What stands before the role that acts, or would act."""
    return "who would repair it" if results.faults else "who acts"


def verdict_words(results: Results) -> str:
    """The verdict, and that it is one of a rehearsal."""
    return f"{results.decision.verdict}{' (rehearsal)' if results.faults else ''}"


def run_again(results: Results) -> str:
    """The label before ``command_after_repair``: after a repair, or once the faults of a rehearsal are off."""
    return (
        "to do now, whoever rehearses: run again without the faults" if results.faults else "run again after the repair"
    )


def waiver_note(results: Results, waiver: ExceptionResult) -> str:
    """That it changes nothing, where its check only warned; else empty."""
    only_warns = any(check.id == waiver.check and check.outcome is Outcome.WARN for check in results.checks)
    return "changes nothing: the check warned, it did not fail" if only_warns else ""


def waiver_terms(results: Results, waiver: ExceptionResult) -> str:
    """``in force, until 2026-12-11``, and that it changes nothing, where that is so."""
    note = f" ({words})" if (words := waiver_note(results, waiver)) else ""
    return f"{waiver.state}, until {waiver.until:%Y-%m-%d}{note}"


def further_notes(results: Results) -> Sequence[str]:
    """The notes that are not told beside the verdict."""
    return [note for note in results.provenance.notes if not note.startswith(FAULTS_ON)]


def owner(results: Results, check: CheckResult) -> str:
    """The title of the role that acts on the check; empty where the team has no such role."""
    titles = {role.id: role.title for role in results.roles}
    return titles.get(check.owner, "" if titles else check.owner)


def standing(results: Results, check: CheckResult) -> str:
    """Since when the check ends as it does: ``new in this run``, or the run since which it is so."""
    history = results.history
    letters = history.outcomes.get(check.id, "")
    if not letters:
        return "first run of this gate on record"
    same = len(letters) - len(letters.rstrip(OUTCOME_LETTERS[check.outcome]))
    if not same:
        return (
            "not asked in the run before"
            if letters[-1] == "-"
            else f"new in this run (before: {_LETTERS[letters[-1]]})"
        )
    first = history.runs[len(letters) - same]
    at_least = "at least " if same == len(letters) else ""
    return f"{at_least}since run {first.id}, {counted(same + 1, 'run')} in a row"


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


def _cause(check: CheckResult, trouble: Trouble, results: Results) -> Problem:
    return replace(_problem(check, results), consequences=trouble.consequences, alike=trouble.alike)


def _problem(check: CheckResult, results: Results) -> Problem:
    worst = check.observed
    alike = sum(observation.outcome is worst for observation in check.observations)
    behind = (cause.consequences for cause in results.causes if cause.check == check.id)
    consequences = dict.fromkeys(consequence for several in behind for consequence in several)
    shown = foremost(check, results.causes)
    return Problem(check=check, observation=shown, elsewhere=alike - 1, consequences=list(consequences))
