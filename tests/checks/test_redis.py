"""Redis judged on literals."""

from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.redis import RedisEvidence, RedisStatusEvidence, RedisWriteEvidence
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_mongodb import trips
from tests.checks.test_tls import AT

SCOPE = ("redis",)
NO_CERTIFICATE = "TLS refuses whoever shows no certificate: TLSV13_ALERT_CERTIFICATE_REQUIRED"
NOPERM = "NOPERM User app has no permissions to run the 'flushall' command"


def environment(persistence: str = "aof", **declared: str) -> Environment:
    """What the service declares."""
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "redis": {
                "url": "A",
                "monitor_url": "B",
                "key_prefix": "wm:",
                "maxmemory_policy": "volatile-lru",
                "persistence": persistence,
                **declared,
            },
        }
    )


def seen(**changes: Any) -> RedisEvidence:  # noqa: ANN401 - fields
    """A healthy server, changed in one way."""
    fields: dict[str, Any] = {
        "address": "r.test:6380",
        "declared_tls": True,
        "verifies": True,
        "listening": True,
        "reachable": True,
        "anonymous": "NOAUTH Authentication required.",
        "wrong_password": "WRONGPASS invalid username-password pair",
        "forbidden": {
            "FLUSHALL": NOPERM,
            "DEBUG": "ERR DEBUG command not allowed. If …",
            "CONFIG": "ERR unknown command 'CONFIG'",
        },
        "own_key": "accepted",
        "foreign_key": "NOPERM No permissions to access a key",
        "foreign_write": "NOPERM No permissions to access a key",
    }
    return RedisEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def status(**changes: Any) -> RedisStatusEvidence:  # noqa: ANN401 - fields
    """Healthy figures, changed in one way."""
    fields: dict[str, Any] = {
        "reachable": True,
        "product": "Valkey",
        "version": "9.0.5",
        "max_memory_bytes": 1024,
        "eviction_policy": "volatile-lru",
        "append_only": True,
        "append_only_status": "ok",
        "snapshot_schedule": "3600 1",
        "snapshot_status": "ok",
        "evicted": (7, 7),
        "rejected": (0, 0),
        "watched": timedelta(seconds=1),
    }
    return RedisStatusEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def written(**changes: Any) -> RedisWriteEvidence:  # noqa: ANN401 - fields
    """A round trip that went well, changed in one way."""
    fields: dict[str, Any] = {"written": True, "read_back": True, "ttl_seconds": 60, "removed": True, **changes}
    return RedisWriteEvidence(scope=SCOPE, taken_at=AT, problem="NOPERM", **fields)


GREEN: list[tuple[str, str, Any]] = [
    *(
        (identifier, "redis", seen())
        for identifier in (
            *("redis-listening", "redis-reachable", "redis-tls", "redis-auth-required"),
            *("redis-acl-commands", "redis-acl-keys"),
        )
    ),
    ("redis-auth-required", "redis", seen(anonymous=NO_CERTIFICATE, wrong_password=NO_CERTIFICATE)),
    ("redis-round-trip", "redis_write", written()),
    ("redis-latency", "redis_latency", trips(5)),
    *(
        (identifier, "redis_status", status())
        for identifier in (
            *("redis-status-readable", "redis-supported", "redis-memory-policy", "redis-persistence", "redis-stable"),
        )
    ),
]
RED: list[tuple[str, str, Any, str]] = [
    (
        "redis-listening",
        "redis",
        seen(listening=False, problem="the port refuses connections"),
        "nothing listens at r.test:6380: the port refuses connections",
    ),
    ("redis-reachable", "redis", seen(reachable=False, problem="WRONGPASS"), "r.test:6380: WRONGPASS"),
    ("redis-tls", "redis", seen(declared_tls=False), "starts with redis://, which is not encrypted"),
    ("redis-tls", "redis", seen(plain_answer="-NOAUTH"), "answers without TLS: -NOAUTH"),
    (
        "redis-tls",
        "redis",
        seen(plain_elsewhere="port 6379: -NOAUTH"),
        "the server of r.test:6380 answers without TLS too, at port 6379: -NOAUTH",
    ),
    ("redis-tls", "redis", seen(verifies=False), "turns verification off"),
    ("redis-auth-required", "redis", seen(anonymous="accepted"), "a PING without logging in is accepted"),
    ("redis-auth-required", "redis", seen(wrong_password="accepted"), "a wrong password is accepted"),
    ("redis-acl-commands", "redis", seen(forbidden={"FLUSHALL": "accepted", "KEYS": NOPERM}), "may run FLUSHALL at"),
    ("redis-acl-keys", "redis", seen(foreign_key="accepted"), "may read keys that do not start with wm:"),
    ("redis-acl-keys", "redis", seen(foreign_write="accepted"), "may write keys that do not start with wm:"),
    ("redis-round-trip", "redis_write", written(written=False), "could not be written: NOPERM"),
    ("redis-round-trip", "redis_write", written(read_back=False), "cannot be read back"),
    ("redis-round-trip", "redis_write", written(ttl_seconds=-1), "lost its lifetime"),
    ("redis-round-trip", "redis_write", written(ttl_seconds=None), "lost its lifetime"),
    ("redis-round-trip", "redis_write", written(removed=False), "could not be removed"),
    ("redis-latency", "redis_latency", trips(80), "a PING takes 80 ms"),
    ("redis-status-readable", "redis_status", status(reachable=False, problem="NOPERM"), "cannot read INFO: NOPERM"),
    ("redis-memory-policy", "redis_status", status(max_memory_bytes=0), "maxmemory is not set"),
    (
        "redis-memory-policy",
        "redis_status",
        status(eviction_policy="noeviction"),
        "is noeviction; volatile-lru is declared",
    ),
    ("redis-persistence", "redis_status", status(append_only=False), "append-only file is off"),
    ("redis-persistence", "redis_status", status(append_only_status="err"), "append-only file: err"),
    ("redis-stable", "redis_status", status(evicted=(7, 19)), "12 keys were evicted within 1 s"),
    ("redis-stable", "redis_status", status(rejected=(0, 1)), "1 connections were rejected"),
]
_ASKS_FOR_ENVIRONMENT = {"redis-supported", "redis-acl-keys", "redis-memory-policy", "redis-persistence"}


def judged(judge: Judge, identifier: str, kind: str, evidence: object) -> str | None:
    """With the environment where the check asks for it."""
    more = {"environment": environment()} if identifier in _ASKS_FOR_ENVIRONMENT else {}
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


def test_snapshots_where_they_are_declared(judge: Judge) -> None:
    """Each kind of persistence is judged by its own signs; none is asked for where none is declared."""
    rdb, none = environment("rdb"), environment("none")
    assert judge("redis-persistence", redis_status=status(append_only=False), environment=rdb) is None
    assert judge("redis-persistence", redis_status=status(append_only=False), environment=none) is None
    assert judge("redis-persistence", redis_status=status(snapshot_schedule=""), environment=rdb) is not None
    assert judge("redis-persistence", redis_status=status(snapshot_status="err"), environment=rdb) is not None
    with pytest.raises(Unobserved, match="CONFIG GET save"):
        judge("redis-persistence", redis_status=status(snapshot_schedule=None), environment=rdb)


@pytest.mark.parametrize(
    ("identifier", "kind", "evidence", "expected"),
    [
        ("redis-auth-required", "redis", seen(anonymous=None), "could not be tried"),
        ("redis-acl-commands", "redis", seen(forbidden={}), "could not be tried"),
        ("redis-acl-commands", "redis", seen(forbidden={"KEYS": "LOADING"}), "LOADING"),
        ("redis-auth-required", "redis", seen(anonymous="LOADING"), "for another reason than missing rights: LOADING"),
        ("redis-acl-commands", "redis", seen(forbidden={"KEYS": "OOM command not allowed"}), "could not be tried: OOM"),
        ("redis-acl-commands", "redis", seen(forbidden={"KEYS": "not tried, MULTI is answered -ERR"}), "not tried"),
        (
            "redis-acl-keys",
            "redis",
            seen(foreign_key=None),
            "it could not be tried whether the service's user may read foreign keys",
        ),
        (
            "redis-acl-keys",
            "redis",
            seen(foreign_write="MOVED 1 r2:6380"),
            "it could not be tried whether the service's user may write foreign keys",
        ),
        ("redis-persistence", "redis_status", status(append_only=None), "not report the append-only file"),
        ("redis-persistence", "redis_status", status(append_only_status=None), "not report the append-only file"),
        ("redis-acl-keys", "redis", seen(own_key="NOPERM"), "not even a key that starts with wm:"),
        ("redis-memory-policy", "redis_status", status(max_memory_bytes=None), "does not report memory"),
        ("redis-stable", "redis_status", status(evicted=None), "does not report evictions"),
        ("redis-latency", "redis_latency", trips(1, 0), "no round trip"),
        ("redis-supported", "redis_status", status(version=None), "does not report the server's version"),
        (
            "redis-supported",
            "redis_status",
            status(product="Dragonfly"),
            "this server is Dragonfly 9.0.5, and gonogo does not know how long",
        ),
    ],
)
def test_control_that_fails_is_an_error(
    judge: Judge, identifier: str, kind: str, evidence: object, expected: str
) -> None:
    """A refusal for another reason proves nothing."""
    with pytest.raises(Unobserved, match=expected):
        judged(judge, identifier, kind, evidence)


@pytest.mark.parametrize(
    ("product", "version", "end"),
    [
        ("Redis", "2.8.24", "2022-04-27"),
        ("Redis", "6.0.16", "2022-05-31"),
        ("Redis", "6.2.24", ""),
        ("Redis", "7.0.15", "2024-07-29"),
        ("Redis", "7.2.4", ""),
        ("Redis", "8.10.1", ""),
        ("Valkey", "7.2.5", ""),
        ("Valkey", "9.1.2", ""),
        ("Amazon ElastiCache", "5.0.6", "2026-01-31"),
        ("Amazon ElastiCache", "7.1.0", ""),
    ],
)
def test_releases_that_nobody_repairs(judge: Judge, product: str, version: str, end: str) -> None:
    """By the days of the product's own maker; what a distribution or a provider repairs is declared."""
    server = status(product=product, version=version)
    said = judge("redis-supported", redis_status=server, environment=environment())
    assert (f"{product} {version} ended on {end}" in (said or "")) if end else said is None
    assert judge("redis-supported", redis_status=server, environment=environment(oldest_version="2.8")) is None


def test_older_server_of_a_product_without_known_days(judge: Judge) -> None:
    """Its team says what is still repaired."""
    server = status(product="Dragonfly", version="1.9.0")
    assert judge("redis-supported", redis_status=server, environment=environment(oldest_version="1.9")) is None
    said = judge("redis-supported", redis_status=server, environment=environment(oldest_version="1.10"))
    assert said == "Dragonfly 1.9.0 is older than 1.10"
