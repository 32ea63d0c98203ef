"""Asks MongoDB as its own user, as a monitoring user, as a stranger, and without TLS."""

import asyncio
import secrets as entropy
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern

from gonogo.environment.model import Environment, Index
from gonogo.errors import Unobserved, UsageError
from gonogo.evidence.base import RoundTripEvidence, Scope
from gonogo.evidence.mongodb import Member, MongoEvidence, MongoStatusEvidence, MongoWriteEvidence, Refusal
from gonogo.probes.mongodb_wire import hello_message, is_hello_reply
from gonogo.secrets import Secrets

Client = AsyncMongoClient[dict[str, Any]]
SCRATCH = "gonogo_scratch"
_CONNECT_MS = 2500  # less than selection, which would otherwise end before it learns why
_SELECTION_MS = 4000
_OPERATION_MS = 3000
_PLAIN_SECONDS = 2.0
_PINGS = 20
_LONGEST = 300
_CHANGING = {
    "insert", "update", "remove", "dropCollection", "dropDatabase", "createUser", "grantRole", "shutdown",
    "replSetReconfig", "anyAction", "dropUser", "changePassword",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoQuestion:
    """One deployment, with the URL of one of its users."""

    url: str = field(repr=False)
    ca_file: str | None
    database: str
    indexes: tuple[Index, ...]

    @property
    def scope(self) -> Scope:
        """There is one."""
        return ("mongodb",)

    @property
    def host(self) -> str:
        """There is one."""
        return "mongodb"


def mongo_questions(environment: Environment, secrets: Secrets) -> Sequence[MongoQuestion]:
    """As the service's user."""
    return _questions(environment, secrets, monitor=False)


def mongo_status_questions(environment: Environment, secrets: Secrets) -> Sequence[MongoQuestion]:
    """As the monitoring user."""
    return _questions(environment, secrets, monitor=True)


def _questions(environment: Environment, secrets: Secrets, *, monitor: bool) -> Sequence[MongoQuestion]:
    section = environment.mongodb
    if section is None:
        return []
    name = section.monitor_url if monitor else section.url
    url = secrets[name]
    if not url.startswith(("mongodb://", "mongodb+srv://")):
        raise UsageError(f"secret {name}: not a MongoDB connection string; it starts with mongodb:// or mongodb+srv://")
    return [MongoQuestion(url=url, ca_file=section.ca_file, database=section.database, indexes=section.indexes)]


async def probe_mongo(question: MongoQuestion) -> MongoEvidence:
    """Connect as the service does; then try what should be refused."""
    taken_at = datetime.now(UTC)
    try:
        async with _client(question) as client:
            known = await _as_app(client, question)
            member = next(iter(client.nodes), None)
            known["with_tls"] = client.options.pool_options._ssl_context is not None  # noqa: SLF001 - no public way to know
            known["members"] = tuple(sorted(f"{host}:{port}" for host, port in client.nodes))
    except PyMongoError as error:
        _raise_if_unobserved(error)
        return MongoEvidence(scope=question.scope, taken_at=taken_at, reachable=False, problem=_words(error))
    if member is not None:
        known |= await _as_stranger(question, member)
    return MongoEvidence(scope=question.scope, taken_at=taken_at, reachable=True, **known)


async def probe_mongo_latency(question: MongoQuestion) -> RoundTripEvidence:
    """Ping over the service's own connection."""
    taken_at = datetime.now(UTC)
    try:
        async with _client(question) as client:
            admin = client.admin
            await _ping(admin)  # connecting is not part of a round trip
            trips = sorted([await _ping(admin) for _ in range(_PINGS)])
    except PyMongoError as error:
        _raise_if_unobserved(error)
        return RoundTripEvidence(scope=question.scope, taken_at=taken_at, reachable=False, problem=_words(error))
    return RoundTripEvidence(scope=question.scope, taken_at=taken_at, reachable=True, round_trips=tuple(trips))


async def probe_mongo_status(question: MongoQuestion) -> MongoStatusEvidence:
    """Ask the replica set about its members, and the server about its connections."""
    taken_at = datetime.now(UTC)
    try:
        async with _client(question) as client:
            admin = client.admin
            status = await _command(admin, "replSetGetStatus")
            server = await _command(admin, "serverStatus")
    except PyMongoError as error:
        _raise_if_unobserved(error)
        return MongoStatusEvidence(scope=question.scope, taken_at=taken_at, reachable=False, problem=_words(error))
    connections = server.get("connections", {})
    return MongoStatusEvidence(
        scope=question.scope,
        taken_at=taken_at,
        reachable=True,
        replica_set=status.get("set"),
        members=tuple(_members(status["members"])),
        connections_current=connections.get("current"),
        connections_available=connections.get("available"),
    )


async def probe_mongo_write(question: MongoQuestion) -> MongoWriteEvidence:
    """Write one synthetic document by majority, read it back from the majority, remove it."""
    taken_at = datetime.now(UTC)
    started = time.monotonic()
    document = {"_id": f"gonogo-{entropy.token_hex(8)}", "synthetic": True}
    done = {"written": False, "read_back": False, "removed": False}
    problem = ""
    try:
        async with _client(question) as client:
            scratch = client[question.database].get_collection(
                SCRATCH,
                write_concern=WriteConcern("majority", wtimeout=_OPERATION_MS),
                read_concern=ReadConcern("majority"),
            )
            try:
                await scratch.insert_one(dict(document))
                done["written"] = True
                done["read_back"] = await scratch.find_one({"_id": document["_id"]}) == document
            finally:
                removed = await scratch.delete_one({"_id": document["_id"]})
                done["removed"] = removed.deleted_count == 1 or not done["written"]
                if not await scratch.count_documents({}):
                    await scratch.drop()
    except PyMongoError as error:
        problem = _words(error)
    elapsed = timedelta(seconds=round(time.monotonic() - started, 4))
    return MongoWriteEvidence(scope=question.scope, taken_at=taken_at, problem=problem, elapsed=elapsed, **done)


async def _as_app(client: Client, question: MongoQuestion) -> dict[str, Any]:
    admin = client.admin
    hello = await _command(admin, "hello")
    database = client.get_database(question.database, read_preference=ReadPreference.NEAREST)
    status = await _command(admin, "connectionStatus", showPrivileges=True)
    granted = status["authInfo"]
    build = await _command(admin, "buildInfo")
    return {
        "writable_primary": hello.get("primary"),
        "wire_version": hello.get("maxWireVersion"),
        "server_version": build.get("version"),
        "read_as_app": await _may_read(database),
        "roles": tuple(sorted(f"{role['role']}@{role['db']}" for role in granted["authenticatedUserRoles"])),
        "wide_privileges": tuple(_wide(granted.get("authenticatedUserPrivileges", ()), question.database)),
        "indexes": {name: await _indexes(database, name) for name in {index.collection for index in question.indexes}},
    }


async def _as_stranger(question: MongoQuestion, member: tuple[str, int | None]) -> dict[str, Any]:
    return {
        "plain": await _plain(*member),
        "anonymous": await _try(question, without_credentials(question.url)),
        "wrong_password": await _try(question, _with_wrong_password(question.url)),
    }


async def _try(question: MongoQuestion, url: str) -> Refusal | None:
    """Read the service's database over this URL."""
    try:
        async with _client(question, url) as client:
            database = client.get_database(question.database, read_preference=ReadPreference.NEAREST)
            await database["users"].find_one()
    except OperationFailure as error:
        return Refusal(accepted=False, code=error.code, detail=_words(error))
    except ConnectionFailure:
        return None
    return Refusal(accepted=True)


async def _plain(host: str, port: int | None) -> Refusal | None:
    """Say hello without TLS."""
    try:
        async with asyncio.timeout(_PLAIN_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(hello_message())
                reply = await reader.read(4096)
            finally:
                writer.transport.abort()
    except TimeoutError:
        return Refusal(accepted=False, detail="silence")
    except ConnectionError as error:
        return Refusal(accepted=False, detail=error.strerror or str(error))
    except OSError:
        return None
    return Refusal(accepted=is_hello_reply(reply), detail="" if reply else "the connection was closed")


async def _command(database: AsyncDatabase[dict[str, Any]], name: str, value: object = 1, **options: Any) -> Any:  # noqa: ANN401 - a document
    """At any member: without a primary there is all the more to see. The driver's default is the primary, always."""
    return await database.command(name, value, read_preference=ReadPreference.NEAREST, **options)


async def _may_read(database: AsyncDatabase[dict[str, Any]]) -> bool:
    try:
        await database["users"].find_one({}, {"_id": 1})
    except OperationFailure:
        return False
    return True


async def _indexes(database: AsyncDatabase[dict[str, Any]], collection: str) -> tuple[str, ...]:
    """As a command: the driver's own method insists on a primary."""
    try:
        found = await _command(database, "listIndexes", collection)
    except OperationFailure:
        return ()
    batch = found["cursor"]["firstBatch"]
    return tuple(" ".join((*index["key"], *(["unique"] if index.get("unique") else []))) for index in batch)


async def _ping(admin: AsyncDatabase[dict[str, Any]]) -> timedelta:
    started = time.perf_counter()
    await _command(admin, "ping")
    return timedelta(seconds=round(time.perf_counter() - started, 5))


def _wide(privileges: Iterable[Mapping[str, Any]], own: str) -> Iterator[str]:
    """What may be changed elsewhere than in the service's own database."""
    for privilege in privileges:
        resource = privilege["resource"]
        actions = sorted(_CHANGING.intersection(privilege["actions"]))
        if actions and resource.get("db") != own:
            where = "the whole cluster" if "db" not in resource else f"database {resource['db'] or '(any)'}"
            yield f"{', '.join(actions[:3])} on {where}"


def _members(found: Sequence[Mapping[str, Any]]) -> Iterator[Member]:
    primary = next((member for member in found if member["stateStr"] == "PRIMARY"), None)
    for member in found:
        lag = None
        if primary is not None and member["stateStr"] in {"PRIMARY", "SECONDARY"}:
            lag = max(timedelta(0), primary["optimeDate"] - member["optimeDate"])
        yield Member(name=member["name"], state=member["stateStr"], healthy=member["health"] == 1, lag=lag)


def _raise_if_unobserved(error: PyMongoError) -> None:
    """Silence on the way is our inability to ask; a refusal, a failed handshake or an unknown name is an answer."""
    text = str(error)
    silent = "timed out" in text or "No servers found yet" in text
    if isinstance(error, ConnectionFailure) and silent and "refused" not in text and "SSL" not in text:
        raise Unobserved(
            f"MongoDB did not answer: {_words(error)}",
            hint="is this machine on the allowlist, and does a firewall let it through?",
        ) from None


def _words(error: PyMongoError) -> str:
    """The driver's words, without its description of the whole topology."""
    text = (
        str(error.details.get("errmsg", error)) if isinstance(error, OperationFailure) and error.details else str(error)
    )
    return text.partition(" (configured timeouts")[0].partition(", Timeout:")[0][:_LONGEST]


def without_credentials(url: str) -> str:
    """The same deployment, for a stranger."""
    parts = urlsplit(url)
    query = "&".join(part for part in parts.query.split("&") if not part.lower().startswith(("authsource", "authmech")))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _with_wrong_password(url: str) -> str:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0] or "nobody"
    return urlunsplit((parts.scheme, f"{user}:{entropy.token_urlsafe(16)}@{hosts}", parts.path, parts.query, ""))


@asynccontextmanager
async def _client(question: MongoQuestion, url: str | None = None) -> AsyncIterator[Client]:
    tls: dict[str, Any] = {"tlsCAFile": question.ca_file} if question.ca_file else {}
    client: Client = AsyncMongoClient(
        url or question.url,
        serverSelectionTimeoutMS=_SELECTION_MS,
        connectTimeoutMS=_CONNECT_MS,
        socketTimeoutMS=_OPERATION_MS,
        appname="gonogo",
        retryReads=False,
        retryWrites=False,
        **tls,
    )
    try:
        yield client
    finally:
        await client.close()
