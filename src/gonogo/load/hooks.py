"""What a plain ``locust`` needs to run gonogo's scenarios: an environment to visit, people, and their removal.

``locust -f loadtests/locustfile.py --gonogo-env staging`` has Locust's own web UI, users and pauses; nothing is judged.
The people are made, and removed, by another process: Locust's patched sockets are no place for other clients.
"""

import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from gonogo.load.crew import Crew
from gonogo.load.plan import PLAN, LoadPlan
from gonogo.load.visitor import Visitor, employ
from gonogo.load.worker import HELLO, PLAN_MESSAGE, READY, work_for_master


def add_option(parser: ArgumentParser) -> None:
    """Which environment."""
    parser.add_argument("--gonogo-env", default="reference", help="The environment, as environments/NAME.toml.")


def begin(environment: Environment, runner: Any = None, **_: object) -> None:  # noqa: ANN401 - any of Locust's runners
    """Workers wait for a plan; whoever starts the users makes one first."""
    if isinstance(runner, WorkerRunner):
        work_for_master(environment, runner)
    elif environment.parsed_options is not None:  # gonogo load has no command line of Locust, and plans itself
        _People(environment, environment.parsed_options.gonogo_env).register(runner)


events.init_command_line_parser.add_listener(add_option)  # type: ignore[no-untyped-call]
events.init.add_listener(begin)  # type: ignore[no-untyped-call]


class _People:
    """Those of one test after another."""

    def __init__(self, environment: Environment, name: str) -> None:
        self._environment = environment
        self._name = name
        self._plan: LoadPlan | None = None

    def register(self, runner: LocalRunner | MasterRunner) -> None:
        """Be there when a test starts, when it stops, and when a worker joins."""
        self._environment.events.test_start.add_listener(lambda **_: self._make(runner))  # type: ignore[no-untyped-call]
        self._environment.events.test_stop.add_listener(lambda **_: self._remove())  # type: ignore[no-untyped-call]
        if isinstance(runner, MasterRunner):
            runner.register_message(HELLO, lambda msg, **_: self._tell(runner, msg.node_id))
            runner.register_message(READY, lambda **_: None)
        self._prepare()

    def _prepare(self) -> None:
        """Before the first users: a class knows its weight, and whether it is in the environment at all."""
        self._plan = PLAN.validate_json(_run("make", self._name))
        shares = self._plan.visits_per_second
        known = [one for one in self._environment.user_classes if issubclass(one, Visitor)]
        for one in known:
            one.weight = shares.get(one.scenario, 0)
        self._environment.user_classes = [one for one in known if one.scenario in shares]

    def _make(self, runner: LocalRunner | MasterRunner) -> None:
        if self._plan is None:
            self._prepare()
        if self._plan is None:
            return
        if isinstance(runner, MasterRunner):
            for worker in runner.clients.all:
                self._tell(runner, worker.id)
        else:
            employ(self._environment, Crew(self._plan))

    def _tell(self, runner: MasterRunner, worker: str) -> None:
        if self._plan is not None:
            runner.send_message(PLAN_MESSAGE, PLAN.dump_python(self._plan, mode="json"), worker)

    def _remove(self) -> None:
        if self._plan is not None:
            mark, self._plan = self._plan.mark, None
            _run("remove", self._name, mark)


def _run(*arguments: str) -> bytes:
    """A command of ``gonogo.runs.load_people``; its own words go to our standard error."""
    command = [sys.executable, "-m", "gonogo.runs.load_people", *arguments]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)  # noqa: S603 - this interpreter, our own module
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout
