"""Asks all targets at once, within bounds, on one event loop in one background thread.

The protocol: ``start`` makes one future per question in the caller's thread and hands all jobs to the loop. Each job
waits for a place at its host, then for one of ``limits.total`` places, and asks. Its record resolves its future, on which
the judging thread blocks in ``wait``. Jobs of kinds that measure time (``alone``) begin when the last other one has
ended, and then go one by one. Whatever has no record when the collector is left is recorded as never reached.
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import TaskStatus
from anyio.from_thread import BlockingPortal, start_blocking_portal

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.open_files import exhausted
from gonogo.base.wakefulness import BUSY, HINT, WAKEFULNESS, Wakefulness
from gonogo.environment.model import Limits
from gonogo.evidence.base import Evidence, Key
from gonogo.evidence.record import Failure, Record
from gonogo.families.kind import EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One question, and the probe that asks it."""

    kind: EvidenceKind
    ask: Callable[[Any], Awaitable[Evidence]]
    question: Any

    @property
    def key(self) -> Key:
        """Where its record will be found."""
        return self.kind.name, self.question.scope


class Collector:
    """A context manager: leaving it cancels what is pending and ends the thread."""

    def __init__(
        self,
        limits: Limits,
        on_record: Callable[[Record], None] = lambda _record: None,
        wakefulness: Wakefulness = WAKEFULNESS,
    ) -> None:
        self._wakefulness = wakefulness
        self._limits = limits
        self._on_record = on_record
        self._futures: dict[Key, Future[Record]] = {}
        # Owns the thread: whatever is entered here is left in reverse order when the collector is left.
        self._stack = ExitStack()
        self._portal: BlockingPortal
        # The four below belong to the running loop, and are made in _open: anyio's cannot be made outside of one.
        self._total: anyio.CapacityLimiter
        self._running: int
        """Jobs that are asked side by side and have not ended; changed on the event loop only, so it needs no lock."""
        self._others_done: anyio.Event
        """Set when the last of these has ended: from then on nothing disturbs a measurement of time."""
        self._serial: anyio.CapacityLimiter
        """One place: kinds that measure time are asked one after another."""
        self._hosts: dict[str, anyio.CapacityLimiter] = {}
        self._deadline = 0.0
        self._all: anyio.CancelScope | None = None

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal("asyncio", name="gonogo-probes"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # First the waiters, then the tasks: a waiter that woke by a cancelled task would take it for an answer.
        self.interrupt()
        if self._all is not None:
            self._portal.call(self._all.cancel)
        self._stack.__exit__(kind, error, trace)

    def start(self, jobs: Sequence[Job]) -> None:
        """Begin to ask; the run's deadline counts from now. Returns at once."""
        self._futures = {job.key: Future() for job in jobs}
        # One call for all of them: a hundred calls from thread to thread take longer than a hundred handshakes.
        self._portal.start_task(self._ask_all, jobs)

    @property
    def portal(self) -> BlockingPortal:
        """The way into the event loop, for whoever asks on their own account."""
        return self._portal

    def wait(self, key: Key) -> Record:
        """The record of one question, as soon as there is one. Raises KeyboardInterrupt when nobody asks any more."""
        try:
            return self._futures[key].result()
        except CancelledError:
            raise KeyboardInterrupt from None

    def interrupt(self) -> None:
        """Wake whoever waits, from another thread; what is not known by now stays unknown."""
        for future in list(self._futures.values()):
            future.cancel()

    def records(self) -> Mapping[Key, Record]:
        """All that is known by now; what is still pending is recorded as never reached."""
        return {key: _settled(key, future) for key, future in self._futures.items()}

    async def _ask_all(self, jobs: Sequence[Job], *, task_status: TaskStatus[None]) -> None:
        """Ask all jobs side by side, in the event loop, until the last one has its record or the collector is left."""
        self._open(sum(not job.kind.alone for job in jobs))
        with anyio.CancelScope() as self._all:
            async with anyio.create_task_group() as group:
                # Beside the probes on the same loop: what delays it delays them by as much.
                group.start_soon(self._wakefulness.watch)
                # start() returns here, so that jobs run while the caller goes on to the first check.
                task_status.started()
                for job in jobs:
                    group.start_soon(self._settle, job)

    async def _settle(self, job: Job) -> None:
        """Resolve the job's future whatever happens: with its record, with a bug in gonogo, or as never reached."""
        future = self._futures[job.key]
        try:
            record = await self._ask(job)
        except Exception as error:  # noqa: BLE001 - a bug here ends no other question, and is no check's own failure
            record = _record(job, 0.0, _bug(job, error))
        except BaseException:  # cancelled: whoever waits for it must not wait for ever
            if future.set_running_or_notify_cancel():
                future.set_result(_record(job, 0.0, _UNANSWERED))
            raise
        # __exit__ cancels futures from another thread; setting the result of a cancelled one would raise.
        if future.set_running_or_notify_cancel():
            future.set_result(record)

    def _open(self, together: int) -> None:
        """Make limiters and events. They belong to the running loop, so this is no part of the constructor."""
        self._total = anyio.CapacityLimiter(self._limits.total)
        self._deadline = anyio.current_time() + self._limits.run.total_seconds()
        self._running = together
        self._others_done = anyio.Event()
        self._serial = anyio.CapacityLimiter(1)
        if not together:  # nobody would ever set it
            self._others_done.set()

    async def _ask(self, job: Job) -> Record:
        """Ask together with all others, or alone after them."""
        if job.kind.alone:
            # When the deadline ends this wait, the job goes on: _ask_in_turn then records that it was never reached.
            with anyio.CancelScope(deadline=self._deadline):
                await self._others_done.wait()
            async with self._serial:
                return await self._ask_in_turn(job)
        try:
            return await self._ask_in_turn(job)
        finally:  # a job that failed or was cancelled has ended as well
            self._running -= 1
            if not self._running:
                self._others_done.set()

    async def _ask_in_turn(self, job: Job) -> Record:
        """Ask when the host and the run have a place; the record's seconds count from then, without the waiting."""
        started = time.monotonic()
        outcome: Evidence | Failure | None = None
        # Whoever is asked is a machine: two names of one address are one.
        machine = getattr(job.question, "address", "") or job.question.host
        host = self._hosts.setdefault(machine, anyio.CapacityLimiter(self._limits.per_host))
        with anyio.CancelScope(deadline=self._deadline):
            # The host's turn comes first: a crowded host must not fill the places of the others.
            async with host, self._total:
                started = time.monotonic()
                outcome = await self._answer_awake(job)
        if outcome is None:
            reason = f"the run's deadline of {format_duration(self._limits.run)} came first"
            outcome = Failure(reason=reason, hint="raise limits.run, or find out what is slow", never_reached=True)
        record = _record(job, time.monotonic() - started, outcome)
        self._on_record(record)
        return record

    async def _answer_awake(self, job: Job) -> Evidence | Failure:
        """A failure to hear from the target says nothing about the target if this machine slept meanwhile.

        Evidence is left as it is: what was heard was heard. A probe's own bug stays a bug.
        """
        started = time.monotonic()
        outcome = await self._answer(job)
        busy = self._wakefulness.too_busy(started)
        if not busy or not isinstance(outcome, Failure) or outcome.bug:
            return outcome
        already = outcome.reason.startswith(BUSY)
        return outcome if already else Failure(reason=f"{busy}; meanwhile: {outcome.reason}", hint=HINT)

    async def _answer(self, job: Job) -> Evidence | Failure:
        """The evidence, or why there is none: everything that a probe may raise is translated here, and only here."""
        try:
            with anyio.fail_after(self._limits.probe.total_seconds()):
                return await job.ask(job.question)
        except asyncio.CancelledError:
            if anyio.current_effective_deadline() <= anyio.current_time():
                raise  # by the run's deadline, or since the collector is left
            # One that goes on from here would end the whole group, and with it every question that is still open.
            return Failure(
                reason=f"the probe {job.kind.name} was cancelled from inside, and gave no answer",
                hint="run gonogo again; if it comes again, this is a bug in gonogo or in the driver",
            )
        except Exception as error:  # noqa: BLE001 - the outermost edge of a probe: its bug must not end the run
            return self._explained(job, error)

    def _explained(self, job: Job, error: Exception) -> Failure:
        match error:
            case Unobserved():
                return Failure(reason=error.reason, hint=error.hint)
            # A probe that knows what its own time-outs mean has caught them: this is limits.probe, or one that does not.
            case TimeoutError():
                return Failure(
                    reason=f"no complete answer within {format_duration(self._limits.probe)}",
                    hint="is the target reachable from here, and not overloaded? limits.probe sets the time",
                )
            case OSError() if ours := exhausted(error):
                return Failure(reason=ours, hint="raise the limit (ulimit -n), or lower limits.total")
            case _:
                return _bug(job, error)


_UNANSWERED = Failure(reason="the run was interrupted before an answer came", never_reached=True)


def _bug(job: Job, error: Exception) -> Failure:
    return Failure(reason=f"bug in gonogo: probe {job.kind.name}: {_site(error)}", bug=True)


def _record(job: Job, seconds: float, outcome: Evidence | Failure) -> Record:
    kind, scope = job.key
    if isinstance(outcome, Failure):
        return Record(kind=kind, scope=scope, seconds=seconds, failure=outcome)
    return Record(kind=kind, scope=scope, seconds=seconds, evidence=outcome)


def _settled(key: Key, future: Future[Record]) -> Record:
    if future.done() and not future.cancelled() and future.exception() is None:
        return future.result()
    return Record(kind=key[0], scope=key[1], seconds=0.0, failure=_UNANSWERED)


def _site(error: Exception) -> str:
    """Type, message and the innermost line: enough to report the bug with."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
