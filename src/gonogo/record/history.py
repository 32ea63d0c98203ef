"""The changes since earlier runs: a pure function of their results. The signer of a tenth run reads this first."""

from collections.abc import Iterator, Mapping, Sequence

from gonogo.record.results import (
    DONE,
    Change,
    CheckResult,
    History,
    LineResult,
    LineStatus,
    Outcome,
    PastRun,
    Results,
)
from gonogo.record.rule_changes import rule_changes
from gonogo.record.waiver_changes import WITHOUT_EFFECT, waiver_changes
from gonogo.record.weakening import lowered, weakened

OUTCOME_LETTERS = {
    Outcome.PASS: "p",
    Outcome.WARN: "w",
    Outcome.FAIL: "f",
    Outcome.ERROR: "e",
    Outcome.BLOCKED: "b",
    Outcome.NOT_RUN: "n",
    Outcome.WAIVED: "a",
}
"""Outcomes of a check in earlier runs, a letter each: ``a`` is a waived one."""
ORDER = (
    "weakened",
    "removed",
    "newly failing",
    "newly warning",
    "became unverified",
    "policy changed",
    "fixed",
    "added",
    "without effect",
)
"""Order of the kinds of change: what a signer must not miss comes first."""
_GOOD = {Outcome.PASS, Outcome.WARN}
_GAPS = {Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN}


def history(results: Results, earlier: Sequence[Results]) -> History:
    """``earlier``: the runs before, the newest first. An interrupted one is counted, and compared with nothing."""
    base = next((run for run in earlier if not run.run.interrupted), None)
    return History(
        changes=changes(base, results) if base else (),
        runs=[past(run) for run in reversed(earlier)],
        outcomes=_outcomes(results, earlier),
        since=base.run.id if base else "",
    )


def _outcomes(results: Results, earlier: Sequence[Results]) -> Mapping[str, str]:
    """A letter for each of the earlier runs, the oldest first, by the id of the check."""
    then = [{check.id: OUTCOME_LETTERS[check.outcome] for check in run.checks} for run in reversed(earlier)]
    return {check.id: "".join(run.get(check.id, "-") for run in then) for check in results.checks} if then else {}


def changes(before: Results, after: Results) -> Sequence[Change]:
    """Everything that is not as it was, the worst first.

    Where one of them did not ask everything (interrupted, or narrowed), what it did not ask is no news.
    """
    whole = not _partial(before) and not _partial(after)
    waivers = list(waiver_changes(before, after)) if whole else []
    changed = [*_checks(before, after), *rule_changes(before, after, waivers), *_coming_and_going(before, after)]
    if whole:
        changed += _lines(before, after)
        changed += weakened(before, after)
        changed += (change for change in waivers if change.kind == WITHOUT_EFFECT)
    less = lowered(before, after)
    changed = [change for change in changed if change.kind != "fixed" or change.subject not in less]
    return sorted(changed, key=lambda change: ORDER.index(change.kind))


def past(results: Results) -> PastRun:
    """A run in numbers."""
    return PastRun(
        id=results.run.id,
        verdict=results.decision.verdict,
        started_at=results.run.started_at,
        release=results.run.release,
        counts=results.counts,
        sections=section_totals(results),
    )


def section_totals(results: Results) -> Mapping[str, tuple[int, int]]:
    """Lines done, and lines demanded, by the innermost heading above them."""
    totals: dict[str, tuple[int, int]] = {}
    for line in results.leaves:
        name = line.section[-1] if line.section else ""
        done_lines, demanded = totals.get(name, (0, 0))
        totals[name] = done_lines + (line.status in DONE), demanded + 1
    return totals


def _partial(results: Results) -> bool:
    return results.run.interrupted or results.run.narrowed


def _checks(before: Results, after: Results) -> Iterator[Change]:
    then = {check.id: check for check in before.checks if _asked(check, before)}
    for check in after.checks:
        if check.id in then and _asked(check, after):
            yield from _check(then[check.id], check)


def _asked(check: CheckResult, results: Results) -> bool:
    return check.outcome is not Outcome.NOT_RUN or not _partial(results)


def _check(then: CheckResult, now: CheckResult) -> Iterator[Change]:
    """An exception changes what counts, not what was seen: that something broke is told whoever accepted it."""
    common = {"subject": now.id, "before": then.outcome.value, "after": now.outcome.value}
    accepted = now.outcome is Outcome.WAIVED and now.observed is Outcome.FAIL and then.outcome in _GOOD
    if accepted or (now.outcome is Outcome.FAIL and then.outcome is not Outcome.FAIL):
        yield Change(kind="newly failing", **common)
    elif now.outcome in _GAPS and then.outcome not in _GAPS:
        yield Change(kind="became unverified", **common)
    elif now.outcome is Outcome.WARN and then.observed in {Outcome.PASS, *_GAPS}:
        yield Change(kind="newly warning", **common)
    elif now.outcome is Outcome.PASS and then.observed is not Outcome.PASS:
        yield Change(kind="fixed", **common)


def _lines(before: Results, after: Results) -> Iterator[Change]:
    then = {line.id: line for line in before.leaves}
    for line in after.leaves:
        if line.id in then:
            yield from _line(then[line.id], line)


def _line(then: LineResult, now: LineResult) -> Iterator[Change]:
    common = {"subject": now.id, "before": then.status.value, "after": now.status.value}
    if then.status in DONE and now.status not in DONE:
        yield Change(kind="became unverified", **common)
    elif now.status in DONE - {LineStatus.WAIVED} and then.status not in DONE:
        yield Change(kind="fixed", **common)


def _coming_and_going(before: Results, after: Results) -> Iterator[Change]:
    """Ids of checks and of lines: one that vanished is no longer watched by anybody."""
    then, now = _ids(before), _ids(after)
    for identifier in sorted(then.keys() - now.keys()):
        yield Change(kind="removed", subject=identifier, before=then[identifier])
    for identifier in sorted(now.keys() - then.keys()):
        yield Change(kind="added", subject=identifier, after=now[identifier])


def _ids(results: Results) -> Mapping[str, str]:
    lines = {line.id: f"line, {line.status}" for line in results.lines}
    return {**lines, **{check.id: f"check, {check.outcome.words}" for check in results.checks}}
