"""File systems of a test's own: one that is really full, and one that its system made read-only under a writer."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a file system of one's own needs root")


class SmallDisk:
    """A file system of few blocks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Until not one byte more has room."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Somebody made room."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, size: str = "2m") -> Iterator[SmallDisk]:
    """A file system in memory, gone afterwards whatever happens."""
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        yield SmallDisk(folder)


@contextmanager
def failing_disk(folder: Path) -> Iterator[Path]:
    """An ext4 of its own in a file; ``make_read_only`` does what the kernel does when such a disk fails."""
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(4 << 20)
    _run("mkfs.ext4", "-q", image)
    with _mounted(folder, "-o", "loop", str(image)):
        yield folder


def make_read_only(folder: Path) -> None:
    """From now on whoever has a file open there for writing cannot write."""
    _run("mount", "-o", "remount,abort", folder)


@contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[None]:
    folder.mkdir()
    try:
        _run("mount", *arguments, folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"nothing can be mounted here: {error.stderr.strip()}")
    try:
        yield
    finally:
        try:
            _run("umount", folder)
        except subprocess.CalledProcessError:
            _run("umount", "--lazy", folder)


def _run(program: str, *arguments: str | Path) -> None:
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or program
    subprocess.run([path, *arguments], capture_output=True, text=True, check=True)  # noqa: S603 - a test's own
