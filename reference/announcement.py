"""Tells later runs how to reach an instance that stays up, for exactly as long as it is up."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any


class Announcement:
    """A file that only its owner may read. The lock on it ends with this process, however that ends."""

    def __init__(self, path: Path, content: str) -> None:
        self._path = path
        self._content = content
        self._stream: IO[str] | None = None

    def publish(self, event: Mapping[str, Any]) -> None:
        """Write it whole, locked from before anybody can find it."""
        partial = self._path.with_suffix(f".{os.getpid()}")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._stream = open(descriptor, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - held for as long as we live
        fcntl.flock(self._stream, fcntl.LOCK_EX)
        self._stream.write(json.dumps({**event, "content": self._content}))
        self._stream.flush()
        partial.replace(self._path)

    def withdraw(self) -> None:
        """Remove it, and let go of it. A file that another instance put there is left alone."""
        if self._stream is None:
            return
        if self._path.exists() and os.path.samestat(os.fstat(self._stream.fileno()), self._path.stat()):
            self._path.unlink()
        self._stream.close()
