"""The load stage of a run: people are made, the generator runs, the service is watched, everything is removed again."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from anyio.from_thread import BlockingPortal

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.project_modules import import_from
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.load import LoadEvidence
from gonogo.evidence.record import Failure, Record
from gonogo.families.http.section import Http
from gonogo.families.load.section import Load
from gonogo.families.stripe.section import Stripe
from gonogo.families.world import World
from gonogo.journey.cleanup import clean_up_after
from gonogo.journey.walk import Walk
from gonogo.load.aggregator import LoadAggregator, LoadProgress
from gonogo.load.plan import EndpointPlan, LoadPlan, TargetPlan
from gonogo.load.process import STOPPED_WITHIN_SECONDS, Event, Generator, GeneratorConfig
from gonogo.load.server_side import ServerSide
from gonogo.load.window import Window
from gonogo.planning.plan import LOAD
from gonogo.policy.profiles import Profile

SCOPE = (LOAD,)
LOCUSTFILE, DATASET = "locustfile.py", "dataset.py"
"""Of the folder of scenarios; without the second, nobody is made."""
HISTOGRAMS = "load/histograms.hlog"
LOG = "load/generator.log"
"""In the run's folder."""
_MISSING = re.compile("No module named '(locust|gevent|geventhttpclient)")
_JOINING_SECONDS = 60
"""The time that workers on other machines have to join before the load begins."""
_SLACK_SECONDS = 30
"""The time beyond the plan after which a generator that does not end by itself is ended."""
_INTERRUPTED = "it was interrupted"


@dataclass(slots=True, kw_only=True)
class LoadRun:
    """Carried out once, when the first check of its evidence asks for it."""

    environment: Environment
    secrets: Secrets = field(repr=False)
    run_id: str
    redactor: Redactor
    folder: Path
    """The folder that holds ``locustfile.py`` and ``dataset.py``."""
    walk: type[Walk] = Walk
    """The project's kind of journey, by which people are made and removed."""
    profile: Profile = "gate"
    generator_config: GeneratorConfig = field(default_factory=GeneratorConfig)
    cure: str = "gonogo clean"
    """The command that removes what this run left."""
    on_progress: Callable[[LoadProgress], None] = lambda _progress: None
    on_event: Callable[[Event], None] = lambda _event: None
    notes: list[str] = field(default_factory=list)
    artefacts: dict[str, bytes] = field(default_factory=dict)
    """Files of the run's folder, by name."""
    interrupted: bool = False
    _record: Record | None = None
    _world: World | None = None
    _generator: Generator | None = None

    def record(self, portal: BlockingPortal) -> Record:
        """Do it, unless it is done already. An interruption ends it early, and gives what was measured until then."""
        if self._record is None:
            started = time.monotonic()
            try:
                evidence, failure = self._carry_out(portal), None
            except Unobserved as error:
                evidence, failure = None, Failure(reason=error.reason, hint=error.hint)
            except AssertionError as error:
                hint = "see the journeys: what they need does not work here either"
                evidence, failure = (
                    None,
                    Failure(reason=f"the people of the load could not be made: {error}", hint=hint),
                )
            seconds = time.monotonic() - started
            self._record = Record(kind=LOAD, scope=SCOPE, seconds=seconds, evidence=evidence, failure=failure)
        return self._record

    def interrupt(self) -> None:
        """Measure no longer, from another thread; what was measured until then is given."""
        # Set before the two are read: whoever makes one of them in this moment looks at it afterwards.
        self.interrupted = True
        world, generator = self._world, self._generator
        if world is not None:
            world.stopped.set()
        if generator is not None:
            generator.stop()
            generator.watchdog(STOPPED_WITHIN_SECONDS)

    @property
    def uncleaned(self) -> bool:
        """Whether anything of the load may be in the service now."""
        return self._world is not None

    def known(self, unasked: Callable[[tuple[str, tuple[str, ...]]], Record]) -> Record:
        """The record if the load was made, else one that says that it was not asked; does nothing."""
        return self._record or unasked((LOAD, SCOPE))

    @property
    def load(self) -> Load:
        """The load that the environment file declares."""
        return self.environment.require(Load)

    def _carry_out(self, portal: BlockingPortal) -> LoadEvidence:
        """Make people, measure, and remove what was made, whatever happens in between."""
        taken_at = datetime.now(UTC)
        self._world = world = World(
            environment=self.environment,
            secrets=self.secrets,
            run_id=self.run_id,
            portal=portal,
            redactor=self.redactor,
        )
        if self.interrupted:
            world.stopped.set()
        walk = self.walk(world, LOAD)
        aggregator = LoadAggregator(self.load, self._endpoints)
        try:
            plan = self.plan(world, make_people(self.folder, walk), model=self.load.model)
            with self._watched(world) as server:
                problem = self._generate(plan, aggregator)
            return self._evidence(taken_at, aggregator, server, problem)
        finally:
            # Nothing asks any more when the clean-up begins; and only when it is over is there nothing left to clean.
            world.close()
            notes = clean_up_after(world, self.walk, self.cure)
            self.notes += [note for note in notes if not note.startswith("removed")]
            self._world = None

    def _generate(self, plan: LoadPlan, aggregator: LoadAggregator) -> str:
        """Run the generator to its end; why less than the plan was measured, if so."""
        generator = Generator(self.folder / LOCUSTFILE, self.generator_config)
        stopped = ""
        watchdog = None
        try:
            generator.start(plan)
            self._generator = generator
            if self.interrupted:  # between the start and the line above: interrupt() saw no generator to stop
                self.interrupt()
            bound = _JOINING_SECONDS + plan.warm_up + plan.measured + _SLACK_SECONDS
            watchdog = generator.watchdog(bound)
            stopped = self._listen(generator, aggregator)
        finally:
            self._generator = None
            if watchdog is not None:
                watchdog.cancel()
            code, words = generator.close()
        if words:
            self.artefacts[LOG] = self.redactor.text(words).encode()
        if aggregator.lost:
            return aggregator.loss(self.generator_config.size)
        if code > 0 and not stopped:
            last = words.rpartition("\n")[2]
            cure = "; it needs the packages of gonogo's extra load" if _MISSING.search(last) else ""
            return f"the load generator ended with {code}: {last}{cure}"
        return stopped or ("" if aggregator.done else "the load generator was ended: it did not come to an end in time")

    def _listen(self, generator: Generator, aggregator: LoadAggregator) -> str:
        for event in generator.events():
            aggregator.hear(event)
            self._react(event, generator, aggregator)
        return _INTERRUPTED if self.interrupted else ""

    def _react(self, event: Event, generator: Generator, aggregator: LoadAggregator) -> None:
        """Show progress, and end early what was lost, interrupted, or cannot be kept any more."""
        self.on_event(event)
        if event["event"] == "lost" or self.interrupted:
            aggregator.shorten()
        if event["event"] != "report":
            return
        if progress := aggregator.progress():
            self.on_progress(progress)
        # A limit that is missed for certain cannot be met any more: to go on would only harm the service.
        if not aggregator.stopped_early and (hopeless := aggregator.hopeless()):
            aggregator.stopped_early = hopeless
            aggregator.shorten()
            generator.stop()

    def plan(self, world: World, data: Mapping[str, Any], *, model: Literal["open", "closed"]) -> LoadPlan:
        """Compose the order for the generator."""
        load = self.load
        rate = load.visits_per_second * (load.stress_factor if self.profile == "stress" else 1)
        parts = sum(load.visits.values())
        stripe = self.environment.section(Stripe)
        budgets = {name: group for group in load.classes.values() for name in group.endpoints} | dict(load.endpoints)
        return LoadPlan(
            mark=world.mark,
            target=_target(self.environment),
            model=model,
            visits_per_second={name: rate * part / parts for name, part in load.visits.items()},
            users=load.users,
            think=load.think.total_seconds(),
            warm_up=load.warm_up.total_seconds(),
            measured=self._measured.total_seconds(),
            endpoints=tuple(
                EndpointPlan(
                    name=name, budget=budgets[name].latency.total_seconds(), percentile=budgets[name].percentile
                )
                for name in self._endpoints
            ),
            live=stripe is not None and stripe.live,
            data=data,
        )

    @property
    def _endpoints(self) -> list[str]:
        return [name for group in self.load.classes.values() for name in group.endpoints]

    @property
    def _measured(self) -> timedelta:
        duration: timedelta = getattr(self.load.duration, self.profile)
        return duration

    @contextmanager
    def _watched(self, world: World) -> Iterator[ServerSide | None]:
        """The service's own metrics, while the context lasts."""
        http, metrics = self.environment.section(Http), self.load.metrics
        if http is None or http.metrics is None or metrics is None:
            yield None
            return
        token = self.secrets[http.metrics_token] if http.metrics_token else ""
        server = ServerSide(client=world.service(0), path=http.metrics, token=token, metrics=metrics)
        watching: Future[None] = world.portal.start_task_soon(server.watch)
        try:
            yield server
        finally:
            watching.cancel()

    def _evidence(
        self, taken_at: datetime, aggregator: LoadAggregator, server: ServerSide | None, cut_short: str
    ) -> LoadEvidence:
        """Everything that was measured, as evidence. Raises Unobserved if the generator never began."""
        window = _begun(aggregator, cut_short)
        from gonogo.load.summary import Measured, digest  # noqa: PLC0415 - of the extra, and slow to import

        recorded = Measured(
            self.load, aggregator.names, aggregator.samples, window, aggregator.slacks(), aggregator.reasons()
        )
        log = recorded.histogram_log()
        self.artefacts[HISTOGRAMS] = log
        ended, given_up = aggregator.visits()
        if aggregator.stopped_early:
            self.notes.append(f"the load was stopped early: {aggregator.stopped_early}")
        return LoadEvidence(
            scope=SCOPE,
            taken_at=taken_at,
            profile=self.profile,
            model=self.load.model,
            visits_per_second=self.load.visits_per_second,
            confidence=self.load.confidence,
            warm_up=self.load.warm_up,
            planned=self._measured,
            seconds=window.ends - window.begins,
            visits_ended=ended,
            visits_given_up=given_up,
            classes=tuple(recorded.classes()),
            endpoints=tuple(recorded.endpoints()),
            generator=tuple(aggregator.generator()),
            server=tuple(server.since(window.begins, window.ends) if server else ()),
            server_problem=server.problem if server else "the environment declares no [load.metrics], or no [http]",
            workers=self.generator_config.size,
            lost=tuple(aggregator.lost),
            cut_short=cut_short,
            stopped_early=aggregator.stopped_early,
            problems=tuple(self.redactor.text(problem) for problem in aggregator.problems),
            statuses_only=tuple(name for name in self.load.visits if name not in aggregator.looked_at),
            histograms=digest(log),
        )


def _begun(aggregator: LoadAggregator, cut_short: str) -> Window:
    """The measured window. Raises Unobserved if the generator never opened it."""
    if aggregator.window is None:
        reason = "; ".join(aggregator.problems) or cut_short or "it made no load"
        raise Unobserved(f"the load generator did not begin: {reason}")
    return aggregator.window


def make_people(folder: Path, walk: Walk) -> Mapping[str, Any]:
    """Make what the folder's ``dataset.py`` makes for its scenarios; nothing where there is none."""
    path = folder / DATASET
    if not path.is_file():
        return {}
    make = getattr(import_from(folder, path.stem), "make", None)
    if not callable(make):
        raise UsageError(f"{path}: has no function make(walk); it gives what the scenarios of locustfile.py need")
    made: Mapping[str, Any] = make(walk)
    return made


def _target(environment: Environment) -> TargetPlan:
    """Where the load goes: the service's name with its declared addresses. Raises Unobserved without any."""
    parts = urlsplit(environment.service.base_url)
    name = parts.hostname or ""
    host = environment.hosts.get(name)
    if host is None:
        raise Unobserved(f"no address of {name} is declared")
    trust = environment.trust_of(name)
    return TargetPlan(
        host=name,
        authority=name if host.https_port == 443 else f"{name}:{host.https_port}",  # noqa: PLR2004 - https
        addresses=tuple(host.addresses),
        port=host.https_port,
        trust=None if trust == "public" else Path(trust).read_text(encoding="ascii"),
    )
