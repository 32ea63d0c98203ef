"""MongoDB judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.mongodb import (
    ExistingIndex,
    Member,
    MongoEvidence,
    MongoStatusEvidence,
    MongoWriteEvidence,
    Refusal,
)
from gonogo.families.mongodb.status import default_write_concern, is_set
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT
from tests.lab.verdicts import verdict

SCOPE = ("mongodb",)
MS = timedelta(milliseconds=1)
ENVIRONMENT = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test"},
        "mongodb": {
            "url": "A",
            "monitor_url": "B",
            "database": "workme",
            "indexes": [
                {"collection": "users", "keys": ["email"], "unique": True},
                {"collection": "bookings", "keys": ["client", "day"]},
            ],
        },
    }
)
EMAIL = ExistingIndex(keys=("email",), unique=True)
CLIENT_DAY = ExistingIndex(keys=("client", "day"))
_ASKS_FOR_ENVIRONMENT = {
    "mongo-members",
    "mongo-wire-version",
    "mongo-auth-required",
    "mongo-least-privilege",
    "mongo-indexes",
    "mongo-lag",
}


def seen(**changes: Any) -> MongoEvidence:  # noqa: ANN401 - fields
    """A healthy deployment, changed in one way."""
    fields: dict[str, Any] = {
        "reachable": True,
        "members": ("m1:27017", "m2:27017"),
        "with_tls": True,
        "verifies": True,
        "writable_primary": "m1:27017",
        "wire_version": 21,
        "server_version": "7.0.12",
        "read_as_app": True,
        "plain": {"m1:27017": Refusal(accepted=False), "m2:27017": Refusal(accepted=False)},
        "anonymous": Refusal(accepted=False, code=13),
        "wrong_password": Refusal(accepted=False, code=18),
        "roles": ("readWrite@workme",),
        "forbidden": Refusal(accepted=False, code=13),
        "indexes": {"users": (EMAIL,), "bookings": (CLIENT_DAY,)},
    }
    return MongoEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def indexes(users: tuple[ExistingIndex, ...] = (EMAIL,), *bookings: ExistingIndex) -> MongoEvidence:
    """With these on both collections."""
    return seen(indexes={"users": users, "bookings": bookings or (CLIENT_DAY,)})


def status(*members: Member, **changes: Any) -> MongoStatusEvidence:  # noqa: ANN401 - fields
    """A healthy replica set, changed in one way."""
    fields: dict[str, Any] = {
        "reachable": True,
        "replica_set": "rs0",
        "members": members or (member(), member("m2", "SECONDARY")),
        "connections_current": 100,
        "connections_available": 900,
    }
    return MongoStatusEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def member(name: str = "m1", state: str = "PRIMARY", lag: float | None = 0, *, healthy: bool = True) -> Member:
    """One member."""
    behind = timedelta(seconds=lag) if lag is not None else None
    return Member(name=name, state=state, healthy=healthy, lag=behind)


def written(**changes: bool) -> MongoWriteEvidence:
    """A write that went well, changed in one way."""
    fields = {"written": True, "read_back": True, "removed": True, **changes}
    return MongoWriteEvidence(scope=SCOPE, taken_at=AT, problem="not writable", elapsed=MS, **fields)


def trips(milliseconds: int, count: int = 20) -> RoundTripEvidence:
    """Pings that took so long."""
    return RoundTripEvidence(scope=SCOPE, taken_at=AT, reachable=True, round_trips=(milliseconds * MS,) * count)


GREEN: list[tuple[str, str, Any]] = [
    *(
        (identifier, "mongo", seen())
        for identifier in (
            *("mongo-reachable", "mongo-tls-required", "mongo-auth-required", "mongo-primary", "mongo-wire-version"),
            *("mongo-least-privilege", "mongo-indexes"),
        )
    ),
    ("mongo-auth-required", "mongo", seen(anonymous=Refusal(accepted=False, code=8000))),
    ("mongo-majority-write", "mongo_write", written()),
    ("mongo-latency", "mongo_latency", trips(5)),
    *(
        (identifier, "mongo_status", status())
        for identifier in ("mongo-status-readable", "mongo-members", "mongo-lag", "mongo-connections")
    ),
    ("mongo-members", "mongo_status", status(member(), member("m2", "SECONDARY"), member("m3", "ARBITER", None))),
    ("mongo-auth-required", "mongo", seen(wrong_password=Refusal(accepted=False, code=334))),
    ("mongo-primary", "mongo", seen(writable_primary=None, sharded=True)),
    ("mongo-indexes", "mongo", indexes((EMAIL,), ExistingIndex(keys=("client", "day", "city")))),
    (
        "mongo-lag",
        "mongo_status",
        status(member(), replace(member("m2", "SECONDARY", 3605), delay=timedelta(hours=1))),
    ),
    ("mongo-indexes", "mongo", indexes((ExistingIndex(keys=("email",), partial='{"a": 1}', unique=True), EMAIL))),
]
RED: list[tuple[str, str, Any, str]] = [
    ("mongo-reachable", "mongo", seen(reachable=False, problem="bad auth"), "cannot use MongoDB: bad auth"),
    ("mongo-tls-required", "mongo", seen(with_tls=False), "does not ask for TLS"),
    ("mongo-tls-required", "mongo", seen(verifies=False), "turns verification off"),
    ("mongo-tls-required", "mongo", seen(plain={"m2:27017": Refusal(accepted=True)}), "m2:27017 answers without TLS"),
    (
        "mongo-auth-required",
        "mongo",
        seen(anonymous=Refusal(accepted=True)),
        "an anonymous client may read workme",
    ),
    ("mongo-auth-required", "mongo", seen(wrong_password=Refusal(accepted=True)), "wrong password is accepted"),
    ("mongo-primary", "mongo", seen(writable_primary=None), "has no primary"),
    (
        "mongo-wire-version",
        "mongo",
        seen(wire_version=17, server_version="6.0.26"),
        "MongoDB 6.0.26 has wire version 17; at least 21",
    ),
    ("mongo-wire-version", "mongo", seen(wire_version=None), "at least 21"),
    (
        "mongo-least-privilege",
        "mongo",
        seen(wide_privileges=("insert on database (any)",)),
        "may do more than read and write workme",
    ),
    ("mongo-least-privilege", "mongo", seen(forbidden=Refusal(accepted=True)), "may list every user of the cluster"),
    ("mongo-indexes", "mongo", seen(indexes={"users": ()}), "users has no index on email; it has: none"),
    ("mongo-indexes", "mongo", indexes((ExistingIndex(keys=("email",)),)), "users.email is not unique"),
    ("mongo-indexes", "mongo", indexes((ExistingIndex(keys=("email", "day"), unique=True),)), "no index on email"),
    ("mongo-indexes", "mongo", indexes((EMAIL,), ExistingIndex(keys=("day", "client"))), "no index on client day"),
    (
        "mongo-indexes",
        "mongo",
        indexes((ExistingIndex(keys=("email",), unique=True, partial='{"live": true}'),)),
        'users.email is unique only where {"live": true}',
    ),
    (
        "mongo-indexes",
        "mongo",
        indexes((ExistingIndex(keys=("email",), unique=True, hidden=True),)),
        "users.email is hidden: no query uses it",
    ),
    (
        "mongo-indexes",
        "mongo",
        indexes((EMAIL,), ExistingIndex(text=("client", "day"))),
        "bookings.client day is a text index, which no ordinary query uses",
    ),
    (
        "mongo-members",
        "mongo_status",
        status(member(), member("m2", "ARBITER", None)),
        "rs0 has 1 member with data, 2 are expected",
    ),
    ("mongo-members", "mongo_status", status(member()), "rs0 has 1 member with data, 2 are expected"),
    ("mongo-majority-write", "mongo_write", written(written=False), "could not be written by majority: not writable"),
    ("mongo-majority-write", "mongo_write", written(read_back=False), "cannot be read back"),
    ("mongo-majority-write", "mongo_write", written(removed=False), "could not be removed"),
    ("mongo-majority-write", "mongo_write", written(acknowledged=False), "says w=0"),
    ("mongo-primary", "mongo", seen(standalone=True), "m1:27017, m2:27017 is not a member"),
    (
        "mongo-members",
        "mongo_status",
        status(member(), replace(member("m2", "SECONDARY"), electable=False)),
        "rs0 has 1 member that may become primary; 2 are expected",
    ),
    (
        "mongo-lag",
        "mongo_status",
        status(member(), replace(member("m2", "SECONDARY", 3700), delay=timedelta(hours=1))),
        "m2 is 1 h",
    ),
    ("mongo-indexes", "mongo", seen(views=("users",)), "users is a view, which has no indexes"),
    (
        "mongo-indexes",
        "mongo",
        indexes((ExistingIndex(keys=("email",), unique=True, building=True),)),
        "users.email is still being built",
    ),
    ("mongo-latency", "mongo_latency", trips(80), "a ping takes 80 ms (p95 of 20), at most 60 ms"),
    ("mongo-status-readable", "mongo_status", status(reachable=False, problem="not authorized"), "not authorized"),
    ("mongo-members", "mongo_status", status(members=()), "reports no member"),
    ("mongo-members", "mongo_status", status(member(), member("m2", "DOWN", None, healthy=False)), "m2 is DOWN"),
    ("mongo-members", "mongo_status", status(member(), member("m2", "RECOVERING", None)), "m2 is RECOVERING"),
    ("mongo-lag", "mongo_status", status(member(), member("m2", "SECONDARY", 11)), "m2 is 11 s behind the primary"),
    (
        "mongo-connections",
        "mongo_status",
        status(connections_current=90, connections_available=10),
        "90 of 100 connections are in use, 10% are free",
    ),
    (
        "mongo-connections",
        "mongo_status",
        status(connections_current=0, connections_available=0),
        "0 of 0 connections",
    ),
]


def judged(judge: Judge, identifier: str, kind: str, evidence: object) -> str | None:
    """With the environment where the check asks for it."""
    more = {"environment": ENVIRONMENT} if identifier in _ASKS_FOR_ENVIRONMENT else {}
    return judge(identifier, **{kind: evidence}, **more)


@pytest.mark.parametrize(("identifier", "kind", "evidence"), GREEN)
def test_green(judge: Judge, identifier: str, kind: str, evidence: object) -> None:
    """A wrong NO-GO costs us our users' trust."""
    assert judged(judge, identifier, kind, evidence) is None


@pytest.mark.parametrize(("identifier", "kind", "evidence", "message"), RED)
def test_red(judge: Judge, identifier: str, kind: str, evidence: object, message: str) -> None:
    """A wrong GO costs a launch."""
    said = judged(judge, identifier, kind, evidence)
    assert said is not None
    assert message in said


@pytest.mark.parametrize(
    ("identifier", "kind", "evidence", "expected"),
    [
        ("mongo-tls-required", "mongo", seen(plain={}), "could not be tried at m1:27017, m2:27017"),
        ("mongo-tls-required", "mongo", seen(plain={"m1:27017": Refusal(accepted=False)}), "tried at m2:27017"),
        ("mongo-least-privilege", "mongo", seen(forbidden=None), "could not be tried"),
        ("mongo-indexes", "mongo", seen(indexes={}), "may not list the indexes of users"),
        ("mongo-auth-required", "mongo", seen(read_as_app=False), "a refusal proves nothing"),
        ("mongo-auth-required", "mongo", seen(anonymous=None), "could not be tried"),
        ("mongo-auth-required", "mongo", seen(wrong_password=None), "could not be tried"),
        ("mongo-auth-required", "mongo", seen(anonymous=Refusal(accepted=False, code=50)), "another reason"),
        ("mongo-auth-required", "mongo", seen(wrong_password=Refusal(accepted=False, code=None)), "another reason"),
        ("mongo-latency", "mongo_latency", trips(1, 0), "no round trip"),
        ("mongo-connections", "mongo_status", status(connections_current=None), "does not report connections"),
        ("mongo-majority-write", "mongo_write", written(written=False, kept_out=True), "only to its own collections"),
        (
            "mongo-members",
            "mongo_status",
            status(configuration_problem="not authorized"),
            "it is not known which members may become primary: not authorized",
        ),
    ],
)
def test_control_that_fails_is_an_error(
    judge: Judge, identifier: str, kind: str, evidence: object, expected: str
) -> None:
    """A refusal for another reason proves nothing."""
    with pytest.raises(Unobserved, match=expected):
        judged(judge, identifier, kind, evidence)


CONCERNS = [
    ({}, {}, ""),
    ({"write_concern": "majority"}, {"default_write_concern": "1"}, ""),
    ({"write_concern": "2"}, {}, ""),
    ({"write_concern": "1"}, {"write_majority": 1}, ""),
    ({"write_concern": "1"}, {}, "w=1, by the service's own URL; 2 members are a majority"),
    ({"write_concern": "0"}, {}, "w=0, by the service's own URL"),
    ({}, {"default_write_concern": "1", "default_is_set": True}, "w=1, by setDefaultRWConcern"),
    ({}, {"default_write_concern": "1"}, "w=1, by MongoDB's own default for these members"),
    ({}, {"default_write_concern": None, "default_problem": "not authorized"}, "ERROR the URL names no write concern"),
    ({"write_concern": "racks"}, {}, "ERROR it is not known whether w=racks"),
    ({"write_concern": "2"}, {"write_majority": None}, "ERROR it is not known whether w=2"),
]


@pytest.mark.parametrize(("url", "cluster", "expected"), CONCERNS)
def test_write_concern_that_holds(judge: Judge, url: dict[str, Any], cluster: dict[str, Any], expected: str) -> None:
    """The URL's own goes first, then the cluster's."""
    healthy = {"write_majority": 2, "default_write_concern": "majority"}
    evidence = {"mongo": seen(**url), "mongo_status": status(**{**healthy, **cluster})}
    judgement = verdict(judge, "mongo-write-concern", evidence, ENVIRONMENT)
    assert expected in judgement
    assert (judgement == "PASS") == (not expected)


@pytest.mark.parametrize(
    ("reply", "concern", "somebodys"),
    [
        ({"defaultWriteConcern": {"w": "majority"}, "defaultWriteConcernSource": "implicit"}, "majority", False),
        ({"defaultWriteConcernSource": "implicit"}, "1", False),
        ({"defaultWriteConcern": {"w": 1}, "defaultWriteConcernSource": "global"}, "1", True),
        ({"defaultWriteConcern": {"w": 2, "wtimeout": 0}}, "2", True),
        ({}, "1", False),
    ],
    ids=["implicit", "with an arbiter", "set", "set in 4.4", "none in 4.4"],
)
def test_default_of_the_cluster(reply: dict[str, Any], concern: str, *, somebodys: bool) -> None:
    """As ``getDefaultRWConcern`` of each release has it."""
    assert (default_write_concern(reply), is_set(reply)) == (concern, somebodys)


def test_p95_is_the_nearest_rank() -> None:
    """Nineteen fast ones of twenty, and one that is not: the slow one is beyond the percentile."""
    mostly = RoundTripEvidence(scope=SCOPE, taken_at=AT, reachable=True, round_trips=(*(MS,) * 19, 900 * MS))
    assert mostly.p95 == MS


def declared(**section: Any) -> Environment:  # noqa: ANN401 - keys of [mongodb]
    """What a file says of MongoDB."""
    section = {"url": "A", "monitor_url": "B", "database": "workme", **section}
    return environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "mongodb": section})


def test_one_member_that_is_declared_to_be_enough(judge: Judge) -> None:
    """A team may know what it does."""
    assert judge("mongo-members", mongo_status=status(member()), environment=declared(members=1)) is None
    said = judge("mongo-members", mongo_status=status(), environment=declared(members=3))
    assert "2 members with data, 3 are expected" in (said or "")


def test_older_version_that_somebody_repairs(judge: Judge) -> None:
    """By contract, and never without saying so."""
    old = seen(wire_version=17, server_version="6.0.26")
    assert judge("mongo-wire-version", mongo=old, environment=declared(oldest_version="6.0")) is None
    assert judge("mongo-wire-version", mongo=old, environment=declared(oldest_version="8.0")) is not None


@pytest.mark.parametrize(
    ("version", "wire", "end"), [("7.3.4", 24, "2024-10-02"), ("8.0.29", 25, ""), ("9.1.0", 40, "")]
)
def test_rapid_releases_end_early(judge: Judge, version: str, wire: int, end: str) -> None:
    """Their wire version is newer than that of a release which is still repaired."""
    server = seen(wire_version=wire, server_version=version)
    said = judge("mongo-wire-version", mongo=server, environment=declared())
    assert (f"ended on {end}" in (said or "")) if end else said is None
    assert judge("mongo-wire-version", mongo=server, environment=declared(oldest_version="7.0")) is None


@pytest.mark.parametrize(
    ("wanted", "existing", "passes"),
    [
        ({"keys": ["title"], "text": True}, ExistingIndex(text=("title", "body")), True),
        ({"keys": ["title"], "text": True}, ExistingIndex(keys=("title",)), False),
        (
            {"keys": ["slug"], "unique": True, "partial": True},
            ExistingIndex(keys=("slug",), unique=True, partial="{}"),
            True,
        ),
    ],
)
def test_indexes_of_other_kinds(judge: Judge, wanted: dict[str, Any], existing: ExistingIndex, *, passes: bool) -> None:
    """Text and partial indexes can be declared as what they are."""
    environment = declared(indexes=[{"collection": "things", **wanted}])
    said = judge("mongo-indexes", mongo=seen(indexes={"things": (existing,)}), environment=environment)
    assert (said is None) is passes
