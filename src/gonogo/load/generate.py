"""``python -m gonogo.load.generate``: a process of the load generator, told what to do on standard input.

The first line is the order, a JSON object; a line ``stop`` ends the measuring now, the end of input ends the process.
Each line out is an event: a JSON object whose ``event`` is ``started``, ``window``, ``report``, ``lost``, ``problem``
or ``done``.
"""

# Locust first: it makes sockets, threads and time cooperative before anybody has used them.
import locust  # noqa: F401, I001

import base64
import json
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from gevent.fileobject import FileObject
from locust import stats
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner
from locust.user.users import User
from locust.util.load_locustfile import load_locustfile

from gonogo.base.errors import UsageError
from gonogo.base.open_files import demand_open_files
from gonogo.load.recorder import WorkerRecorder
from gonogo.load.plan import PLAN, LoadPlan
from gonogo.load.visitor import Visitor, attach_recorder
from gonogo.load.window import Window
from gonogo.load.worker import HELLO, PLAN_MESSAGE, READY, REPORT, STOPPED, WINDOW, report, watch, work_for_master

_JOINED_WITHIN_SECONDS = 60.0
_MOST_SKEW_SECONDS = 0.5
"""Samples of all workers are summed by the second of the wall clock: with more skew they would mix two seconds."""
_HEARTBEATS_MISSED = 4
"""Seconds after the last reply can have come in which the reports of workers are waited for."""
_WATCH_SECONDS = 0.2


def emit(event: str, **values: Any) -> None:  # noqa: ANN401 - JSON values
    """One line out."""
    print(json.dumps({"event": event, **values}), flush=True)  # noqa: T201 - the protocol


def emit_report(worker: str, message: Mapping[str, Any]) -> None:
    """A report, its samples in a form that JSON can hold."""
    samples = [[*key, base64.b64encode(content).decode()] for *key, content in message["samples"]]
    emit("report", worker=worker, **{**message, "samples": samples})


class Coordinator:
    """Starts the users, opens the window, and waits for the last report: here, or of all workers."""

    def __init__(self, environment: Environment, plan: LoadPlan, classes: Sequence[type[Visitor]]) -> None:
        self.environment = environment
        self.plan = plan
        self.classes = classes
        self.spawned = Event()
        self.stopped = Event()
        self.over = Event()
        environment.events.spawning_complete.add_listener(lambda **_: self.spawned.set())  # type: ignore[no-untyped-call]

    def begin(self, runner: LocalRunner | MasterRunner) -> Window | None:
        """All users at once: they take turns from a random moment on, so the rate is there from the beginning."""
        counting = WorkerRecorder(self.plan)
        for user_class in self.classes:
            user_class.fixed_count = counting.users(user_class.scenario, user_class.makes)
        # Locust then spreads users over workers by these counts, and not by its weights.
        count = sum(user_class.fixed_count for user_class in self.classes)
        if isinstance(runner, LocalRunner) and not _may_open(count):
            return None
        runner.start(count, spawn_rate=max(count, 1))
        gevent.wait([self.spawned, self.stopped], count=1)
        if self.stopped.is_set():
            return None
        window = Window.after(self.plan.warm_up, self.plan.measured)
        emit("window", begins=window.begins, ends=window.ends, users=count, expected=self._expected(window))
        return window

    def _expected(self, window: Window) -> Mapping[str, float]:
        """Requests by endpoint, if every visit is made to its end."""
        expected: defaultdict[str, float] = defaultdict(float)
        for user_class in self.classes:
            for name in user_class.makes:
                expected[name] += self.plan.visits_per_second[user_class.scenario] * (window.ends - window.begins)
        return expected if self.plan.model == "open" else {}

    def obey(self) -> None:
        """Read standard input: ``stop``, or its end."""
        for line in FileObject(sys.stdin.buffer, "rb", close=False):
            if line.strip() == b"stop":
                self.stopped.set()
        # The end of input: whoever gave the order is gone, and nobody would read what is measured from here on.
        self.stopped.set()
        self.over.set()


def _may_open(connections: int) -> bool:
    """Whether each user may have a connection of its own; if not, why is told."""
    try:
        demand_open_files(connections, who="the load", otherwise=", or lower load.visits_per_second")
    except UsageError as error:
        emit("problem", message=str(error))
        return False
    return True


def run_locally(coordinator: Coordinator) -> None:
    """Everything in this process."""
    recorder = WorkerRecorder(coordinator.plan)
    attach_recorder(coordinator.environment, recorder)
    runner = coordinator.environment.create_local_runner()
    gevent.spawn(watch, recorder)
    recorder.window = coordinator.begin(runner)
    if recorder.window is None:
        return
    reporter = gevent.spawn(report, recorder, lambda message: emit_report("local", message))
    gevent.wait([coordinator.stopped, reporter], count=1)
    recorder.window = recorder.window.shortened()
    reporter.join()
    if not reporter.successful():
        emit("problem", message=f"the load generator could not report any more: {reporter.exception}")
    runner.environment.stop_timeout = 0
    runner.quit()


class Workers:
    """The master's view of its workers."""

    def __init__(self, coordinator: Coordinator, runner: MasterRunner, expected: int) -> None:
        self._coordinator = coordinator
        self._runner = runner
        self._expected = expected
        self.joined: dict[str, bool] = {}
        """Client id to whether it is ready."""
        self.missing: set[str] = set()
        self.all_ready = Event()
        self.all_final = Event()
        self._final: set[str] = set()
        for message, listener in ((HELLO, self._hello), (READY, self._ready), (REPORT, self._report)):
            runner.register_message(message, listener)
        runner.register_message(STOPPED, lambda **_: None)  # the last report says more

    def window(self, window: Window) -> None:
        """Tell all of them."""
        self._runner.send_message(WINDOW, {"begins": window.begins, "ends": window.ends})

    def look_after(self) -> None:
        """Notice who does not answer any more. One is enough: the load is not what was planned."""
        while True:
            gevent.sleep(_WATCH_SECONDS)
            alive = {client.id for client in self._runner.clients.all if client.state != "missing"}
            for lost in sorted(self.joined.keys() - alive - self.missing - self._final):
                self.missing.add(lost)
                emit("lost", worker=lost)
                self._coordinator.stopped.set()
            self._check_final()

    def _hello(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's Message
        """A worker joins: it gets the plan, unless it is one too many. Clocks are compared here, once."""
        if len(self.joined) == self._expected:
            emit(
                "problem", message=f"one worker more than the {self._expected} expected: {msg.node_id}; it does nothing"
            )
            return
        skew = msg.data["time"] - time.time()
        if abs(skew) > _MOST_SKEW_SECONDS:
            emit("problem", message=f"the clock of worker {msg.node_id} is {skew:+.1f} s off; set it by NTP")
        self.joined[msg.node_id] = False
        self._runner.send_message(PLAN_MESSAGE, PLAN.dump_python(self._coordinator.plan, mode="json"), msg.node_id)

    def _ready(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - as above
        self.joined[msg.node_id] = True
        if sum(self.joined.values()) == self._expected:
            self.all_ready.set()

    def _report(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - as above
        emit_report(msg.node_id, msg.data)
        if msg.data["final"]:
            self._final.add(msg.node_id)
            self._check_final()

    def _check_final(self) -> None:
        if self.joined and self.joined.keys() <= self._final | self.missing:
            self.all_final.set()


def run_workers(coordinator: Coordinator, host: str, port: int, expected: int) -> None:
    """Wait for the workers, and let them do it."""
    runner = coordinator.environment.create_master_runner(host, port)
    workers = Workers(coordinator, runner, expected)
    emit("started", host=host, port=runner.server.port)
    gevent.wait([workers.all_ready, coordinator.stopped], timeout=_JOINED_WITHIN_SECONDS, count=1)
    if not workers.all_ready.is_set():
        joined = sum(workers.joined.values())
        emit(
            "problem",
            message=f"{joined} of {expected} workers joined at {host}:{port} within {_JOINED_WITHIN_SECONDS:g} s",
        )
        return
    gevent.spawn(workers.look_after)
    window = coordinator.begin(runner)
    if window is None:
        return
    workers.window(window)
    gevent.wait([coordinator.stopped, workers.all_final], count=1)
    # Told to stop: a shorter window is sent, so that every worker reports the same seconds as complete.
    if not workers.all_final.is_set():
        workers.window(window.shortened())
        patience = max(endpoint.patience for endpoint in coordinator.plan.endpoints)
        workers.all_final.wait(patience + _HEARTBEATS_MISSED)
    runner.environment.stop_timeout = 0
    runner.quit()


def load_scenarios(path: Path) -> list[type[Visitor]]:
    """The scenarios of a locustfile."""
    definitions, _ = load_locustfile(str(path))
    return [definition for definition in definitions.values() if issubclass(definition, Visitor)]


def main() -> None:
    """Do as the order says."""
    order = json.loads(sys.stdin.buffer.readline())
    # Locust's own tables keep what was measured, not what it was rounded to.
    stats.bucket_response_time = _unrounded  # type: ignore[assignment]  # Locust counts by any key
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    classes = load_scenarios(Path(order["locustfile"]))
    if order["role"] == "worker":
        _serve(classes, order["host"], order["port"])
        return
    plan = PLAN.validate_python(order["plan"])
    by_name = {user_class.scenario: user_class for user_class in classes}
    unknown = sorted(plan.visits_per_second.keys() - by_name.keys())
    if unknown:
        emit(
            "problem",
            message=f"no scenario {', '.join(unknown)}; {order['locustfile']} has {', '.join(sorted(by_name))}",
        )
        return
    chosen = [by_name[name] for name in plan.visits_per_second]
    paying = [user_class.scenario for user_class in chosen if user_class.pays]
    if plan.live and paying:
        emit(
            "problem",
            message=f"payments are real in this environment, and {', '.join(paying)} would pay; leave it out of load.visits",
        )
        return
    coordinator = Coordinator(Environment(user_classes=[*chosen]), plan, chosen)
    gevent.spawn(coordinator.obey)
    if order["role"] == "local":
        run_locally(coordinator)
    else:
        run_workers(coordinator, order["host"], order["port"], order["workers"])
    emit("done")


def _serve(classes: Sequence[type[User]], host: str, port: int) -> None:
    """Work until the master says quit, or nobody holds our standard input any more."""
    environment = Environment(user_classes=[*classes])
    runner: WorkerRunner = environment.create_worker_runner(host, port)
    work_for_master(environment, runner)

    def orphaned() -> None:
        FileObject(sys.stdin.buffer, "rb", close=False).read()
        runner.quit()

    gevent.spawn(orphaned)
    runner.greenlet.join()


def _unrounded(response_time: float) -> float:
    return response_time


if __name__ == "__main__":
    main()
