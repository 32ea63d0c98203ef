"""What people say of lines that no program can see: dated, by a role, with a hashed evidence file, for a while."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import tomli_w
from pydantic import AfterValidator, Field

from gonogo.base.errors import UsageError
from gonogo.base.toml_files import Document, Moment, Words, read_toml
from gonogo.policy.checklist import ChecklistLine

FOLDER = "attestations"
KEPT = "evidence"
LARGEST_KEPT_BYTES = 20 * 1024 * 1024


def _inside(value: str) -> str:
    if Path(value).is_absolute() or ".." in Path(value).parts:
        raise ValueError("a file beside the attestation is expected, as in 'evidence/minutes.pdf'")
    return value


def _page(value: str) -> str:
    parts = urlsplit(value)
    if not (value.startswith("/") or (parts.scheme == "https" and parts.hostname)) or parts.username:
        raise ValueError("an https:// address is expected, or a path of the service itself, as in '/help'")
    return value


class Evidence(Document):
    """What the statement rests on."""

    name: Words
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    file: Annotated[Words, AfterValidator(_inside)] | None = None
    """Where it is kept, relative to the attestation; None: only its digest is, since it is nobody else's business."""


class Attestation(Document):
    """One line, attested."""

    line: Words
    by: Words
    role: Words
    at: Moment
    until: Moment
    note: Words
    evidence: Evidence
    url: Annotated[Words, AfterValidator(_page)] | None = None
    """Fetched at run time, and must answer."""
    path: str = ""
    """The file it was read from."""
    found: str | None = None
    """SHA-256 of the evidence file as it is now; None when none is kept."""


def read_attestations(root: Path, environment: str) -> list[Attestation]:
    """All of an environment. Raises UsageError for every file that cannot be understood."""
    folder = root / "environments" / FOLDER / environment
    problems: list[str] = []
    read: dict[str, Attestation] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            said = read_toml(path, Attestation)
        except UsageError as error:
            problems += error.problems
            continue
        if said.line in read:
            problems.append(
                f"{path}: line: {said.line} is attested by {read[said.line].path} already; keep the newer one"
            )
        shown = path.relative_to(root).as_posix()
        read[said.line] = said.model_copy(update={"path": shown, "found": _digest(folder, said, path, problems)})
    if problems:
        raise UsageError(*problems)
    return list(read.values())


def _digest(folder: Path, said: Attestation, path: Path, problems: list[str]) -> str | None:
    if said.evidence.file is None:
        return None
    try:
        return hashlib.sha256((folder / said.evidence.file).read_bytes()).hexdigest()
    except OSError as error:
        problems.append(f"{path}: evidence.file: {said.evidence.file} cannot be read ({error.strerror}); restore it")
        return None


def why_not(said: Attestation, line: ChecklistLine | None, at: datetime, roles: Sequence[str]) -> str:
    """Why it does not count at this moment; empty: it does."""
    if line is None:
        return f"the checklist has no line {said.line}; rename it, or remove the attestation"
    allowed = line.attest or roles
    if allowed and said.role not in allowed:
        return f"{said.role} may not attest {said.line}; {' or '.join(allowed)} may"
    if said.evidence.file is not None and said.found != said.evidence.sha256:
        return f"{said.evidence.file} is not the file that was attested: its SHA-256 is another; attest it again"
    return _out_of_time(said, at)


def _out_of_time(said: Attestation, at: datetime) -> str:
    if said.at > at:
        return f"it is dated {said.at:%Y-%m-%d %H:%M} UTC, which is in the future"
    if said.until <= said.at:
        return "it ends before it begins"
    if said.until <= at:
        return f"it expired {said.until:%Y-%m-%d %H:%M} UTC; look again, and attest it again"
    return ""


def write_attestation(root: Path, environment: str, said: Attestation, content: bytes | None) -> Path:
    """Write the file, and the evidence beside it unless only its digest is kept. Raises UsageError."""
    folder = root / "environments" / FOLDER / environment
    path = folder / f"{said.line}.toml"
    document = said.model_dump(exclude={"path", "found"}, exclude_none=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if said.evidence.file is not None and content is not None:
            (folder / said.evidence.file).parent.mkdir(exist_ok=True)
            (folder / said.evidence.file).write_bytes(content)
        path.write_text(tomli_w.dumps(document), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    return path
