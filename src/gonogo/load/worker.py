"""A process that makes load: users work, and once a second their measurements are reported."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from gonogo.load.fitness import PROBE_SECONDS
from gonogo.load.plan import PLAN
from gonogo.load.recorder import WorkerRecorder
from gonogo.load.visitor import attach_recorder
from gonogo.load.window import Window

HELLO, PLAN_MESSAGE, READY, WINDOW, REPORT, STOP, STOPPED = (
    "gonogo_hello",
    "gonogo_plan",
    "gonogo_ready",
    "gonogo_window",
    "gonogo_report",
    "gonogo_stop",
    "gonogo_stopped",
)
_DRAIN_POLL_SECONDS = 0.01
Tell = Callable[[Mapping[str, Any]], None]


def watch(recorder: WorkerRecorder) -> None:
    """Probe the event loop for ever: how late does it wake?"""
    recorder.fitness.start()
    while True:
        asleep = time.monotonic()
        gevent.sleep(PROBE_SECONDS)
        recorder.fitness.probe(time.monotonic() - asleep - PROBE_SECONDS)


def report(recorder: WorkerRecorder, tell: Tell) -> None:
    """Once a second, until the window is over and every request in it has its end; the last report says so."""
    following = time.monotonic()
    while not recorder.over():
        following += 1
        left = recorder.window.ends - (time.monotonic() + recorder.clock.offset) if recorder.window else 1.0
        gevent.sleep(max(0.0, min(following - time.monotonic(), left)))
        if not recorder.over():
            tell(recorder.report())
    patience = time.monotonic() + max(endpoint.patience for endpoint in recorder.plan.endpoints)
    while not recorder.drained() and time.monotonic() < patience:
        gevent.sleep(_DRAIN_POLL_SECONDS)
    recorder.give_up()
    tell(recorder.report(final=True))


def work_for_master(environment: Environment, runner: WorkerRunner) -> None:
    """Introduce this worker to gonogo's side of the master, and do as it says. Returns at once."""
    recorders: list[WorkerRecorder] = []

    def planned(msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's Message
        recorders[:] = [WorkerRecorder(PLAN.validate_python(msg.data))]
        attach_recorder(environment, recorders[0])
        gevent.spawn(watch, recorders[0])
        runner.send_message(READY, {})

    def windowed(msg: Any, **_: object) -> None:  # noqa: ANN401 - as above
        fresh = recorders[0].window is None
        recorders[0].window = Window(**msg.data)
        if fresh:
            gevent.spawn(report, recorders[0], lambda message: runner.send_message(REPORT, dict(message)))

    def stopped(**_: object) -> None:
        runner.send_message(STOPPED, {})

    runner.register_message(STOP, lambda **_: runner.stop())
    environment.events.test_stop.add_listener(stopped)  # type: ignore[no-untyped-call]
    runner.register_message(PLAN_MESSAGE, planned)
    runner.register_message(WINDOW, windowed)
    runner.send_message(HELLO, {"time": time.time()})
