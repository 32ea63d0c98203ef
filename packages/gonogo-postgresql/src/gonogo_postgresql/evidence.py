"""What PostgreSQL was seen to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gonogo.evidence.base import Evidence, PartialEvidence

Attempt = Literal["accepted", "refused", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role that the service's user is, or may become (SET ROLE)."""

    name: str
    powers: tuple[str, ...] = ()
    """Those of SUPERUSER, CREATEDB, CREATEROLE, REPLICATION and BYPASSRLS that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlEvidence(PartialEvidence):
    """The primary, asked as the service's user."""

    server: str
    """Host and port."""
    reachable: bool
    problem: str = ""
    """What the server said when it refused us."""
    takes_writes: bool = False
    """Whether it is no replica, and the user's transactions may write."""
    version: str = ""
    """As SELECT version() says it."""
    local: bool = False
    """Whether it is asked over a Unix socket, where nobody reads along."""
    encrypted: bool = False
    verifies: bool = False
    """Whether the service's URL has certificate and host name verified (sslmode=verify-full)."""
    without_tls: Attempt = "not tried"
    """Whether the server goes on to the login of somebody who asks for no TLS; no password is sent."""
    without_password: Attempt = "not tried"
    """What came of the same login without a password and without a client's certificate."""
    roles: tuple[Role, ...] = ()
    """The service's user first, then every role that it is a member of."""
    file_functions: tuple[str, ...] = ()
    """Functions on files of the server that it may execute."""
    schemas: tuple[str, ...] = ()
    """Schemas that it owns, may create in, or has a table in that it may write to; without PostgreSQL's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """How many there are and may be."""

    used: int
    limit: int
    """max_connections without those that are reserved for others."""
    used_by_user: int
    user_limit: int
    """CONNECTION LIMIT of the role; -1: none."""
    used_by_database: int
    database_limit: int
    """CONNECTION LIMIT of the database; -1: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadRows:
    """One table, as the statistics collector counts it."""

    table: str
    live: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Archiver:
    """pg_stat_archiver, and what qualifies it."""

    mode: str
    """archive_mode: on, always or off."""
    last_archived: str = ""
    """Name of the newest WAL file that was archived; empty: none yet."""
    last_archived_at: datetime | None = None
    last_failed: str = ""
    last_failed_at: datetime | None = None
    waiting: int | None = None
    """Finished WAL files after the newest archived one; None while none was archived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlStatusEvidence(PartialEvidence):
    """Room, housekeeping and backups of the primary, as its statistics tell them."""

    server: str
    connections: Connections | None = None
    oldest_database: str = ""
    """The database whose transactions were frozen longest ago."""
    transactions_since_freeze: int = 0
    """Age of that database; transactions or multixacts, whichever are more. PostgreSQL stops writing at 2^31."""
    dead_rows: tuple[DeadRows, ...] = ()
    """Tables of the service's database with the most dead rows."""
    archiver: Archiver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlMigrationsEvidence(Evidence):
    """The release's migrations beside those that the database says were applied."""

    server: str
    tool: Literal["alembic", "django"]
    table: str
    recorded: bool
    """Whether the table of migrations is there."""
    wanted: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()
    """Those that the release knows, and their predecessors."""
    unknown: tuple[str, ...] = ()
    """Rows of Alembic's table that the release does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaEvidence(PartialEvidence):
    """One replica, measured by a position of the primary."""

    server: str
    reachable: bool
    problem: str = ""
    read_only: bool = False
    same_cluster: bool = False
    """Whether its system identifier is the primary's."""
    paused: bool = False
    """Whether somebody told it to stop replaying (pg_wal_replay_pause)."""
    lag: timedelta | None = None
    """Until a position of the primary was replayed; if it was not meanwhile, the age of the last transaction replayed.

    None when it was not, and no transaction has been replayed since the replica started.
    """
    bytes_behind: int = 0
    """What was left to replay when we stopped waiting; 0: it has caught up."""
