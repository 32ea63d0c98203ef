"""A run attaches to an instance of its own checkout's code, and to nothing else."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from gonogo.base.bundled import ATTACHED
from gonogo.runs import announcement, reference_instance
from gonogo.runs.announcement import announcement_path, content_digest, find_announced
from gonogo.runs.prepare import Request, opening
from reference.announcement import Announcement

READY = {"event": "ready", "pid": os.getpid(), "environment": {}, "faults": []}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path) -> Iterator[None]:
    """Nobody's real instance is looked at."""
    with mock.patch("tempfile.gettempdir", return_value=str(tmp_path)):
        yield


@pytest.fixture
def announced() -> Iterator[Announcement]:
    """A note as the supervisor writes it, of this very code."""
    note = Announcement(announcement_path(), content_digest())
    note.publish(READY)
    yield note
    note.withdraw()


def test_an_instance_of_this_code_is_found(announced: Announcement) -> None:
    """``gonogo reference up`` would be of no use."""
    found = find_announced()
    assert found is not None
    assert found.pid == os.getpid()
    assert reference_instance.announced_instance() is not None
    assert announcement_path().stat().st_mode & 0o777 == 0o600
    announced.withdraw()
    assert find_announced() is None
    assert not announcement_path().exists()


def test_the_first_line_says_that_the_instance_is_not_the_runs_own(announced: Announcement) -> None:
    """Somebody else's load and test users would be in the verdict, and nobody would think of them."""
    assert announced is not None
    line = opening(Request(environment="reference", project=Path()))
    assert line == f"preparing reference: {ATTACHED} that is already up (pid {os.getpid()})"
    assert opening(Request(environment="reference", project=Path(), faults=["tls-expired"])) == "preparing reference"


@pytest.mark.parametrize("variable", ["GONOGO_MONGOD", "GONOGO_REDIS_SERVER"])
def test_an_instance_with_other_servers_is_not_used(
    announced: Announcement, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A verdict about MongoDB 8 would come from the wheel's 6."""
    assert announced is not None
    monkeypatch.setenv(variable, "/opt/other")
    assert reference_instance.announced_instance() is None
    other = find_announced()
    assert other is not None
    assert not other.same_content


def test_an_instance_of_changed_code_is_not_used(announced: Announcement, tmp_path: Path) -> None:
    """Who repairs the service, and verifies, would be shown the verdict on what it was before."""
    assert announced is not None
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "new.py").write_text("x = 1\n")
    path = announcement_path()
    with (
        mock.patch.object(announcement, "bundled_root", return_value=tmp_path),
        mock.patch.object(announcement, "announcement_path", return_value=path),
    ):
        assert reference_instance.announced_instance() is None


def test_another_checkout_has_another_note(tmp_path: Path) -> None:
    """Two clones on one machine would verify each other's instance."""
    own = announcement_path()
    with mock.patch.object(announcement, "bundled_root", return_value=tmp_path):
        assert announcement_path() != own


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b'{"pid": "1"}', b"\xff"])
def test_a_note_that_nobody_holds_or_that_is_none_is_ignored(content: bytes) -> None:
    """A killed supervisor leaves one behind, and its process id is somebody else's by now."""
    path = announcement_path()
    path.write_bytes(content or json.dumps({**READY, "content": content_digest()}).encode())
    path.chmod(0o600)
    assert find_announced() is None


def test_a_note_that_others_may_write_or_that_is_a_link_is_ignored(announced: Announcement, tmp_path: Path) -> None:
    """The folder is everybody's: a stranger's note would say where our secrets are to be sent."""
    assert announced is not None
    path = announcement_path()
    path.chmod(0o666)
    assert find_announced() is None
    path.chmod(0o600)
    real = tmp_path / "real.json"
    path.rename(real)
    path.symlink_to(real)
    assert find_announced() is None
    path.unlink()
    real.rename(path)


def test_a_pipe_in_its_place_does_not_stop_a_run() -> None:
    """Opening it would wait for ever."""
    os.mkfifo(announcement_path(), 0o600)
    assert find_announced() is None
