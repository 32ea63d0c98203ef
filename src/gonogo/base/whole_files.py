"""Writes files whole, or not at all: a full disk must not cost what was there."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from gonogo.base.errors import UsageError


def write_whole(path: Path, content: bytes, cure: str = "free some space, or make it writable") -> None:
    """Write one file atomically; an earlier version stays until the new one is complete on disk, and so does a link.

    Folders above it are made. Raises UsageError, with the cure, when it cannot be written.
    """
    place = path.resolve() if path.is_symlink() else path
    partial = place.with_name(f".{place.name}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            if place.exists():
                os.fchmod(stream.fileno(), stat.S_IMODE(place.stat().st_mode))
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(place)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written ({error.strerror}); {cure}") from None
