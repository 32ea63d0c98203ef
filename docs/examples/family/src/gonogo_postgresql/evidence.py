"""What PostgreSQL was seen to do."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from gonogo.evidence.base import Evidence

Attempt = Literal["accepted", "refused", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlEvidence(Evidence):
    """The primary, asked as the service's user."""

    server: str
    """Host and port."""
    reachable: bool
    problem: str = ""
    """What the server said when it refused us."""
    version: str = ""
    encrypted: bool = False
    without_tls: Attempt = "not tried"
    """What came of the same login with sslmode=disable."""
    without_password: Attempt = "not tried"
    """What came of the same login without a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaEvidence(Evidence):
    """One replica."""

    server: str
    reachable: bool
    problem: str = ""
    read_only: bool = False
    lag: timedelta | None = None
    """How long ago the last transaction was replayed; None when none was yet, or when there was none to replay."""
