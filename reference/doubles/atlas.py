"""Objects of MongoDB Atlas, with all the fields that its specification requires."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

PROJECT, CLUSTER = "65b1f0c2a4d3e5f60718293a", "workme"
_PATH = f"/api/atlas/v2/groups/{PROJECT}"
READ, BACKUP = "GROUP_READ_ONLY", "GROUP_BACKUP_MANAGER"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasSettings:
    """One cluster, and the project that it is in. The defaults are healthy."""

    cluster: str = CLUSTER
    number: int = 1
    """Of the cluster, in its id."""
    running: bool = True
    roles: frozenset[str] = frozenset({READ, BACKUP})
    """What the service account may do."""
    size: str = "M10"
    region: str = "SA_EAST_1"
    state: str = "IDLE"
    paused: bool = False
    nodes: int = 3
    host: str = "localhost"
    """The name in the cluster's connection string."""
    protected: bool = True
    point_in_time: bool = True
    role: str = "readWrite@workme"
    """What the service's user is."""
    others: tuple[tuple[str, str], ...] = ()
    """Further users with their roles."""
    access: tuple[str, ...] = ("127.0.0.1/32", "127.0.0.2/32")
    access_hours: float | None = None
    """How long the first entry of the access list lasts; None for ever."""
    backup: bool = True
    schedule: tuple[str, ...] = ("hourly", "daily", "weekly")
    snapshot_hours: float = 5.0
    snapshot_status: str = "completed"
    """Age of the newest snapshot; the one before it is two days old."""
    snapshot_days: float = 7.0
    snapshot_by_hand: bool = False
    """Whether somebody took the newest one; those of the schedule have failed for two days then."""
    """How long from now each is kept."""
    restore_days: float = 12.0
    restore_failed: bool = False
    restore_delivery: str = "automated"
    alerts_on: bool = True
    alerts: tuple[str, ...] = ("HOST_DOWN", "NO_PRIMARY", "CONNECTIONS_PERCENT", "DISK_PARTITION_SPACE_USED_DATA")
    """Events, and metrics that have a threshold."""
    alerts_about: str = ""
    """The only cluster that the alerts are about; empty for all."""
    alerts_mail: bool = True


class AtlasObjects:
    """What a double answers, by path."""

    def __init__(self, settings: AtlasSettings) -> None:
        self._settings = settings
        self._now = datetime.now(UTC)

    @property
    def lists(self) -> Mapping[str, tuple[str, Callable[[], list[Json]]]]:
        """Path of every list that comes in pages: the role that it needs, and what makes it."""
        return {
            f"{_PATH}/databaseUsers": (READ, self._users),
            f"{_PATH}/accessList": (READ, self._access),
            f"{_PATH}/alertConfigs": (READ, self._alert_configs),
            **self.lists_of_cluster,
        }

    @property
    def lists_of_cluster(self) -> Mapping[str, tuple[str, Callable[[], list[Json]]]]:
        """Those of them that are about this cluster, and not about the whole project."""
        return {
            f"{self._cluster_path}/backup/snapshots": (READ, self._snapshots),
            f"{self._cluster_path}/backup/restoreJobs": (BACKUP, self._restores),
        }

    @property
    def documents(self) -> Mapping[str, tuple[str, Callable[[], Any]]]:
        """Path of everything else: the role that it needs, and what makes it."""
        return {**self.documents_of_cluster, f"{_PATH}/customDBRoles/roles": (READ, list)}

    @property
    def documents_of_cluster(self) -> Mapping[str, tuple[str, Callable[[], Any]]]:
        """Those of them that are about this cluster."""
        return {
            self._cluster_path: (READ, self._cluster),
            f"{self._cluster_path}/backup/schedule": (READ, self._schedule),
        }

    @property
    def _cluster_path(self) -> str:
        return f"{_PATH}/clusters/{self._settings.cluster}"

    def _cluster(self) -> Json:
        settings = self._settings
        node = {"instanceSize": settings.size, "nodeCount": settings.nodes, "diskSizeGB": 10.0}
        region = {
            "electableSpecs": node,
            "autoScaling": {"compute": {"enabled": False, "scaleDownEnabled": False}, "diskGB": {"enabled": True}},
            "providerName": "AWS",
            "regionName": settings.region,
            "priority": 7,
        }
        return {
            "id": _number(settings.number),
            "groupId": PROJECT,
            "name": settings.cluster,
            "stateName": settings.state,
            "paused": settings.paused,
            "clusterType": "REPLICASET",
            "createDate": self._ago(days=90),
            "backupEnabled": settings.backup,
            "pitEnabled": settings.point_in_time,
            "terminationProtectionEnabled": settings.protected,
            "mongoDBMajorVersion": "8.0",
            "mongoDBVersion": "8.0.12",
            "connectionStrings": {
                "standard": f"mongodb://{settings.host}:27017/?ssl=true&authSource=admin&replicaSet=rs0",
                "standardSrv": f"mongodb+srv://{settings.host}",
            },
            "replicationSpecs": [{"id": _number(2), "zoneName": "Zone 1", "regionConfigs": [region]}],
        }

    def _users(self) -> list[Json]:
        return [_user("app", self._settings.role), *(_user(name, role) for name, role in self._settings.others)]

    def _access(self) -> list[Json]:
        entries: list[Json] = [
            {"groupId": PROJECT, "cidrBlock": network, "comment": "WorkMe"} for network in self._settings.access
        ]
        if self._settings.access_hours is not None:
            entries[0]["deleteAfterDate"] = self._ago(hours=-self._settings.access_hours)
        return entries

    def _alert_configs(self) -> list[Json]:
        return [self._alert(number, name) for number, name in enumerate(self._settings.alerts)]

    def _alert(self, number: int, name: str) -> Json:
        settings = self._settings
        notification: Json = {"typeName": "GROUP", "intervalMin": 60, "delayMin": 0}
        notification |= {"emailEnabled": settings.alerts_mail, "smsEnabled": False, "roles": ["GROUP_OWNER"]}
        matcher = {"fieldName": "CLUSTER_NAME", "operator": "EQUALS", "value": settings.alerts_about}
        alert: Json = {
            "id": _number(100 + number),
            "groupId": PROJECT,
            "eventTypeName": name,
            "enabled": settings.alerts_on,
            "created": self._ago(days=90),
            "updated": self._ago(days=90),
            "matchers": [matcher] if settings.alerts_about else [],
            "notifications": [notification],
        }
        if name in {"CONNECTIONS_PERCENT", "DISK_PARTITION_SPACE_USED_DATA"}:
            alert["eventTypeName"] = "OUTSIDE_METRIC_THRESHOLD"
            threshold = {"metricName": name, "operator": "GREATER_THAN", "threshold": 80.0}
            alert["metricThreshold"] = {**threshold, "units": "RAW", "mode": "AVERAGE"}
        return alert

    def _schedule(self) -> Json:
        items = [
            {
                "id": _number(200 + number),
                "frequencyType": kind,
                "frequencyInterval": 1,
                "retentionUnit": "days",
                "retentionValue": 7,
            }
            for number, kind in enumerate(self._settings.schedule)
        ]
        return {
            "clusterId": _number(self._settings.number),
            "clusterName": self._settings.cluster,
            "nextSnapshot": self._ago(hours=-1),
            "referenceHourOfDay": 3,
            "referenceMinuteOfHour": 0,
            "restoreWindowDays": 7,
            "policies": [{"id": _number(3), "policyItems": items}],
        }

    def _snapshots(self) -> list[Json]:
        newest = {"id": _number(11), **self._snapshot(self._settings.snapshot_hours)}
        before = {"id": _number(10), **self._snapshot(self._settings.snapshot_hours + 48), "status": "completed"}
        if not self._settings.snapshot_by_hand:
            return [newest, before]
        failed = {"id": _number(12), **self._snapshot(self._settings.snapshot_hours + 1), "status": "failed"}
        return [{**newest, "snapshotType": "onDemand", "frequencyType": None}, failed, before]

    def _snapshot(self, hours: float) -> Json:
        return {
            "createdAt": self._ago(hours=hours),
            "expiresAt": self._ago(days=-self._settings.snapshot_days),
            "status": self._settings.snapshot_status,
            "snapshotType": "scheduled",
            "frequencyType": "daily",
            "type": "replicaSet",
            "cloudProvider": "AWS",
            "mongodVersion": "8.0.12",
            "replicaSetName": "rs0",
            "storageSizeBytes": 2**30,
        }

    def _restores(self) -> list[Json]:
        settings = self._settings
        job = {
            "id": _number(21),
            "snapshotId": _number(10),
            "deliveryType": settings.restore_delivery,
            "targetClusterName": "workme-restored",
            "targetGroupId": PROJECT,
            "timestamp": self._ago(days=settings.restore_days + 1),
            "finishedAt": self._ago(days=settings.restore_days),
            "failed": settings.restore_failed,
            "cancelled": False,
            "expired": False,
        }
        return [job]

    def _ago(self, **age: float) -> str:
        return (self._now - timedelta(**age)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _user(name: str, granted: str) -> Json:
    role, _, database = granted.partition("@")
    return {
        "username": name,
        "databaseName": "admin",
        "groupId": PROJECT,
        "awsIAMType": "NONE",
        "ldapAuthType": "NONE",
        "oidcAuthType": "NONE",
        "x509Type": "NONE",
        "labels": [],
        "roles": [{"roleName": role, "databaseName": database}],
        "scopes": [],
    }


def _number(count: int) -> str:
    """An id, as Atlas writes them: 24 hexadecimal digits."""
    return f"{count:024x}"
