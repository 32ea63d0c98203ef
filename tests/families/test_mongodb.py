"""MongoDB that is not as it should be: servers that are none, errors of every kind, URLs of every kind."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo.errors
import pytest
from bson.errors import BSONError

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.clients.knock import knock
from gonogo.clients.mongodb import (
    LONGEST,
    Client,
    MongoQuestion,
    as_stranger,
    asked,
    is_connection_string,
    with_wrong_password,
)
from gonogo.clients.mongodb_wire import hello_message, is_hello_reply
from gonogo.evidence.mongodb import ExistingIndex, Member
from gonogo.families.mongodb.probe import existing_index, probe_mongo, wide_privileges
from gonogo.families.mongodb.questions import mongo_questions
from gonogo.families.mongodb.status import (
    Attempt,
    members_of,
    probe_mongo_latency,
    probe_mongo_status,
    probe_mongo_write,
    with_least_lag,
    write_and_remove,
)
from gonogo.families.registry import environment_from
from reference.listener import Handler
from tests.support.doubles import hang_up, noise, serving, silence, web_server
from tests.support.ports import closed_port

SHORT = timedelta(seconds=0.5)
PROBES = [probe_mongo, probe_mongo_latency, probe_mongo_status, probe_mongo_write]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def question(port: int) -> MongoQuestion:
    """A deployment of one member, which is supposed to be there."""
    url = f"mongodb://app:pass-word-1@127.0.0.1:{port}/"
    return MongoQuestion(url=url, ca_file=None, database="d", indexes=(), patience=SHORT)


# The driver drops a connection in mid-handshake when it is closed, and leaves the socket to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("handler", [silence, hang_up, noise, web_server])
def test_whoever_listens_there_is_not_mongodb(probe: Any, handler: Handler) -> None:  # noqa: ANN401 - a probe
    """A port that is taken by somebody else is a NO-GO, and neither a crash nor a hanging run."""

    async def observe() -> Any:  # noqa: ANN401 - evidence of any kind
        async with serving(handler) as port:
            return await probe(question(port))

    seen = asyncio.run(observe())
    gc.collect()  # now, and not in the middle of another test
    assert not getattr(seen, "reachable", False)
    assert not getattr(seen, "written", False)
    assert 0 < len(seen.problem) <= LONGEST
    assert "pass-word" not in repr(seen)


@pytest.mark.parametrize("probe", PROBES)
def test_closed_port_is_an_answer(probe: Any) -> None:  # noqa: ANN401 - a probe
    """A database that is down must be a NO-GO, at once."""
    assert "the port refuses connections" in asyncio.run(probe(question(closed_port()))).problem


@pytest.mark.parametrize(
    ("error", "told"), [(socket.EAI_NONAME, "the name db.test does not resolve"), (socket.EAI_AGAIN, None)]
)
def test_name_that_does_not_exist_and_resolver_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, error: int, told: str | None
) -> None:
    """A laptop in a train would say NO-GO to a healthy cluster."""

    def no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(error, "as told")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    if told:
        assert asyncio.run(knock("db.test", 27017, SHORT)) == told
    else:
        with pytest.raises(Unobserved, match=r"could not resolve db\.test"):
            asyncio.run(knock("db.test", 27017, SHORT))


def _kinds(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from _kinds(subclass)


_ARGUMENTS: dict[type[Exception], tuple[object, ...]] = {
    pymongo.errors.BulkWriteError: ({"writeErrors": []},),
    pymongo.errors.ClientBulkWriteException: ({"writeErrors": []}, True),
    pymongo.errors.EncryptionError: (RuntimeError("inner"),),
    pymongo.errors.EncryptedCollectionError: (RuntimeError("inner"), {}),
}


@pytest.mark.parametrize("kind", [*_kinds(pymongo.errors.PyMongoError), *_kinds(BSONError)])
def test_every_error_of_the_driver_becomes_words(kind: type[Exception]) -> None:
    """An error that nobody thought of would end a probe as a bug in gonogo, on launch day."""
    error = kind(*_ARGUMENTS.get(kind, ("in words",)))

    async def broken(client: Client) -> None:
        del client
        raise error

    async def observe() -> tuple[None, str]:
        async with serving(silence) as port:
            return await asked(question(port), broken)

    found, problem = asyncio.run(observe())
    assert found is None
    assert 0 < len(problem) <= LONGEST


def test_cancelled_write_is_removed_all_the_same() -> None:
    """Ctrl-C would leave synthetic documents in a production database."""
    left: set[str] = set()
    inserted = asyncio.Event()

    class Collection:
        async def insert_one(self, document: dict[str, str]) -> None:
            left.add(document["_id"])

        async def find_one(self, _: object) -> None:
            inserted.set()
            await asyncio.Event().wait()

        async def delete_one(self, document: dict[str, str]) -> Any:  # noqa: ANN401 - a result
            await asyncio.sleep(0)  # a removal takes its time as well
            left.remove(document["_id"])
            return type("Result", (), {"deleted_count": 1})

    async def interrupt() -> Attempt:
        done = Attempt()
        scratch: Any = Collection()
        writing = asyncio.create_task(write_and_remove(scratch, done, SHORT))
        await inserted.wait()
        writing.cancel()
        await asyncio.wait([writing])
        assert writing.cancelled()
        return done

    assert asyncio.run(interrupt()) == Attempt(written=True, read_back=False, removed=True)
    assert not left


@pytest.mark.parametrize(
    ("reply", "is_mongodb"),
    [
        (b"", False),
        (b"HTTP/1.1 400 Bad Request\r\n", False),
        (b"\x15\x03\x03\x00\x02\x02\x46", False),
        (b"\x30\x00\x00\x00" + b"\x07\x00\x00\x00" + b"\x01\x00\x00\x00" + b"\xdd\x07\x00\x00", True),
        (hello_message(), False),
    ],
    ids=["nothing", "a web server", "a TLS alert", "a reply to our message", "our own message"],
)
def test_who_answers_hello(reply: bytes, is_mongodb: bool) -> None:  # noqa: FBT001 - an expectation
    """A TLS alert taken for an answer is a wrong NO-GO, an error in plain BSON taken for none a wrong GO."""
    assert is_hello_reply(reply) is is_mongodb


def _member(name: str, state: str, second: int, *, health: int = 1) -> dict[str, Any]:
    return {"name": name, "stateStr": state, "health": health, "optimeDate": NOON + timedelta(seconds=second)}


def test_lag_is_counted_from_the_primary() -> None:
    """An arbiter has no data to lag with, a dead member says so by its state."""
    dead = _member("d", "(not reachable/healthy)", -9000, health=0)
    status = {"members": [_member("p", "PRIMARY", 10), _member("s", "SECONDARY", 3), dead]}
    lags = [member.lag for member in members_of(status)]
    assert lags == [timedelta(0), timedelta(seconds=7), None]
    assert [member.healthy for member in members_of(status)] == [True, True, False]


def test_lag_without_a_primary_is_unknown() -> None:
    """There is nobody to lag behind."""
    assert [member.lag for member in members_of({"members": [_member("s", "SECONDARY", 3)]})] == [None]


def test_lag_that_is_seen_once_only_is_none() -> None:
    """An idle set writes every 10 s; looked at between that and the next heartbeat, every member lags 10 s."""

    def seen(lag: int | None, state: str = "SECONDARY") -> list[Member]:
        return [Member(name="s", state=state, healthy=True, lag=None if lag is None else timedelta(seconds=lag))]

    assert with_least_lag(seen(10), seen(0)) == seen(0)
    assert with_least_lag(seen(30), seen(32)) == seen(30)
    assert with_least_lag(seen(None), seen(12)) == seen(12)
    assert with_least_lag(seen(3), seen(None, "DOWN")) == seen(3, "DOWN")


@pytest.mark.parametrize(
    ("resource", "actions", "expected"),
    [
        ({"db": "own", "collection": ""}, ["insert", "dropDatabase"], []),
        ({"db": "local", "collection": "oplog.rs"}, ["find"], []),
        ({"cluster": True}, ["serverStatus"], []),
        ({"db": "other", "collection": ""}, ["find", "insert"], ["insert on database other"]),
        ({"db": "", "collection": ""}, ["find"], ["find on database (any)"]),
        ({"cluster": True}, ["replSetConfigure"], ["replSetConfigure on the whole cluster"]),
        ({"anyResource": True}, ["find"], ["find on the whole cluster"]),
        ({"cluster": True}, ["fsync", "unlock"], ["fsync on the whole cluster"]),
        ({"anyResource": True}, ["anyAction"], ["anyAction on the whole cluster"]),
    ],
)
def test_rights_outside_of_its_own_database(resource: dict[str, Any], actions: list[str], expected: list[str]) -> None:
    """Following the oplog is a service's right; reading every database is an administrator's."""
    assert list(wide_privileges([{"resource": resource, "actions": actions}], "own")) == expected


def test_stranger_asks_the_same_deployment() -> None:
    """Another deployment's refusal would prove nothing."""
    url = "mongodb://app:pass-word-1@a.test:1,b.test:2/d?tls=true&authSource=admin&authMechanism=SCRAM-SHA-256"
    known = MongoQuestion(url=url, ca_file=None, database="d", indexes=(), patience=SHORT)
    assert as_stranger(known).url == "mongodb://a.test:1,b.test:2/d?tls=true"
    wrong = with_wrong_password(known).url
    assert wrong.startswith("mongodb://app:")
    assert wrong.endswith("@a.test:1,b.test:2/d?tls=true&authSource=admin&authMechanism=SCRAM-SHA-256")
    assert "pass-word-1" not in wrong
    assert "pass-word-1" not in repr(known)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("mongodb://app:pass@a.test:1,b.test:2/d?replicaSet=rs0", True),
        ("mongodb+srv://app:pass@cluster.a.test/d", True),
        ("mongodb://app:pass@a.test/?anotherDriversOption=1", True),
        ("mongodb://app:pass/word-1@a.test/", False),
        ("mongodb://app:pass@a.test:pass-word-1/", False),
        ("mongodb+srv://app:pass@cluster.a.test:27017/", False),
        ("mongodb+srv://app:pass/word-1@cluster.a.test/", False),
        ("pass-word-1", False),
    ],
)
def test_connection_strings(url: str, good: bool) -> None:  # noqa: FBT001 - an expectation
    """The driver's own complaint repeats the part of a password that follows a slash."""
    assert is_connection_string(url) is good
    if not good:
        environment = environment_from(
            {
                "service": {"name": "S", "base_url": "https://a.test"},
                "mongodb": {"url": "URL", "monitor_url": "URL", "database": "d"},
            }
        )
        with pytest.raises(UsageError, match="secret URL: not a MongoDB connection string") as refused:
            mongo_questions(environment, Secrets({"URL": url}))
        assert "word-1" not in str(refused.value)


def test_trust_that_is_no_certificate_is_named(tmp_path: Any) -> None:  # noqa: ANN401 - a path
    """A wrong path in the environment file would look like an outage of the database."""
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "mongodb": {"url": "URL", "monitor_url": "URL", "database": "d", "ca_file": str(tmp_path / "root.pem")},
        }
    )
    with pytest.raises(UsageError, match=r"mongodb\.ca_file: .*root\.pem holds no certificates"):
        mongo_questions(environment, Secrets({"URL": "mongodb://a.test/"}))


@pytest.mark.parametrize("mechanism", ["MONGODB-X509", "mongodb-aws", "GSSAPI"])
def test_who_has_no_password_is_played_by_somebody_made_up(mechanism: str) -> None:
    """A wrong password for a user who has none proves nothing, and could not even be tried."""
    url = f"mongodb://a.test:1/d?authMechanism={mechanism}&authSource=%24external&tlsCertificateKeyFile=/c.pem"
    known = MongoQuestion(url=url, ca_file=None, database="d", indexes=(), patience=SHORT)
    assert as_stranger(known).url == "mongodb://a.test:1/d?tlsCertificateKeyFile=/c.pem"
    wrong = with_wrong_password(known).url
    assert wrong.startswith("mongodb://gonogo-")
    assert wrong.endswith("@a.test:1/d?tlsCertificateKeyFile=/c.pem&authSource=admin")


def test_file_that_the_url_names_and_that_is_not_there() -> None:
    """The driver would end the run with a traceback."""
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "mongodb": {"url": "URL", "monitor_url": "URL", "database": "d"},
        }
    )
    for option in ("tlsCAFile", "tlsCertificateKeyFile", "tlsCRLFile"):
        secrets = Secrets({"URL": f"mongodb://u:pass-word-1@a.test/?tls=true&{option}=/no/such/file.pem"})
        with pytest.raises(UsageError, match=f"secret URL: {option} names a file that does not exist") as refused:
            mongo_questions(environment, secrets)
        assert "pass-word" not in str(refused.value)


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"key": {"slug": 1}, "unique": True}, ExistingIndex(keys=("slug",), unique=True)),
        ({"key": {"_id": 1}}, ExistingIndex(keys=("_id",), unique=True)),
        ({"key": {"_fts": "text", "_ftsx": 1}, "weights": {"title": 1}}, ExistingIndex(text=("title",))),
        (
            {"spec": {"key": {"slug": 1}, "unique": True}, "buildUUID": "5a7c"},
            ExistingIndex(keys=("slug",), unique=True, building=True),
        ),
        (
            {"key": {"$**": 1}, "wildcardProjection": {"_id": 0, "a": 1}},
            ExistingIndex(keys=("$**",), within=("a",)),
        ),
        ({"key": {"hid": 1}, "hidden": True}, ExistingIndex(keys=("hid",), hidden=True)),
        (
            {"key": {"slug": 1}, "partialFilterExpression": {"live": True}},
            ExistingIndex(keys=("slug",), partial='{"live": true}'),
        ),
        ({"key": {"slug": 1}, "partialFilterExpression": {"slug": {"$exists": True}}}, ExistingIndex(keys=("slug",))),
    ],
)
def test_what_limits_an_index(described: dict[str, Any], expected: ExistingIndex) -> None:
    """As ``listIndexes`` describes it; a filter that only asks for the field itself is a sparse index."""
    assert existing_index(described) == expected
