"""The generator's processes, as the rest of gonogo sees them: an order in, events out, an end in any case."""

import base64
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from gonogo.load.plan import PLAN, LoadPlan
from gonogo.load.samples import Packed

STOPPED_WITHIN_SECONDS = 10
"""The time in which a generator ends that was told to stop; then it is killed."""
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorConfig:
    """How many processes make the load, and where they meet."""

    processes: int = 1
    """Number of processes on this machine."""
    workers: int = 0
    """Number of workers on other machines, which are started there; 0: none are waited for."""
    host: str = "127.0.0.1"
    port: int = 0
    """The port at which workers join; 0: any that is free."""

    @property
    def size(self) -> int:
        """How many processes report."""
        return self.workers or self.processes

    @property
    def distributed(self) -> bool:
        """Whether Locust's master is needed."""
        return self.size > 1 or self.workers > 0


@dataclass(slots=True)
class Generator:
    """Processes that end with this one, whatever ends it: each holds a pipe to it."""

    locustfile: Path
    generator_config: GeneratorConfig
    _resources: ExitStack = field(default_factory=ExitStack)
    _processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _log: IO[bytes] | None = None

    def start(self, plan: LoadPlan) -> None:
        """Give the order."""
        # A file and no pipe: nobody reads while it runs, and a full pipe would stop the generator.
        self._log = self._resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        order = {
            "role": "master" if self.generator_config.distributed else "local",
            "locustfile": str(self.locustfile),
            "plan": PLAN.dump_python(plan, mode="json"),
            "host": self.generator_config.host,
            "port": self.generator_config.port,
            "workers": self.generator_config.size,
        }
        self._start(order)

    def events(self) -> Iterator[Event]:
        """Yield the events of the first process, until it ends."""
        for line in cast("IO[bytes]", self._processes[0].stdout):
            event: Event = json.loads(line)
            if event["event"] == "started" and not self.generator_config.workers:
                self._start_workers(event["port"])
            yield event

    def stop(self) -> None:
        """Measure no longer; the last reports still come."""
        try:
            pipe = cast("IO[bytes]", self._processes[0].stdin)
            pipe.write(b"stop\n")
            pipe.flush()
        except OSError:  # it has ended already
            return

    @property
    def pids(self) -> list[int]:
        """The processes that were started: the one that reports events, then its workers."""
        return [process.pid for process in self._processes]

    def kill(self) -> None:
        """End all of it now."""
        for process in self._processes:
            process.kill()

    def close(self) -> tuple[int, str]:
        """End what is left; the exit code of the first process, and all that was said on standard error."""
        # The end of their input tells all of them to end; only then is any of them waited for.
        for process in self._processes:
            cast("IO[bytes]", process.stdin).close()
        code = self._wait(self._processes[0]) if self._processes else 0
        for process in self._processes[1:]:
            self._wait(process)
        for process in self._processes:
            cast("IO[bytes]", process.stdout).close()
        words = ""
        if self._log is not None:
            self._log.seek(0)
            words = self._log.read().decode(errors="replace").strip()
        self._resources.close()
        self._processes.clear()
        return code, words

    def watchdog(self, seconds: float) -> threading.Timer:
        """A timer, already started, that kills it when the time is over; the caller cancels it.

        A thread, since the caller's own blocks in ``events`` for as long as the generator is silent.
        """
        timer = threading.Timer(seconds, self.kill)
        timer.daemon = True
        timer.start()
        return timer

    def _start(self, order: Mapping[str, Any]) -> None:
        """Start a process and give it its order on standard input, which it holds open for as long as we live."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gonogo.load.generate"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C is for us: it is told to stop, and still gives its last report
        )
        self._processes.append(process)
        pipe = cast("IO[bytes]", process.stdin)
        try:
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()
        except OSError:  # it ended at once: its exit code and its last words tell
            return

    def _start_workers(self, port: int) -> None:
        for _ in range(self.generator_config.size):
            self._start(
                {"role": "worker", "locustfile": str(self.locustfile), "host": self.generator_config.host, "port": port}
            )

    @staticmethod
    def _wait(process: "subprocess.Popen[bytes]") -> int:
        try:
            return process.wait(STOPPED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def unpacked(event: Event) -> Iterator[Packed]:
    """The samples of a report."""
    for second, endpoint, outcome, content in event["samples"]:
        yield second, endpoint, outcome, base64.b64decode(content)
