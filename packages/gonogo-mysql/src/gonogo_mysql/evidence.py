"""What MySQL or MariaDB was seen to do."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from gonogo.evidence.base import PartialEvidence

Attempt = Literal["accepted", "refused", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """How many there are and may be."""

    used: int
    limit: int
    """max_connections."""
    used_by_user: int
    user_limit: int
    """max_user_connections of the account; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Rights on one object, as SHOW GRANTS has them."""

    rights: tuple[str, ...]
    on: str
    """``*.*``, the name of a database as a pattern of LIKE (``\\_`` is an underscore), or one of its tables."""
    grantable: bool = False
    """Whether the user may pass them on (WITH GRANT OPTION)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MysqlEvidence(PartialEvidence):
    """The primary, asked as the service's user, and as people who should not get in."""

    server: str
    """Host and port."""
    reachable: bool
    problem: str = ""
    """What the server said when it refused us."""
    user: str = ""
    database: str = ""
    version: str = ""
    """As SELECT VERSION() says it: ``10.11.6-MariaDB-0+deb12u1``, ``8.4.2``."""
    takes_writes: bool = False
    """Whether it is not read-only (read_only, super_read_only)."""
    encrypted: bool = False
    """Whether our own login was, with certificate and host name verified; it is not where the server has no TLS."""
    server_needs_tls: bool = False
    """Whether require_secure_transport is on."""
    user_needs_tls: bool = False
    """Whether the account says REQUIRE SSL, X509 or more."""
    without_password: Attempt = "not tried"
    """What came of the service's user without a password."""
    anonymous: Attempt = "not tried"
    """What came of a login without a user and a password."""
    root: Attempt = "not tried"
    """What came of root without a password."""
    grants: tuple[Grant, ...] = ()
    """Those of the user, and of every role that it has."""
    connections: Connections | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MysqlReplicaEvidence(PartialEvidence):
    """One replica, measured by a position (GTID) of the primary."""

    server: str
    reachable: bool
    problem: str = ""
    read_only: bool = False
    lag: timedelta | None = None
    """Until a position of the primary was applied; None: it was not while we waited."""
    waited: timedelta = timedelta()
    """How long we waited for it."""
