"""Walks the journeys of a run side by side, each in a thread of its own; what stays behind is removed in any case."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

from anyio.from_thread import BlockingPortal

from gonogo.base.comparing import Noted, noting
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.journey import LAST, StepEvidence
from gonogo.evidence.record import Failure, Record
from gonogo.evidence.scopes import ByScope
from gonogo.families.world import Stopped, World
from gonogo.journey.cleanup import clean_up_after
from gonogo.journey.step import Step
from gonogo.journey.walk import Walk
from gonogo.planning.plan import WALK
from gonogo.record.results import Observation, Outcome
from gonogo.verdict.decision import Seen, blocking


@dataclass(slots=True, kw_only=True)
class Journeys:
    """Begun at most once."""

    environment: Environment
    secrets: Secrets = field(repr=False)
    run_id: str
    redactor: Redactor
    walk: type[Walk] = Walk
    """The project's kind of journey."""
    cure: str = "gonogo clean"
    """The command that removes what this run left."""
    on_record: Callable[[Record], None] = lambda _record: None
    notes: list[str] = field(default_factory=list)
    _futures: dict[Scope, Future[Record]] = field(default_factory=dict)
    _threads: ThreadPoolExecutor | None = None
    _world: World | None = None
    _stopped: Event = field(default_factory=Event)

    def begin(self, portal: BlockingPortal, journeys: Mapping[str, Sequence[Step]], observed: Seen) -> None:
        """Set out on all of them, knowing what the checks have seen. Returns at once."""
        self._world = world = World(
            environment=self.environment,
            secrets=self.secrets,
            run_id=self.run_id,
            portal=portal,
            redactor=self.redactor,
            deadline=time.monotonic() + self.environment.limits.run.total_seconds(),
            stopped=self._stopped,
        )
        self._futures = {step.scope: Future() for steps in journeys.values() for step in steps}
        # A thread for each: a step may block for as long as a mail takes, and must not hold up another journey.
        self._threads = ThreadPoolExecutor(len(journeys), thread_name_prefix="gonogo-journey")
        # A copy: pytest's thread goes on adding to the original while the journeys read theirs.
        observations = dict(observed)
        others = [
            self._threads.submit(self._walk, self.walk(world, name, index), steps, observations)
            for index, (name, steps) in enumerate(journeys.items())
            if name != LAST
        ]
        if LAST in journeys:
            self._threads.submit(self._walk_last, self.walk(world, LAST), journeys[LAST], observations, others)

    def wait(self, scope: Scope) -> Record:
        """Wait for the outcome of one step.

        Called in pytest's thread, in the order of the checks, while the journeys go on in threads of their own.
        """
        future = self._futures.get(scope)
        return future.result() if future else _unwalked(scope, "not asked: no check of this run was about it")

    def records(self) -> Sequence[Record]:
        """All that is known by now."""
        return [
            future.result() if future.done() else _unwalked(scope, "the run was interrupted before this step")
            for scope, future in self._futures.items()
        ]

    def interrupt(self) -> None:
        """Stop walking: the steps that are under way end, and those that follow are not taken."""
        self._stopped.set()

    @property
    def uncleaned(self) -> bool:
        """Whether anything of this run may be in the service now."""
        return self._world is not None and self._world.touched and not self._world.cleaned

    def close(self) -> None:
        """Stop walking, and remove what was not removed yet. Safe to call twice."""
        threads, self._threads = self._threads, None
        if threads is None or self._world is None:
            return
        # In this order: no step begins, those under way end, their connections close; only then is anything removed,
        # since a step that still ran could make test data after the clean-up had looked.
        self._stopped.set()
        threads.shutdown()
        self._world.close()
        if self.uncleaned:
            self.notes += clean_up_after(self._world, self.walk, self.cure)

    def _walk_last(self, walk: Walk, steps: Sequence[Step], observed: Seen, others: Sequence[Future[None]]) -> None:
        wait(others)
        self._walk(walk, steps, observed)

    def _walk(self, walk: Walk, steps: Sequence[Step], observed: Seen) -> None:
        """Walk one journey in its own thread; every step gets a record, also if gonogo itself breaks."""
        try:
            self._walk_all(walk, steps, dict(observed))
        except BaseException as error:  # noqa: BLE001 - whoever waits for a step that nobody walks would wait for ever
            reason = f"its journey broke off, by a bug in gonogo: {type(error).__name__}: {error}"
            for step in steps:
                if not self._futures[step.scope].done():
                    self._futures[step.scope].set_result(_unwalked(step.scope, reason))
        finally:
            walk.close()

    def _walk_all(self, walk: Walk, steps: Sequence[Step], observed: dict[str, ByScope[Observation]]) -> None:
        """Walk the steps in order. A step whose need did not pass is not taken, and blocks those that need it."""
        started = time.monotonic()
        for step in steps:
            cause = blocking(step.check, step.scope, observed)
            if cause is not None:
                record, outcome = _unwalked(step.scope, f"blocked by {cause.check}"), Outcome.BLOCKED
            else:
                record, outcome = _taken(step, walk, started)
            # Pytest judges this step later; the next one needs to know now whether it may be taken.
            own = Observation(scope=step.scope, outcome=outcome, cause=cause)
            observed[step.check.id] = ByScope([(step.scope, own)])
            self.on_record(record)
            self._futures[step.scope].set_result(record)


def _taken(step: Step, walk: Walk, started: float) -> tuple[Record, Outcome]:
    """Walk one step, and give its record with its outcome.

    A step that Ctrl-C or the deadline came before has a failure in place of evidence: nothing was asked.
    """
    taken_at, began = datetime.now(UTC), time.monotonic()
    noted: Noted = {}
    try:
        walk.begin_step()
        walk.world.alive()
        with noting() as noted:
            step.call(walk)
        ended = step.ended_by(None)
    except BaseException as error:  # noqa: BLE001 - the outermost edge of a step: whatever it is, somebody waits for an answer
        explained = walk.explain(error)
        if isinstance(explained, Stopped):
            return _unwalked(step.scope, explained.reason), Outcome.NOT_RUN
        ended = step.ended_by(explained)
    evidence = StepEvidence(
        scope=step.scope,
        taken_at=taken_at,
        began=_seconds(began - started),
        elapsed=_seconds(time.monotonic() - began),
        requests=tuple(walk.requests),
        pages=tuple(walk.pages),
        ending=ended.ending,
        message=ended.message,
        hint=ended.hint,
        compared=tuple(noted.values()),
    )
    record = Record(kind=WALK, scope=step.scope, seconds=time.monotonic() - began, evidence=evidence)
    return record, ended.outcome(step.check.policy.severity)


def _unwalked(scope: Scope, reason: str) -> Record:
    return Record(kind=WALK, scope=scope, seconds=0.0, failure=Failure(reason=reason, never_reached=True))


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=round(value, 4))
