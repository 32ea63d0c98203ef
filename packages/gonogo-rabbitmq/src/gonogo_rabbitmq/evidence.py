"""What RabbitMQ was seen to do."""

from dataclasses import dataclass
from typing import Literal

from gonogo.evidence.base import Evidence, PartialEvidence

Attempt = Literal["accepted", "refused", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitmqEvidence(PartialEvidence):
    """The broker, asked over AMQP 0-9-1 as the service's user, and as people who should not get in."""

    server: str
    """Host and port."""
    reachable: bool
    problem: str = ""
    """What the broker said when it refused us."""
    user: str = ""
    vhost: str = ""
    product: str = ""
    """As the broker introduces itself: ``RabbitMQ``."""
    version: str = ""
    encrypted: bool = False
    """Whether the service's own connection is; then certificate and host name were verified."""
    plain_ports: tuple[int, ...] = ()
    """Ports that begin a login without TLS; no password is sent."""
    default_user: Attempt = "not tried"
    """What came of guest with the password guest."""
    wrong_password: Attempt = "not tried"
    """What came of the service's user with a made-up password."""
    default_vhost: Attempt = "not tried"
    """Whether the service's user may enter the virtual host ``/`` as well, where its own is another."""
    tags: tuple[str, ...] = ()
    """The service user's rights in the management API; asked where ``management`` is declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitmqQueueEvidence(Evidence):
    """One declared queue, as a passive declaration tells it."""

    server: str
    name: str
    exists: bool
    problem: str = ""
    """What the broker said of a queue that cannot be used."""
    ready: int = 0
    """Messages that nobody has taken yet; those that a consumer holds unacknowledged are not among them."""
    consumers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One member of the cluster."""

    name: str
    running: bool
    alarms: tuple[str, ...] = ()
    """Alarms that are raised, ``memory`` or ``disk``: while one is raised, nobody may publish anywhere in the cluster."""
    partitioned_from: tuple[str, ...] = ()
    """Members that it does not see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredQueue:
    """A declared queue, as the management API tells it."""

    name: str
    kind: str
    """``classic``, ``quorum`` or ``stream``."""
    durable: bool
    members: int
    """Nodes that keep a copy."""
    online: int
    """Those of them that run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitmqClusterEvidence(PartialEvidence):
    """The cluster, as the management API tells it."""

    server: str
    nodes: tuple[Node, ...] = ()
    queues: tuple[DeclaredQueue, ...] = ()
    """The declared queues that exist."""
