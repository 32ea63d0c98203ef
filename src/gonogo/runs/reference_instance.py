"""A running instance of the bundled reference environment: started for this run, or found already up."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Self, cast

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.base.open_files import demand_open_files
from gonogo.runs.announcement import announcement_path, content_digest, find_announced

READY_WITHIN_SECONDS = 60
"""Generous: a loaded machine is slow, not broken. A failing part reports itself long before."""
STOPPED_WITHIN_SECONDS = 20
"""The time to stop; one that is killed after it leaves nothing behind either, since its watchdog cleans up."""
_SERVER_FILES = 480
"""Of its greediest server: MongoDB has 150 open while nobody asks it, and one more for each connection."""
Event = Mapping[str, Any]


@dataclass(slots=True)
class ReferenceInstance:
    """The instance as a run needs to know it."""

    overlay: Mapping[str, Any]
    faults: Sequence[str]
    pid: int | None = None
    """Process id of the supervisor that was up already; None for an instance of the caller's own."""
    crashes: list[str] = field(default_factory=list)


@contextmanager
def reference_instance(faults: Sequence[str] = ()) -> Iterator[ReferenceInstance]:
    """Attach to an announced instance, or start a private one that ends with the context."""
    announced = None if faults else announced_instance()
    if announced is not None:
        yield announced
        return
    with ReferenceProcess(faults) as process:
        instance = ReferenceInstance(overlay=process.ready["environment"], faults=process.ready["faults"])
        process.on_crash = instance.crashes.append
        yield instance


def announced_instance() -> ReferenceInstance | None:
    """The one that ``gonogo reference up`` keeps running from this checkout, if it runs the code that is there now."""
    announced = find_announced()
    if announced is None or not announced.same_content:
        return None
    ready = announced.ready
    return ReferenceInstance(overlay=ready["environment"], faults=ready["faults"], pid=announced.pid)


class ReferenceProcess:
    """``python -m reference serve`` as a child: its events as they come, its faults switched live, its end awaited."""

    def __init__(self, faults: Sequence[str] = (), *, deployment: str = "", announce: bool = False) -> None:
        """``deployment`` is the one that it serves as: ``staging``, as if nothing is given, or ``production``."""
        self._arguments = [part for fault in faults for part in ("--fault", fault)]
        self._arguments += ["--as", deployment] if deployment else []
        self._arguments += ["--announce", str(announcement_path()), "--content", content_digest()] if announce else []
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.on_crash: Callable[[str], object] = lambda _message: None
        self.ready: Event = {}

    def __enter__(self) -> Self:
        demand_open_files(_SERVER_FILES, who="the reference environment", otherwise="")
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and names of faults that it checks
            [sys.executable, "-m", "reference", "serve", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environ_with_reference(),
            # Ctrl-C is for us: the environment ends when we are done with it, not while we clean up.
            start_new_session=True,
        )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        try:
            self.ready = self._next()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # The end of its input is the order to stop; it holds for a parent that was killed as well.
        self._stdin.close()
        try:
            self._process.wait(STOPPED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._log.close()

    def set_faults(self, faults: Sequence[str]) -> Event:
        """Switch to exactly these faults; returns when the environment is ready again."""
        self._stdin.write(json.dumps({"set_faults": list(faults)}).encode() + b"\n")
        self._stdin.flush()
        # What answers an earlier order, whose sender did not wait for it, is no word about this one.
        while (event := self._next()).get("faults") != list(faults):
            pass
        self.ready = {**self.ready, "environment": event["environment"]}
        return event

    def wait(self) -> Event | None:
        """The next event, whenever it comes; None when the process has ended."""
        return self._events.get()

    def _next(self) -> Event:
        """The next event within the time for a start. Raises UsageError for a failure, a crash or a silence."""
        try:
            event = self._events.get(timeout=READY_WITHIN_SECONDS)
        except queue.Empty:
            raise UsageError(f"the reference environment was not ready in {READY_WITHIN_SECONDS} s") from None
        if event is None:
            raise UsageError(f"the reference environment ended before it was ready:\n{self._log_tail()}")
        if event["event"] in {"failed", "crashed"}:
            raise UsageError(explain(event))
        return event

    def _read(self, stream: IO[bytes]) -> None:
        """Pass the child's events on, and a None at its end, so that nobody waits for a process that is gone."""
        # In a thread of its own: a crash must be noted when it happens, not when somebody asks for the next event.
        with stream:
            for line in stream:
                event = json.loads(line)
                if event["event"] == "crashed" and self.ready:
                    self.on_crash(explain(event))
                self._events.put(event)
        self._events.put(None)

    def _log_tail(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-2000:].strip()


def explain(event: Event) -> str:
    """A failed start, or a crash, in the words of whoever must act."""
    if event["event"] == "failed":
        return f"the reference environment did not start: {event['message']}. {event['cure']}"
    log = "\n".join(f"    {line}" for line in event["log"])
    return f"{event['part']} of the reference environment crashed (exit {event['exit_code']}); its last words:\n{log}"


def known_faults() -> list[dict[str, str]]:
    """Name, area and meaning of every fault that the reference environment has."""
    command = [sys.executable, "-m", "reference", "faults"]
    listed = subprocess.run(command, env=environ_with_reference(), check=False, stdout=subprocess.PIPE)  # noqa: S603 - as above
    answer = json.loads(listed.stdout)
    if listed.returncode:
        raise UsageError(explain(answer))
    faults: list[dict[str, str]] = answer
    return faults


def environ_with_reference() -> dict[str, str]:
    """Ours, with the bundled ``reference`` package importable."""
    search_path = os.pathsep.join(filter(None, (str(bundled_root()), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": search_path}
