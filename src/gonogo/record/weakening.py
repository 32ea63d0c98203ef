"""Finds where a run demands less than the one before: a pure function of two results, told line by line.

A bar that was lowered is no repair, and what is not asked any more is not in order.
"""

from collections.abc import Iterator, Sequence

from gonogo.policy.severity import Severity
from gonogo.record.attest_rules import Roles, attest_rules
from gonogo.record.results import Change, CheckResult, LineResult, Results
from gonogo.record.waiver_changes import waiver_changes

GONE = "not there any more"


def weakened(before: Results, after: Results) -> Iterator[Change]:
    """All of it: severities, lines, what they rest on, roles, waivers."""
    yield from _checks(before, after)
    yield from _lines(before, after)
    yield from _roles(before, after)
    yield from (change for change in waiver_changes(before, after) if change.kind == "weakened")


def _told(subject: str, before: str, after: str) -> Change:
    return Change(kind="weakened", subject=subject, before=before, after=after)


def _checks(before: Results, after: Results) -> Iterator[Change]:
    now = {check.id: check for check in after.checks}
    for then in before.checks:
        if then.id in now:
            yield from _check(then, now[then.id])


def _check(then: CheckResult, now: CheckResult) -> Iterator[Change]:
    """Where a check asks less than it did: a milder severity. Other thresholds are changes of the policy."""
    if (then.severity, now.severity) == (Severity.BLOCKER, Severity.WARNING):
        yield _told(then.id, f"severity {then.severity}", f"{now.severity}; it is {now.outcome.words} now")


def _lines(before: Results, after: Results) -> Iterator[Change]:
    now = {line.id: line for line in after.lines}
    roles = attest_rules(before, after)
    for then in before.lines:
        if then.leaf and then.demanded and then.id in now:
            yield from _line(then, now[then.id], after, roles)


def _line(then: LineResult, now: LineResult, after: Results, roles: tuple[Roles, Roles]) -> Iterator[Change]:
    """Where a line asks less than it did: it is demanded no more, or by weaker proof."""
    if not now.leaf:
        yield _told(then.id, "demanded by itself", "it only groups lines below it")
    elif not now.demanded:
        yield _told(then.id, "demanded", "not demanded any more")
    else:
        yield from _people(then, *(side.get(then.id, ()) for side in roles))
        yield from _proof(then, now, after)


def _people(line: LineResult, then: Sequence[str], now: Sequence[str]) -> Iterator[Change]:
    """Where fewer people must speak for the line, or more may."""
    if then and line.checks and not now:
        yield _told(line.id, f"attested by {' or '.join(then)}", "nobody needs to attest it")
    if then and now and (more := [role for role in now if role not in then]):
        yield _told(line.id, f"attested by {' or '.join(then)}", f"{' or '.join(more)} may attest it as well")


def _proof(then: LineResult, now: LineResult, after: Results) -> Iterator[Change]:
    if removed := [check for check in then.checks if check not in now.checks]:
        yield _told(then.id, f"verified by {', '.join(then.checks)}", f"not by {', '.join(removed)} any more")
    # What is demanded no more is told of the line itself: here is what the statement names no more.
    kept = {line.id for line in after.lines}
    if removed := [line for line in then.supports if line not in now.supports and line in kept]:
        yield _told(
            then.id, f"rests on {len(then.supports)} lines", f"{len(now.supports)}, not on {', '.join(removed)}"
        )


def _roles(before: Results, after: Results) -> Iterator[Change]:
    now = {role.id: role for role in after.roles}
    for role in before.roles:
        if role.id not in now:
            yield _told(f"role {role.id}", "signs", GONE)
        elif removed := [statement for statement in role.statements if statement not in now[role.id].statements]:
            yield _told(
                f"role {role.id}", f"signs {len(role.statements)} statements", f"not {', '.join(removed)} any more"
            )


def lowered(before: Results, after: Results) -> frozenset[str]:
    """Ids of checks and lines of which nobody may say that they were repaired."""
    subjects = {change.subject for change in weakened(before, after)}
    lines = {line.id for line in after.lines if subjects.intersection(line.checks)}
    return frozenset(subjects | lines)
