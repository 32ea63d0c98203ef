"""Ctrl-C, a cancelled job, a killed process: the record stays valid, and is never GO."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.record.results import Outcome
from tests.cli.conftest import DEAD_END
from tests.reference.supervised import eventually
from tests.support.process_table import children_of

PROGRAM = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); from gonogo.cli import main; main()"
"""It hears SIGHUP as in a terminal, also where these tests run under nohup."""


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def silent(project: Path, silent_port: int) -> Path:
    """An environment that keeps a run waiting for seconds."""
    text = DEAD_END.replace("https_port = 1", f"https_port = {silent_port}")
    (project / "environments" / "silent.toml").write_text(text)
    return project


def started(project: Path, environment: str, *options: str, command: str = "run") -> subprocess.Popen[str]:
    """A run in the middle of its questions."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM, command, "--env", environment, *options],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if " question" in line:
            break
    return process


def record(project: Path, environment: str) -> dict[str, object]:
    """The newest run's results."""
    document: dict[str, object] = json.loads(
        (project / "reports" / environment / "latest" / "results.json").read_bytes()
    )
    return document


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_is_incomplete_and_exits_130(silent: Path, number: signal.Signals) -> None:
    """A cancelled job leaves evidence of what it saw, and no GO."""
    process = started(silent, "silent")
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "◌ INCOMPLETE" in stdout
    assert "Traceback" not in stderr
    found = record(silent, "silent")
    assert found["run"]["interrupted"] is True  # type: ignore[index]  # JSON
    assert found["run"]["finished"] is True  # type: ignore[index]  # JSON
    assert found["counts"]["planned"] == found["counts"][Outcome.NOT_RUN] + found["counts"][Outcome.PASS]  # type: ignore[index]  # JSON


def test_killed_run_leaves_its_provisional_record(silent: Path) -> None:
    """`latest` must not go on pointing to yesterday's GO."""
    process = started(silent, "silent")
    for pid in children_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == 3
    found = record(silent, "silent")
    assert found["decision"]["verdict"] == "INCOMPLETE"  # type: ignore[index]  # JSON
    assert "did not finish" in json.dumps(found)
    assert found["run"]["finished"] is False  # type: ignore[index]  # JSON


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_reference_environment_ends_with_its_run(project: Path, number: signal.Signals) -> None:
    """Nobody looks for a forgotten mongod."""
    process = started(project, "reference")
    parents = {process.pid, *children_of(process.pid)}
    states = [child for child in reference_processes() if parent_of(child) in parents]
    process.send_signal(number)
    process.communicate(timeout=60)
    assert states, "the reference environment was not running"
    assert eventually(lambda: not [pid for pid in states if Path(f"/proc/{pid}").exists()])
    assert eventually(lambda: not still_used(project))


def test_two_runs_at_once_do_not_meet(project: Path) -> None:
    """Two developers, or two jobs, on one machine: each with test users in an environment of its own."""
    both = [started(project, "reference", "--only", "client-searches", command="smoke") for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    runs = [path for path in (project / "reports" / "reference").iterdir() if not path.is_symlink()]
    assert len(runs) == 2


def reference_processes() -> list[int]:
    """Supervisors of reference environments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"reference\0serve" in command:
                found.append(int(entry.name))
    return found


def parent_of(pid: int) -> int:
    """0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])


def still_used(project: Path) -> list[str]:
    """Processes that were started from the project's folder, and live on."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                where = (entry / "cwd").readlink()
            except OSError:
                continue
            if where == project:
                found.append(entry.name)
    return found


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGHUP,),
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGINT, signal.SIGINT, signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGHUP, signal.SIGINT),
    ],
)
def test_impatience_is_one_wish(silent: Path, numbers: tuple[signal.Signals, ...]) -> None:
    """A key that is hit four times, a lost connection: the run ends by itself, with its record, and is no bug."""
    process = started(silent, "silent")
    for number in numbers:
        process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "◌ INCOMPLETE" in stdout
    assert "gonogo: interrupted: stopping" in stderr
    assert "bug in gonogo" not in stderr
    assert record(silent, "silent")["run"]["interrupted"] is True  # type: ignore[index]  # JSON


def test_too_few_open_files_are_refused(project: Path) -> None:
    """Before anything is asked: later it would look like a target that does not answer."""
    done = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", f'ulimit -n 30; exec "{sys.executable}" -c "{PROGRAM}" run --env dead'],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "may open 30 files" in done.stderr
    assert "ulimit -n" in done.stderr
