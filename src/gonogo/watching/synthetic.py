"""Runs gonogo's own checks again and again: synthetic monitoring.

They run in a separate process. A check that hangs, or that ends this process, is a signal without a value, and the watch
continues.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import cast

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import Reading
from gonogo.planning.plan import SMOKE
from gonogo.planning.suite import project_suite
from gonogo.record.results import CheckResult, Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance
from gonogo.runs.session import results_of
from gonogo.watching.clock import Clock
from gonogo.watching.surroundings import Surroundings, checks_that_look, surroundings

_GRACE_SECONDS = 60.0
"""Time in addition to limits.run, for the clean-up of test data and the start of the process."""
_PARENT_SECONDS = 1.0
_STALE_ROUNDS = 3
_FAILING = {Outcome.FAIL, Outcome.WARN}
_LONGEST_MESSAGE = 300
_SLACK_SECONDS = 10.0
"""Time for the round itself, which takes some seconds however often it runs."""


@dataclass(frozen=True, slots=True)
class Told:
    """The newest outcome of one check."""

    at: float
    """When the outcome was known, in seconds of the clock."""
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Reply:
    outcomes: Mapping[str, tuple[Outcome, str]]
    failure: str = ""
    surroundings: Surroundings | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    request: Request
    looks: bool = False
    """Whether to read the surroundings of the launch instead of the checks of the request."""


class Synthetic:
    """Runs checks in one separate process, at most one round at a time.

    ``within_seconds`` is the time for a round; the process is killed after it and a grace period.
    """

    def __init__(
        self, request: Request, instance: ReferenceInstance | None, *, within_seconds: float, clock: Clock | None = None
    ) -> None:
        self.clock = clock or Clock()
        self._request = request
        self._instance = instance
        self._within_seconds = within_seconds + _GRACE_SECONDS
        self._told: dict[str, Told] = {}
        self._failures: dict[str, str] = {}
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process; None before the first round."""
        return self._process.pid if self._process else None

    def ask(self, checks: Collection[str]) -> str:
        """Run these checks now, or the whole smoke run if ``checks`` is empty.

        Returns why that failed, or an empty text. The outcomes are kept for ``read``.
        """
        chosen = {"only": tuple(checks), "exactly": True} if checks else {"gate": SMOKE}
        reply = self._answered(_Job(replace(self._request, **chosen)))
        at = self.clock.seconds()
        with self._lock:
            self._told |= {name: Told(at, outcome, message) for name, (outcome, message) in reply.outcomes.items()}
            self._failures |= dict.fromkeys(checks or reply.outcomes, reply.failure)
        return reply.failure

    def look(self) -> Surroundings | str:
        """Return the surroundings of the launch as they are now, or the reason why they could not be read."""
        reply = self._answered(_Job(self._request, looks=True))
        return reply.surroundings or reply.failure

    def read(self, checks: Collection[str], at: float, *, every_seconds: float) -> Reading:
        """Return how many of these checks fail, without running them; no value unless all are known to pass or one fails.

        ``at`` is the place of the round on the watch's axis. An outcome is too old after three times ``every_seconds`` and
        some slack. A blocked check gives no reason: the check that it needs, which is among them, does.
        """
        with self._lock:
            told = {name: self._told.get(name) for name in checks}
            failures = {name: self._failures.get(name, "") for name in checks}
        failing = [f"{name}: {one.message}" for name, one in told.items() if one and one.outcome in _FAILING]
        if failing:
            return Reading(at=at, value=float(len(failing)), missing="; ".join(failing))
        now = self.clock.seconds()
        for name, one in sorted(told.items(), key=_blocked):
            if failures[name]:
                return Reading(at=at, value=None, missing=f"{name}: {failures[name]}")
            if one is None:
                return Reading(at=at, value=None, missing=f"{name} was not asked yet")
            if one.outcome is not Outcome.PASS:
                return Reading(at=at, value=None, missing=f"{name} is {one.outcome.name}: {one.message}")
            if now - one.at > _STALE_ROUNDS * every_seconds + _SLACK_SECONDS:
                return Reading(at=at, value=None, missing=f"{name} was asked last {now - one.at:.0f} s ago")
        return Reading(at=at, value=0.0)

    def close(self) -> None:
        """End the process. If a round is running, it first removes its test data."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.join(self._within_seconds)
            self._kill()
        self._process = self._connection = None

    def _answered(self, job: _Job) -> _Reply:
        connection = self._connected()
        try:
            connection.send(job)
            if connection.poll(self._within_seconds):
                return cast("_Reply", connection.recv())
            failure = f"there was no answer within {self._within_seconds:.0f} s"
        except (EOFError, OSError):
            failure = "the process that runs the checks ended"
        self._kill()
        self._process = self._connection = None
        return _Reply({}, failure)

    def _connected(self) -> Connection:
        if self._connection is None:
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, self._instance), name="gonogo-synthetic", daemon=False
            )
            self._process.start()
            theirs.close()
        return self._connection

    def _kill(self) -> None:
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(connection: Connection, instance: ReferenceInstance | None) -> None:
    """The process's main function: one round after another, until its parent closes the line or is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # its parent says when it ends, between two rounds
    parent = os.getppid()
    while True:
        while not connection.poll(_PARENT_SECONDS):
            if os.getppid() != parent:
                return
        try:
            job = cast("_Job", connection.recv())
        except (EOFError, OSError):
            return
        reply = _round(job, instance)
        try:
            connection.send(reply)
        except OSError:
            return


def _round(job: _Job, instance: ReferenceInstance | None) -> _Reply:
    try:
        return _looked(job.request, instance) if job.looks else _asked(job.request, instance)
    except UsageError as error:
        return _Reply({}, str(error))


def _asked(request: Request, instance: ReferenceInstance | None) -> _Reply:
    results = results_of(prepare(request, os.environ, instance=instance))
    wanted = [check for check in results.checks if not request.only or check.id in request.only]
    return _Reply({check.id: (check.outcome, _message(check)) for check in wanted})


def _looked(request: Request, instance: ReferenceInstance | None) -> _Reply:
    suite = project_suite(request.project, bundled=instance is not None, environment=request.environment)
    only = checks_that_look(suite)
    prepared = prepare(replace(request, only=only, exactly=True), os.environ, instance=instance)
    results_of(prepared)
    seen, redacted = surroundings(prepared.source.records(), datetime.now(UTC)), prepared.redactor.text
    policy = {"policy (checklist, gates, people, attestations, waivers)": prepared.plan.demands.digest[:16]}
    facts = {name: redacted(value) for name, value in seen.facts.items()}  # the titles of errors are anybody's words
    unread = {what: redacted(why) for what, why in seen.unread.items()}
    return _Reply({}, surroundings=replace(seen, facts={**facts, **policy}, unread=unread))


def _blocked(told: tuple[str, Told | None]) -> bool:
    """Return whether the check is blocked, so that another one has the reason."""
    return told[1] is not None and told[1].outcome is Outcome.BLOCKED


def _message(check: CheckResult) -> str:
    """Return the message of a check in one line, cut to a length that can be kept for every round."""
    said = next((seen.message for seen in check.observations if seen.outcome is check.outcome and seen.message), "")
    return " ".join(said.split())[:_LONGEST_MESSAGE]
