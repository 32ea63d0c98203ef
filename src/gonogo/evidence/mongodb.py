"""Evidence about MongoDB: its answers to the service's user, to a monitoring user, and to a stranger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The result of an attempt that should be refused."""

    accepted: bool
    code: int | None = None
    """The server's error code; None when it had no words."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingIndex:
    """An index that a collection has, with what limits its use."""

    keys: tuple[str, ...] = ()
    """Fields in its order; none for a text index."""
    text: tuple[str, ...] = ()
    """Fields of a text index."""
    unique: bool = False
    hidden: bool = False
    """Kept up to date, and used by no query."""
    partial: str = ""
    """For which documents it holds, as JSON; empty for all."""
    within: tuple[str, ...] = ()
    """The fields that a wildcard index takes in; none for all. Those that begin with "-" it leaves out."""
    building: bool = False
    """Not finished: no query uses it, and what is unique by it is not yet."""
    collation: str = ""
    """Language and strength by which it compares texts, as ``en 2``; empty: byte by byte, as queries do."""

    @property
    def spelled(self) -> str:
        """The index written for people."""
        marks = [
            *(["unique"] if self.unique else []),
            *(["hidden"] if self.hidden else []),
            *(["still being built"] if self.building else []),
            *([f"only where {self.partial}"] if self.partial else []),
            *([f"by collation {self.collation}"] if self.collation else []),
        ]
        indexed = f"text({' '.join(self.text)})" if self.text else " ".join(self.keys)
        return " ".join([indexed, *marks])


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoEvidence(Evidence):
    """MongoDB as the service's own user sees it, and as strangers do."""

    reachable: bool
    problem: str = ""
    """Why not, in the driver's words."""
    members: tuple[str, ...] = ()
    """Host and port of every member that the driver knows."""
    with_tls: bool = False
    """Whether the service's own connection is encrypted."""
    verifies: bool = False
    """Whether the service's own URL leaves certificate and host name to be verified."""
    sharded: bool = False
    """Whether this is a router (mongos), behind which every shard is a replica set of its own."""
    writable_primary: str | None = None
    wire_version: int | None = None
    """The protocol's version, which grows with each release of the server (``maxWireVersion`` of hello)."""
    server_version: str | None = None
    read_as_app: bool = False
    """The control for what strangers are refused: the service's user may read."""
    plain: Mapping[str, Refusal] = field(default_factory=dict)
    """A connection without TLS, by member; those where it could not be tried are missing."""
    anonymous: Refusal | None = None
    """Reading the service's database without logging in."""
    wrong_password: Refusal | None = None
    roles: tuple[str, ...] = ()
    """Roles of the service's user, as ``role@database``."""
    wide_privileges: tuple[str, ...] = ()
    """What the service's user may change outside of its own database, or read in any."""
    forbidden: Refusal | None = None
    """Listing every user of the cluster, as the service's user; None when it was not tried."""
    indexes: Mapping[str, tuple[ExistingIndex, ...]] = field(default_factory=dict)
    """Existing indexes, by collection; collections that may not be listed are missing."""
    views: tuple[str, ...] = ()
    """Declared collections that are views: these have no indexes of their own."""
    standalone: bool = False
    """Whether it takes writes, and is no member of a replica set."""
    write_concern: str | None = None
    """What the service's own URL says of ``w``: a number, ``majority``, or a name of the set's own; None for nothing.

    Another option of writes alone (``journal``, ``wTimeoutMS``) means 1: mongod 6.0 then asks no default, whatever it is.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of the replica set, as the set sees it."""

    name: str
    state: str
    healthy: bool
    lag: timedelta | None
    """Behind the primary, by the time of the last operation applied; None for arbiters and without a primary."""
    delay: timedelta = timedelta(0)
    """How far it stays behind on purpose (``secondaryDelaySecs``)."""
    electable: bool = True
    """Whether it may become primary: its priority is more than 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoStatusEvidence(Evidence):
    """The state of a MongoDB deployment as the monitoring user sees it."""

    reachable: bool
    problem: str = ""
    replica_set: str | None = None
    members: tuple[Member, ...] = ()
    configuration_problem: str = ""
    """Why the set's configuration, and so delay and priority of its members, could not be read."""
    connections_current: int | None = None
    """Open connections of all clients (``serverStatus``)."""
    connections_available: int | None = None
    """Further connections that the server would take."""
    write_majority: int | None = None
    """How many members with data are a majority for a write."""
    default_write_concern: str | None = None
    """``w`` of a write that asks for nothing; None if it could not be read."""
    default_is_set: bool = False
    """Whether somebody set that default for the cluster; else it follows from the members."""
    default_problem: str = ""
    """Why the default could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoWriteEvidence(Evidence):
    """A synthetic document, written by majority, read back, and removed."""

    written: bool
    read_back: bool
    removed: bool
    problem: str = ""
    acknowledged: bool = True
    """Whether the service's own URL asks for an answer to each write: not with ``w=0``."""
    kept_out: bool = False
    """Whether the service's user may write to other collections of its database, and not to the one for synthetic documents."""
    elapsed: timedelta
    """From the write to its acknowledgement by the majority."""
