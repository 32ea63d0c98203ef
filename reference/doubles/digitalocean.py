"""DigitalOcean's objects, with all the fields that its specification requires."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

DROPLET = 402188311
_MIB_PER_GIB = 1024
MEASURED = "/v2/monitoring/metrics/droplet/memory_available"
VOLUME = "506f78a4-e098-11e5-ad9f-000f53306ae1"
_TAG = "workme"
_EVERYBODY = ["0.0.0.0/0", "::/0"]
_NOBODY: dict[str, list[str]] = {"email": [], "slack": []}
_HALVES = ["0.0.0.0/1", "128.0.0.0/1"]
_WINDOW = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T04:00:00Z"}
SCOPES = frozenset(
    {
        "block_storage:read",
        "block_storage_snapshot:read",
        "droplet:read",
        "firewall:read",
        "image:read",
        "load_balancer:read",
        "monitoring:read",
        "reserved_ip:read",
        "ssh_key:read",
        "tag:read",
    }
)
Json = dict[str, Any]
_ADDRESS, _RESERVED = "127.0.0.1", "127.0.0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalOceanSettings:
    """One droplet, and the account that it is in. The defaults are healthy."""

    droplet: int = DROPLET
    name: str = "workme-1"
    cpus: int = 2
    disk: int = 80
    """In GiB."""
    running: bool = True
    scopes: frozenset[str] = SCOPES
    """What the token may do."""
    exists: bool = True
    status: str = "active"
    locked: bool = False
    memory: int = 4096
    """In MiB."""
    image: str | None = "ubuntu-22-04-x64"
    """None when it is not offered any more."""
    address: str = _ADDRESS
    keys: int = 2
    firewall: bool = True
    firewall_status: str = "succeeded"
    firewall_removing: bool = False
    """Whether the droplet is being taken out of it."""
    inbound: tuple[str, ...] = ("22", "80", "443")
    inbound_udp: tuple[str, ...] = ()
    inbound_halves: tuple[str, ...] = ()
    """Ports that are open to both halves of the internet."""
    alerts: tuple[str, ...] = ("cpu", "memory_utilization_percent", "disk_utilization_percent")
    alerts_compare: str = "GreaterThan"
    alerts_percent: int = 90
    recipients: bool = True
    agent: bool = True
    """Whether the metrics agent on the droplet sends values."""
    snapshot_hours: float = 3.0
    """Age of the newest one."""
    volume: bool = False
    """Whether it has a volume, of which nobody took a snapshot."""


class DigitalOceanObjects:
    """What a double answers, by path."""

    def __init__(self, settings: DigitalOceanSettings) -> None:
        self._settings = settings
        self._now = datetime.now(UTC)

    @property
    def answers(self) -> Mapping[str, tuple[str, str, Callable[[], Any]]]:
        """Path to the scope that it needs, the key that its answer stands under, if it has one, and what makes it."""
        return {
            **self.of_droplet,
            "/v2/monitoring/alerts": ("monitoring:read", "policies", self._policies),
            "/v2/account/keys": ("ssh_key:read", "ssh_keys", self._keys),
            "/v2/reserved_ips": ("reserved_ip:read", "reserved_ips", self._reserved),
            "/v2/load_balancers": ("load_balancer:read", "load_balancers", list),
            f"/v2/volumes/{VOLUME}/snapshots": ("block_storage_snapshot:read", "snapshots", list),
        }

    def _reserved(self) -> list[Json]:
        """The second address of the hosts, as long as they lead here."""
        if self._settings.address != _ADDRESS:
            return []
        region = {"name": "New York 1", "slug": "nyc1"}
        return [{"ip": _RESERVED, "droplet": {"id": self._settings.droplet}, "region": region, "locked": False}]

    @property
    def of_droplet(self) -> Mapping[str, tuple[str, str, Callable[[], Any]]]:
        """Those of the answers that are about this droplet, and not about the whole account."""
        droplet = f"/v2/droplets/{self._settings.droplet}"
        return {
            droplet: ("droplet:read", "droplet", self.droplet),
            f"{droplet}/firewalls": ("firewall:read", "firewalls", self._firewalls),
            f"{droplet}/snapshots": ("droplet:read", "snapshots", self._snapshots),
            f"{droplet}/backups": ("droplet:read", "backups", list),
            f"{MEASURED}?host_id={self._settings.droplet}": ("monitoring:read", "", self._memory),
        }

    def droplet(self) -> Json | None:
        """The droplet, without what the token may not see; None if there is none."""
        settings = self._settings
        if not settings.exists:
            return None
        region = {"name": "New York 1", "slug": "nyc1", "features": ["metadata"], "available": True, "sizes": []}
        return {
            "id": settings.droplet,
            "name": settings.name,
            "memory": settings.memory,
            "vcpus": settings.cpus,
            "disk": settings.disk,
            "disk_info": [{"type": "local", "size": {"amount": settings.disk, "unit": "gib"}}],
            "locked": settings.locked,
            "status": settings.status,
            "kernel": None,
            "created_at": self._ago(days=90),
            "features": ["droplet_agent", "monitoring"],
            "backup_ids": [],
            "next_backup_window": _WINDOW,
            "snapshot_ids": [0, 1],
            "image": self._image() if "image:read" in settings.scopes else None,
            "volume_ids": self._volumes(),
            "size": _size(settings),
            "size_slug": _slug(settings),
            "networks": {"v4": [_network(settings.address)], "v6": []},
            "region": region,
            "tags": [_TAG] if "tag:read" in settings.scopes else None,
            "vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
        }

    def _volumes(self) -> list[str] | None:
        if "block_storage:read" not in self._settings.scopes:
            return None
        return [VOLUME] if self._settings.volume else []

    def _image(self) -> Json:
        slug = self._settings.image
        debian = bool(slug) and str(slug).startswith("debian")
        return {
            "id": 129211873,
            "name": "12 x64" if debian else "22.04 (LTS) x64",
            "distribution": "Debian" if debian else "Ubuntu",
            "slug": slug,
            "type": "base",
            "public": True,
            "regions": ["nyc1"],
            "created_at": self._ago(days=400),
            "min_disk_size": 7,
            "size_gigabytes": 0.67,
            "description": "",
            "tags": [],
            "status": "available" if slug else "retired",
        }

    def _firewalls(self) -> list[Json]:
        settings = self._settings
        opened = [("tcp", ports, _EVERYBODY) for ports in settings.inbound]
        opened += [("udp", ports, _EVERYBODY) for ports in settings.inbound_udp]
        opened += [("tcp", ports, _HALVES) for ports in settings.inbound_halves]
        pending = {
            "droplet_id": settings.droplet,
            "removing": settings.firewall_removing,
            "status": settings.firewall_status,
        }
        firewall = {
            "id": "bb4b2611-3d72-467b-8602-280330ecd65c",
            "name": "workme",
            "status": settings.firewall_status,
            "created_at": self._ago(days=90),
            "pending_changes": [] if settings.firewall_status == "succeeded" else [pending],
            "droplet_ids": [settings.droplet],
            "tags": [_TAG],
            "inbound_rules": [
                {"protocol": protocol, "ports": ports, "sources": {"addresses": sources}}
                for protocol, ports, sources in opened
            ],
            "outbound_rules": [{"protocol": "tcp", "ports": "0", "destinations": {"addresses": _EVERYBODY}}],
        }
        return [firewall] if settings.firewall else []

    def _snapshots(self) -> list[Json]:
        ages = (self._settings.snapshot_hours, self._settings.snapshot_hours + 48)
        return [
            {
                "id": number,
                "name": f"{self._settings.name}-{number}",
                "type": "snapshot",
                "created_at": self._ago(hours=age),
                "regions": ["nyc1"],
                "min_disk_size": self._settings.disk,
                "size_gigabytes": 2.34,
            }
            for number, age in enumerate(ages)
        ]

    def _policies(self) -> list[Json]:
        slack = {"channel": "#ops", "url": "https://hooks.slack.test/services/T0/B0/x"}
        recipients = {"email": ["ops@workme.test"], "slack": [slack]} if self._settings.recipients else _NOBODY
        return [
            {
                "uuid": f"78b3da62-27e5-49ba-ac70-5db0b593{number:04d}",
                "type": f"v1/insights/droplet/{kind}",
                "description": f"{kind} of WorkMe",
                "compare": self._settings.alerts_compare,
                "value": self._settings.alerts_percent,
                "window": "5m",
                "entities": [],
                "tags": [_TAG],
                "alerts": recipients,
                "enabled": True,
            }
            for number, kind in enumerate(self._settings.alerts)
        ]

    def _memory(self) -> Json:
        values = [[int(self._now.timestamp()) - 60 * age, "2105131008"] for age in range(14, 0, -1)]
        series = (
            [{"metric": {"host_id": str(self._settings.droplet)}, "values": values}] if self._settings.agent else []
        )
        return {"status": "success", "data": {"resultType": "matrix", "result": series}}

    def _keys(self) -> list[Json]:
        return [
            {
                "id": number,
                "name": f"laptop-{number}",
                "fingerprint": ":".join(f"{number:02x}" for _ in range(16)),
                "public_key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI laptop-{number}",
            }
            for number in range(self._settings.keys)
        ]

    def _ago(self, **age: float) -> str:
        return (self._now - timedelta(**age)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _network(address: str) -> Json:
    return {"ip_address": address, "netmask": "255.255.255.0", "gateway": "127.0.0.254", "type": "public"}


def _slug(settings: DigitalOceanSettings) -> str:
    return f"s-{settings.cpus}vcpu-{settings.memory // _MIB_PER_GIB}gb"


def _size(settings: DigitalOceanSettings) -> Json:
    return {
        "slug": _slug(settings),
        "memory": settings.memory,
        "vcpus": settings.cpus,
        "disk": settings.disk,
        "transfer": 4.0,
        "price_monthly": 24.0,
        "price_hourly": 0.03571,
        "regions": ["nyc1"],
        "available": True,
        "description": "Basic",
    }
