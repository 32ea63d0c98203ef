"""MongoDB as it is in the field: users by certificate, one member or three, indexes with qualifiers, preferences."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.secrets import Secrets
from gonogo.families.mongodb.probe import PROBES
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.lab import table
from tests.lab.mongo_server import DATABASE, PASSWORD, administrator, replica_set, with_users
from tests.lab.redis_server import Certificates
from tests.lab.verdicts import verdict

SUBJECTS = {
    "mongo-reachable": "mongo",
    "mongo-tls-required": "mongo",
    "mongo-auth-required": "mongo",
    "mongo-primary": "mongo",
    "mongo-wire-version": "mongo",
    "mongo-least-privilege": "mongo",
    "mongo-indexes": "mongo",
    "mongo-majority-write": "mongo_write",
    "mongo-status-readable": "mongo_status",
    "mongo-members": "mongo_status",
    "mongo-lag": "mongo_status",
    "mongo-connections": "mongo_status",
}
Lab = tuple[Sequence[int], Certificates, Path]


@pytest.fixture(scope="module", params=[1])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A replica set with its users, and the certificate of one of them."""
    with replica_set(request.param) as (ports, files):
        yield ports, files, with_users(ports, files, stepping=tmp_path_factory.mktemp("client"))


def verdicts(judge: Judge, lab: Lab, url: str, monitor: str, **declared: Any) -> dict[str, str]:  # noqa: ANN401 - keys
    """What did not pass, with its message, or what could not be seen."""
    section = {"url": "A", "monitor_url": "M", "database": DATABASE, "ca_file": str(lab[1].ca), **declared}
    service = {"name": "S", "base_url": "https://a.test"}
    environment = environment_from({"service": service, "mongodb": section})
    evidence: dict[str, Any] = {}
    for kind in ("mongo", "mongo_write", "mongo_status"):
        (question,) = PROBES[kind].questions(environment, Secrets({"A": url, "M": monitor}))
        evidence[kind] = asyncio.run(PROBES[kind].ask(question))  # type: ignore[arg-type]  # a coroutine, by its contract
    said = {check: verdict(judge, check, {kind: evidence[kind]}, environment) for check, kind in SUBJECTS.items()}
    both = {kind: evidence[kind] for kind in ("mongo", "mongo_status")}
    if evidence["mongo_status"].reachable:  # as its needs have it
        said["mongo-write-concern"] = verdict(judge, "mongo-write-concern", both, environment)
    complaints = {check: verdict for check, verdict in said.items() if verdict != "PASS"}
    table.found(complaints)
    return complaints


def agrees(expected: str, message: str) -> bool:
    """Whether a check says what is expected; nothing, where nothing is."""
    return expected in message if expected else not message


def by_password(lab: Lab, user: str, options: str = "") -> str:
    """A URL of today."""
    ports, files, _ = lab
    hosts = ",".join(f"localhost:{port}" for port in ports)
    tls = f"tls=true&tlsCertificateKeyFile={files.certificate}"
    return f"mongodb://{user}:{PASSWORD}@{hosts}/?replicaSet=rs0&{tls}&authSource=admin{options}"


def by_certificate(lab: Lab) -> str:
    """A URL without a password."""
    ports, _, own = lab
    options = f"replicaSet=rs0&tls=true&authMechanism=MONGODB-X509&authSource=%24external&tlsCertificateKeyFile={own}"
    return f"mongodb://localhost:{ports[0]}/{DATABASE}?{options}"


ENOUGH = {"members": 1, "oldest_version": "6.0"}


def test_users_by_password(judge: Judge, lab: Lab) -> None:
    """Rights as narrow as our own texts ask for, and a server that wants a certificate of every client."""
    assert verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **ENOUGH) == {}


def test_users_by_certificate(judge: Judge, lab: Lab) -> None:
    """Who logs in by a certificate has no password that could be wrong."""
    assert verdicts(judge, lab, by_certificate(lab), by_password(lab, "monitor"), **ENOUGH) == {}


def test_one_member_of_an_old_version(judge: Judge, lab: Lab) -> None:
    """No redundancy, and nobody repairs it any more."""
    found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"))
    assert "has 1 member with data, 2 are expected" in found.pop("mongo-members")
    assert "at least 21 is expected" in found.pop("mongo-wire-version")
    assert found == {}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("dbOwner", "changePassword, createRole, createUser on database workme"),
        ("userAdmin", "changePassword, createRole, createUser on database workme"),
        ("dbAdmin", ""),
    ],
)
def test_user_who_may_give_rights(judge: Judge, lab: Lab, role: str, expected: str) -> None:
    """Whoever breaks into the service would let himself in for ever; to make indexes is no such right."""
    ports, files, _ = lab
    more = [{"role": role, "db": DATABASE}]
    with administrator(ports[0], files, f"admin:{PASSWORD}@") as client:
        client.admin.command("grantRolesToUser", "app", roles=more)
        try:
            found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **ENOUGH)
        finally:
            client.admin.command("revokeRolesFromUser", "app", roles=more)
    assert agrees(expected, found.pop("mongo-least-privilege", ""))
    assert found == {}


IndexCase = tuple[list[tuple[str, int | str]], dict[str, Any], dict[str, Any], str]
INDEXES: list[IndexCase] = [
    ([("city", 1), ("day", -1)], {}, {"keys": ["city"]}, ""),
    ([("city", 1), ("day", -1)], {"unique": True}, {"keys": ["city"], "unique": True}, "has no index on city"),
    ([("title", "text")], {}, {"keys": ["title"], "text": True}, ""),
    ([("title", "text")], {}, {"keys": ["title"]}, "is a text index"),
    (
        [("slug", 1)],
        {"unique": True, "partialFilterExpression": {"live": True}},
        {"keys": ["slug"], "unique": True},
        'is unique only where {"live": true}',
    ),
    ([("hid", 1)], {"unique": True, "hidden": True}, {"keys": ["hid"], "unique": True}, "is hidden"),
    ([("mail", 1)], {"unique": True, "sparse": True}, {"keys": ["mail"], "unique": True}, ""),
    ([("k", "hashed")], {}, {"keys": ["k"]}, ""),
    ([("$**", 1)], {}, {"keys": ["anything"]}, ""),
    ([("$**", 1)], {}, {"keys": ["one", "other"]}, "has no index on one other"),
    ([("name", 1)], {"collation": {"locale": "en", "strength": 2}}, {"keys": ["name"]}, "by the collation en 2"),
    (
        [("name", 1)],
        {"unique": True, "collation": {"locale": "en", "strength": 2}},
        {"keys": ["name"], "unique": True},
        "",
    ),
    ([("at", 1)], {"expireAfterSeconds": 60}, {"keys": ["at"]}, ""),
    ([("$**", 1)], {"wildcardProjection": {"a": 1}}, {"keys": ["b"]}, "has no index on b"),
    ([("$**", 1)], {"wildcardProjection": {"a": 1}}, {"keys": ["a.b"]}, ""),
    ([("$**", 1)], {"wildcardProjection": {"a": 0}}, {"keys": ["a"]}, "has no index on a"),
    ([("attributes.$**", 1)], {}, {"keys": ["attributes.colour"]}, ""),
    ([("attributes.$**", 1)], {}, {"keys": ["attributes2"]}, "has no index on attributes2"),
    ([("place", "2dsphere")], {}, {"keys": ["place"]}, ""),
    ([("kind", 1), ("title", "text")], {}, {"keys": ["title"], "text": True}, ""),
    ([("kind", 1), ("title", "text")], {}, {"keys": ["kind"]}, "has no index on kind"),
    (
        [("both", 1)],
        {"unique": True, "partialFilterExpression": {"both": {"$gt": 5}}},
        {"keys": ["both"], "unique": True},
        'is unique only where {"both": {"$gt": 5}}',
    ),
]


@pytest.mark.parametrize("case", INDEXES, ids=lambda case: case[3] or "serves")
def test_indexes(judge: Judge, lab: Lab, case: IndexCase) -> None:
    """What limits an index limits what it is worth."""
    keys, options, wanted, expected = case
    ports, files, _ = lab
    with administrator(ports[0], files, f"admin:{PASSWORD}@") as client:
        client[DATABASE]["things"].drop()
        client[DATABASE]["things"].create_index(keys, **options)
    declared = {**ENOUGH, "indexes": [{"collection": "things", **wanted}]}
    found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **declared)
    assert agrees(expected, found.pop("mongo-indexes", ""))
    assert found == {}


def test_views_and_series(judge: Judge, lab: Lab) -> None:
    """A view has no index, and says so otherwise than somebody who may not look; a series has those of its buckets."""
    ports, files, _ = lab
    with administrator(ports[0], files, f"admin:{PASSWORD}@") as client:
        database = client[DATABASE]
        database.command("create", "seen", viewOn="things", pipeline=[])
        database.command("create", "series", timeseries={"timeField": "at", "metaField": "of"})
        database["series"].create_index([("of.sensor", 1), ("at", 1)])
        database["prepared"].create_index("code")
        database.command("collMod", "prepared", index={"keyPattern": {"code": 1}, "prepareUnique": True})
    for collection, key, expected in (
        ("seen", "slug", "seen is a view, which has no indexes"),
        ("series", "of.sensor", ""),
        ("series", "of", "series has no index on of"),
        ("prepared", "code", "is not unique"),
    ):
        wanted = {"collection": collection, "keys": [key], "unique": collection == "prepared"}
        found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "monitor"), **ENOUGH, indexes=[wanted])
        assert agrees(expected, found.pop("mongo-indexes", ""))
        assert found == {}


OWN = {"db": DATABASE, "collection": "things"}
_FROM_ELSEWHERE = [{"clientSource": ["10.0.0.0/8"]}]
_IN_THE_GATE = {1, 5}
USERS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"roles": ["readWriteAnyDatabase"]}, {"mongo-least-privilege": "on database (any)"}),
    (
        {"privileges": [{"resource": {"anyResource": True}, "actions": ["find"]}]},
        {"mongo-least-privilege": "find on the whole cluster"},
    ),
    (
        {"privileges": [{"resource": {"cluster": True}, "actions": ["fsync", "unlock"]}]},
        {"mongo-least-privilege": "fsync on the whole cluster"},
    ),
    (
        {"privileges": [{"resource": {"cluster": True}, "actions": ["setUserWriteBlockMode"]}]},
        {"mongo-least-privilege": "setUserWriteBlockMode on the whole cluster"},
    ),
    (
        {"privileges": [{"resource": {"db": "other", "collection": ""}, "actions": ["dropIndex", "collMod"]}]},
        {"mongo-least-privilege": "collMod, dropIndex on database other"},
    ),
    (
        {"only": [{"resource": OWN, "actions": ["find", "insert", "update", "remove", "listIndexes"]}]},
        {"mongo-majority-write": "only to its own collections, not a synthetic document"},
    ),
    ({"only": [{"resource": OWN, "actions": ["find"]}]}, {"mongo-majority-write": "could not be written by majority"}),
    ({"mechanisms": ["SCRAM-SHA-1"]}, {}),
    ({"mechanisms": ["SCRAM-SHA-256"]}, {}),
    ({"authenticationRestrictions": [{"clientSource": ["127.0.0.1"]}]}, {}),
    ({"authenticationRestrictions": _FROM_ELSEWHERE}, {"mongo-reachable": "Authentication failed"}),
]


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        pytest.param(*case, marks=[] if number in _IN_THE_GATE else [pytest.mark.whole])
        for number, case in enumerate(USERS)
    ],
)
def test_users_of_every_kind(judge: Judge, lab: Lab, rights: dict[str, Any], expected: dict[str, str]) -> None:
    """Rights come by roles within roles, and by no role that has a known name; a user may be narrower than readWrite."""
    ports, files, _ = lab
    usual = [] if "only" in rights else [{"role": "readWrite", "db": DATABASE}]
    more = {key: rights[key] for key in rights.keys() - {"only", "privileges", "roles"}}
    with administrator(ports[0], files, f"admin:{PASSWORD}@") as client:
        privileges = rights.get("privileges", rights.get("only", []))
        client.admin.command("createRole", "special", privileges=privileges, roles=rights.get("roles", []))
        roles = [*usual, {"role": "special", "db": "admin"}]
        client.admin.command("createUser", "other", pwd=PASSWORD, roles=roles, **more)
        client[DATABASE]["things"].create_index("slug")
        try:
            declared = {**ENOUGH, "indexes": [{"collection": "things", "keys": ["slug"]}]}
            found = verdicts(judge, lab, by_password(lab, "other"), by_password(lab, "monitor"), **declared)
        finally:
            client.admin.command("dropUser", "other")
            client.admin.command("dropRole", "special")
    if "mongo-reachable" not in expected and rights.get("only", [{"actions": ["listIndexes"]}])[0]["actions"] == [
        "find"
    ]:
        assert "may not list the indexes" in found.pop("mongo-indexes")
    for check, message in expected.items():
        assert message in found.pop(check)
    if "mongo-reachable" not in expected:
        assert found == {}


@pytest.mark.whole
@pytest.mark.parametrize(
    ("actions", "unknown"),
    [
        (["replSetGetStatus"], {"mongo-members", "mongo-connections", "mongo-write-concern"}),
        (["replSetGetStatus", "replSetGetConfig"], {"mongo-connections", "mongo-write-concern"}),
        (["replSetGetStatus", "replSetGetConfig", "serverStatus"], {"mongo-write-concern"}),
        (["replSetGetStatus", "replSetGetConfig", "serverStatus", "getDefaultRWConcern"], set()),
    ],
)
def test_narrow_monitoring_user(judge: Judge, lab: Lab, actions: list[str], unknown: set[str]) -> None:
    """What it may not ask is not known, and nothing else."""
    ports, files, _ = lab
    with administrator(ports[0], files, f"admin:{PASSWORD}@") as client:
        privileges = [{"resource": {"cluster": True}, "actions": actions}]
        client.admin.command("createRole", "looking", privileges=privileges, roles=[])
        client.admin.command("createUser", "looker", pwd=PASSWORD, roles=["looking"])
        try:
            found = verdicts(judge, lab, by_password(lab, "app"), by_password(lab, "looker"), **ENOUGH)
        finally:
            client.admin.command("dropUser", "looker")
            client.admin.command("dropRole", "looking")
    assert found.keys() == unknown
    words = ("not known", "does not report", "could not be read")
    assert all(any(one in message for one in words) for message in found.values())


@pytest.mark.whole
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("&w=0", {"mongo-majority-write": "says w=0", "mongo-write-concern": "writes are confirmed with w=0"}),
        ("&w=1&journal=false", {}),
        ("&readConcernLevel=linearizable", {}),
        ("&tlsAllowInvalidCertificates=true", {"mongo-tls-required": "turns verification off"}),
        ("&tlsAllowInvalidHostnames=true", {"mongo-tls-required": "turns verification off"}),
        ("&directConnection=true&compressors=zlib&appName=api", {}),
    ],
)
def test_options_of_the_url(judge: Judge, lab: Lab, options: str, expected: dict[str, str]) -> None:
    """What the service's own connection is like is the URL's to say."""
    found = verdicts(judge, lab, by_password(lab, "app", options), by_password(lab, "monitor"), **ENOUGH)
    assert {check: message for check, message in found.items() if expected.get(check, "\0") not in message} == {}
    assert found.keys() == expected.keys()


@pytest.mark.whole
def test_preferences_of_the_url(judge: Judge, tmp_path: Path) -> None:
    """A write of the majority is read from where it was written, whatever the URL prefers, at every run."""
    with replica_set(3) as (ports, files):
        lab = ports, files, with_users(ports, files, stepping=tmp_path)
        url = by_password(lab, "app", "&readPreference=secondaryPreferred&w=1&readConcernLevel=local")
        with administrator(ports[2], files, f"admin:{PASSWORD}@") as stuck:
            stuck.admin.command("fsync", lock=True)
            for _ in range(4):
                found = verdicts(judge, lab, url, by_password(lab, "monitor"), oldest_version="6.0", members=3)
                found.pop("mongo-lag", None)
                assert "w=1, by the service's own URL; 2 members are a majority" in found.pop("mongo-write-concern")
                assert found == {}
            stuck.admin.command("fsyncUnlock")
