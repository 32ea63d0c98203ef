"""A run's folder under ``reports/``: every file of it whole, or not there."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.base.whole_files import write_together, write_whole

_CURE = "free some space, make the folder writable, or choose another one with --reports"
LATEST = "latest"
EVIDENCE = "evidence.json"
RESULTS = "results.json"
SIGNOFF = "signoff.html"
SEALED = "sealed.html"
"""The same page with the signatures on it."""
SIGNOFF_WHOLE = "signoff-whole.html"
"""The same page with nothing folded: for readers without JavaScript, and for the appendix on paper."""
JUNIT = "junit.xml"
JUNIT_GITLAB = "junit-gitlab.xml"
"""The same with what only GitLab reads."""
CTRF = "ctrf.json"
SUMMARY = "summary.md"
STATEMENT = "statement.intoto.json"
CHECKLIST = "checklist.md"
PYTEST_HTML = "pytest.html"


def new_run_id(started_at: datetime) -> str:
    """``20261123T175633Z-3f2c1a``: sorts by time, never clashes."""
    return f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where one run keeps its files."""

    path: Path

    @classmethod
    def create(cls, reports: Path, environment: str, run_id: str, *, narrowed: bool = False) -> "RunFolder":
        """Make the folder, and let ``latest`` point to it from the start: an older GO must never speak for this run.

        A ``narrowed`` run answers another question than those of ``latest``, which stays as it is.
        """
        path = reports / environment / run_id
        if narrowed:
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(path, error) from None
            return cls(path)
        pointer = path.parent / f".{LATEST}-{run_id}"
        latest = path.parent / LATEST
        if latest.exists() and not latest.is_symlink():
            raise UsageError(
                f"{latest}: is a folder or a file, not the link to the newest run; move it away, or choose another folder with --reports"
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            pointer.symlink_to(run_id, target_is_directory=True)
            pointer.replace(latest)
        except OSError as error:
            with suppress(OSError):
                pointer.unlink(missing_ok=True)
            raise _unwritable(path, error) from None
        return cls(path)

    @property
    def latest(self) -> Path:
        """The stable name of the newest run's folder."""
        return self.path.parent / LATEST

    def write(self, name: str, content: bytes) -> None:
        """Write one file atomically; an earlier version stays until the new one is complete on disk."""
        write_whole(self.path / name, content, _CURE)

    def write_together(self, contents: Mapping[str, bytes]) -> None:
        """Write several files in order; all stay as they were unless there is room for all, but for the first."""
        write_together({self.path / name: content for name, content in contents.items()}, _CURE)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path}: cannot be written ({error.strerror}); {_CURE}")
