"""Drives ``python -m reference serve`` as gonogo does: over its standard input and output, and nothing else."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self, cast

from dotenv import dotenv_values

from gonogo.runs.announcement import announcement_path, content_digest

ROOT = Path(__file__).parents[2]
HOST = "api.workme.test"
WITHIN_SECONDS = 60
"""Generous: only a hang takes this long."""
Event = Mapping[str, Any]


def announcing(place: Path) -> tuple[str, ...]:
    """The arguments of ``gonogo reference up``, for whoever runs with this folder as TMPDIR."""
    return "--announce", str(place / announcement_path().name), "--content", content_digest()


def environ(**changes: str) -> dict[str, str]:
    """Ours, with these changes, and the bundled package importable."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


class Supervised:
    """One supervisor; unless told not to wait, its first event has arrived when the context is entered."""

    def __init__(self, *arguments: str, wait: bool = True, **changes: str) -> None:
        self.first: Event = {}
        self._wait = wait
        self._arguments = arguments
        self._environ = environ(**changes)
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments of the tests
            [sys.executable, "-m", "reference", "serve", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=self._environ,
            start_new_session=True,
        )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        if self._wait:
            self.first = self.event()
        return self

    def __exit__(self, *_: object) -> None:
        self.end_input()
        self.exit_code()
        self._reader.join(WITHIN_SECONDS)
        self._errors.close()

    @property
    def pid(self) -> int:
        """Of the supervisor, which is the id of its process group too."""
        return self._process.pid

    @property
    def state(self) -> Path:
        """Its private folder."""
        return Path(self.first["state_dir"])

    @property
    def environment(self) -> Mapping[str, Any]:
        """The overlay for gonogo's environment file."""
        overlay: Mapping[str, Any] = self.first["environment"]
        return overlay

    @property
    def secrets(self) -> Mapping[str, str]:
        """What the overlay's dotenv file holds."""
        return {name: value or "" for name, value in dotenv_values(self.environment["secrets"]["dotenv"]).items()}

    def event(self) -> Event:
        """The next one."""
        found = self._events.get(timeout=WITHIN_SECONDS)
        if found is None:
            self._errors.seek(0)
            raise AssertionError(f"the supervisor ended:\n{self._errors.read().decode()}")
        return found

    def set_faults(self, *faults: str) -> Event:
        """Switch to exactly these; the answer to that."""
        self._stdin.write(json.dumps({"set_faults": faults}).encode() + b"\n")
        self._stdin.flush()
        return self.event()

    def end_input(self) -> None:
        """What it sees when whoever started it is gone."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """As from a terminal, or a process that kills."""
        self._process.send_signal(number)

    def exit_code(self) -> int:
        """Once it has ended, which it does by itself."""
        return self._process.wait(WITHIN_SECONDS)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._events.put(json.loads(line))
        self._events.put(None)


def faults() -> list[dict[str, str]]:
    """What ``python -m reference faults`` lists."""
    command = [sys.executable, "-m", "reference", "faults"]
    listed: list[dict[str, str]] = json.loads(subprocess.check_output(command, env=environ()))  # noqa: S603 - as above
    return listed


def eventually(condition: Callable[[], object]) -> bool:
    """Whether it comes true before the deadline."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def processes(*, group: int, state: Path) -> Mapping[int, str]:
    """Command lines, by id, of what belongs to one supervisor: its group, and the watchdog outside of it."""
    return {pid: command for pid, leader, command in _running() if leader == group or str(state) in command}


def nothing_is_left(*, group: int, state: Path) -> bool:
    """No process and no file."""
    return not processes(group=group, state=state) and not state.exists()


def _running() -> Iterator[tuple[int, int, str]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # Field 5 of stat; the name before it may hold spaces and parentheses.
            condition, _, leader = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if condition != "Z":
                yield int(entry.name), int(leader), command
