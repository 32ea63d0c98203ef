"""Evidence about Redis: its answers to the service's user, to a monitoring user, and to a stranger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from gonogo.evidence.base import Evidence, PartialEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisEvidence(PartialEvidence):
    """Redis as the service's own user sees it, and as strangers do."""

    address: str
    """Host and port, without credentials."""
    declared_tls: bool
    """Whether the service's URL asks for TLS."""
    verifies: bool = False
    """Whether it leaves certificate and host name to be verified."""
    listening: bool
    """Whether the port accepts connections at all."""
    reachable: bool
    problem: str = ""
    plain_answer: str = ""
    """What the port answers to a PING without TLS, in the Redis protocol; empty if it does not."""
    plain_elsewhere: str = ""
    """The answer of the server's other port, and which port; empty if it does not answer, or there is none."""
    anonymous: str | None = None
    """What a PING without logging in was answered; None when it could not be tried."""
    strangers_may: tuple[str, ...] = ()
    """Commands that are accepted without logging in, where the PING was not."""
    wrong_password: str | None = None
    """What a login with a wrong password was answered; None when it could not be tried."""
    forbidden: Mapping[str, str] = field(default_factory=dict)
    """Dangerous commands, queued and discarded as the service's user: the answer to each."""
    foreign_key: str | None = None
    """What the service's user was answered when it read a key outside of its prefix."""
    foreign_write: str | None = None
    """The answer to writing a foreign key, queued and discarded."""
    own_key: str | None = None
    """The control: the same for a key inside of its prefix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisStatusEvidence(Evidence):
    """The state of a Redis server as the monitoring user sees it."""

    reachable: bool
    problem: str = ""
    product: str = ""
    """The server by its maker's name: what calls itself Redis 7.2.4 for the sake of clients may be another."""
    version: str | None = None
    """The product's own."""
    used_memory_bytes: int | None = None
    """What the server has allocated for its data (``used_memory`` of INFO)."""
    max_memory_bytes: int | None = None
    """0 means: no limit."""
    eviction_policy: str | None = None
    append_only: bool | None = None
    append_only_status: str | None = None
    snapshot_schedule: str | None = None
    """As ``CONFIG GET save`` has it; None where CONFIG is not permitted."""
    snapshot_status: str | None = None
    evicted: tuple[int, int] | None = None
    """The counter, twice."""
    rejected: tuple[int, int] | None = None
    """Rejected connections, counted twice: before and after a pause."""
    watched: timedelta = timedelta(0)
    """Between the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisWriteEvidence(Evidence):
    """A synthetic key with a lifetime, written, read back, and removed."""

    written: bool
    read_back: bool
    ttl_seconds: int | None
    """The lifetime of the key as the server tells it; None if it was not asked."""
    removed: bool
    problem: str = ""
