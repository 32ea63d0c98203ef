"""Attestations of lines that no program can verify: dated, by a role, with a hashed evidence file, for a while."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import tomli_w
from pydantic import AfterValidator, Field

from gonogo.base.durations import format_duration
from gonogo.base.errors import UsageError
from gonogo.base.moments import Ending, Moment, Words, as_written, longer_than
from gonogo.base.regular_files import Unreadable, read_inside
from gonogo.base.toml_files import Document, read_toml
from gonogo.base.whole_files import write_whole
from gonogo.policy.checklist_line import ChecklistLine

FOLDER = "attestations"
KEPT = "evidence"
LARGEST_KEPT_BYTES = 20 * 1024 * 1024
LONGEST = timedelta(days=90)
"""How long an attestation counts at the most, where its line says nothing else (``valid=``)."""
_EMPTY = hashlib.sha256(b"").hexdigest()


def _inside(value: str) -> str:
    if Path(value).is_absolute() or ".." in Path(value).parts:
        raise ValueError("a file beside the attestation is expected, as in 'evidence/minutes.pdf'")
    return value


def _digest(value: str) -> str:
    if value == _EMPTY:
        raise ValueError("is the digest of an empty file, which proves nothing; attest the line with what was seen")
    if len(set(value)) == 1:
        raise ValueError("is the digest of no file; attest the line with what was seen")
    return value


def _page(value: str) -> str:
    parts = urlsplit(value)
    if not (value.startswith("/") or (parts.scheme == "https" and parts.hostname)) or parts.username:
        raise ValueError("an https:// address is expected, or a path of the service itself, as in '/help'")
    return value


class EvidenceFile(Document):
    """The evidence that an attestation rests on."""

    name: Words
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$"), AfterValidator(_digest)]
    file: Annotated[Words, AfterValidator(_inside)] | None = None
    """Where it is kept, relative to the attestation; None: only its digest is, which the line must allow."""


class Attestation(Document):
    """One line, attested."""

    line: Words
    by: Words
    role: Words
    at: Moment
    until: Ending
    note: Words
    evidence: EvidenceFile
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
            attestation = read_toml(path, Attestation)
        except UsageError as error:
            problems += error.problems
            continue
        if attestation.line in read:
            problems.append(
                f"{path}: line: {attestation.line} is attested by {read[attestation.line].path} already; keep the newer one"
            )
        shown = path.relative_to(root).as_posix()
        digest = _evidence_digest(root, path, attestation, problems)
        read[attestation.line] = attestation.model_copy(update={"path": shown, "found": digest})
    if problems:
        raise UsageError(*problems)
    return list(read.values())


def _evidence_digest(root: Path, path: Path, attestation: Attestation, problems: list[str]) -> str | None:
    """SHA-256 of the file as it is now, read once."""
    if attestation.evidence.file is None:
        return None
    place = (path.parent / attestation.evidence.file).relative_to(root).as_posix()
    try:
        content = read_inside(root, place, LARGEST_KEPT_BYTES)
        problem = "" if content else "is empty, so it proves nothing"
    except Unreadable as error:
        content, problem = b"", str(error)
    if problem:
        problems.append(
            f"{path}: evidence.file: {attestation.evidence.file} {problem}; {attestation.by} attested {attestation.line} with it: restore "
            "it, or attest the line again"
        )
        return None
    return hashlib.sha256(content).hexdigest()


def changed_evidence(attestations: Sequence[Attestation]) -> Iterator[str]:
    """Files that are not what was attested, and whose word rests on each."""
    for attestation in attestations:
        if attestation.found is not None and attestation.found != attestation.evidence.sha256:
            yield (
                f"{attestation.evidence.file}: {attestation.by}'s word on {attestation.line} rests on it, and it is not the file that was "
                "attested; attest the line again"
            )


def refusal(attestation: Attestation, line: ChecklistLine, *, bounded: bool = True) -> str:
    """Why nobody may write this attestation at all; empty: somebody may.

    ``bounded`` is False for the bundled environment alone, whose attestations are samples.
    """
    longest = line.valid or LONGEST
    if bounded and longer_than(attestation.at, attestation.until, longest):
        lasts = format_duration(attestation.until - attestation.at)
        return (
            f"until: it counts for {lasts}, and {attestation.line} allows {format_duration(longest)}; look again then"
        )
    if attestation.evidence.file is None and not line.digest_alone:
        return (
            f"evidence.file: missing; {attestation.line} demands the file itself. Keep it beside the attestation, or write "
            "evidence=digest after the id of the line"
        )
    return ""


def why_not(attestation: Attestation, line: ChecklistLine | None, at: datetime, roles: Sequence[str]) -> str:
    """Why it does not count at this moment; empty: it does."""
    if line is None:
        return f"the checklist has no line {attestation.line}; rename it, or remove the attestation"
    if not line.leaf:
        return f"{attestation.line} has lines below it, and takes its status from them; attest those"
    allowed = line.attest or roles
    if allowed and attestation.role not in allowed:
        return f"{attestation.role} may not attest {attestation.line}; {' or '.join(allowed)} may"
    if attestation.evidence.file is not None and attestation.found != attestation.evidence.sha256:
        return f"{attestation.evidence.file} is not the file that was attested: its SHA-256 is another; attest it again"
    return _out_of_time(attestation, at)


def _out_of_time(attestation: Attestation, at: datetime) -> str:
    if attestation.at > at:
        return f"it is dated {attestation.at:%Y-%m-%d %H:%M} UTC, which is in the future"
    if attestation.until <= attestation.at:
        return "it ends before it begins"
    if attestation.until <= at:
        return f"it expired {attestation.until:%Y-%m-%d %H:%M} UTC; look again, and attest it again"
    return ""


def write_attestation(root: Path, environment: str, attestation: Attestation, content: bytes | None) -> Path:
    """Write the file, and the evidence beside it unless only its digest is kept. Raises UsageError."""
    folder = root / "environments" / FOLDER / environment
    path = folder / f"{attestation.line}.toml"
    document = attestation.model_dump(exclude={"path", "found"}, exclude_none=True)
    document["until"] = as_written(attestation.until)
    if attestation.evidence.file is not None and content is not None:
        write_whole(folder / attestation.evidence.file, content)
    write_whole(path, tomli_w.dumps(document).encode())
    return path
