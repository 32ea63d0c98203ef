"""However the reference environment ends, nothing of it is left."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference.supervised import Supervised, environ, eventually, nothing_is_left, processes

_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "reference", "serve"], stdin=subprocess.PIPE)
child.wait()
"""


def test_ctrl_c_leaves_nothing_behind() -> None:
    """A user would find a database running, and its port taken, the next day."""
    with Supervised() as supervised:
        state = supervised.state
        assert len(processes(group=supervised.pid, state=state)) == 5  # supervisor, watchdog, API, mongod, valkey
        supervised.signal(signal.SIGINT)
        assert supervised.event() == {"event": "stopped"}
        assert supervised.exit_code() == 0
        assert nothing_is_left(group=supervised.pid, state=state)


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    """An out-of-memory kill would leave orphans, a folder with passwords, and runs that attach to nothing."""
    with Supervised("--announce", str(tmp_path / "note.json"), TMPDIR=str(tmp_path)) as supervised:
        supervised.signal(signal.SIGKILL)
        assert eventually(lambda: nothing_is_left(group=supervised.pid, state=supervised.state))
        assert not list(tmp_path.iterdir())


def test_a_killed_parent_leaves_nothing_behind() -> None:
    """A CI job that is cancelled kills gonogo, not what gonogo started."""
    command = [sys.executable, "-c", _PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ()) as parent:  # noqa: S603 - the text above
        assert parent.stdout is not None
        ready = json.loads(parent.stdout.readline())
        parent.kill()
    assert eventually(lambda: nothing_is_left(group=ready["pid"], state=Path(ready["state_dir"])))


@pytest.mark.parametrize(("part", "command"), [("mongod", "mongod "), ("api", "reference.api ")])
def test_a_crash_is_told_and_ends_the_rest(part: str, command: str) -> None:
    """A run against half an environment would blame the service for what the machine did."""
    with Supervised() as supervised:
        group = supervised.pid
        running = processes(group=group, state=supervised.state)
        os.kill(next(pid for pid, line in running.items() if command in line), signal.SIGKILL)
        crashed = supervised.event()
        assert (crashed["event"], crashed["part"], crashed["exit_code"]) == ("crashed", part, -signal.SIGKILL)
        assert len(crashed["log"]) <= 20
        assert supervised.exit_code() == 1
        assert nothing_is_left(group=group, state=supervised.state)


def test_the_announcement_lives_as_long_as_the_instance(tmp_path: Path) -> None:
    """A later run would attach to an instance that is gone, or anybody would read how to reach one that is up."""
    announcement = tmp_path / "note.json"
    announcement.write_text('{"pid": 0, "left": "by an instance that was killed"}')
    arguments = ("--announce", str(announcement), "--content", "c0de")
    with Supervised(*arguments, TMPDIR=str(tmp_path)) as supervised:
        assert json.loads(announcement.read_text()) == {**supervised.first, "content": "c0de"}
        assert announcement.stat().st_mode & 0o777 == 0o600
        supervised.end_input()
        assert supervised.event() == {"event": "stopped"}
        assert supervised.exit_code() == 0
        assert not list(tmp_path.iterdir())
