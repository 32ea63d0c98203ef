"""Evidence about MongoDB Atlas: what its API says of a cluster and its project."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonogo.evidence.base import PartialEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Nodes of one region of a shard that can become primary."""

    shard: int
    """Counted from 0; a replica set is shard 0."""
    name: str
    priority: int | None
    """The region of the highest priority has the primary, as long as it can."""
    size: str
    nodes: int | None
    scales_to: str = ""
    """The largest instance size that compute auto-scaling may choose; empty where it is off."""
    shared: bool = False
    """Whether this is a free or shared cluster, whose nodes Atlas does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUser:
    """Somebody who may log in to this cluster."""

    name: str
    is_service: bool = False
    """Whether the service's connection string names it."""
    roles: tuple[str, ...] = ()
    """As in ``readWrite@workme``, or ``readWrite@workme.logs`` for one collection; roles of one's own are replaced by
    what they inherit."""
    actions: tuple[str, ...] = ()
    """What roles of one's own permit by themselves, as in ``FIND@workme``; ``@*`` is any database, ``@`` the cluster."""
    unresolved: tuple[str, ...] = ()
    """Roles of one's own that could not be looked up."""
    ends_at: datetime | None = None
    """When Atlas deletes it, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEntry:
    """A line of the IP access list: a network, or a security group of AWS as it is named."""

    network: str
    ends_at: datetime | None = None
    """When Atlas deletes it, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The receiver of an alert setting's messages."""

    kind: str
    """As Atlas names it: ``EMAIL``, ``GROUP``, ``SLACK`` and others."""
    reaches: bool | None = None
    """Whether mail or SMS is on, for groups, organisations, teams and users; whether an address, a number or a channel
    is named, where one must be; None for all others."""
    delay: timedelta = timedelta()
    """How long the trouble must last before it tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSetting:
    """One alert setting of the project."""

    event: str
    metric: str = ""
    operator: str = ""
    """``GREATER_THAN`` or ``LESS_THAN``, for a metric."""
    threshold: float | None = None
    """In the metric's unit; percent for shares."""
    enabled: bool = False
    conditions: tuple[str, ...] = ()
    """What limits it, as in ``CLUSTER_NAME EQUALS workme``."""
    about_cluster: bool | None = True
    """Whether these let this whole cluster through; None if that cannot be told."""
    notifications: tuple[Notification, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A copy of the cluster."""

    at: datetime
    status: str
    kind: str
    """``scheduled``, ``onDemand`` or ``fallback``."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """A restore that came to its end."""

    at: datetime
    delivery: str
    """``automated``, ``pointInTime`` or ``download``."""
    worked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasEvidence(PartialEvidence):
    """One cluster and its project. None is what Atlas does not say; times are in UTC."""

    cluster: str
    found: bool
    problem: str = ""
    """What Atlas says is not there."""
    state: str = ""
    paused: bool | None = None
    regions: tuple[Region, ...] = ()
    hosts: tuple[str, ...] = ()
    """Names in the cluster's own connection strings."""
    service_hosts: tuple[str, ...] = ()
    """Names in the service's connection string."""
    backup_enabled: bool = False
    point_in_time: bool | None = None
    termination_protected: bool | None = None
    service_user: str = ""
    """The user in the service's connection string; empty if it names nobody, or not with a password."""
    users: tuple[DatabaseUser, ...] = ()
    """Those that may log in to this cluster."""
    access: tuple[AccessEntry, ...] = ()
    schedule: tuple[str, ...] = ()
    """How often snapshots are taken, as in ``daily`` or ``hourly``."""
    snapshots: tuple[Snapshot, ...] = ()
    """Newest first."""
    restores: tuple[Restore, ...] = ()
    """Newest first."""
    alerts: tuple[AlertSetting, ...] = ()

    @property
    def shards(self) -> list[list[Region]]:
        """The regions of every shard."""
        numbers = sorted({region.shard for region in self.regions})
        return [[region for region in self.regions if region.shard == number] for number in numbers]


def at_least(size: str, ordered: str) -> bool:
    """Whether an instance size is the ordered one, or a larger one of its kind."""
    actual, minimum = (re.fullmatch(r"([A-Z]+)(\d+)(.*)", text) for text in (size, ordered))
    if actual is None or minimum is None:
        return size == ordered
    return (actual[1], actual[3]) == (minimum[1], minimum[3]) and int(actual[2]) >= int(minimum[2])
