"""Judges recorded evidence again: the same evidence, the same checks, the same verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from pydantic import ValidationError

from gonogo.base.bundled import bundled_root
from gonogo.base.comparing import Compared
from gonogo.base.errors import IntegrityError
from gonogo.collecting.recorded import RecordedSource
from gonogo.environment.model import Environment
from gonogo.evidence.base import Key, Scope
from gonogo.families.registry import Families, installed_families
from gonogo.judging.judge import judge
from gonogo.planning.gate_demands import demanded_checks
from gonogo.planning.plan import Plan, build_plan
from gonogo.planning.run_plan import RunPlan, scopes_by_kind
from gonogo.planning.suite import Suite, project_suite
from gonogo.record.origin import made_elsewhere
from gonogo.record.recording import Recording, read_recording, restore
from gonogo.record.results import Results
from gonogo.runs.conclude import concluded
from gonogo.verdict.decision import is_same_answer

_REDACTED = " redacted]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The results that a run's evidence gives now, with all that it was judged by."""

    results: Results
    recording: Recording
    plan: RunPlan


def judged_again(folder: Path, project: Path) -> Results:
    """The results that the folder's evidence gives now. Raises Usage- or IntegrityError when it cannot be read."""
    return replayed_run(folder, project).results


def replayed_run(folder: Path, project: Path) -> Replayed:
    """The folder's evidence, judged again. Raises Usage- or IntegrityError when it cannot be read."""
    path = folder / "evidence.json"
    recording = read_recording(path)
    families = installed_families(_home(recording, project))
    source = RecordedSource(restore(recording.records, families.kinds))
    # Nobody reads how pytest would show a failure, nor what was logged, and both take their time.
    plan = _plan(recording, source, project, families)
    judged = judge(plan, source, "--tb=no", "-p", "no:logging")
    ended = replace(judged, finished_at=recording.finished_at, interrupted=recording.interrupted)
    results = concluded(plan, ended, path.read_bytes(), recording.notes)
    return Replayed(results=results, recording=recording, plan=plan)


def _plan(recording: Recording, source: RecordedSource, project: Path, families: Families) -> RunPlan:
    """The plan of the recorded run: what was allowed then shows in what was recorded."""
    environment = _environment(recording, families)
    suite = project_suite(
        project, bundled=_bundled(recording), environment=recording.environment_name, declared=[environment]
    )
    # What was planned is what has a record: targets that were not reached have one as well, with a failure.
    keys = [(record.kind, record.scope) for record in source.records()]
    return RunPlan(
        id=recording.id,
        environment_name=recording.environment_name,
        environment=environment,
        families=families,
        suite=suite,
        plan=_checks(recording, suite, environment, families, keys),
        demands=recording.demands,
        profile=recording.profile,
        allow_money=recording.allow_money,
        undeclared=recording.undeclared,
        told=recording.told,
        lowered=recording.lowered,
        chosen=recording.chosen,
        only=recording.only,
        options=recording.options,
        trust=recording.trust,
        carried=recording.carried,
        planned_keys=keys,
        program=recording.program,
        started_at=recording.started_at,
        selected=frozenset(recording.selected) if recording.selected is not None else None,
        notes=recording.notes,
    )


def _checks(
    recording: Recording, suite: Suite, environment: Environment, families: Families, keys: Sequence[Key]
) -> Plan:
    """Return the checks that were planned then, for the targets of these keys."""
    return build_plan(
        suite,
        environment,
        families.kinds,
        scopes_by_kind(keys),
        wanted=demanded_checks(suite, recording.demands, release=environment.service.release),
        profile=recording.profile,
        allow_money=recording.allow_money,
        undeclared=recording.undeclared,
    )


def _bundled(recording: Recording) -> bool:
    service = recording.environment.get("service")
    return isinstance(service, Mapping) and service.get("bundled") is True


def _home(recording: Recording, project: Path) -> Path:
    """The project whose families and settings the environment was read with."""
    own = (project / "environments" / f"{Path(recording.environment_name).name}.toml").is_file()
    return project if own or not _bundled(recording) else bundled_root()


def _environment(recording: Recording, families: Families) -> Environment:
    """The recorded environment, by the families that are installed now. Raises IntegrityError."""
    try:
        return families.environment.model_validate(recording.environment)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise IntegrityError(
            f"evidence.json: environment.{where}: {first['msg']}; the file was damaged or edited"
        ) from None


def differences(recorded: Results, again: Results) -> list[str]:
    """Every outcome that is not the same, in words; empty where both agree.

    The version of gonogo may differ, and so may ``finished``: a run that was killed is finished by its replay. Records
    from before ``launch_at`` have none, whatever the evidence says.
    """
    launch = recorded.run.launch_at and again.run.launch_at
    recorded_run = replace(again.run, gonogo=recorded.run.gonogo, finished=recorded.run.finished, launch_at=launch)
    before: dict[str, str] = {check.id: check.outcome for check in recorded.checks}
    before |= {f"line {line.id}": line.status for line in recorded.lines}
    after: dict[str, str] = {check.id: check.outcome for check in again.checks}
    after |= {f"line {line.id}": line.status for line in again.lines}
    differing = [
        f"{identifier}: recorded {before.get(identifier, 'nothing')}, judged again {after.get(identifier, 'nothing')}"
        for identifier in sorted(before.keys() | after.keys())
        if before.get(identifier) != after.get(identifier)
    ]
    differing += [
        f"{name}: results.json says {getattr(recorded.run, name)!r}, the evidence {getattr(recorded_run, name)!r}"
        for name in (each.name for each in fields(recorded_run))
        if getattr(recorded.run, name) != getattr(recorded_run, name)
    ]
    if recorded.decision != again.decision and not (
        is_same_answer(recorded.decision, again.decision) and made_elsewhere(recorded)
    ):
        before_and_after = (f"{each.verdict} ({each.reason})" for each in (recorded.decision, again.decision))
        differing.append(f"verdict: recorded {', judged again '.join(before_and_after)}")
    differing += _measured_otherwise(recorded, again)
    differing += [
        f"{field}: recorded otherwise than they are judged again"
        for field in ("carried", "exceptions", "findings", "roles")
        if getattr(recorded, field) != getattr(again, field)
    ]
    if recorded.provenance.evidence != again.provenance.evidence:
        differing.append("evidence.json is not the file that results.json was computed from")
    return differing


def _measured_otherwise(recorded: Results, again: Results) -> list[str]:
    """Every check that is said to have been judged by other values than it is now.

    Older records say nothing of it, and another version may compare something else and come to the same outcome.
    """
    before, after = _measured(recorded), _measured(again)
    if recorded.run.gonogo != again.run.gonogo or not any(before.values()):
        return []
    return [
        f"{identifier} at {'/'.join(scope)}: recorded with other values than it is judged by again"
        for (identifier, scope), values in before.items()
        if (identifier, scope) in after and values != after[identifier, scope]
    ]


def _measured(results: Results) -> Mapping[tuple[str, Scope], Sequence[Compared]]:
    """What each check was judged by, without words that held a secret: in the evidence it is covered in another place."""
    return {
        (check.id, observation.scope): [
            replace(compared, observed="", wanted="")
            if _REDACTED in f"{compared.observed}{compared.wanted}"
            else compared
            for compared in observation.measured
        ]
        for check in results.checks
        for observation in check.observations
    }
