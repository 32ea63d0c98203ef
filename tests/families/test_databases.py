"""MongoDB and Redis, real ones: what the probes say of them, healthy and with faults; and that they leave nothing."""

import asyncio
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from pydantic import TypeAdapter
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.environment.load import overlaid
from gonogo.environment.model import Environment
from gonogo.evidence.base import Evidence
from gonogo.families.redis.section import Redis as RedisSection
from gonogo.families.registry import environment_from, installed_families, read_environment
from gonogo.runs.reference_instance import ReferenceProcess
from tests.dead.conftest import swallowing_server

ROOT = Path(__file__).parents[2]
FAMILIES = installed_families(ROOT)
PROBES = FAMILIES.probes()
KIND_NAMES = [name for name, kind in FAMILIES.kinds.items() if kind.section in {"mongodb", "redis"}]


class Databases:
    """The reference environment's databases, and how to ask them."""

    def __init__(self, process: ReferenceProcess) -> None:
        self.process = process
        file = overlaid(read_environment("reference", project=ROOT), process.ready["environment"])
        self.environment: Environment = file.environment
        stored = dotenv_values(file.environment.secrets.dotenv, interpolate=False)
        self.secrets = Secrets({name: value for name, value in stored.items() if value})

    def ask(self, kind: str, **faults: bool) -> Any:  # noqa: ANN401 - evidence of any kind
        """One kind of evidence, with these faults and no others."""
        self.process.set_faults([name.replace("_", "-") for name in faults])
        (question,) = PROBES[kind].questions(self.environment, self.secrets)
        evidence: Evidence = asyncio.run(PROBES[kind].ask(question))  # type: ignore[arg-type]  # a coroutine, by its contract
        return evidence


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    """One instance for all tests of this file; faults are switched live."""
    with ReferenceProcess() as process:
        yield Databases(process)


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_evidence_survives_json_and_holds_no_password(databases: Databases, kind: str) -> None:
    """A replay judges what was recorded, and a record is read by many."""
    evidence = databases.ask(kind)
    adapter: TypeAdapter[Any] = TypeAdapter(type(evidence))
    text = adapter.dump_json(evidence)
    assert adapter.validate_json(text) == evidence
    for name, value in databases.secrets.items():
        assert value not in text.decode(), name


def test_healthy_mongodb(databases: Databases) -> None:
    """What the service, the monitoring and strangers see of a good deployment."""
    seen = databases.ask("mongo")
    assert (seen.reachable, seen.with_tls, seen.read_as_app) == (True, True, True)
    assert seen.writable_primary is not None
    assert [refusal.accepted for refusal in seen.plain.values()] == [False]
    assert (seen.anonymous.code, seen.wrong_password.code) == (13, 18)
    assert (seen.roles, seen.wide_privileges) == (("readWrite@workme",), ())
    assert "email unique" in [index.spelled for index in seen.indexes["users"]]
    assert [member.state for member in databases.ask("mongo_status").members] == ["PRIMARY"]
    assert len(databases.ask("mongo_latency").round_trips) == 20


def test_healthy_redis(databases: Databases) -> None:
    """The same for the cache."""
    seen = databases.ask("redis")
    assert (seen.listening, seen.reachable, seen.declared_tls, seen.plain_answer) == (True, True, True, "")
    assert "accepted" not in (*seen.forbidden.values(), seen.anonymous, seen.wrong_password, seen.foreign_key)
    assert seen.own_key == "accepted"
    status = databases.ask("redis_status")
    assert (status.eviction_policy, status.append_only) == ("volatile-lru", True)


@pytest.mark.parametrize(
    ("kind", "fault", "field", "value"),
    [
        ("mongo", "mongo_no_auth", "anonymous.accepted", True),
        ("mongo_write", "mongo_app_read_only", "written", False),
        ("redis", "redis_no_password", "anonymous", "accepted"),
        ("redis", "redis_down", "listening", False),
        ("redis", "redis_plaintext", "reachable", False),
        ("redis_write", "redis_read_only_user", "written", False),
    ],
)
def test_faults_show_in_the_evidence(databases: Databases, kind: str, fault: str, field: str, value: object) -> None:
    """Refusals and accidents alike are facts, never crashes and never our inability."""
    found: Any = databases.ask(kind, **{fault: True})
    for name in field.split("."):
        found = getattr(found, name)
    assert found == value


def test_nothing_is_left_and_nothing_is_flushed(databases: Databases) -> None:
    """Asking a production database must not change it; dangerous commands are tried and never run."""
    databases.process.set_faults(["redis-acl-open"])  # the user may run FLUSHALL: it must not happen all the same
    redis_url, mongo_url = databases.secrets["REDIS_URL"], databases.secrets["MONGO_URL"]
    ca_file = databases.environment.require(RedisSection).ca_file

    async def contents() -> tuple[list[str | bytes], int]:
        async with Redis.from_url(redis_url, ssl_ca_certs=ca_file) as client:
            await client.set("wm:kept", "1")
            keys = sorted(await client.keys("*"))
        async with AsyncMongoClient[dict[str, Any]](mongo_url, tlsCAFile=ca_file) as mongo:
            database = mongo.get_default_database()
            names = await database.list_collection_names()
            return keys, sum([await database[name].count_documents({}) for name in names])

    before = asyncio.run(contents())
    seen = databases.ask("redis", redis_acl_open=True)
    assert seen.forbidden["FLUSHALL"] == "accepted"
    for kind in ("redis_write", "mongo", "mongo_write"):
        databases.ask(kind, redis_acl_open=True)
    assert asyncio.run(contents()) == before


@pytest.mark.parametrize(
    ("kind", "url"),
    [("mongo", "mongodb://u:pass-word-1@127.0.0.1:{}/?tls=true"), ("redis", "rediss://u:pass-word-1@127.0.0.1:{}/0")],
)
def test_swallowed_packets_are_our_inability(kind: str, url: str) -> None:
    """Atlas drops the packets of machines that are not on its allowlist: that is no fault of the database."""
    with swallowing_server() as port:
        (question,) = PROBES[kind].questions(made(), Secrets({"URL": url.format(port)}))
        with pytest.raises(Unobserved) as unobserved:
            asyncio.run(PROBES[kind].ask(question))  # type: ignore[arg-type]  # a coroutine, by its contract
    assert "pass-word" not in str(unobserved.value)


@pytest.mark.parametrize("kind", ["mongo", "redis"])
def test_secret_that_is_no_url_is_a_usage_error(kind: str) -> None:
    """A password pasted where the URL belongs: named by the secret's name, never by its value."""
    with pytest.raises(UsageError, match="secret URL: not a") as refused:
        PROBES[kind].questions(made(), Secrets({"URL": "pass-word-1-pasted"}))
    assert "pasted" not in str(refused.value)


def made() -> Environment:
    """Both databases behind one secret."""
    return environment_from(
        tomllib.loads("""
[service]
name = "S"
base_url = "https://a.test"
[mongodb]
url = "URL"
monitor_url = "URL"
database = "d"
[redis]
url = "URL"
monitor_url = "URL"
key_prefix = "k:"
maxmemory_policy = "x"
persistence = "none"
""")
    )
