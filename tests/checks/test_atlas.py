"""Clusters of MongoDB Atlas, judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.atlas import (
    AccessEntry,
    AlertSetting,
    AtlasEvidence,
    DatabaseUser,
    Notification,
    Region,
    Restore,
    Snapshot,
)
from gonogo.evidence.base import Unread
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
WITH_ENVIRONMENT = {
    "atlas-access-list",
    "atlas-backup",
    "atlas-cluster",
    "atlas-restore",
    "atlas-settled",
    "atlas-users",
    "atlas-users-elsewhere",
}
Changes = dict[str, Any]


def environment(*, database: bool = True, **atlas: Any) -> Environment:  # noqa: ANN401 - keys
    """One cluster of three nodes, and the service's database in it."""
    ordered = {"project": "p", "cluster": "c", "size": "M10", "region": "SA_EAST_1"}
    document: dict[str, Any] = {
        "service": {"name": "S", "base_url": "https://a.test"},
        "atlas": {
            "client_id": "ATLAS_CLIENT_ID",
            "client_secret": "ATLAS_CLIENT_SECRET",
            "access": ["192.0.2.7", "198.51.100.0/24"],
            **ordered,
            **atlas,
        },
    }
    if database:
        document["mongodb"] = {"url": "MONGO_URL", "monitor_url": "MONGO_MONITOR_URL", "database": "workme"}
    return environment_from(document)


REGION = Region(shard=0, name="SA_EAST_1", priority=7, size="M10", nodes=3)
SERVICE = DatabaseUser(name="app", is_service=True, roles=("readWrite@workme",))
MAIL = Notification(kind="EMAIL")
DOWN = AlertSetting(event="HOST_DOWN", enabled=True, notifications=(MAIL,))
DISK = AlertSetting(
    event="OUTSIDE_METRIC_THRESHOLD",
    metric="DISK_PARTITION_SPACE_USED_DATA",
    operator="GREATER_THAN",
    threshold=90,
    enabled=True,
    notifications=(MAIL,),
)
CONNECTIONS = replace(DISK, metric="CONNECTIONS_PERCENT")
SNAPSHOT = Snapshot(at=AT - 24 * HOURS, status="completed", kind="scheduled", expires_at=AT + 7 * DAYS)
RESTORE = Restore(at=AT - 30 * DAYS, delivery="automated", worked=True)
ATLAS = AtlasEvidence(
    scope=("atlas",),
    taken_at=AT,
    cluster="c",
    found=True,
    state="IDLE",
    paused=False,
    regions=(REGION,),
    hosts=("c.mongodb.example", "c-00.mongodb.example", "c-01.mongodb.example"),
    service_hosts=("c.mongodb.example",),
    backup_enabled=True,
    point_in_time=True,
    termination_protected=True,
    users=(SERVICE,),
    access=(AccessEntry(network="192.0.2.7/32"), AccessEntry(network="198.51.100.0/24")),
    schedule=("daily", "weekly"),
    snapshots=(SNAPSHOT,),
    restores=(RESTORE,),
    alerts=(DOWN, DISK, CONNECTIONS),
)


def region(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The only region, but for this."""
    return {"regions": (replace(REGION, **changes),)}


def users(*others: DatabaseUser) -> Changes:
    """The service's user, and these."""
    return {"users": (SERVICE, *others)}


def service(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The service's user alone, but for this."""
    return {"users": (replace(SERVICE, **changes),)}


def listed(*networks: str) -> Changes:
    """An access list of these, for ever."""
    return {"access": tuple(AccessEntry(network=network) for network in networks)}


def down(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The only alert about a lost node, but for this."""
    return {"alerts": (replace(DOWN, **changes), DISK, CONNECTIONS)}


def unread(*facts: str) -> Changes:
    """These facts could not be read."""
    return {"unread": tuple(Unread(fact=fact, reason=f"no {fact}") for fact in facts)}


def judged(judge: Judge, check: str, seen: AtlasEvidence, **declared: Any) -> str | None:  # noqa: ANN401 - keys
    """What a check says."""
    return judge(check, atlas=seen, **({"environment": environment(**declared)} if check in WITH_ENVIRONMENT else {}))


ENDING = (AccessEntry(network="192.0.2.7/32", ends_at=AT + 2 * HOURS), AccessEntry(network="198.51.100.0/24"))
SMS_OFF = Notification(kind="GROUP", reaches=False)
RED: list[tuple[str, Changes, str]] = [
    ("atlas-cluster", {"found": False, "problem": "CLUSTER_NOT_FOUND"}, "Atlas has no cluster c in project p"),
    ("atlas-cluster", {"found": False, "problem": "GROUP_NOT_FOUND"}, "Atlas has no project p"),
    ("atlas-cluster", {"paused": True}, "c is paused"),
    ("atlas-cluster", {"state": "CREATING"}, "is CREATING: in this state it accepts no connections"),
    ("atlas-cluster", {"state": "DELETING"}, "is DELETING"),
    ("atlas-cluster", region(size="M0", shared=True, nodes=None), "nodes of M0, not M10"),
    ("atlas-cluster", region(size="R40"), "nodes of R40, not M10"),
    ("atlas-cluster", {"regions": (REGION, replace(REGION, shard=1, size="M5"))}, "nodes of M10, M5, not M10"),
    ("atlas-cluster", {"regions": ()}, "has no nodes"),
    ("atlas-cluster", region(nodes=1), "has 1 electable node; a majority"),
    ("atlas-cluster", {"regions": (REGION, replace(REGION, shard=1, nodes=2))}, "has 2 electable nodes"),
    ("atlas-cluster", region(name="US_EAST_1"), "is in US_EAST_1, not SA_EAST_1"),
    ("atlas-cluster", {"regions": (replace(REGION, priority=6), replace(REGION, name="EU_WEST_1"))}, "is in EU_WEST_1"),
    ("atlas-settled", {"state": "REPAIRING"}, "c is REPAIRING"),
    ("atlas-settled", region(size="M30"), "has nodes of M30; M10 was ordered"),
    (
        "atlas-connection",
        {"service_hosts": ("d.mongodb.example",)},
        "connects to d.mongodb.example; the hosts of c are c",
    ),
    ("atlas-termination", {"termination_protected": False}, "termination protection is off"),
    ("atlas-users", {"users": ()}, "no database user"),
    ("atlas-users", service(roles=("readWrite@workme", "atlasAdmin@admin")), "app is atlasAdmin@admin"),
    ("atlas-users", service(roles=("readAnyDatabase@admin",)), "app is readAnyDatabase@admin"),
    (
        "atlas-users",
        service(roles=("readWrite@workme", "backup@admin", "clusterMonitor@admin")),
        "c: app is backup@admin",
    ),
    ("atlas-users", service(roles=("readWrite@workme", "readWrite@workme_production")), "app is readWrite@workme_prod"),
    ("atlas-users", service(roles=("read@test",)), "app is read@test"),
    ("atlas-users", service(roles=("read@workme",)), "nobody may read and write workme"),
    ("atlas-users", {"users": (DatabaseUser(name="x", roles=("read@test",)),)}, "nobody may read and write workme"),
    ("atlas-users", users(DatabaseUser(name="x", roles=("clusterAdmin@admin",))), "x is clusterAdmin@admin"),
    ("atlas-users", users(DatabaseUser(name="staging", roles=("readWrite@workme",))), "staging may write workme"),
    ("atlas-users", users(DatabaseUser(name="x", actions=("FIND@*",))), "x may FIND@*, by a role of its own"),
    ("atlas-users", users(DatabaseUser(name="x", actions=("SHUTDOWN@",))), "x may SHUTDOWN@"),
    ("atlas-users", service(ends_at=AT + 6 * HOURS), "the user app is temporary"),
    ("atlas-users", users(DatabaseUser(name="x", roles=("readWrite@workme.logs",))), "x may write workme"),
    ("atlas-users", service(roles=("readWrite@workme", "readWrite@payroll.logs")), "app is readWrite@payroll.logs"),
    (
        "atlas-users",
        {"service_user": "app", "users": (DatabaseUser(name="old", roles=("readWrite@workme",)),)},
        "the service's user app may not log in",
    ),
    ("atlas-users-elsewhere", users(DatabaseUser(name="shop", roles=("readWrite@shop",))), "shop is readWrite@shop"),
    ("atlas-access-list", listed("192.0.2.7/32", "198.51.100.0/24", "0.0.0.0/0"), "the whole internet may connect"),
    ("atlas-access-list", listed("0.0.0.0/1", "128.0.0.0/1"), "the whole internet may connect"),
    ("atlas-access-list", listed("192.0.2.7/32", "198.51.100.0/24", "203.0.113.9/32"), "declared: 203.0.113.9/32"),
    ("atlas-access-list", listed("192.0.2.7/32", "198.51.100.0/24", "sg-1"), "not declared: sg-1"),
    ("atlas-access-list", listed("192.0.2.7/32"), "may not connect: 198.51.100.0/24"),
    ("atlas-access-list", {"access": ENDING}, "access is temporary: 192.0.2.7/32 ends"),
    ("atlas-backup", {"backup_enabled": False}, "backup is off"),
    ("atlas-backup", {"schedule": ()}, "no snapshot is scheduled every hour or every day; the schedule has nothing"),
    ("atlas-backup", {"schedule": ("weekly",)}, "the schedule has weekly"),
    ("atlas-backup", {"snapshots": ()}, "there is none"),
    ("atlas-backup", {"snapshots": (replace(SNAPSHOT, status="failed"),)}, "there is none"),
    ("atlas-backup", {"snapshots": (replace(SNAPSHOT, expires_at=AT - HOURS),)}, "there is none"),
    ("atlas-backup", {"snapshots": (replace(SNAPSHOT, at=AT - 25 * HOURS),)}, "is 1 d 1 h old; at most 1 d is allowed"),
    (
        "atlas-backup",
        {"snapshots": (replace(SNAPSHOT, kind="onDemand", at=AT), replace(SNAPSHOT, at=AT - 40 * HOURS))},
        "the newest complete snapshot of the schedule is 1 d 16 h old; at most 1 d 2 h is allowed",
    ),
    (
        "atlas-backup",
        {"snapshots": (replace(SNAPSHOT, kind="onDemand"), replace(SNAPSHOT, status="failed"))},
        "the newest complete snapshot of the schedule: there is none",
    ),
    ("atlas-backup-kept", {"snapshots": (replace(SNAPSHOT, expires_at=AT + HOURS / 2),)}, "is deleted at"),
    ("atlas-point-in-time", {"point_in_time": False}, "continuous backup"),
    ("atlas-restore", {"restores": ()}, "there is none"),
    ("atlas-restore", {"restores": (replace(RESTORE, worked=False),)}, "there is none"),
    ("atlas-restore", {"restores": (replace(RESTORE, delivery="download"),)}, "nothing was restored"),
    ("atlas-restore", {"restores": (replace(RESTORE, at=AT - 31 * DAYS),)}, "is 31 d old; at most 30 d is allowed"),
    ("atlas-alerts", {"alerts": ()}, "there is no such alert; other alerts: none"),
    ("atlas-alerts", down(event="CREDIT_CARD_ABOUT_TO_EXPIRE"), "other alerts: CONNECTIONS_PERCENT, CREDIT_CARD"),
    ("atlas-alerts", down(enabled=False), "HOST_DOWN is off"),
    ("atlas-alerts", down(notifications=()), "HOST_DOWN reaches nobody within 1 h (no recipient)"),
    ("atlas-alerts", down(notifications=(SMS_OFF,)), "HOST_DOWN reaches nobody within 1 h (GROUP)"),
    ("atlas-alerts", down(notifications=(replace(MAIL, delay=24 * HOURS),)), "HOST_DOWN reaches nobody within 1 h"),
    ("atlas-alerts", down(notifications=(Notification(kind="PROMETHEUS"),)), "(PROMETHEUS)"),
    (
        "atlas-alerts",
        down(about_cluster=False, conditions=("CLUSTER_NAME EQUALS analytics",)),
        "HOST_DOWN is for CLUSTER_NAME EQUALS analytics, not for the whole of c",
    ),
    ("atlas-alerts-room", {"alerts": (DOWN, CONNECTIONS)}, "when disk run out"),
    ("atlas-alerts-room", {"alerts": (DOWN, DISK, replace(CONNECTIONS, operator="LESS_THAN"))}, "when connections run"),
    ("atlas-alerts-room", {"alerts": (DOWN, replace(DISK, threshold=99), CONNECTIONS)}, "when disk run out"),
]
GREEN: list[tuple[str, Changes, Changes]] = [
    ("atlas-cluster", {"state": "UPDATING"}, {}),
    ("atlas-cluster", {"state": "REPAIRING"}, {}),
    ("atlas-cluster", region(size="M20", scales_to="M30"), {}),
    ("atlas-cluster", region(size="M0", shared=True, nodes=None), {"size": "M0"}),
    ("atlas-cluster", {"regions": (REGION, replace(REGION, name="US_EAST_1", priority=6, nodes=2))}, {}),
    ("atlas-cluster", {"regions": (REGION, replace(REGION, shard=1))}, {}),
    ("atlas-settled", region(size="M20", scales_to="M30"), {}),
    ("atlas-connection", {"service_hosts": ("c-00.mongodb.example", "c-01.mongodb.example")}, {}),
    ("atlas-users", users(DatabaseUser(name="monitor", roles=("clusterMonitor@admin", "read@local"))), {}),
    ("atlas-users", users(DatabaseUser(name="reports", roles=("read@workme",))), {}),
    ("atlas-users", users(DatabaseUser(name="reports", roles=("read@workme.logs",))), {}),
    ("atlas-users", service(roles=("readWrite@workme.logs",)), {"users": {"app": ["readWrite@workme.logs"]}}),
    ("atlas-users", users(DatabaseUser(name="shop", roles=("readWrite@shop",))), {}),
    ("atlas-users", users(DatabaseUser(name="m", actions=("SERVER_STATUS@", "LIST_DATABASES@", "COLL_STATS@*"))), {}),
    ("atlas-users", service(roles=(), actions=("FIND@workme", "INSERT@workme", "UPDATE@workme", "REMOVE@workme")), {}),
    (
        "atlas-users",
        users(DatabaseUser(name="migrations", roles=("readWrite@workme", "dbAdmin@workme"))),
        {"users": {"migrations": ["readWrite@workme", "dbAdmin@workme"]}},
    ),
    ("atlas-users", users(DatabaseUser(name="brief", roles=("read@workme",), ends_at=AT + HOURS)), {}),
    ("atlas-users", {"users": (DatabaseUser(name="CN=app", roles=("readWrite@workme",)),)}, {"database": False}),
    (
        "atlas-users-elsewhere",
        users(DatabaseUser(name="shop", roles=("read@shop",))),
        {"users": {"shop": ["read@shop"]}},
    ),
    ("atlas-access-list", listed("192.0.2.7/32", "198.51.100.0/25", "198.51.100.128/25"), {}),
    (
        "atlas-access-list",
        {"access": (*ATLAS.access, AccessEntry(network="192.0.2.7/32", ends_at=AT + HOURS))},
        {},
    ),
    ("atlas-access-list", listed("10.0.0.0/8"), {"access": ["10.0.0.0/8"]}),
    ("atlas-backup", {"schedule": ("hourly",)}, {}),
    ("atlas-backup", {"snapshots": (replace(SNAPSHOT, status="failed", at=AT), SNAPSHOT)}, {}),
    ("atlas-backup", {"snapshots": (replace(SNAPSHOT, kind="onDemand"), replace(SNAPSHOT, at=AT - 26 * HOURS))}, {}),
    ("atlas-backup-kept", {"snapshots": (replace(SNAPSHOT, expires_at=None),)}, {}),
    ("atlas-point-in-time", {"point_in_time": None}, {}),
    ("atlas-restore", {"restores": (replace(RESTORE, delivery="pointInTime"),)}, {}),
    ("atlas-alerts", {"alerts": (replace(DOWN, enabled=False), replace(DOWN, event="NO_PRIMARY"))}, {}),
    ("atlas-alerts", down(notifications=(SMS_OFF, Notification(kind="PAGER_DUTY"))), {}),
    ("atlas-alerts", down(conditions=("CLUSTER_NAME EQUALS c",)), {}),
    ("atlas-alerts-room", {"alerts": (DISK, replace(CONNECTIONS, metric="CONNECTIONS", threshold=1200))}, {}),
]
UNKNOWN: list[tuple[str, Changes, str]] = [
    ("atlas-cluster", region(nodes=None), "does not say how many electable nodes"),
    ("atlas-cluster", region(name=""), "does not say in which region"),
    ("atlas-connection", {"hosts": ()}, "does not name the hosts"),
    ("atlas-connection", {"service_hosts": ()}, "names no host"),
    ("atlas-users", {**unread("users"), "users": ()}, "no users"),
    ("atlas-users", service(roles=("readWrite@workme.logs",)), "app may write only workme.logs"),
    ("atlas-users", users(DatabaseUser(name="x", unresolved=("everything@admin",))), "x is everything@admin"),
    (
        "atlas-users",
        {**unread("custom_roles"), **users(DatabaseUser(name="x", unresolved=("everything@admin",)))},
        "no custom_roles",
    ),
    (
        "atlas-users",
        {"users": tuple(DatabaseUser(name=name, roles=("readWrite@workme",)) for name in ("a", "b"))},
        "which of a, b is the service's user",
    ),
    ("atlas-access-list", {**unread("access"), "access": ()}, "no access"),
    ("atlas-backup", unread("schedule"), "no schedule"),
    ("atlas-backup", unread("snapshots"), "no snapshots"),
    ("atlas-backup", {"snapshots": (replace(SNAPSHOT, at=AT + 3 * DAYS),)}, "in the future"),
    ("atlas-backup", {"snapshots": (replace(SNAPSHOT, kind="onDemand"),)}, "the schedule has made no snapshot yet"),
    ("atlas-restore", {**unread("restores"), "restores": ()}, "no restores"),
    ("atlas-restore", {"restores": (replace(RESTORE, at=AT + DAYS),)}, "in the future"),
    ("atlas-alerts", {**unread("alerts"), "alerts": ()}, "no alerts"),
    (
        "atlas-alerts",
        down(about_cluster=None, conditions=("X REGEX y",)),
        "it is not known whether an alert applies to it",
    ),
]


@pytest.mark.parametrize(("check", "changes", "message"), RED)
def test_one_thing_wrong_is_red(judge: Judge, check: str, changes: Changes, message: str) -> None:
    """A database that is paused, open, without a copy or without a watch would be launched."""
    assert judged(judge, check, ATLAS) is None
    assert message in (judged(judge, check, replace(ATLAS, **changes)) or "")


@pytest.mark.parametrize(("check", "changes", "declared"), GREEN)
def test_other_spellings_of_healthy_are_green(judge: Judge, check: str, changes: Changes, declared: Changes) -> None:
    """A cluster that is set up another way would stop a launch for nothing."""
    assert judged(judge, check, replace(ATLAS, **changes), **declared) is None


@pytest.mark.parametrize(("check", "changes", "reason"), UNKNOWN)
def test_what_was_not_read_is_not_judged(judge: Judge, check: str, changes: Changes, reason: str) -> None:
    """Silence would count as success, or as a fault that nobody saw."""
    with pytest.raises(Unobserved, match=reason):
        judged(judge, check, replace(ATLAS, **changes))
