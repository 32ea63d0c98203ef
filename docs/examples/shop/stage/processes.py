"""Starts programs, waits until they answer, and ends them by their own process ids."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_STARTS_WITHIN_SECONDS = 120
_STOPS_WITHIN_SECONDS = 20
Process = subprocess.Popen[bytes]


class NotStarted(Exception):
    """A program ended, or did not answer in time."""


@contextmanager
def running(
    command: Sequence[str], log: Path, answers: Callable[[], object], environ: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Start it, wait until ``answers`` is true, and end it. What it says goes to the log."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=dict(os.environ if environ is None else environ),
            start_new_session=True,  # Ctrl-C is for us: we end it when it has nothing more to do
        )
    try:
        until(answers, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(answers: Callable[[], object], process: Process | None, log: Path) -> None:
    """Wait for it. Raises NotStarted with the end of the log."""
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while not answers():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            ending = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise NotStarted(f"{log.stem} {'ended' if ended else 'did not answer in time'}:\n{ending}")
        time.sleep(0.1)


def listens(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as connection:
        connection.settimeout(1)
        return connection.connect_ex(("127.0.0.1", port)) == 0


def run(command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
    """Run a program to its end. Raises NotStarted with what it said."""
    done = subprocess.run(
        command,
        env=dict(os.environ if environ is None else environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotStarted(f"{Path(command[0]).name} ended with {done.returncode}: {done.stdout}{done.stderr}")
