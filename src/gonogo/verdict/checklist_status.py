"""The status of every line of the checklist: a pure function of the outcomes and of what people attested."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gonogo.base.wording import and_more
from gonogo.planning.carried import CarriedRun
from gonogo.planning.carrying import sources_of
from gonogo.planning.gate_demands import GateDemands
from gonogo.planning.proofs import Shortfall
from gonogo.policy.attestations import Attestation, why_not
from gonogo.policy.checklist_line import ChecklistLine, proving
from gonogo.policy.gates import below
from gonogo.policy.waivers import Waiver, in_force
from gonogo.record.declared import SHARED_EVIDENCE, Attested, ExceptionResult, Finding, RoleResult
from gonogo.record.results import DONE, CheckResult, LineResult, LineStatus, Outcome
from gonogo.verdict.carried_lines import stand_in
from gonogo.verdict.line_proof import Contradiction, Proof, judge_line

ANSWERS = "attested-url-answers"
"""The check that asks what attestations point to."""
# Worst first. An exception is worse than a person's word: it says that something is not as it should be.
_WORST = (
    LineStatus.FAILED,
    LineStatus.OPEN,
    LineStatus.WAIVED,
    LineStatus.ATTESTED,
    LineStatus.SUPPORTED,
    LineStatus.VERIFIED,
)
_FEW = 3
_SPOKEN_FOR = {LineStatus.VERIFIED, LineStatus.ATTESTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistStatus:
    """The state of the checklist, its attestations and its waivers."""

    lines: Sequence[LineResult]
    roles: Sequence[RoleResult]
    exceptions: Sequence[ExceptionResult]
    findings: Sequence[Finding]


def checklist_status(
    demands: GateDemands,
    checks: Sequence[CheckResult],
    at: datetime,
    lacking: Shortfall | None = None,
    carried: Sequence[CarriedRun] = (),
) -> ChecklistStatus:
    """``at`` is the time that dates are held against: when the evidence was taken, never the clock's.

    ``lacking`` has what keeps lines from being proved whatever the planned checks say; ``carried`` are other runs that
    stand for lines of this one.
    """
    statuses = _StatusOfLines(demands, checks, at, lacking or Shortfall(), carried)
    lines = statuses.lines()
    exceptions = [_exception(waiver, {check.id: check for check in checks}, at) for waiver in demands.waivers]
    return ChecklistStatus(
        lines=lines,
        roles=_roles(demands, lines),
        exceptions=exceptions,
        findings=[*statuses.findings(), *_stale(exceptions)],
    )


def _roles(demands: GateDemands, lines: Sequence[LineResult]) -> list[RoleResult]:
    """The roles with their statements, in the order of the checklist: a recorded mapping has no order."""
    place = {line.id: line.number for line in lines}
    roles = [
        RoleResult(
            id=name,
            title=role.title,
            statements=sorted(_asked(name, demands), key=lambda statement: place.get(statement, 0)),
        )
        for name, role in demands.roles.items()
        if demands.gate.roles is None or name in demands.gate.roles
    ]
    return sorted(
        roles, key=lambda role: (min((place.get(statement, 0) for statement in role.statements), default=0), role.id)
    )


def _asked(role: str, demands: GateDemands) -> Sequence[str]:
    """The statements that a role signs: all of its own, or those that the gate demands, where that says who signs."""
    statements = demands.roles[role].statements
    if demands.gate.roles is None:
        return list(statements)
    demanded = {line.id for line in demands.lines}
    return [statement for statement in statements if statement in demanded]


def waived(demands: GateDemands, at: datetime) -> Mapping[str, Collection[Outcome]]:
    """The outcomes that a waiver in force excepts, by the check's id."""
    return {
        waiver.check: {Outcome[outcome] for outcome in waiver.excepts}
        for waiver in demands.waivers
        if in_force(waiver, at)
    }


class _StatusOfLines:
    def __init__(
        self,
        demands: GateDemands,
        checks: Sequence[CheckResult],
        at: datetime,
        lacking: Shortfall,
        carried: Sequence[CarriedRun],
    ) -> None:
        self._demands = demands
        self._carried = carried
        self._checks = {check.id: check for check in checks}
        self._proves = {check.id: check.proves for check in checks}
        self._lacking = lacking
        self._at = at
        self._attestations = {attestation.line: attestation for attestation in demands.attestations}
        self._supports = {
            statement: supports for role in demands.roles.values() for statement, supports in role.statements.items()
        }
        self._demanded = {line.id for line in demands.lines}

    def lines(self) -> list[LineResult]:
        """The status of every line, in the order of the checklist. Leaves are decided first: parents and statements rest on them."""
        everything = self._demands.checklist.lines
        plain = {line.id: self._leaf(line) for line in everything if line.leaf and line.id not in self._supports}
        statements = {
            line.id: self._statement(line, plain) for line in everything if line.leaf and line.id in self._supports
        }
        leaves = {**plain, **statements}
        groups = {line.id: self._group(line, leaves) for line in everything if not line.leaf}
        results = {**leaves, **groups}
        return [results[line.id] for line in everything]

    def findings(self) -> list[Finding]:
        """Find attestations that do not count, and notes of the list that nobody asked for."""
        judged = [
            (attestation, self._problem(attestation) or self._needless(attestation))
            for attestation in self._demands.attestations
        ]
        findings = [
            Finding(subject=attestation.line, message=problem, path=attestation.path)
            for attestation, problem in judged
            if problem
        ]
        counting = [attestation for attestation, problem in judged if not problem]
        return [*findings, *_shared_evidence(counting), *map(_not_counted, self._demands.checklist.notes)]

    def _needless(self, attestation: Attestation) -> str:
        """Why nobody asks for this word; empty: somebody does."""
        line = self._demands.checklist.find(attestation.line)
        if line is not None and line.leaf and (carries := sources_of(line, self._demands)):
            if stand_in(line.id, self._proof(line), carries, self._carried).run:
                return ""  # the run that answers it may rest on this very word
            return f"a run of {carries[0].words} answers this line; a person's word does not count for it here"
        if line is None or not line.leaf or line.attest or self._proof(line).open_to_people:
            return ""
        if line.id in self._lacking.missing or line.id in self._lacking.contradicted:
            return ""
        checks = proving(line, self._proves)
        return f"{', '.join(checks)} verifies this line; a person's word does not count for it"

    def _leaf(self, line: ChecklistLine) -> LineResult:
        """The result of a line that others do not rest on: by checks, by people, or by runs that are carried."""
        if self._demands.gate.is_too_early_for(line) and not self._demands.timeless:
            why = f"it can be known {line.when}; gate {self._demands.name} is asked {self._demands.gate.when}"
            return self._result(line, status=LineStatus.OPEN, why=why)
        if not self._applies(line.id) and not sources_of(line, self._demands):
            why = f"it is about {' and '.join(line.environments)}; {self._asked_of} was asked"
            return self._result(line, status=LineStatus.OPEN, why=why)
        attestation = self._attestations.get(line.id)
        attested = _attested(attestation, self._problem(attestation)) if attestation else None
        proof = self._proof(line)
        # A line that another run answers is answered by that run alone: neither checks nor people here make up for it.
        if carries := sources_of(line, self._demands):
            standing = stand_in(line.id, proof, carries, self._carried)
            checks = proving(line, self._proves) if standing.status is LineStatus.FAILED else ()
            carried = self._result(line, status=standing.status, why=standing.why)
            return replace(carried, checks=checks, carried=standing.run, attested=attested)
        # People are asked where the list wants them beside the checks, or where no check proves the line.
        needed = bool(line.attest) or proof.open_to_people
        status, why = proof.status, proof.why
        if needed and (proof.open_to_people or status in {LineStatus.VERIFIED, LineStatus.WAIVED}):
            status, why = _vouched(attested, self._roles_for(line), proof)
        return replace(
            self._result(line, status=status, why=why),
            checks=proving(line, self._proves),
            supporting=self._supporting(line),
            attest=self._roles_for(line) if needed else (),
            attested=attested,
        )

    @property
    def _asked_of(self) -> str:
        return next(iter(self._demands.stands_for), "another environment")

    def _proof(self, line: ChecklistLine) -> Proof:
        return judge_line(
            [self._checks[check] for check in proving(line, self._proves)],
            [self._checks[check] for check in self._supporting(line)],
            self._lacking.missing.get(line.id, {}),
            self._contradicted(line),
        )

    def _contradicted(self, line: ChecklistLine) -> Contradiction | None:
        """Find where the environment contradicts the line; a stand-in may differ from what it stands for."""
        if not (problems := self._lacking.contradicted.get(line.id)):
            return None
        return Contradiction(problems=problems, stand_in=self._demands.timeless)

    def _supporting(self, line: ChecklistLine) -> list[str]:
        return [name for name, check in self._checks.items() if line.id in check.supports and name not in line.checks]

    def _statement(self, line: ChecklistLine, leaves: Mapping[str, LineResult]) -> LineResult:
        """The result of a signed statement: as good as the worst line that it rests on."""
        wanted = self._supports[line.id]
        supports = [
            leaf
            for leaf in leaves.values()
            if any(below(leaf.id, root) or root in leaf.parents for root in wanted) and self._applies(leaf.id)
        ]
        worst = _worst(supports)
        status = LineStatus.SUPPORTED if worst in _SPOKEN_FOR else worst
        missing = [leaf for leaf in supports if leaf.status not in DONE]
        why = f"{len(supports) - len(missing)} of {len(supports)} lines support it"
        if missing:
            for undone in (LineStatus.FAILED, LineStatus.OPEN):
                if names := [f"{leaf.id} ({leaf.text})" for leaf in missing if leaf.status is undone]:
                    why += f"; {undone}: {and_more(names, _FEW)}"
        elif words := sum(leaf.status is LineStatus.ATTESTED for leaf in supports):
            why += f", {words} of them by a person's word"
        return replace(self._result(line, status=status, why=why), supports=[leaf.id for leaf in supports])

    def _group(self, line: ChecklistLine, leaves: Mapping[str, LineResult]) -> LineResult:
        below_it = [leaf for leaf in leaves.values() if line.id in leaf.parents and self._applies(leaf.id)]
        done_leaves = sum(leaf.status in DONE for leaf in below_it)
        return self._result(line, status=_worst(below_it), why=f"{done_leaves} of {len(below_it)} lines below it")

    def _applies(self, identifier: str) -> bool:
        line = self._demands.checklist.find(identifier)
        return line is not None and (
            not line.environments or bool(set(line.environments) & set(self._demands.stands_for))
        )

    def _result(self, line: ChecklistLine, *, status: LineStatus, why: str) -> LineResult:
        return LineResult(
            id=line.id,
            text=line.text,
            number=line.number,
            section=line.section,
            parents=line.parents,
            leaf=line.leaf,
            demanded=line.id in self._demanded,
            status=status,
            why=why,
        )

    def _roles_for(self, line: ChecklistLine) -> Sequence[str]:
        # By name: what was recorded has no order of its own, and a replay says the same.
        return line.attest or tuple(sorted(self._demands.roles))

    def _problem(self, attestation: Attestation) -> str:
        line = self._demands.checklist.find(attestation.line)
        return why_not(attestation, line, self._at, tuple(self._demands.roles)) or self._unanswered(attestation)

    def _unanswered(self, attestation: Attestation) -> str:
        """Why the page that it points to does not count."""
        if attestation.url is None:
            return ""
        check = self._checks.get(ANSWERS)
        observation = (
            next((candidate for candidate in check.observations if candidate.scope[-1] == attestation.line), None)
            if check
            else None
        )
        if observation is None or observation.outcome is Outcome.NOT_RUN:
            return f"{attestation.url} was not asked in this run"
        return "" if observation.outcome is Outcome.PASS else observation.message


def _shared_evidence(counting: Sequence[Attestation]) -> Iterator[Finding]:
    """One file for several lines may be right; whoever signs should know how much rests on it."""
    resting: dict[str, list[Attestation]] = {}
    for attestation in counting:
        resting.setdefault(attestation.evidence.sha256, []).append(attestation)
    for attestations in resting.values():
        if len(attestations) > 1:
            lines = and_more([attestation.line for attestation in attestations], _FEW)
            message = f"{SHARED_EVIDENCE} {len(attestations)} lines: {lines}"
            yield Finding(subject=attestations[0].evidence.name, message=message)


def _not_counted(note: str) -> Finding:
    place, _, message = note.partition(": ")
    return Finding(subject=place, message=message, path="")


def _vouched(attested: Attested | None, roles: Sequence[str], proof: Proof) -> tuple[LineStatus, str]:
    """The status of a line that people speak for, by who has attested it, and what the checks leave to them."""
    if attested is None and proof.look_at:
        return LineStatus.OPEN, f"{proof.why}; look at {proof.look_at} before anybody attests it"
    if attested is None:
        roles_in_words = " or ".join(roles) or "somebody"
        may = f"{roles_in_words} may attest it" if proof.open_to_people else f"{roles_in_words} must attest it as well"
        return LineStatus.OPEN, f"{proof.why}; {may}"
    if attested.problem:
        return LineStatus.OPEN, f"the attestation of {attested.by} does not count: {attested.problem}"
    if proof.status is LineStatus.WAIVED:
        return proof.status, "a check that proves it is waived"
    word = f"{attested.by} ({attested.role}), {attested.at:%Y-%m-%d}: {attested.note}"
    return LineStatus.ATTESTED, f"{word}; {proof.why}" if proof.open_to_people else word


def _attested(attestation: Attestation, problem: str) -> Attested:
    """An attestation as the page shows it, with why it does not count, if so."""
    return Attested(
        by=attestation.by,
        role=attestation.role,
        at=attestation.at,
        until=attestation.until,
        note=attestation.note,
        evidence=attestation.evidence.name,
        sha256=attestation.evidence.sha256,
        file=attestation.evidence.file,
        url=attestation.url,
        path=attestation.path,
        problem=problem,
    )


def _worst(lines: Sequence[LineResult]) -> LineStatus:
    """The worst status of several lines; no line at all is open."""
    return min((line.status for line in lines), key=_WORST.index, default=LineStatus.OPEN)


def _exception(waiver: Waiver, checks: Mapping[str, CheckResult], at: datetime) -> ExceptionResult:
    """A waiver with its state; stale where its check passes again, so that nobody keeps it for nothing."""
    check = checks.get(waiver.check)
    state = "in force" if in_force(waiver, at) else "not yet" if at < waiver.at else "expired"
    if state == "in force" and check is not None and check.observed is Outcome.PASS:
        state = "stale"
    return ExceptionResult(
        check=waiver.check,
        reason=waiver.reason,
        risk=waiver.risk,
        owner=waiver.owner,
        approved_by=waiver.approved_by,
        at=waiver.at,
        until=waiver.until,
        excepts=waiver.excepts,
        state=state,  # type: ignore[arg-type]  # mypy does not follow the literals through the conditions
    )


def _stale(exceptions: Sequence[ExceptionResult]) -> list[Finding]:
    """Waivers that should be removed or renewed: a signer sees them before signing."""
    messages = {
        "stale": "passes again; remove its waiver",
        "expired": "its waiver has expired; repair it, or have it accepted anew",
        "not yet": "its waiver is dated in the future, and does not count yet",
    }
    return [
        Finding(subject=exception.check, message=messages[exception.state], path="")
        for exception in exceptions
        if exception.state != "in force"
    ]
