"""Prepares a live run: reads and validates everything, plans it, and says who will be asked."""

import shlex
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from gonogo.base.bundled import ATTACHED, FAULTS_ON
from gonogo.base.errors import UsageError
from gonogo.base.library_logs import silence
from gonogo.base.open_files import demand_open_files
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.base.wording import and_more
from gonogo.collecting.collected import Collected
from gonogo.collecting.collector import Job
from gonogo.collecting.live import LiveSource
from gonogo.environment.load import EnvironmentFile, overlaid
from gonogo.environment.model import Environment
from gonogo.environment.secret_values import resolve_secrets
from gonogo.evidence.base import Key, Scope
from gonogo.families.attested_url.probe import ATTESTED_URL, probe_attested_url, url_questions
from gonogo.families.load.section import Load
from gonogo.families.registry import Families, installed_families, read_environment, undeclared_sections
from gonogo.families.variables.section import Variables
from gonogo.journey.project import walk_of
from gonogo.journey.runner import Journeys
from gonogo.judging.judged import Judged
from gonogo.load.process import GeneratorConfig
from gonogo.load.run import LoadRun
from gonogo.planning.carried import CarriedRun
from gonogo.planning.digests import leaves
from gonogo.planning.gate_demands import GateDemands, demanded_checks, read_gate_demands
from gonogo.planning.lowered import lowered
from gonogo.planning.places import places
from gonogo.planning.plan import LOAD, WALK, Plan, build_plan, has_journeys, step_scope
from gonogo.planning.run_plan import RunPlan, scopes_by_kind
from gonogo.planning.signal_checks import check_signals
from gonogo.planning.suite import Suite, project_suite, selection
from gonogo.planning.trust import trust_anchors
from gonogo.policy.profiles import Profile
from gonogo.record.origin import program_digest
from gonogo.record.run_folder import new_run_id
from gonogo.runs.described_api import completed, notes_on
from gonogo.runs.key_shapes import check_keys
from gonogo.runs.preconditions import require_browser, require_journeys, require_load, scenarios
from gonogo.runs.reference_instance import ReferenceInstance, announced_instance, reference_instance

_FEW = 3
"""Ids of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The user's request for a run."""

    environment: str
    project: Path
    release: str | None = None
    only: Collection[str] = ()
    exactly: bool = False
    """Plan ``only`` and what it needs, whatever the gate demands: a watch asks for the checks of its signals."""
    gate: str | None = None
    """None: the one that gates.toml has for the environment."""
    faults: Sequence[str] = ()
    allow_money: bool = False
    profile: Profile = "gate"
    """The load's profile."""
    generator_config: GeneratorConfig = field(default_factory=GeneratorConfig)
    """The processes that make it."""
    overlay: Mapping[str, Any] = field(default_factory=dict)
    """What the command line puts in place of the environment file's values."""
    carried: tuple[CarriedRun, ...] = ()
    """Other runs that stand for lines of this one, verified."""
    baseline: Path | None = None
    """Where earlier runs were kept, beside those of the reports folder: runners of pipelines forget theirs."""
    options: tuple[str, ...] = ()
    """Further words of the command line without which it would be another run, but for faults."""
    run_id: str | None = None
    """Id of a run whose record was begun already; None: a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan, and all that is needed to carry it out: nothing was asked of any target yet."""

    plan: RunPlan
    source: LiveSource
    redactor: Redactor
    secrets: Secrets = field(repr=False)
    instance: ReferenceInstance | None = None
    baseline: Path | None = None
    """As the request has it."""
    stop: Event = field(default_factory=Event)
    """Set by whoever wants the run to end; the judging looks at it before each check."""
    resources: ExitStack = field(default_factory=ExitStack)

    @property
    def cure(self) -> str:
        """The command that removes what this run would leave if it were killed now; empty if that is nothing."""
        return self.source.journeys.cure if self.source.uncleaned else ""

    def interrupt(self) -> None:
        """End it early, from another thread: who waits is woken, and nothing more is begun."""
        self.stop.set()
        self.source.interrupt()

    def collected(self) -> Collected:
        """Everything that was gathered until now."""
        crashes = self.instance.crashes if self.instance else ()
        return Collected(
            records=self.source.records(),
            artefacts=self.source.artefacts(),
            notes=(*self.plan.notes, *self.source.notes(), *crashes),
        )

    def abandoned(self) -> Judged:
        """Stop asking; no check could judge."""
        self.source.close()
        return Judged(
            unseen="the run was interrupted before this check",
            selected=self.plan.selected,
            finished_at=datetime.now(UTC),
            interrupted=True,
        )

    def close(self) -> None:
        """End what was started for this run. Safe to call twice."""
        self.source.close()
        self.resources.close()


def prepare(request: Request, environ: Mapping[str, str], *, instance: ReferenceInstance | None = None) -> Prepared:
    """Read, validate and plan everything. Raises UsageError.

    Nothing is asked of any target yet, but for the OpenAPI document where ``[api]`` is to be taken from it.

    A bundled environment is started for the run, unless the caller has an ``instance`` of it already.
    """
    silence()
    demand_open_files(0)  # before an environment is started, which would be the first to run out of them
    with ExitStack() as resources:
        file, instance, less = resolved(request, instance, resources)
        secrets = resolve_secrets(file, environ)
        plan, source, redactor = _planned(request, file, instance, less, secrets)
        return Prepared(
            plan=plan,
            source=source,
            redactor=redactor,
            secrets=secrets,
            instance=instance,
            baseline=request.baseline,
            resources=resources.pop_all(),
        )


def _planned(
    request: Request,
    file: EnvironmentFile,
    instance: ReferenceInstance | None,
    less: tuple[str, ...],
    secrets: Secrets,
) -> tuple[RunPlan, LiveSource, Redactor]:
    """The plan of a run, and who will ask for its evidence. Raises UsageError."""
    families = installed_families(file.project)
    suite = _suite(request, file)
    check_signals(file, suite, families.kinds)
    selected = selection(suite, request.only)
    check_keys(file, secrets)
    demands = _demands(request, suite, file)
    wanted = selected if request.exactly and selected else _wanted(file, demands, suite, selected)
    undeclared, started_at = undeclared_sections(families, file.project), datetime.now(UTC)
    run_id, redactor = request.run_id or new_run_id(started_at), Redactor(secrets)
    jobs = {**_jobs(families, file.environment, secrets), **_attested(families, demands, file.environment)}
    source = _source(request, file, jobs, secrets=secrets, run_id=run_id, redactor=redactor)
    keys = source.planned_keys(_steps(suite))
    demand_open_files(_connections(jobs.values(), file.environment))
    planned = _plan(request, suite, families, file.environment, keys, wanted=wanted, undeclared=undeclared)
    plan = RunPlan(
        id=run_id,
        environment_name=file.name,
        environment=file.environment,
        families=families,
        suite=suite,
        plan=planned,
        places=places(planned, suite, families.kinds, file, request.project),
        demands=demands,
        profile=request.profile,
        allow_money=request.allow_money,
        told=request.overlay,
        chosen=tuple(leaves(instance.overlay)) if instance else (),
        lowered=less,
        only=() if request.exactly else tuple(sorted(set(request.only))),
        options=(*request.options, *_fault_options(request, instance)),
        trust=trust_anchors(file.environment, file.project),
        carried=request.carried,
        planned_keys=keys,
        program=program_digest(),
        started_at=started_at,
        undeclared=undeclared,
        selected=selected,
        notes=(*_notes(request, file.environment, suite, instance), *_told_less(less), *_not_asked_about(undeclared)),
    )
    return plan, source, redactor


def _suite(request: Request, file: EnvironmentFile) -> Suite:
    bundled = file.environment.service.bundled
    return project_suite(request.project, bundled=bundled, environment=file.name, declared=[file.environment])


def _fault_options(request: Request, instance: ReferenceInstance | None) -> Iterator[str]:
    for fault in instance.faults if instance is not None else request.faults:
        yield from ("--fault", fault)


def _demands(request: Request, suite: Suite, file: EnvironmentFile) -> GateDemands:
    service = file.environment.service
    return read_gate_demands(request.project, suite, environment=file.name, service=service, gate=request.gate)


def _wanted(
    file: EnvironmentFile, demands: GateDemands, suite: Suite, selected: frozenset[str] | None
) -> frozenset[str]:
    """The checks that the gate demands. Raises UsageError if the project or the environment cannot carry them out."""
    wanted = demanded_checks(suite, demands, release=file.environment.service.release)
    require_journeys(file, demands.name, suite)
    asked = wanted if selected is None else wanted & selected
    require_load(file, demands.name, suite, asked)
    require_browser(file, suite, asked)
    return wanted


def opening(request: Request) -> str:
    """The first line of a run's output: what is prepared, and whose instance of it is used."""
    line = f"preparing {request.environment}"
    announced = None if request.faults else announced_instance()
    if (
        announced is None
        or not read_environment(request.environment, project=request.project).environment.service.bundled
    ):
        return line
    return f"{line}: {ATTACHED} that is already up (pid {announced.pid})"


def _plan(  # noqa: PLR0913 - what there is, and what is wanted of it
    request: Request,
    suite: Suite,
    families: Families,
    environment: Environment,
    keys: Sequence[Key],
    *,
    wanted: Collection[str],
    undeclared: Collection[str],
) -> Plan:
    return build_plan(
        suite,
        environment,
        families.kinds,
        scopes_by_kind(keys),
        wanted=wanted,
        profile=request.profile,
        allow_money=request.allow_money,
        undeclared=undeclared,
    )


def _source(  # noqa: PLR0913 - what journeys and load speak with
    request: Request,
    file: EnvironmentFile,
    jobs: Mapping[Key, Job],
    *,
    secrets: Secrets,
    run_id: str,
    redactor: Redactor,
) -> LiveSource:
    """Compose the probes, the journeys and the load that will be asked; none of them is asked yet."""
    environment, walk = file.environment, walk_of(file.project)
    cure = f"gonogo clean --env {shlex.quote(file.name)} --run {run_id}"
    journeys = Journeys(
        environment=environment, secrets=secrets, run_id=run_id, redactor=redactor, walk=walk, cure=cure
    )
    load = None
    if environment.section(Load) is not None:
        load = LoadRun(
            environment=environment,
            secrets=secrets,
            run_id=run_id,
            redactor=redactor,
            folder=scenarios(file),
            walk=walk,
            cure=cure,
            profile=request.profile,
            generator_config=request.generator_config,
        )
    return LiveSource(jobs, environment.limits, journeys, load)


def resolved(
    request: Request, instance: ReferenceInstance | None, resources: ExitStack
) -> tuple[EnvironmentFile, ReferenceInstance | None, tuple[str, ...]]:
    """The environment file with everything on top that only this run knows, and what that asks less. Raises UsageError.

    A bundled environment is up from now on.
    """
    file = read_environment(request.environment, project=request.project)
    if file.environment.service.bundled:
        instance = instance or resources.enter_context(reference_instance(request.faults))
        file = overlaid(file, instance.overlay)
    elif request.faults:
        raise UsageError(f"{file.path}: --fault is for the bundled reference environment only")
    if request.release is not None:
        file = overlaid(file, {"service": {"release": request.release}})
    effective = overlaid(file, request.overlay) if request.overlay else file
    less = lowered(file.environment, effective.environment, request.profile) if request.gate == LOAD else ()
    return completed(effective), instance, less


def _steps(suite: Suite) -> Iterator[Scope]:
    return (step_scope(declaration) for declaration in suite.declarations.values() if WALK in declaration.arguments)


def _connections(jobs: Collection[Job], environment: Environment) -> int:
    """How many there may be at once: what the limits let through, and not more than is asked."""
    by_host = Counter(job.question.host for job in jobs)
    together = sum(min(number, environment.limits.per_host) for number in by_host.values())
    return min(together, environment.limits.total)


def _jobs(families: Families, environment: Environment, secrets: Secrets) -> dict[Key, Job]:
    """Every question that the environment gives rise to."""
    jobs = (
        Job(kind=families.kinds[name], ask=probe.ask, question=question)
        for name, probe in families.probes().items()
        if environment.declares(families.kinds[name].section)
        for question in probe.questions(environment, secrets)
    )
    return {job.key: job for job in jobs}


def _attested(families: Families, demands: GateDemands, environment: Environment) -> dict[Key, Job]:
    """The pages that attestations point to."""
    urls = {attestation.line: attestation.url for attestation in demands.attestations if attestation.url}
    questions = url_questions(urls, environment)
    jobs = (Job(kind=families.kinds[ATTESTED_URL], ask=probe_attested_url, question=question) for question in questions)
    return {job.key: job for job in jobs}


def _told_less(less: Sequence[str]) -> Iterator[str]:
    """A lowered load is no load test: whoever reads the verdict must know which question it answers."""
    if less:
        yield f"the load was lower than declared: {', '.join(less)}"


def _without_variables(suite: Suite, environment: Environment) -> list[str]:
    """Checks of variables that are not planned, since no variable is declared for them."""
    variables = environment.section(Variables)
    if variables is None:
        return []
    return [name for name in suite.order if not variables.has(suite.catalogue[name].shapes)]


def _not_asked_about(undeclared: Sequence[str]) -> Iterator[str]:
    if undeclared:
        sections = ", ".join(f"[{section}]" for section in undeclared)
        yield f"not asked about, because packages bring it and no environment of this project declares it: {sections}"


def _notes(
    request: Request, environment: Environment, suite: Suite, instance: ReferenceInstance | None
) -> Iterator[str]:
    """Return what a reader of the page must know of how this run was made, since it may differ from the next one."""
    if request.profile != "gate":
        yield f"the load had the profile {request.profile}"
    if request.only:
        yield f"limited to {and_more(sorted(set(request.only)), _FEW)} and what they need"
    yield from notes_on(environment)
    if environment.service.without:
        yield f"not checked, because service.without names them: {', '.join(sorted(environment.service.without))}"
    if idle := _without_variables(suite, environment):
        yield f"no variable is declared of the shape that these look at: {', '.join(idle)}"
    variables = environment.section(Variables)
    if variables is not None and len(variables.files) == 1:
        yield "variables-differ: only one file of variables is declared, so there is nothing to compare it with"
    if not has_journeys(suite, environment):
        yield "no journeys ran: this project has none in smoke/"
    if instance is not None and instance.pid is not None:
        yield f"{ATTACHED} that is already up (pid {instance.pid}): what others do to it counts in this verdict"
    if instance is not None and instance.faults:
        yield f"{FAULTS_ON}{', '.join(instance.faults)}"
