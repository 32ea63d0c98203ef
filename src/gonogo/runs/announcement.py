"""The note of ``gonogo reference up``: where later runs of the same checkout find the instance that it keeps up."""

import fcntl
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.base.bundled import bundled_root

_NAMED_SERVERS = ("GONOGO_MONGOD", "GONOGO_REDIS_SERVER")
_LARGEST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An instance that is up, and was started from this checkout."""

    ready: Mapping[str, Any]
    same_content: bool
    """Whether it runs the code and the servers that this process would start."""

    @property
    def pid(self) -> int:
        """Process id of its supervisor."""
        return int(self.ready["pid"])


def announcement_path() -> Path:
    """Where an instance of this checkout is announced: one place for each user and each folder of the code."""
    place = hashlib.sha256(os.fsencode(bundled_root().resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"gonogo-reference-{os.getuid()}-{place}.json"


def content_digest() -> str:
    """SHA-256 of the bundled service's code, and of the servers that the process environment names for it."""
    digest = hashlib.sha256()
    root = bundled_root() / "reference"
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in _NAMED_SERVERS:
        digest.update(f"{name}={os.environ.get(name, '')}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def find_announced() -> Announced | None:
    """The instance of this checkout that is up, if one is; a note of another user, or of a dead one, is none."""
    try:
        # O_NOFOLLOW, O_NONBLOCK: the folder is everybody's; a link or a pipe of that name is not our note.
        descriptor = os.open(announcement_path(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - opened above, by flags that Path has not
        if not _is_own(stream.fileno()) or not _is_held(stream.fileno()):
            return None
        return _parsed(stream.read(_LARGEST_BYTES))


def _is_own(descriptor: int) -> bool:
    status = os.fstat(descriptor)
    # Written by this user, and open to nobody else: a run asks whatever the note names.
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def _is_held(descriptor: int) -> bool:
    """Whether the supervisor lives: it holds a lock on the note, which the kernel drops with the process."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _parsed(content: bytes) -> Announced | None:
    """The note's content; None for one that another version wrote, or that was cut off."""
    try:
        ready = json.loads(content)
        complete = isinstance(ready["pid"], int) and {"environment", "faults"} <= ready.keys()
        same = ready["content"] == content_digest()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Announced(ready=ready, same_content=same) if complete else None
