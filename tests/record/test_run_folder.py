"""A run's files are whole, or not there: a full disk costs this run's report, and nothing that was there before."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.record.run_folder import RunFolder


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a kilobyte: the kernel refuses the write, as it does when a disk is full.

    For the length of one call only: pytest's own log is a file as well.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_write_that_fails_leaves_the_earlier_file(tmp_path: Path) -> None:
    """The provisional, INCOMPLETE record must survive the end of the disk."""
    folder = RunFolder.create(tmp_path, "staging", "a-run")
    folder.write("results.json", b"provisional")
    with full_disk(), pytest.raises(UsageError, match=r"results\.json: cannot be written .*free some space"):
        folder.write("results.json", b"x" * 5000)
    assert (folder.path / "results.json").read_bytes() == b"provisional"


def test_latest_points_to_the_newest_from_its_start(tmp_path: Path) -> None:
    """An older GO must never speak for a run that goes on."""
    RunFolder.create(tmp_path, "staging", "run-1")
    second = RunFolder.create(tmp_path, "staging", "run-2")
    assert (tmp_path / "staging" / "latest").resolve() == second.path.resolve()


def test_latest_that_is_a_folder_is_named_with_its_cure(tmp_path: Path) -> None:
    """A download makes folders of links: an old GO would go on speaking under the name of the newest run."""
    latest = tmp_path / "staging" / "latest"
    latest.mkdir(parents=True)
    with pytest.raises(UsageError, match=r"staging/latest: is a folder .*move it away"):
        RunFolder.create(tmp_path, "staging", "run-1")
    assert [path.name for path in latest.parent.iterdir()] == ["latest"]
    latest.rmdir()
    latest.write_text("run-0")
    with pytest.raises(UsageError, match="move it away"):
        RunFolder.create(tmp_path, "staging", "run-1")
    latest.unlink()
    latest.symlink_to("gone")
    assert RunFolder.create(tmp_path, "staging", "run-1").latest.resolve().name == "run-1"
