"""One execution: prepared from an environment or from a recording, concluded into results."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import rfc8785

import gonogo
from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.collecting.collector import Job, Key
from gonogo.collecting.sources import LiveSource, RecordedSource, Source
from gonogo.environment.load import EnvironmentFile, overlaid, read_environment, resolve_secrets
from gonogo.environment.model import Environment
from gonogo.environment.types import Effect
from gonogo.evidence.base import Scope
from gonogo.families.attested_url.probe import ATTESTED_URL, url_questions
from gonogo.families.registry import KINDS
from gonogo.journey.runner import Journeys
from gonogo.load.process import Crowd
from gonogo.load.stage import SCOPE, LoadStage
from gonogo.planning.demands import Demands, demanded_checks, read_demands
from gonogo.planning.plan import LOAD, WALK, Plan, build_plan, step_scope
from gonogo.planning.suite import Suite, check_folders, read_suite, selection
from gonogo.policy.profiles import Profile
from gonogo.record.recording import Recording, read_recording, restore, store, to_bytes, to_document
from gonogo.record.results import RESULTS, Observation, Provenance, Results, RunIdentity
from gonogo.record.run_folder import new_run_id
from gonogo.runs.key_shapes import check_keys
from gonogo.runs.reference_instance import ReferenceInstance, reference_instance
from gonogo.verdict.checklist_status import account, waived
from gonogo.verdict.decision import conclude, count, decide, root_causes

_PLACES = {"ca_file", "dotenv", "trust"}
"""Keys of an environment that hold the path of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for."""

    environment: str
    project: Path
    release: str | None = None
    only: Collection[str] = ()
    gate: str | None = None
    """None: the one that gates.toml has for the environment."""
    faults: Sequence[str] = ()
    allow_money: bool = False
    profile: Profile = "gate"
    """Of the load."""
    crowd: Crowd = field(default_factory=Crowd)
    """The processes that make it."""
    overlay: Mapping[str, Any] = field(default_factory=dict)
    """What the command line puts in place of the environment file's values."""


@dataclass(slots=True, kw_only=True)
class Run:
    """Everything that a run knows before, and while, checks judge."""

    id: str
    environment_name: str
    environment: Environment
    suite: Suite
    plan: Plan
    demands: Demands
    profile: Profile = "gate"
    allow_money: bool = False
    source: Source
    planned_keys: Collection[Key]
    """Every question there is, whether this run asks it or not."""
    started_at: datetime
    selected: frozenset[str] | None = None
    """Ids that were asked for, with what they need; None when all are."""
    redactor: Redactor = field(default_factory=lambda: Redactor({}))
    notes: list[str] = field(default_factory=list)
    instance: ReferenceInstance | None = None
    journeys: Journeys | None = None
    load: LoadStage | None = None
    finished_at: datetime | None = None
    interrupted: bool = False
    stopping: bool = False
    """Whether it was told to stop, whatever became of the exception that said so."""
    resources: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """End what was started for this run. Safe to call twice."""
        self.source.close()
        self.resources.close()

    def finish(self, *, interrupted: bool) -> None:
        """Stop asking; the time of this moment is the run's end."""
        self.interrupted = interrupted or self.stopping
        self.source.close()
        if self.finished_at is None:
            self.finished_at = datetime.now(UTC)
        if self.journeys is not None:
            self.notes += self.journeys.notes
        if self.load is not None:
            self.notes += self.load.notes
        if self.instance is not None:
            self.notes += self.instance.crashes

    def recording(self) -> bytes:
        """``evidence.json``, without secrets."""
        recording = Recording(
            id=self.id,
            gonogo=gonogo.__version__,
            environment_name=self.environment_name,
            environment=self.environment,
            demands=self.demands,
            profile=self.profile,
            allow_money=self.allow_money,
            started_at=self.started_at,
            finished_at=self.finished_at or self.started_at,
            interrupted=self.interrupted,
            selected=tuple(sorted(self.selected)) if self.selected is not None else None,
            notes=tuple(self.notes),
            records=store(self.source.records()),
        )
        return to_bytes(self.redactor.json(to_document(recording)))

    def results(self, seen: Mapping[str, Sequence[Observation]], evidence: bytes, *, unseen: str) -> Results:
        """Conclude from the observations of the checks, without secrets."""
        at = self.started_at
        checks = conclude(self.plan, seen, unseen=unseen, waived=waived(self.demands, at))
        accounted = account(self.demands, checks, at)
        results = Results(
            run=RunIdentity(
                id=self.id,
                gonogo=gonogo.__version__,
                environment=self.environment_name,
                service=self.environment.service.name,
                base_url=self.environment.service.base_url,
                gate=self.demands.name,
                release=self.environment.service.release,
                started_at=self.started_at,
                finished_at=self.finished_at or self.started_at,
                interrupted=self.interrupted,
                finished=self.finished_at is not None,
                narrowed=self.selected is not None,
            ),
            decision=decide(checks, accounted.lines),
            counts=count(checks),
            causes=root_causes(checks),
            checks=checks,
            lines=accounted.lines,
            checklist=self.demands.checklist.source,
            roles=accounted.roles,
            exceptions=accounted.exceptions,
            findings=accounted.findings,
            provenance=Provenance(
                evidence=hashlib.sha256(evidence).hexdigest(),
                catalogue=_digest(folder / "catalogue.toml" for folder in self.suite.folders),
                checks=_digest(path for folder in self.suite.folders for path in sorted(folder.rglob("*.py"))),
                environment=expectations_digest(self.environment),
                policy=self.demands.digest,
                notes=tuple(self.notes),
            ),
        )
        return RESULTS.validate_python(self.redactor.json(RESULTS.dump_python(results, mode="json")))


def prepare(request: Request, environ: Mapping[str, str], *, instance: ReferenceInstance | None = None) -> Run:
    """Read, validate and plan everything; nothing is asked of any target yet. Raises UsageError.

    A bundled environment is started for the run, unless the caller has an ``instance`` of it already.
    """
    suite = read_suite(check_folders(request.project))
    selected = selection(suite, request.only)
    with ExitStack() as resources:
        file, instance = _resolved(request, instance, resources)
        secrets = resolve_secrets(file, environ)
        environment = file.environment
        check_keys(file, secrets)
        demands = read_demands(
            request.project, suite, environment=file.name, service=environment.service, gate=request.gate
        )
        wanted = demanded_checks(suite, demands)
        _can_load(file, demands.name, suite, wanted if selected is None else wanted & selected)
        jobs = {**_jobs(environment, secrets), **_attested(demands, environment)}
        keys = [*jobs, *((WALK, scope) for scope in _steps(suite)), *([(LOAD, SCOPE)] if environment.load else [])]
        started_at = datetime.now(UTC)
        run_id, redactor = new_run_id(started_at), Redactor(secrets)
        shared: dict[str, Any] = {
            "environment": environment,
            "secrets": secrets,
            "run_id": run_id,
            "redactor": redactor,
        }
        journeys = Journeys(**shared)
        load = _load_stage(request, shared) if environment.load else None
        asked: dict[str, Any] = {"profile": request.profile, "allow_money": request.allow_money}
        return Run(
            id=run_id,
            environment_name=file.name,
            environment=environment,
            suite=suite,
            plan=build_plan(suite, environment, KINDS, _scopes(keys), wanted=wanted, **asked),
            demands=demands,
            **asked,
            source=LiveSource(jobs, environment.limits, journeys, load),
            planned_keys=keys,
            started_at=started_at,
            selected=selected,
            redactor=redactor,
            journeys=journeys,
            load=load,
            notes=list(_notes(request, environment, instance)),
            instance=instance,
            resources=resources.pop_all(),
        )


def _resolved(
    request: Request, instance: ReferenceInstance | None, resources: ExitStack
) -> tuple[EnvironmentFile, ReferenceInstance | None]:
    """The environment file with everything on top that only this run knows; a bundled environment is up from now on."""
    file = read_environment(request.environment, project=request.project)
    if file.environment.service.bundled:
        instance = instance or resources.enter_context(reference_instance(request.faults))
        file = overlaid(file, instance.overlay)
    elif request.faults:
        raise UsageError(f"{file.path}: --fault is for the bundled reference environment only")
    if request.release is not None:
        file = overlaid(file, {"service": {"release": request.release}})
    if request.overlay:
        file = overlaid(file, request.overlay)
    return file, instance


def _load_stage(request: Request, shared: Mapping[str, Any]) -> LoadStage:
    return LoadStage(**shared, folder=scenarios(request.project), profile=request.profile, crowd=request.crowd)


def _can_load(file: EnvironmentFile, gate: str, suite: Suite, wanted: Collection[str]) -> None:
    """Refuse early what would fail late: the load asked for by name, and not declared; or its packages not there."""
    load, permitted = file.environment.load, Effect.LOAD in file.environment.permits.effects
    if gate == LOAD and load is None:
        raise UsageError(f"{file.path}: load: missing; it says which visits are made, and how often (see docs/load.md)")
    if gate == LOAD and not permitted:
        raise UsageError(
            f'{file.path}: permits.effects: "{Effect.LOAD}" is not permitted here; add it once that is safe'
        )
    needed = any(LOAD in suite.declarations[identifier].arguments for identifier in wanted)
    if load and permitted and needed and find_spec("locust") is None:
        raise UsageError(f"{file.path}: load: its packages are not installed: pip install 'gonogo[load]'")


def scenarios(project: Path) -> Path:
    """Where the scenarios of the load are: the project's own, or those that gonogo brings."""
    own = project.resolve() / "loadtests"
    return own if (own / "locustfile.py").is_file() else bundled_root() / "loadtests"


def _steps(suite: Suite) -> Iterator[Scope]:
    return (step_scope(found) for found in suite.declarations.values() if WALK in found.arguments)


def _jobs(environment: Environment, secrets: Secrets) -> dict[Key, Job]:
    """Every question that the environment gives rise to."""
    kinds = (kind for kind in KINDS.values() if getattr(environment, kind.section))
    jobs = (Job(kind=kind, question=question) for kind in kinds for question in kind.questions(environment, secrets))
    return {job.key: job for job in jobs}


def _attested(demands: Demands, environment: Environment) -> dict[Key, Job]:
    """The pages that attestations point to."""
    urls = {said.line: said.url for said in demands.attestations if said.url}
    jobs = (Job(kind=KINDS[ATTESTED_URL], question=question) for question in url_questions(urls, environment))
    return {job.key: job for job in jobs}


def replayed(folder: Path, project: Path) -> Run:
    """The run that a folder's evidence was recorded by, ready to be judged again. Raises UsageError."""
    recording = read_recording(folder / "evidence.json")
    records = restore(recording.records, KINDS)
    suite = read_suite(check_folders(project))
    keys = [(record.kind, record.scope) for record in records]
    return Run(
        id=recording.id,
        environment_name=recording.environment_name,
        environment=recording.environment,
        suite=suite,
        # What was allowed then shows in what was recorded.
        plan=build_plan(
            suite,
            recording.environment,
            KINDS,
            _scopes(keys),
            wanted=demanded_checks(suite, recording.demands),
            profile=recording.profile,
            allow_money=recording.allow_money,
        ),
        demands=recording.demands,
        profile=recording.profile,
        allow_money=recording.allow_money,
        source=RecordedSource(records),
        planned_keys=keys,
        started_at=recording.started_at,
        finished_at=recording.finished_at,
        interrupted=recording.interrupted,
        selected=frozenset(recording.selected) if recording.selected is not None else None,
        notes=list(recording.notes),
    )


def _notes(request: Request, environment: Environment, instance: ReferenceInstance | None) -> Iterator[str]:
    if request.profile != "gate":
        yield f"the load had the profile {request.profile}"
    if request.only:
        yield f"narrowed to {', '.join(sorted(request.only))} and what they need"
    if environment.service.without:
        yield f"the service is declared to have no {', '.join(sorted(environment.service.without))}"
    if instance is not None and instance.attached:
        yield "attached to the reference environment that is already up"
    if instance is not None and instance.faults:
        yield f"faults switched on in the reference environment: {', '.join(instance.faults)}"


def _scopes(keys: Collection[Key]) -> Mapping[str, Sequence[Scope]]:
    scopes: dict[str, list[Scope]] = {}
    for kind, scope in keys:
        scopes.setdefault(kind, []).append(scope)
    return scopes


def expectations_digest(environment: Environment) -> str:
    """A digest that says whether two runs expected the same: of whatever release, and wherever files lie on a machine."""
    expected = environment.model_dump(mode="json", exclude={"service": {"release"}})
    for section in expected.values():
        for key in _PLACES & section.keys() if isinstance(section, dict) else ():
            section[key] = Path(section[key]).name if isinstance(section[key], str) else section[key]
    return hashlib.sha256(rfc8785.dumps(expected)).hexdigest()


def _digest(paths: Iterator[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
