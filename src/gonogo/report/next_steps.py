"""The end of the terminal's summary, where the cursor stops: who may sign, what changed, what blocks GO, what to do now."""

import shlex
import textwrap
from collections.abc import Iterator

from gonogo.base.wording import counted
from gonogo.record.results import Results
from gonogo.report.blockers import Blockers
from gonogo.report.changes import before, change_counts, rules_words
from gonogo.report.deciding import sign_command, verify_command
from gonogo.report.meaning import fact, line_fact, shortened
from gonogo.report.visible import visible
from gonogo.report.wording import (
    Problem,
    acts_label,
    command_after_repair,
    fix_label,
    owner,
    run_again,
)
from gonogo.verdict.approval import go_refusal

INDENT = "   "
_FEW = 3
"""Causes, and lines that no cause explains."""


def wrapped(start: str, text: str, width: int) -> Iterator[str]:
    """The text in lines of this width, of which the first begins with ``start``."""
    yield from textwrap.wrap(
        text, width, initial_indent=start, subsequent_indent=f"{INDENT}  ", break_on_hyphens=False
    ) or [start]


def diff_command(results: Results) -> str:
    """The command that tells all changes since the run that this one is compared with."""
    return f"gonogo diff {visible(shlex.join((results.history.since, results.run.id)))}"


def next_steps(results: Results, found: Blockers, width: int) -> Iterator[str]:
    """All lines of it. Commands stay whole, however narrow the screen is: they are pasted."""
    if not results.faults:
        yield from _signing(results, width)
    yield from _since(results, width)
    yield from _blocking(results, found, width)
    if results.faults:
        yield from _after_a_rehearsal(results, width)
    elif found.causes:
        yield f"{INDENT}→ {run_again(results)}: {command_after_repair(results)}"


def _signing(results: Results, width: int) -> Iterator[str]:
    """Whether each role may sign GO, by the rule of ``gonogo sign``, with its command; of a GO, how it is verified."""
    run = results.run.id
    for role in results.roles:
        refusal = go_refusal(results, role.id)
        may = f"NO-GO or HOLD; GO is refused: {refusal.brief}" if refusal else "GO, NO-GO or HOLD"
        yield from wrapped(" sign    ", f"{visible(role.title)} may sign {may}", width)
        yield f"{INDENT}→ {visible(sign_command(results, run, role.id))}"
    if results.roles:
        both = "hold: a repair and a new run are expected; no-go: this release must not launch; both stop the launch"
        yield from wrapped(INDENT, both, width)
        yield f"{INDENT}→ if you have no key yet, make one and run again: gonogo key new --role ROLE --name NAME"
    if results.roles and results.decision.verdict.opens:
        yield f"{INDENT}→ when all have signed: {visible(verify_command(results, run))}"


def _since(results: Results, width: int) -> Iterator[str]:
    """How the run before ended, and how much is different."""
    counts = f": {words}" if (words := change_counts(results)) else ""
    rules = f"; {words}" if (words := rules_words(results)) else ""
    yield from wrapped(" ", f"{before(results)}{counts}{rules}.", width)
    if results.history.changes:
        yield f"{INDENT}→ details of what changed: {diff_command(results)}"


def _blocking(results: Results, found: Blockers, width: int) -> Iterator[str]:
    """The first causes and lines, with what was seen; the fix of the first."""
    if found.causes or found.unexplained:
        yield " WHAT BLOCKS GO"
    for place, cause in enumerate(found.causes[:_FEW], 1):
        check, observation = cause.problem.check, cause.problem.observation
        who = f" · {acts_label(results)}: {visible(acts)}" if (acts := owner(results, check)) else ""
        seen = f": {shortened(observation.message)}" if observation.message else ""
        yield from wrapped(f" {place}. ", f"{visible(f'{fact(check)} ({check.id}{seen})')}{who}", width)
        if place == 1:
            yield from _first(results, cause.problem, width)
    by_id = {check.id: check for check in results.checks}
    for place, line in enumerate(found.unexplained[:_FEW], len(found.causes) + 1):
        look_at = by_id.get(found.looked_at.get(line.id, ""))
        who = owner(results, look_at) if look_at else ""
        acts = f" · {acts_label(results)}: {who}" if who else ""
        yield from wrapped(f" {place}. ", visible(f"{line_fact(line, look_at)} ({line.id}){acts}"), width)
    left = [
        counted(number - _FEW, noun)
        for number, noun in ((len(found.causes), "more cause"), (len(found.unexplained), "more checklist line"))
        if number > _FEW
    ]
    if left:
        yield f"{INDENT}and {' and '.join(left)}, in the report"


def _first(results: Results, problem: Problem, width: int) -> Iterator[str]:
    """Why it matters, for whoever reads no code; and what to do about it, where somebody shall."""
    if problem.check.why:
        yield from wrapped(f"{INDENT} why it matters: ", visible(problem.check.why), width)
    if problem.fix and not results.faults:
        yield from wrapped(f"{INDENT} {fix_label(results)}: ", visible(problem.fix), width)


def _after_a_rehearsal(results: Results, width: int) -> Iterator[str]:
    """The steps of whoever rehearsed: no command that signs this run stands anywhere."""
    yield " TO DO NOW"
    yield from wrapped(" 1. ", "whoever rehearses runs again without the faults:", width)
    yield f"{INDENT}→ {command_after_repair(results)}"
    if results.roles:
        yield from wrapped(
            " 2. ",
            "do not sign this run, neither go nor hold nor no-go; only if the new one is GO, each role signs that:",
            width,
        )
    newest = f"reports/{results.run.environment}/latest"
    for role in results.roles:
        yield f"{INDENT}→ {visible(sign_command(results, newest, role.id, 'go'))}"
