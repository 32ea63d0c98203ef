"""The proof that checks alone give for one line: whether all that prove it were asked here, and passed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gonogo.policy.severity import Severity
from gonogo.record.results import CheckResult, LineStatus, Outcome

_GAPS = {Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far checks prove a line."""

    status: LineStatus
    why: str
    open_to_people: bool = False
    """Whether a person's word counts in the place of what no check proved; never against what one saw to be untrue."""
    look_at: str = ""
    """Id of a check that is not in order and speaks of the line: whoever attests it looks there first. Empty: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """The list states a value, and the environment declares another."""

    problems: Sequence[str]
    stand_in: bool
    """Whether the environment only stands for the one that the line is about; what it is itself proves nothing there."""


def judge_line(
    proving: Sequence[CheckResult],
    supporting: Sequence[CheckResult],
    missing: Mapping[str, str],
    contradiction: Contradiction | None = None,
) -> Proof:
    """``missing`` has the checks that would have to pass as well and are not planned, each with its reason.

    What a supporting check that must pass could not ask may be what makes the line untrue: until it is asked, nobody knows.
    """
    if failed := [check for check in (*proving, *supporting) if check.outcome is Outcome.FAIL]:
        return Proof(status=LineStatus.FAILED, why=f"{failed[0].id}: {failed[0].worst.message}")
    if contradiction and not contradiction.stand_in:
        return Proof(status=LineStatus.FAILED, why="; ".join(contradiction.problems))
    unasked = (check for check in proving if check.outcome in _GAPS and check.permitted)
    if gaps := [*unasked, *filter(keeps_open, supporting)]:
        why = f"{_ended(gaps[0])}: {gaps[0].worst.message or 'no answer'}"
        return Proof(status=LineStatus.OPEN, why=why)
    stated = contradiction.problems if contradiction else ()
    if unproved := [*stated, *_unproved(proving, supporting, missing)]:
        look_at = next(_not_in_order((*proving, *supporting)), "")
        return Proof(status=LineStatus.OPEN, why="; ".join(unproved), open_to_people=True, look_at=look_at)
    if waived := [check for check in proving if check.outcome is Outcome.WAIVED]:
        return Proof(status=LineStatus.WAIVED, why=f"{waived[0].id} is waived")
    passed = f"{', '.join(check.id for check in proving)} passed"
    return Proof(status=LineStatus.VERIFIED, why="; ".join([passed, *_told(supporting)]))


def keeps_open(check: CheckResult) -> bool:
    """Whether a check keeps a line from being done that it only supports: it failed, or it must pass and was not asked."""
    unasked = check.outcome in _GAPS and check.permitted and check.severity is Severity.BLOCKER
    return unasked or check.outcome is Outcome.FAIL


def _not_in_order(checks: Sequence[CheckResult]) -> Iterator[str]:
    """Ids of what warns or could not be checked; of what is blocked, the check that blocks it."""
    for check in checks:
        if check.outcome is Outcome.WARN or (check.outcome in _GAPS and check.permitted):
            yield check.worst.cause.check if check.worst.cause else check.id


def _unproved(
    proving: Sequence[CheckResult], supporting: Sequence[CheckResult], missing: Mapping[str, str]
) -> Iterator[str]:
    """Why the line is not proved although nothing was seen that is untrue."""
    yield from (f"{check} is not asked here: {reason}" for check, reason in missing.items())
    for check in proving:
        if check.outcome is Outcome.WARN:
            yield f"{check.id} warns, and a warning verifies nothing: {check.worst.message}"
        elif check.outcome in _GAPS:
            yield f"{check.id} is not asked here: {check.worst.message}"
    if not proving and not missing:
        yield "no check proves it here"
        yield from _told(supporting)


def _told(supporting: Sequence[CheckResult]) -> Iterator[str]:
    """Say what supporting checks saw that is not in order."""
    for check in supporting:
        if check.outcome is Outcome.WARN:
            yield f"{check.id} warns: {check.worst.message}"
        elif check.outcome in _GAPS and check.permitted:
            yield f"{_ended(check)}: {check.worst.message or 'no answer'}"


def _ended(check: CheckResult) -> str:
    return f"{check.id} {'could not be checked' if check.outcome is Outcome.ERROR else f'is {check.outcome}'}"
