"""From observations to a verdict: a pure function, over everything that was planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gonogo.base.wording import counted
from gonogo.evidence.base import Scope
from gonogo.evidence.scopes import ByScope
from gonogo.policy.severity import Severity
from gonogo.record.results import (
    DONE,
    WORST_FIRST,
    Cause,
    CheckResult,
    Decision,
    LineResult,
    LineStatus,
    Observation,
    Outcome,
    Verdict,
)
from gonogo.verdict.causes import foremost, root_causes, spoken_for, troubles
from gonogo.verdict.undone import undone_words

if TYPE_CHECKING:
    from gonogo.planning.plan import Plan, PlannedCheck

_STOPS = {Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED}
"""Outcomes of a need after which a check is not run. NOT RUN is none: what was not asked may be sound."""
_GAPS = (Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN)

Seen = Mapping[str, ByScope[Observation]]
"""What was observed, by check id and target."""
_NOTHING: ByScope[Observation] = ByScope()
Waived = Mapping[str, Collection[Outcome]]
"""The outcomes that are accepted, by check id."""


def blocking(check: PlannedCheck, scope: Scope, observed: Seen) -> Cause | None:
    """The root cause for which this check cannot say anything about this target, if there is one."""
    for need in check.policy.needs:
        for observation in observed.get(need, _NOTHING).related(scope):
            if observation.outcome in _STOPS and observation.blocks:
                # A need that was blocked itself has a cause: the reader is sent to the first of the chain.
                return observation.cause or Cause(check=need, scope=observation.scope)
    return None


def conclude(
    plan: Plan,
    observed: Mapping[str, Sequence[Observation]],
    *,
    unseen: str,
    reasons: Mapping[str, str] | None = None,
    waived: Waived | None = None,
) -> Sequence[CheckResult]:
    """One result per planned check. A target that nobody observed is NOT RUN, for its own reason or for ``unseen``.

    A check is WAIVED when all that it observed beside PASS is ``waived``; its observations say what.
    """
    unseen_for = dict.fromkeys(plan.checks, unseen) | dict(reasons or {})
    excepted = waived or {}
    return [
        _result(check, observed.get(check.id, ()), unseen_for, excepted.get(check.id, ()))
        for check in plan.checks.values()
    ]


def count(checks: Iterable[CheckResult]) -> Mapping[str, int]:
    """How many were planned, and what came of each."""
    outcomes = Counter(check.outcome for check in checks)
    return {"planned": outcomes.total(), **{outcome.value: outcomes[outcome] for outcome in Outcome}}


def decide(checks: Sequence[CheckResult], lines: Sequence[LineResult] = ()) -> Decision:
    """A FAIL outranks a gap, a gap outranks an exception; silence is never success."""
    blockers = [check for check in checks if check.severity is Severity.BLOCKER]
    failed = [check for check in blockers if check.outcome is Outcome.FAIL]
    answered = spoken_for(checks, lines)
    gaps = [check for check in blockers if check.outcome in _GAPS and check not in answered]
    open_lines = [line for line in lines if line.leaf and line.demanded and line.status not in DONE]
    if failed:
        reason = f"{_must_pass(len(failed))} failed; {_start(checks, lines)}"
        return Decision(verdict=Verdict.NO_GO, reason=reason, blockers=len(failed), open_lines=len(open_lines))
    if gaps or open_lines or len(answered) == len(blockers):
        return Decision(
            verdict=Verdict.INCOMPLETE,
            reason=_gap_reason(gaps, open_lines, _start(checks, lines)),
            blockers=len(gaps),
            open_lines=len(open_lines),
        )
    waived = [check.id for check in checks if check.outcome is Outcome.WAIVED]
    waived += [line.id for line in lines if line.demanded and line.carried and line.status is LineStatus.WAIVED]
    warnings = sum(check.outcome is Outcome.WARN for check in checks)
    also = f", with {counted(warnings, 'warning')} to read" if warnings else ""
    also += f"; {_must_pass(len(answered))} not permitted here: people or other runs answer for it" if answered else ""
    if waived:
        reason = f"{counted(len(waived), 'waiver')}, among them {waived[0]}; all else passed{also}"
        return Decision(verdict=Verdict.GO_WITH_EXCEPTIONS, reason=reason, blockers=0)
    return Decision(
        verdict=Verdict.GO,
        reason=f"all {_must_pass(len(blockers) - len(answered))} passed{also}{_share(lines)}",
        blockers=0,
    )


def is_same_answer(recorded: Decision, decided: Decision) -> bool:
    """Whether two decisions differ in their reason only: two versions of gonogo may say the same in other words."""
    return replace(recorded, reason=decided.reason) == decided


def _share(lines: Sequence[LineResult]) -> str:
    """How much of the list was asked, where that is not all of it."""
    leaves = [line for line in lines if line.leaf]
    demanded = sum(line.demanded for line in leaves)
    return f"; {demanded} of {counted(len(leaves), 'checklist line')} were asked" if demanded < len(leaves) else ""


def _must_pass(number: int) -> str:
    return counted(number, "must-pass check")


def _start(checks: Sequence[CheckResult], lines: Sequence[LineResult]) -> str:
    """The one to begin with, the same in every format; empty if no check keeps the verdict from GO."""
    first = next(iter(troubles(checks, lines)), None)
    if first is None:
        return ""
    check = next(check for check in checks if check.id == first.check)
    return f"start with {first.check}: {foremost(check, root_causes(checks)).message}"


def _gap_reason(gaps: Sequence[CheckResult], lines: Sequence[LineResult], start: str) -> str:
    """Why the verdict is INCOMPLETE: blockers that gave no answer, open lines, or nothing at all."""
    reasons = [f"{_must_pass(len(gaps))} {'was' if len(gaps) == 1 else 'were'} not checked"] if gaps else []
    if lines:
        first = "" if gaps else f", starting with “{lines[0].text}” ({lines[0].id})"
        reasons.append(f"{undone_words(lines)}{first}")
    if not reasons:
        reasons.append("no must-pass check was even planned")
    return "; ".join([", ".join(reasons), *([start] if gaps else [])])


def _result(
    check: PlannedCheck, observed: Sequence[Observation], unseen: Mapping[str, str], excepted: Collection[Outcome]
) -> CheckResult:
    """The result of one planned check; scopes without an observation are NOT RUN, with the reason."""
    observations = _complete(check, observed, unseen)
    return CheckResult(
        id=check.id,
        title=check.policy.shown_title,
        family=check.declaration.family,
        severity=check.policy.severity,
        effect=check.policy.effect,
        proves=check.policy.proves,
        supports=check.policy.supports,
        explained_by=check.policy.explained_by,
        permitted=check.permitted,
        owner=check.policy.owner or "",
        needs=check.policy.needs,
        outcome=_outcome({observation.outcome for observation in observations}, excepted),
        why=check.declaration.why,
        fix=check.declaration.fix,
        observations=observations,
        thresholds=check.thresholds.shown,
    )


def _outcome(observed: Collection[Outcome], excepted: Collection[Outcome]) -> Outcome:
    """The worst that nobody accepted: an accepted FAIL at one host hides no ERROR at another."""
    left = [outcome for outcome in observed if outcome not in excepted]
    worst = min(left, key=WORST_FIRST.index, default=Outcome.WAIVED)
    return Outcome.WAIVED if worst is Outcome.PASS and len(left) < len(observed) else worst


def _complete(check: PlannedCheck, observed: Sequence[Observation], unseen: Mapping[str, str]) -> Sequence[Observation]:
    """One observation for every planned scope; a check with no scope at all is NOT RUN once."""
    # Of several observations of one scope the worst counts: whoever failed once has failed.
    worst_last = sorted(observed, key=lambda observation: WORST_FIRST.index(observation.outcome), reverse=True)
    by_scope = {observation.scope: observation for observation in worst_last}
    reason = check.unrunnable or unseen.get(check.id, "")
    scopes = check.scopes or ((check.declaration.family,),)
    return [
        by_scope.get(scope)
        or Observation(
            scope=scope, outcome=Outcome.NOT_RUN, message=reason, hint=check.hint if check.unrunnable else ""
        )
        for scope in scopes
    ]
