"""What is read of the answers of MongoDB Atlas, as its specification gives them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.atlas import AccessEntry, DatabaseUser, Notification, Region, Restore, Snapshot
from gonogo.families.atlas.alerts import ClusterNames, read_alerts
from gonogo.families.atlas.cluster import hosts_of, user_of
from reference.doubles.atlas import PROJECT, AtlasObjects, AtlasSettings
from tests.support.provider_doubles import CLUSTER_PATH, PROJECT_PATH, Answer, asked, atlas, cluster_of

Json = dict[str, Any]
LISTS = {
    "users": f"{PROJECT_PATH}/databaseUsers",
    "access": f"{PROJECT_PATH}/accessList",
    "alerts": f"{PROJECT_PATH}/alertConfigs",
    "snapshots": f"{CLUSTER_PATH}/backup/snapshots",
    "sharded": f"{CLUSTER_PATH}/backup/snapshots/shardedClusters",
    "restores": f"{CLUSTER_PATH}/backup/restoreJobs",
}
DOCUMENTS = {
    "cluster": CLUSTER_PATH,
    "schedule": f"{CLUSTER_PATH}/backup/schedule",
    "roles": f"{PROJECT_PATH}/customDBRoles/roles",
}


def cluster(**changes: Any) -> Json:  # noqa: ANN401 - JSON
    """The cluster, but for this."""
    return {**AtlasObjects(AtlasSettings()).documents[CLUSTER_PATH][1](), **changes}


def seen(**replaced: Any) -> Any:  # noqa: ANN401 - evidence
    """The evidence, with some lists and documents replaced by their names here."""
    answers = {LISTS[key]: Answer(document={"results": replaced[key]}) for key in replaced if key in LISTS}
    answers |= {DOCUMENTS[key]: Answer(document=replaced[key]) for key in replaced if key in DOCUMENTS}
    return asked(cluster_of, atlas(replaced=answers))


def test_the_cluster_itself() -> None:
    """Nodes of every region and shard, with what qualifies them; regions without electable nodes do not count."""
    scaling = {"compute": {"enabled": True, "maxInstanceSize": "M30"}}
    regions = [
        {
            "electableSpecs": {"instanceSize": "M10", "nodeCount": 3},
            "effectiveElectableSpecs": {"instanceSize": "M20"},
            "autoScaling": scaling,
            "regionName": "SA_EAST_1",
            "priority": 7,
        },
        {"electableSpecs": {"instanceSize": "M10", "nodeCount": 0}, "regionName": "US_EAST_1"},
        {"readOnlySpecs": {"instanceSize": "M10", "nodeCount": 2}, "regionName": "EU_WEST_1"},
    ]
    shared = {"electableSpecs": {"instanceSize": "M0"}, "providerName": "TENANT", "regionName": "SA_EAST_1"}
    specs = [{"regionConfigs": regions}, {"regionConfigs": [shared]}, {"regionConfigs": None}]
    found = seen(cluster=cluster(paused=True, replicationSpecs=specs))
    assert (found.state, found.paused, found.point_in_time, found.termination_protected) == ("IDLE", True, True, True)
    assert found.regions == (
        Region(shard=0, name="SA_EAST_1", priority=7, size="M20", nodes=3, scales_to="M30"),
        Region(shard=1, name="SA_EAST_1", priority=None, size="M0", nodes=None, shared=True),
    )
    assert (found.hosts, found.service_hosts) == (("localhost",), ("localhost",))


def test_names_of_all_connection_strings() -> None:
    """A service that uses the private endpoint is connected to this cluster too."""
    strings = {
        "standard": "mongodb://a.mongodb.example:27017,b.mongodb.example:27017/?ssl=true",
        "standardSrv": "mongodb+srv://C.mongodb.example",
        "privateSrv": "mongodb+srv://c-pri.mongodb.example",
        "awsPrivateLink": {"vpce-1": "mongodb://pl-0.mongodb.example:1024,pl-1.mongodb.example:1025/"},
        "privateEndpoint": [{"srvConnectionString": "mongodb+srv://c-pl-0.mongodb.example", "type": "MONGOD"}],
    }
    names = seen(cluster=cluster(connectionStrings=strings)).hosts
    assert set(names) == {f"{name}.mongodb.example" for name in ("a", "b", "c", "c-pri", "pl-0", "pl-1", "c-pl-0")}


def test_connection_strings_as_drivers_read_them() -> None:
    """A password with an @ or a # in it must not become a host."""
    url = "mongodb://app:p@ss#1@One.example:27017,[2001:db8::1]:27018/workme?replicaSet=rs0"
    assert list(hosts_of(url)) == ["one.example", "2001:db8::1"]
    assert user_of(url) == "app"
    assert user_of("mongodb+srv://cluster0.example/?authMechanism=MONGODB-X509") == ""
    assert user_of("mongodb+srv://AKIA1:key@cluster0.example/?authMechanism=MONGODB-AWS") == ""
    assert user_of("mongodb+srv://app:p@cluster0.example/?authMechanism=SCRAM-SHA-256") == "app"
    assert list(hosts_of("postgresql://db.example/x")) == []


def test_users_with_scopes_ends_and_roles_of_ones_own() -> None:
    """A role by another name may inherit everything; a user of another cluster cannot log in here."""
    users: list[Json] = [
        {"username": "app", "roles": [{"roleName": "writer", "databaseName": "admin"}]},
        {"username": "brief", "roles": [], "deleteAfterDate": "2026-01-02T03:04:05Z"},
        {"username": "ops", "roles": [], "scopes": [{"name": "analytics", "type": "CLUSTER"}]},
        {"username": "lake", "roles": [], "scopes": [{"name": "workme", "type": "DATA_LAKE"}]},
        {"username": "here", "roles": [{"roleName": "gone", "databaseName": "admin"}]},
    ]
    users[-1]["scopes"] = [{"name": "workme", "type": "CLUSTER"}]
    roles = [
        {
            "roleName": "writer",
            "actions": [{"action": "FIND", "resources": [{"db": "workme", "collection": "", "cluster": False}]}],
            "inheritedRoles": [{"role": "everything", "db": "admin"}, {"role": "readWrite", "db": "workme"}],
        },
        {
            "roleName": "everything",
            "actions": [
                {"action": "FIND", "resources": [{"db": "", "collection": "", "cluster": False}]},
                {"action": "SHUTDOWN", "resources": [{"cluster": True}]},
            ],
            "inheritedRoles": [{"role": "atlasAdmin", "db": "admin"}, {"role": "writer", "db": "admin"}],
        },
    ]
    users[-1]["roles"].append({"roleName": "readWrite", "databaseName": "workme", "collectionName": "logs"})
    found = seen(users=users, roles=roles)
    assert found.service_user == "app"
    assert found.users == (
        DatabaseUser(
            name="app",
            is_service=True,
            roles=("atlasAdmin@admin", "readWrite@workme"),
            actions=("FIND@workme", "FIND@*", "SHUTDOWN@"),
        ),
        DatabaseUser(name="brief", ends_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        DatabaseUser(name="here", roles=("readWrite@workme.logs",), unresolved=("gone@admin",)),
    )


def test_the_access_list_with_its_ends() -> None:
    """Networks in one form; what Atlas deletes in two hours would count as access."""
    access = [
        {"ipAddress": "192.0.2.7", "deleteAfterDate": "2026-01-02T03:04:05Z"},
        {"cidrBlock": "198.51.100.7/24"},
        {"awsSecurityGroup": "sg-1"},
    ]
    assert seen(access=access).access == (
        AccessEntry(network="192.0.2.7/32", ends_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        AccessEntry(network="198.51.100.0/24"),
        AccessEntry(network="sg-1"),
    )


def test_copies_with_what_they_are() -> None:
    """A download is no restore, one on demand is no schedule, and one that failed is no copy."""
    snapshots = [
        {"status": "completed", "createdAt": "2026-01-02T00:00:00Z", "snapshotType": "onDemand"},
        {"status": "failed", "createdAt": "2026-01-03T00:00:00Z", "expiresAt": "2026-01-04T00:00:00Z"},
    ]
    restores = [
        {"finishedAt": "2026-01-01T00:00:00Z", "failed": False, "deliveryType": "download"},
        {"finishedAt": "2026-01-02T00:00:00Z", "failed": True, "deliveryType": "automated"},
        {"finishedAt": None},
    ]
    policies = [{"policyItems": [{"frequencyType": "daily"}, {"frequencyType": "WEEKLY"}]}, {"policyItems": []}]
    found = seen(snapshots=snapshots, restores=restores, schedule={"policies": policies})
    second, third = (datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3))
    assert found.snapshots == (
        Snapshot(at=third, status="failed", kind="", expires_at=third + timedelta(days=1)),
        Snapshot(at=second, status="completed", kind="onDemand"),
    )
    assert found.restores == (
        Restore(at=second, delivery="automated", worked=False),
        Restore(at=datetime(2026, 1, 1, tzinfo=UTC), delivery="download", worked=True),
    )
    assert found.schedule == ("daily", "weekly")


def test_snapshots_of_a_sharded_cluster_stand_elsewhere() -> None:
    """Its backups would count as missing."""
    young = [{"status": "completed", "createdAt": "2026-01-02T00:00:00Z"}]
    assert len(seen(cluster=cluster(clusterType="SHARDED"), snapshots=[], sharded=young).snapshots) == 1


NAMES = ClusterNames(cluster="workme", replica_set="atlas-1-shard-0", hosts=("a.example", "b.example"))


@pytest.mark.parametrize(
    ("field", "operator", "value", "about"),
    [
        ("CLUSTER_NAME", "EQUALS", "workme", True),
        ("CLUSTER_NAME", "EQUALS", "analytics", False),
        ("CLUSTER_NAME", "NOT_EQUALS", "workme", False),
        ("CLUSTER_NAME", "CONTAINS", "work", True),
        ("CLUSTER_NAME", "NOT_CONTAINS", "work", False),
        ("CLUSTER_NAME", "STARTS_WITH", "me", False),
        ("CLUSTER_NAME", "ENDS_WITH", "me", True),
        ("CLUSTER_NAME", "REGEX", "^work.*$", True),
        ("CLUSTER_NAME", "REGEX", "^analytics", False),
        ("CLUSTER_NAME", "REGEX", "(w+)+$", None),
        ("CLUSTER_NAME", "SOUNDS_LIKE", "workme", None),
        ("REPLICA_SET_NAME", "STARTS_WITH", "atlas-2", False),
        ("HOSTNAME", "ENDS_WITH", ".example", True),
        ("HOSTNAME", "EQUALS", "a.example", False),
        ("TYPE_NAME", "EQUALS", "SECONDARY", False),
        ("TYPE_NAME", "EQUALS", "PRIMARY", True),
        ("INSTANCE_NAME", "EQUALS", "x", None),
    ],
)
def test_conditions_of_an_alert_are_held_against_the_cluster(
    field: str, operator: str, value: str, *, about: bool | None
) -> None:
    """An alert about another cluster would count, and one about this cluster by its pattern would not."""
    matcher = {"fieldName": field, "operator": operator, "value": value}
    (alert,) = read_alerts([{"eventTypeName": "NO_PRIMARY", "enabled": True, "matchers": [matcher]}], NAMES)
    assert alert.about_cluster is about
    assert alert.conditions == (f"{field} {operator} {value}",)


def test_notifications_with_their_switches() -> None:
    """A group with mail and SMS off reaches nobody; a pager has no such switches."""
    settings = [
        {"typeName": "GROUP", "emailEnabled": False, "smsEnabled": False},
        {"typeName": "TEAM", "emailEnabled": True, "delayMin": 90},
        {"typeName": "PAGER_DUTY", "emailEnabled": False},
        {"typeName": "EMAIL", "emailAddress": " "},
        {"typeName": "SLACK", "channelName": "ops"},
        {"typeName": "SMS"},
    ]
    (alert,) = read_alerts([{"eventTypeName": "HOST_DOWN", "notifications": settings}], NAMES)
    assert alert.notifications == (
        Notification(kind="GROUP", reaches=False),
        Notification(kind="TEAM", reaches=True, delay=timedelta(minutes=90)),
        Notification(kind="PAGER_DUTY"),
        Notification(kind="EMAIL", reaches=False),
        Notification(kind="SLACK", reaches=True),
        Notification(kind="SMS"),
    )


@pytest.mark.parametrize("code", ["CLUSTER_NOT_FOUND", "GROUP_NOT_FOUND"])
def test_what_is_not_there_is_evidence(code: str) -> None:
    """Atlas says itself whether the cluster or the project is missing."""
    gone = {CLUSTER_PATH: Answer(status=404, document={"error": 404, "errorCode": code})}
    found = asked(cluster_of, atlas(replaced=gone))
    assert (found.found, found.problem) == (False, code)


def test_an_answer_about_another_cluster_is_none() -> None:
    """A proxy that answers everything with the same document would be judged as the cluster."""
    with pytest.raises(Unobserved, match="gave no cluster workme"):
        seen(cluster={})
    with pytest.raises(Unobserved, match="gave no token"):
        asked(cluster_of, atlas(replaced={"/api/oauth/token": Answer(document={})}))


def test_refusals_carry_the_code_of_atlas() -> None:
    """Who may not from this address is helped by nothing else."""
    refused = Answer(status=403, document={"error": 403, "errorCode": "IP_ADDRESS_NOT_ON_ACCESS_LIST"})
    with pytest.raises(Unobserved, match="IP_ADDRESS_NOT_ON_ACCESS_LIST") as unobserved:
        asked(cluster_of, atlas(replaced={CLUSTER_PATH: refused}))
    assert "must be on its access list" in unobserved.value.hint
    assert PROJECT in unobserved.value.reason
