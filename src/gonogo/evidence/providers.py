"""Evidence about a droplet of DigitalOcean."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.evidence.base import PartialEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRule:
    """A rule by which a cloud firewall lets traffic in: ``ports`` as in ``443``, ``8000-9000`` or ``all``."""

    protocol: str
    ports: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A change of a cloud firewall that has not reached this droplet."""

    removing: bool
    """Whether the droplet is being taken out of the firewall."""
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFirewall:
    """A firewall that a droplet is behind."""

    name: str
    status: str
    """``succeeded``, ``waiting`` or ``failed``."""
    pending: tuple[PendingChange, ...] = ()
    """Changes for this droplet only."""
    pending_elsewhere: bool = False
    """Whether other droplets wait for a change."""
    inbound: tuple[InboundRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """A rule of DigitalOcean's monitoring that is about this droplet."""

    kind: str
    """As in ``cpu`` or ``disk_utilization_percent``."""
    enabled: bool
    compare: str
    """``GreaterThan`` or ``LessThan``."""
    threshold: float | None
    """In the unit of its kind; percent for those that are shares."""
    recipients: int
    """How many addresses and channels are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropletImage:
    """The image that a droplet was built from."""

    slug: str
    """Empty for images of one's own, and for those that DigitalOcean does not offer any more."""
    name: str
    distribution: str
    status: str
    kind: str
    """``base``, ``snapshot``, ``backup``, ``custom`` or ``admin``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Block storage of a droplet; the droplet's own snapshots do not hold it."""

    id: str
    newest_snapshot: datetime | None
    """In UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropletEvidence(PartialEvidence):
    """One machine. None is what DigitalOcean does not say."""

    droplet: int
    found: bool
    status: str = ""
    locked: bool | None = None
    cpus: int | None = None
    """Virtual processors, as the provider sells them."""
    memory: int | None = None
    """In bytes, as ordered."""
    disk: int | None = None
    """In bytes, as ordered."""
    image: DropletImage | None = None
    addresses: tuple[str, ...] = ()
    """Public ones of its own."""
    reserved_addresses: tuple[str, ...] = ()
    """Reserved IP addresses that lead to it."""
    balancer_addresses: tuple[str, ...] = ()
    """Addresses of load balancers that lead to it."""
    firewalls: tuple[CloudFirewall, ...] = ()
    tagged: bool = False
    """Whether it has a tag."""
    alerts: tuple[AlertPolicy, ...] = ()
    """Those about this droplet: by its number, by one of its tags, or about all droplets."""
    measured: bool | None = None
    """Whether the metrics agent on it sends values: without it no policy on memory or disk ever fires."""
    copies: tuple[datetime, ...] = ()
    """When its snapshots and backups were taken, newest first, in UTC; those of 0 GB are left out."""
    volumes: tuple[Volume, ...] = ()
    account_keys: int = 0
    """Number of SSH keys of the account."""

    @property
    def name(self) -> str:
        """By its name in the environment file, and its number."""
        return f"{self.scope[1]} ({self.droplet})"
