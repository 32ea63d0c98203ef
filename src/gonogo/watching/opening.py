"""Opens a watch: reads and validates everything, and begins nothing that cannot go on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gonogo.base.durations import format_duration
from gonogo.base.errors import UsageError
from gonogo.base.redaction import Redactor
from gonogo.environment.model import Environment
from gonogo.families.registry import read_environment
from gonogo.families.watch.journal import Journal
from gonogo.families.watch.prometheus import PrometheusSource
from gonogo.families.watch.scraping import Scraper
from gonogo.families.watch.section import Launch, Watch
from gonogo.planning.plan import WALK
from gonogo.runs.prepare import Prepared, Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance
from gonogo.watching.announcer import Announcer, ChannelState
from gonogo.watching.channels import channels_of
from gonogo.watching.clock import Clock
from gonogo.watching.demonstration import Demonstration, demonstration
from gonogo.watching.heartbeat import Heartbeat, heartbeat_of
from gonogo.watching.ledger import Ledger
from gonogo.watching.live import Live
from gonogo.watching.messages import Letterhead
from gonogo.watching.polling import Seals
from gonogo.watching.sources import AskedChecks, OwnMetrics
from gonogo.watching.synthetic import Synthetic
from gonogo.watching.watcher import ENDED, Source, Watcher

_LEAST_PATIENCE = timedelta(seconds=3)
"""With a scrape: a service that answers late is slow, and not silent."""
_CHANNELS_END_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """What the command line asks for."""

    environment: str
    project: Path
    faults: Sequence[str] = ()
    length: timedelta | None = None
    """How long; None: to the end of the launch's watch, or until somebody ends it."""
    launch: datetime | None = None
    """T-0, in place of launch.at."""
    release: str | None = None
    overlay: Mapping[str, Any] = field(default_factory=dict)
    """What stands in place of the file's values of ``[watch]``: further channels, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A watch that can begin."""

    watcher: Watcher
    environment: Environment
    watch: Watch
    launch: Launch
    redactor: Redactor
    journal: Ledger
    announcer: Announcer
    asked: AskedChecks
    live: Live
    heartbeat: Heartbeat | None
    demonstration: Demonstration | None
    """The bundled reference, as something to watch."""

    def beats(self) -> Mapping[str, ChannelState]:
        """How the heartbeat is, after one more round."""
        if self.heartbeat is None:
            return {}
        self.heartbeat.beat()
        return {self.heartbeat.state.name: self.heartbeat.state}


@contextmanager
def opened(request: WatchRequest, environ: Mapping[str, str], clock: Clock | None = None) -> Iterator[Opened]:
    """Everything that the watch needs, until the context is left. Raises UsageError, naming file, key and cure."""
    clock = clock or Clock()
    with ExitStack() as resources:
        shown = _demonstrated(request, environ, resources)
        prepared = _prepared(request, environ, shown.instance if shown else None)
        resources.callback(prepared.close)
        watch, launch = _sections(request, prepared.plan.environment)
        at = _launch_at(request, launch, clock)
        bundled = prepared.plan.environment.service.bundled
        journal = resources.enter_context(_journal(watch, request.environment, bundled=bundled))
        sources, asked = _sources(prepared, watch, request, since=at or _began(journal) or clock.utc())
        resources.callback(asked.close)
        ledger = Ledger(journal, now=clock.utc)
        announcer, heartbeat = _telling(request, prepared, watch, launch, ledger, resources)
        if journal.last_round() is None:  # whoever goes on with a watch is not stopped by a name
            _check_names(watch, sources, f"environments/{request.environment}.toml")
        asked.start()
        watcher = Watcher(
            watch=watch,
            journal=ledger,
            sources=sources,
            announcer=announcer,
            clock=clock,
            launch=at,
            until=_until(request, launch, at, clock),
        )
        watcher.surroundings = lambda: asked.looked
        yield Opened(
            watcher=watcher,
            environment=prepared.plan.environment,
            watch=watch,
            launch=launch,
            redactor=prepared.redactor,
            journal=ledger,
            announcer=announcer,
            asked=asked,
            heartbeat=heartbeat,
            demonstration=shown,
            live=_live(request, prepared, watch, launch.model_copy(update={"at": at}), ledger),
        )


def _telling(  # noqa: PLR0913, PLR0917 - who is told, of what, and where that is noted
    request: WatchRequest, prepared: Prepared, watch: Watch, launch: Launch, ledger: Ledger, resources: ExitStack
) -> tuple[Announcer, Heartbeat | None]:
    """The channels at work, and the heartbeat; the ledger is closed when both have ended."""
    where = f"environments/{request.environment}.toml"
    head = Letterhead(
        environment=request.environment, zone=launch.zone_info, rollback=launch.rollback, redactor=prepared.redactor
    )
    channels = channels_of(watch, prepared.secrets, head, where=where)
    heartbeat = heartbeat_of(watch, prepared.secrets, where=where)
    if heartbeat is not None:
        resources.callback(heartbeat.end, _CHANNELS_END_WITHIN)
    resources.callback(ledger.close)
    announcer = Announcer(channels, ledger, unsent=ledger.unsent())
    resources.callback(announcer.end, _CHANNELS_END_WITHIN)
    return announcer, heartbeat


def _live(request: WatchRequest, prepared: Prepared, watch: Watch, launch: Launch, ledger: Ledger) -> Live:
    """What the page shows; ``launch`` has T-0 as this watch knows it."""
    return Live(
        service=prepared.plan.environment.service.name,
        environment=request.environment,
        watch=watch,
        launch=launch,
        journal=ledger,
        seals=Seals(request.project, ledger.path, request.environment),
        roles={name: role.title for name, role in prepared.plan.demands.roles.items()},
    )


def _demonstrated(request: WatchRequest, environ: Mapping[str, str], resources: ExitStack) -> Demonstration | None:
    """The bundled reference with visitors, whose faults begin after a while; None for any other environment."""
    file = read_environment(request.environment, project=request.project)
    if file.environment.service.bundled:
        return resources.enter_context(
            demonstration(request.faults, length=request.length, project=request.project, environ=environ)
        )
    if request.faults:
        raise UsageError(f"{file.path}: --fault is for the bundled reference environment only")
    return None


@contextmanager
def prepared_watch(request: WatchRequest, environ: Mapping[str, str]) -> Iterator[Prepared]:
    """The environment with its secrets, without anything that is asked or begun. Raises UsageError."""
    prepared = _prepared(request, environ, None)
    try:
        yield prepared
    finally:
        prepared.close()


def _prepared(request: WatchRequest, environ: Mapping[str, str], instance: ReferenceInstance | None) -> Prepared:
    """The environment with its secrets; nothing is asked yet."""
    overlay = {"watch": dict(request.overlay)} if request.overlay else {}
    asked = Request(environment=request.environment, project=request.project, release=request.release, overlay=overlay)
    return prepare(asked, environ, instance=instance)


def _sections(request: WatchRequest, environment: Environment) -> tuple[Watch, Launch]:
    watch = environment.section(Watch)
    if watch is None or not watch.watched:
        raise UsageError(
            f"environments/{request.environment}.toml: watch: declares nothing to watch; "
            "add [watch.thresholds.NAME] (docs/watch.md)"
        )
    return watch, environment.section(Launch) or Launch()


def _launch_at(request: WatchRequest, launch: Launch, clock: Clock) -> datetime | None:
    at = request.launch or launch.at
    if at is None:
        return None
    over = clock.utc() - (at + launch.watch)
    if over > timedelta():
        named = "--launch" if request.launch else f"environments/{request.environment}.toml: launch.at"
        raise UsageError(
            f"{named}: {at.isoformat()} is past, and its watch of {format_duration(launch.watch)} ended "
            f"{format_duration(over)} ago; give the time of the launch to watch, as in --launch {clock.utc():%Y-%m-%dT%H:%M}+00:00"
        )
    return at


def _until(request: WatchRequest, launch: Launch, at: datetime | None, clock: Clock) -> datetime | None:
    if request.length is not None:
        return clock.utc() + request.length
    return None if at is None else at + launch.watch


def _began(journal: Journal) -> datetime | None:
    """When a watcher began this journal; None if none did."""
    lives = journal.stretches()
    return lives[0].began if lives else None


def _journal(watch: Watch, environment: str, *, bundled: bool) -> Journal:
    """The journal to go on with; one whose watch came to its end is kept beside it, and a new one begins."""
    path = journal_path(watch, environment)
    if path.exists():
        with Journal.open(path, environment=environment) as journal:
            stretches = journal.stretches()
            whole = any(event.kind == ENDED for event in journal.events())
        if bundled or whole:
            _put_aside(path, stretches[0].began if stretches else None)
    return Journal.open(path, environment=environment)


def _put_aside(path: Path, began: datetime | None) -> None:
    name = f"journal-{began:%Y%m%dT%H%M%SZ}.sqlite3" if began else "journal-empty.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(path.with_name(name + suffix))


def _sources(
    prepared: Prepared, watch: Watch, request: WatchRequest, *, since: datetime
) -> tuple[list[Source], AskedChecks]:
    """Whatever is read. What is new counts from T-0 on, or ``since`` the watch began where no T-0 is known."""
    environment = prepared.plan.environment
    sources: list[Source] = []
    if watch.prometheus is not None:
        sources.append(PrometheusSource(watch.prometheus, watch))
    elif any(watched.signal.selectors for watched in watch.watched.values()):
        patience = max(watch.every, _LEAST_PATIENCE)
        sources.append(OwnMetrics(Scraper(environment, prepared.secrets, patience=patience), watch))
    asking = Request(
        environment=request.environment,
        project=request.project,
        release=request.release,
        overlay={"launch": {"at": since}},
    )
    within = environment.limits.run.total_seconds()
    synthetic, slow = (Synthetic(asking, prepared.instance, within_seconds=within) for _ in range(2))
    steps = [name for name, check in prepared.plan.suite.declarations.items() if WALK in check.arguments]
    asked = AskedChecks(synthetic, slow, watch, steps)
    return [*sources, asked], asked


def _check_names(watch: Watch, sources: Sequence[Source], where: str) -> None:
    """Raises UsageError for metrics that the service does not know: their alarm would be about a slip of the pen."""
    problems = []
    for source in sources:
        if isinstance(source, OwnMetrics):
            for name, problem in source.unknown().items():
                kind = "thresholds" if name in watch.thresholds else "metrics"
                problems.append(f"{where}: watch.{kind}.{name}.signal: {problem}")
    if problems:
        raise UsageError(*problems)


def journal_path(watch: Watch, environment: str) -> Path:
    """Where the journal of an environment's watch is, seen from the folder in which gonogo runs."""
    return Path(watch.journal or f"reports/{environment}/watch/journal.sqlite3")
