"""Writes files whole, or not at all: a full disk must not cost what was there."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gonogo.base.errors import UsageError

_CURE = "free some space, or make it writable"


def write_whole(path: Path, content: bytes, cure: str = _CURE) -> None:
    """Write one file atomically; an earlier version stays until the new one is complete on disk, and so does a link.

    Folders above it are made. Raises UsageError, with the cure, when it cannot be written.
    """
    write_together({path: content}, cure)


def write_together(contents: Mapping[Path, bytes], cure: str = _CURE) -> None:
    """Write several files in order, as ``write_whole`` does; none takes its place before there is room for all.

    The first takes its place even so, once it is whole: what nobody can make again must not go with what anybody can.
    """
    waiting: list[tuple[Path, Path]] = []
    path = next(iter(contents))
    try:
        for path, content in contents.items():
            place = path.resolve() if path.is_symlink() else path
            partial = place.with_name(f".{place.name}.partial")
            waiting.append((partial, place))
            _write(partial, place, content)
            if len(waiting) == 1:
                partial.replace(place)
        for partial, place in waiting[1:]:
            partial.replace(place)
    except OSError as error:
        for partial, _ in waiting:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written ({error.strerror}); {cure}") from None


def _write(partial: Path, place: Path, content: bytes) -> None:
    """The content under another name beside its place, on the disk."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("wb") as stream:
        if place.exists():
            os.fchmod(stream.fileno(), stat.S_IMODE(place.stat().st_mode))
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
