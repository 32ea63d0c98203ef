"""What DigitalOcean says of a droplet, and MongoDB Atlas of a cluster."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRule:
    """What a cloud firewall lets in: ``ports`` as in ``443``, ``8000-9000`` or ``all``."""

    protocol: str
    ports: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAlert:
    """One rule of the provider's own monitoring."""

    kind: str
    enabled: bool
    recipients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DropletEvidence(Evidence):
    """One machine."""

    droplet: int
    found: bool
    status: str = ""
    cpus: int = 0
    memory: int = 0
    """In bytes, as ordered."""
    disk: int = 0
    """In bytes, as ordered."""
    image: str = ""
    firewalls: int = 0
    """Cloud firewalls that it is behind."""
    inbound: tuple[InboundRule, ...] = ()
    alerts: tuple[ProviderAlert, ...] = ()
    """About this droplet: by its number, or by one of its tags."""
    newest_snapshot: datetime | None = None
    """Or backup, in UTC."""
    account_keys: int = 0
    """SSH keys of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUser:
    """Somebody who may log in to the database, and as what: ``readWrite@workme``."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasEvidence(Evidence):
    """One cluster and its project."""

    cluster: str
    found: bool
    state: str = ""
    sizes: tuple[str, ...] = ()
    """Of the nodes, each once."""
    regions: tuple[str, ...] = ()
    backup_enabled: bool = False
    users: tuple[DatabaseUser, ...] = ()
    access: tuple[str, ...] = ()
    """The IP access list, as networks."""
    newest_snapshot: datetime | None = None
    """That is complete, in UTC."""
    newest_restore: datetime | None = None
    """That worked, in UTC."""
    alerts: tuple[ProviderAlert, ...] = ()
