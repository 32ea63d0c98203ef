"""From what was collected and judged to ``evidence.json`` and results: pure but for the files of the suite's digests."""

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import gonogo
from gonogo.base.redaction import Redactor
from gonogo.collecting.collected import Collected
from gonogo.families.watch.section import Launch
from gonogo.judging.judged import Judged
from gonogo.planning.digests import catalogue_digest, code_digest, expectations_digest
from gonogo.planning.proofs import shortfall
from gonogo.planning.rules import environment_rules, suite_rules
from gonogo.planning.run_plan import RunPlan
from gonogo.record.identity import PolicyDifference, Provenance, RunIdentity
from gonogo.record.recording import Recording, store, to_bytes, to_document
from gonogo.record.results import CheckResult, Observation, Results, from_document, plain_values
from gonogo.verdict.causes import root_causes
from gonogo.verdict.checklist_status import checklist_status, waived
from gonogo.verdict.decision import conclude, count, decide
from gonogo.verdict.served import served_releases

_COMMAND = re.compile(r"\b(gonogo (?:load|run|smoke))\b(?! --env)")
"""Commands that are about an environment."""


def recorded(plan: RunPlan, collected: Collected, judged: Judged, redactor: Redactor) -> bytes:
    """The bytes of ``evidence.json``, without secrets."""
    recording = Recording(
        id=plan.id,
        gonogo=gonogo.__version__,
        program=plan.program,
        environment_name=plan.environment_name,
        environment=plan.environment.model_dump(mode="json"),
        demands=plan.demands,
        profile=plan.profile,
        allow_money=plan.allow_money,
        undeclared=plan.undeclared,
        told=plan.told,
        lowered=plan.lowered,
        chosen=plan.chosen,
        only=plan.only,
        options=plan.options,
        trust=plan.trust,
        carried=plan.carried,
        started_at=plan.started_at,
        finished_at=judged.finished_at or plan.started_at,
        interrupted=judged.interrupted,
        selected=tuple(sorted(judged.selected)) if judged.selected is not None else None,
        notes=collected.notes,
        records=store(collected.records),
    )
    return to_bytes(redactor.json(to_document(recording)))


def concluded(
    plan: RunPlan, judged: Judged, evidence: bytes, notes: tuple[str, ...] = (), redactor: Redactor | None = None
) -> Results:
    """The results of a run whose ``evidence.json`` has these bytes, without secrets."""
    return from_document(results_document(plan, judged, evidence, notes, redactor))


def results_document(
    plan: RunPlan, judged: Judged, evidence: bytes, notes: tuple[str, ...] = (), redactor: Redactor | None = None
) -> dict[str, Any]:
    """The results of a run as plain JSON values."""
    # Waivers and attestations count by the time of the run: a replay years later must decide by the same ones.
    at: datetime = plan.started_at
    checks = _checks(plan, judged, at)
    lacking = shortfall(plan.suite, plan.plan, plan.demands, plan.environment)
    status = checklist_status(plan.demands, checks, at, lacking, plan.carried)
    results = Results(
        run=replace(_identity(plan, judged), served=served_releases(checks)),
        decision=decide(checks, status.lines),
        counts=count(checks),
        causes=root_causes(checks),
        checks=checks,
        lines=status.lines,
        carried=plan.carried,
        checklist=plan.demands.checklist.source,
        roles=status.roles,
        exceptions=status.exceptions,
        findings=status.findings,
        provenance=_provenance(plan, evidence, notes),
    )
    # Redacted as a whole, and last: a secret may have come in by any text of the target.
    document: dict[str, Any] = (redactor or Redactor({})).json(plain_values(results))
    return document


def _checks(plan: RunPlan, judged: Judged, at: datetime) -> list[CheckResult]:
    """Return the result of every planned check, each with the place in a file that a reader corrects."""
    return [
        replace(check, file=place.file, line=place.line) if (place := plan.places.get(check.id)) else check
        for check in conclude(
            plan.plan,
            with_commands(judged.observations, plan.environment_name),
            unseen=judged.unseen,
            reasons=judged.reasons,
            waived=waived(plan.demands, at),
        )
    ]


def _provenance(plan: RunPlan, evidence: bytes, notes: tuple[str, ...]) -> Provenance:
    """Return the digests of everything that the verdict depends on, by which a signer knows what was asked."""
    return Provenance(
        evidence=hashlib.sha256(evidence).hexdigest(),
        program=plan.program,
        catalogue=catalogue_digest(plan.suite),
        checks=code_digest(plan.suite),
        environment=expectations_digest(plan.environment, plan.chosen),
        policy=plan.demands.digest,
        trust=plan.trust,
        notes=notes,
        policy_differences=tuple(
            PolicyDifference(
                check=difference.check, key=difference.key, bundled=difference.bundled, local=difference.local
            )
            for difference in plan.suite.differences
        ),
        families=tuple(f"{installed.family.name} ({installed.origin})" for installed in plan.families.foreign),
        rules={
            **suite_rules(plan.suite),
            **plan.demands.files,
            **environment_rules(plan.environment, plan.environment_name, plan.chosen),
        },
    )


def _identity(plan: RunPlan, judged: Judged) -> RunIdentity:
    """Return what was asked of what, when, and whether the run came to its end."""
    launch = plan.environment.section(Launch)
    return RunIdentity(
        id=plan.id,
        gonogo=gonogo.__version__,
        environment=plan.environment_name,
        service=plan.environment.service.name,
        base_url=plan.environment.service.base_url,
        gate=plan.demands.name,
        question=plan.demands.gate.title,
        lowered=plan.lowered,
        release=plan.environment.service.release,
        started_at=plan.started_at,
        finished_at=judged.finished_at or plan.started_at,
        interrupted=judged.interrupted,
        finished=judged.finished_at is not None,
        narrowed=judged.selected is not None,
        only=plan.only,
        options=plan.options,
        launch_at=launch.at.astimezone(UTC) if launch and launch.at else None,
    )


def with_commands(
    observations: Mapping[str, Sequence[Observation]], environment: str
) -> Mapping[str, Sequence[Observation]]:
    """The observations, whose fixes name the environment in commands that a check, which knows no names, advised."""
    named = rf"\1 --env {shlex.quote(environment)}"
    return {
        check: [replace(seen, hint=_COMMAND.sub(named, seen.hint)) if seen.hint else seen for seen in several]
        for check, several in observations.items()
    }
