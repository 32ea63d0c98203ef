"""Hooks by which a plain ``locust`` runs gonogo's scenarios: an environment to visit, people, and their removal.

``locust -f loadtests/locustfile.py --gonogo-env staging`` has Locust's own web UI, users and pauses; nothing is judged,
and its exit code is not 0 if a budget was missed. The people are made, and removed, by another process: Locust's patched
sockets are no place for other clients.
"""

import logging
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

import gevent
from gevent.lock import RLock
from locust import events, stats
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from gonogo.load.budgets import bucket, missed_budgets
from gonogo.load.plan import PLAN, LoadPlan
from gonogo.load.recorder import WorkerRecorder
from gonogo.load.visitor import Visitor, attach_recorder
from gonogo.load.worker import HELLO, PLAN_MESSAGE, READY, STOP, STOPPED, work_for_master

_STOPPING_SECONDS = 60.0
"""Beside Locust's own --stop-timeout: for workers that still answer."""
_GONE_SECONDS = 3.0
"""As above, for workers that have left: their users end with them."""
_POLL_SECONDS = 0.05
_log = logging.getLogger(__name__)


def add_option(parser: ArgumentParser) -> None:
    """Adds the option that names the environment."""
    parser.add_argument("--gonogo-env", default="reference", help="The environment, as environments/NAME.toml.")


def begin(environment: Environment, runner: Any = None, **_: object) -> None:  # noqa: ANN401 - any of Locust's runners
    """Workers wait for a plan; whoever starts the users makes one first."""
    if environment.parsed_options is not None:
        stats.bucket_response_time = bucket  # type: ignore[assignment]  # Locust counts by any key
    if isinstance(runner, WorkerRunner):
        work_for_master(environment, runner)
    elif environment.parsed_options is not None:  # gonogo load has no command line of Locust, and plans itself
        _People(environment, environment.parsed_options.gonogo_env).register(runner)


events.init_command_line_parser.add_listener(add_option)  # type: ignore[no-untyped-call]
events.init.add_listener(begin)  # type: ignore[no-untyped-call]


class _People:
    """Makes the synthetic users of each test, and removes them after it."""

    def __init__(self, environment: Environment, name: str) -> None:
        self._environment = environment
        self._name = name
        self._plan: LoadPlan | None = None
        self._last_plan: LoadPlan | None = None
        self._working: set[str] = set()
        """Workers that may have users under way."""
        self._ending = RLock()
        """Locust ends a test from several greenlets at Ctrl-C; whoever comes second waits until the first is done."""

    def register(self, runner: LocalRunner | MasterRunner) -> None:
        """Be there when a test starts, when it stops, when a worker joins, and at the end."""
        self._environment.events.test_start.add_listener(lambda **_: self._make(runner))  # type: ignore[no-untyped-call]
        self._environment.events.test_stop.add_listener(lambda **_: self._end(runner))  # type: ignore[no-untyped-call]
        if isinstance(runner, MasterRunner):
            runner.register_message(HELLO, lambda msg, **_: self._tell(runner, msg.node_id))
            runner.register_message(READY, lambda **_: None)
            runner.register_message(STOPPED, lambda msg, **_: self._working.discard(msg.node_id))
        self._prepare()
        self._environment.events.quitting.add_listener(lambda **_: self._quit(runner))  # type: ignore[no-untyped-call]

    def _prepare(self) -> None:
        """Before the first users: a class knows its weight, and whether it is in the environment at all."""
        self._plan = PLAN.validate_json(_run("make", self._name))
        shares = self._plan.visits_per_second
        visitors = [user_class for user_class in self._environment.user_classes if issubclass(user_class, Visitor)]
        for visitor in visitors:
            visitor.weight = shares.get(visitor.scenario, 0)
        self._environment.user_classes = [visitor for visitor in visitors if visitor.scenario in shares]

    def _make(self, runner: LocalRunner | MasterRunner) -> None:
        if self._plan is None:
            self._prepare()
        if self._plan is None:
            return
        if isinstance(runner, MasterRunner):
            for worker in runner.clients.all:
                self._tell(runner, worker.id)
                self._working.add(worker.id)
        else:
            attach_recorder(self._environment, WorkerRecorder(self._plan))

    def _tell(self, runner: MasterRunner, worker: str) -> None:
        if self._plan is not None:
            runner.send_message(PLAN_MESSAGE, PLAN.dump_python(self._plan, mode="json"), worker)
            if runner.user_count:  # it takes over users of a test that has begun
                self._working.add(worker)

    def _end(self, runner: LocalRunner | MasterRunner) -> None:
        """Remove the people, once nobody walks in their names any more."""
        with self._ending:
            if isinstance(runner, MasterRunner):
                self._stop_workers(runner)
            self._remove()

    def _stop_workers(self, runner: MasterRunner) -> None:
        """Locust says that a test has stopped before its workers know of it, when it quits."""
        for worker in runner.clients.all:
            if worker.id in self._working:
                runner.send_message(STOP, {}, worker.id)
        started, patience = time.monotonic(), float(self._environment.stop_timeout or 0)
        while self._working:
            waited = time.monotonic() - started
            connected = {worker.id for worker in runner.clients.all if worker.state != "missing"}
            if waited > patience + (_STOPPING_SECONDS if self._working & connected else _GONE_SECONDS):
                break
            gevent.sleep(_POLL_SECONDS)
        self._working.clear()

    def _remove(self) -> None:
        """Remove the people of a plain Locust run; a failure becomes the exit code of the process."""
        if self._plan is not None:
            mark, self._last_plan, self._plan = self._plan.mark, self._plan, None
            try:
                _run("remove", self._name, mark, shielded=True)
            except SystemExit as error:
                self._environment.process_exit_code = error.code if isinstance(error.code, int) else 1

    def _quit(self, runner: LocalRunner | MasterRunner) -> None:
        """Locust decides on its exit code next: until then its users must have ended, and their people be removed."""
        began = self._last_plan is not None or runner.stats.num_requests > 0
        runner.stop()
        plan = self._plan or self._last_plan
        self._end(runner)  # as well for those who were made, and never walked
        if plan is None or not began:
            return
        for words in missed_budgets(runner.stats, plan):
            _log.error(words)
            self._environment.process_exit_code = self._environment.process_exit_code or 1


def _run(*arguments: str, shielded: bool = False) -> bytes:
    """A command of ``gonogo.runs.load_people``; its own words go to our standard error.

    ``shielded``: another Ctrl-C of somebody in a hurry does not end it.
    """
    command = [sys.executable, "-P", "-m", "gonogo.runs.load_people", *arguments]
    removal = subprocess.run(  # noqa: S603 - this interpreter, our own module
        command, check=False, stdout=subprocess.PIPE, start_new_session=shielded
    )
    if removal.returncode:
        sys.exit(removal.returncode)
    return removal.stdout
