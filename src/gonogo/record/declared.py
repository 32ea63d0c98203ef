"""What people declared, and what became of it: attestations, roles that sign, waivers; and what is wrong in their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SHARED_EVIDENCE = "this one file is the evidence of"
"""How a finding begins about attestations that count, and rest on the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A person's attestation of a line."""

    by: str
    role: str
    at: datetime
    until: datetime
    note: str
    evidence: str
    """The name of the file it rests on."""
    sha256: str
    file: str | None = None
    """Where that file is kept, beside the attestation."""
    url: str | None = None
    path: str = ""
    """Path of the attestation itself, in the project."""
    problem: str = ""
    """Why it does not count; empty: it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleResult:
    """A role that signs, and the statements that it signs."""

    id: str
    title: str
    statements: Sequence[str]
    """Ids of lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionResult:
    """A waiver, and what became of it."""

    check: str
    reason: str
    risk: str
    owner: str
    approved_by: str
    at: datetime
    until: datetime
    excepts: Sequence[str] = ("FAIL",)
    """Outcomes that are accepted."""
    state: Literal["in force", "stale", "expired", "not yet"]
    """stale: what it excepts is in order again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in the team's own files that does not hold, or that whoever signs should know of."""

    subject: str
    message: str
    path: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is about attestations that count: many of them rest on one file."""
        return self.message.startswith(SHARED_EVIDENCE)
