"""Droplets and clusters, judged on literal facts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.evidence.providers import AtlasEvidence, DatabaseUser, DropletEvidence, InboundRule, ProviderAlert
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

GIB = 2**30
ALL = ("0.0.0.0/0", "::/0")
ENVIRONMENT = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test"},
        "digitalocean": {
            "token": "DIGITALOCEAN_TOKEN",
            "droplets": {
                "one": {"id": 7, "cpus": 2, "memory": "4 GiB", "disk": "80 GiB", "image": "ubuntu-22-04-x64"},
            },
        },
        "atlas": {
            "client_id": "ATLAS_CLIENT_ID",
            "client_secret": "ATLAS_CLIENT_SECRET",
            "project": "p",
            "cluster": "c",
            "size": "M10",
            "region": "SA_EAST_1",
            "access": ["192.0.2.7", "198.51.100.0/24"],
        },
    }
)


def opened(ports: str, protocol: str = "tcp", sources: tuple[str, ...] = ALL) -> InboundRule:
    """A rule of the cloud firewall."""
    return InboundRule(protocol=protocol, ports=ports, sources=sources)


def told(kind: str) -> ProviderAlert:
    """By mail."""
    return ProviderAlert(kind=kind, enabled=True, recipients=1)


ALERTS = tuple(told(kind) for kind in ("cpu", "memory_utilization_percent", "disk_utilization_percent"))
DROPLET = DropletEvidence(
    scope=("digitalocean", "one"),
    taken_at=AT,
    droplet=7,
    found=True,
    status="active",
    cpus=2,
    memory=4 * GIB,
    disk=80 * GIB,
    image="ubuntu-22-04-x64",
    firewalls=1,
    inbound=(opened("22"), opened("443"), opened("all", "icmp"), opened("5432", sources=("10.0.0.0/8",))),
    alerts=ALERTS,
    newest_snapshot=AT - timedelta(hours=24),
    account_keys=1,
)
ATLAS = AtlasEvidence(
    scope=("atlas",),
    taken_at=AT,
    cluster="c",
    found=True,
    state="IDLE",
    sizes=("M10",),
    regions=("SA_EAST_1",),
    backup_enabled=True,
    users=(DatabaseUser(name="api", roles=("readWrite@workme",)),),
    access=("192.0.2.7/32", "198.51.100.0/24"),
    newest_snapshot=AT - timedelta(hours=24),
    newest_restore=AT - timedelta(days=30),
    alerts=(told("HOST_DOWN"),),
)
RED: list[tuple[str, dict[str, Any], str]] = [
    ("droplet-found", {"found": False}, "has no droplet 7"),
    ("droplet-found", {"status": "off"}, "is off, not active"),
    ("droplet-size", {"cpus": 1}, "processors: 1, not 2"),
    ("droplet-size", {"memory": 2 * GIB}, "2 GiB of memory, not 4 GiB"),
    ("droplet-size", {"disk": 50 * GIB}, "a disk of 50 GiB, not 80 GiB"),
    ("droplet-image", {"image": "debian-12-x64"}, "from debian-12-x64, not ubuntu-22-04-x64"),
    ("droplet-image", {"image": ""}, "an image without a name"),
    ("droplet-keys", {"account_keys": 0}, "no SSH key"),
    ("droplet-firewall", {"firewalls": 0, "inbound": ()}, "behind no cloud firewall"),
    ("droplet-firewall", {"inbound": (opened("all"),)}, "all ports/tcp"),
    ("droplet-firewall", {"inbound": (opened("20-25"),)}, "20-25/tcp"),
    ("droplet-firewall", {"inbound": (opened("53", "udp", ("::/0",)),)}, "53/udp"),
    ("droplet-alerts", {"alerts": ALERTS[:2]}, "nobody is told about disk_utilization_percent"),
    ("droplet-alerts", {"alerts": (*ALERTS[:2], replace(ALERTS[2], enabled=False))}, "disk_utilization_percent"),
    ("droplet-alerts", {"alerts": (*ALERTS[:2], replace(ALERTS[2], recipients=0))}, "disk_utilization_percent"),
    ("droplet-snapshot", {"newest_snapshot": None}, "neither a snapshot nor a backup"),
    ("droplet-snapshot", {"newest_snapshot": AT - timedelta(hours=24, seconds=1)}, "1 d are allowed"),
    ("atlas-cluster", {"found": False}, "Atlas has no cluster c in project p"),
    ("atlas-cluster", {"state": "REPAIRING"}, "is REPAIRING, not IDLE"),
    ("atlas-cluster", {"sizes": ("M0",)}, "nodes of M0, not M10"),
    ("atlas-cluster", {"sizes": ("M10", "M30")}, "nodes of M10, M30, not M10"),
    ("atlas-cluster", {"regions": ()}, "is in nothing, not SA_EAST_1"),
    ("atlas-users", {"users": ()}, "no database user"),
    ("atlas-users", {"users": (DatabaseUser(name="x", roles=("a@b", "atlasAdmin@admin")),)}, "x is atlasAdmin@admin"),
    ("atlas-access-list", {"access": (*ATLAS.access, "0.0.0.0/0")}, "the whole internet may connect (0.0.0.0/0)"),
    ("atlas-access-list", {"access": (*ATLAS.access, "203.0.113.9/32")}, "not declared: 203.0.113.9/32"),
    ("atlas-access-list", {"access": ("192.0.2.7/32",)}, "may not connect: 198.51.100.0/24"),
    ("atlas-backup", {"backup_enabled": False}, "backup is off"),
    ("atlas-backup", {"newest_snapshot": None}, "there is none"),
    ("atlas-backup", {"newest_snapshot": AT - timedelta(hours=25)}, "is 1 d 1 h old, 1 d are allowed"),
    ("atlas-restore", {"newest_restore": None}, "there is none"),
    ("atlas-restore", {"newest_restore": AT - timedelta(days=31)}, "is 31 d old, 30 d are allowed"),
    ("atlas-alerts", {"alerts": ()}, "no alert that is on reaches anybody"),
    ("atlas-alerts", {"alerts": (replace(told("HOST_DOWN"), enabled=False),)}, "no alert that is on"),
]


@pytest.mark.parametrize(("check", "changes", "said"), RED)
def test_red_and_green(judge: Judge, check: str, changes: dict[str, Any], said: str) -> None:
    """Green as it was ordered, red with one thing wrong."""
    kind, evidence = ("atlas", ATLAS) if check.startswith("atlas") else ("droplet", DROPLET)
    arguments = (
        {}
        if check in {"droplet-found", "droplet-keys", "droplet-alerts", "atlas-users", "atlas-alerts"}
        else {"environment": ENVIRONMENT}
    )
    assert judge(check, **{kind: evidence}, **arguments) is None
    message = judge(check, **{kind: replace(evidence, **changes)}, **arguments)
    assert message is not None
    assert said in message
