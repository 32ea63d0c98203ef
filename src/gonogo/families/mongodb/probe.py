"""Asks MongoDB as the service's own user, as a stranger, and without TLS."""

import asyncio
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bson import json_util
from pymongo import ReadPreference
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.mongodb import (
    FOREIGN_ERRORS,
    LONGEST,
    Client,
    Database,
    MongoQuestion,
    as_stranger,
    asked,
    command,
    connected,
    with_wrong_password,
    words,
)
from gonogo.clients.mongodb_wire import REPLY_HEADER_BYTES, hello_message, is_hello_reply
from gonogo.evidence.mongodb import ExistingIndex, MongoEvidence, Refusal
from gonogo.families.kind import Probe
from gonogo.families.mongodb.questions import mongo_questions, mongo_status_questions
from gonogo.families.mongodb.status import probe_mongo_latency, probe_mongo_status, probe_mongo_write

_NAMESPACE_NOT_FOUND = 26
_NOT_OF_A_VIEW = 166
_MOST_INDEXES = 64
"""MongoDB's own limit, of a collection."""
_PRESENT: Sequence[Mapping[str, Any]] = ({"$exists": True}, {"$type": "string"}, {"$gt": ""})
"""Conditions of a field that say no more than that it is there."""
_MOST = 50
"""Entries kept of anything that the target lists: a report needs no more, and a target may list millions."""
_CHANGING = {
    "anyAction", "applyOps", "changePassword", "collMod", "convertToCapped", "createCollection", "createIndex",
    "createRole", "createUser", "dropCollection", "dropDatabase", "dropIndex", "dropRole", "dropUser", "fsync",
    "grantRole", "insert", "killAnySession", "killop", "remove", "renameCollectionSameDB", "replSetConfigure",
    "replSetStateChange", "revokeRole", "setAuthenticationRestriction", "setClusterParameter", "setDefaultRWConcern",
    "setFeatureCompatibilityVersion", "setParameter", "setUserWriteBlockMode", "shutdown", "update",
}  # fmt: skip
_GIVING = {"changePassword", "createRole", "createUser", "dropUser", "grantRole", "revokeRole"}
"""Whoever may do this in a database may do everything there, and lets others in (userAdmin, dbOwner)."""
_EVERYWHERE = ""
"""How privileges spell any database."""


async def probe_mongo(question: MongoQuestion) -> MongoEvidence:
    """Connect as the service does; then try what should be refused."""
    taken_at = datetime.now(UTC)
    blank = MongoEvidence(scope=question.scope, taken_at=taken_at, reachable=False)
    answer, problem = await asked(question, partial(_as_app, question=question, blank=blank))
    if answer is None:
        return replace(blank, problem=problem)
    evidence, members = answer
    anonymous, wrong_password = await asyncio.gather(_try(as_stranger(question)), _try(with_wrong_password(question)))
    return replace(
        evidence,
        members=tuple(f"{host}:{port}" for host, port in members),
        plain=await _plain_everywhere(members, question.patience),
        anonymous=anonymous,
        wrong_password=wrong_password,
    )


async def _as_app(
    client: Client, question: MongoQuestion, blank: MongoEvidence
) -> tuple[MongoEvidence, Sequence[tuple[str, int]]]:
    """The evidence with what the service's own user is shown, and host and port of every member."""
    hello = await command(client.admin, "hello")
    build = await command(client.admin, "buildInfo")
    status = await command(client.admin, "connectionStatus", showPrivileges=True)
    granted = status["authInfo"]
    roles = (f"{role['role']}@{role['db']}" for role in granted["authenticatedUserRoles"])
    privileges = granted.get("authenticatedUserPrivileges", ())
    # What a secondary lists need not be true yet: it is asked only where nobody is the primary.
    preferred = ReadPreference.PRIMARY if hello.get("primary") else ReadPreference.NEAREST
    database = _of_any_member(client, question).with_options(read_preference=preferred)
    with_tls, verifies = _encryption(client)
    indexes, views = await _all_indexes(database, {index.collection for index in question.indexes})
    own = client.write_concern.document
    evidence = replace(
        blank,
        reachable=True,
        with_tls=with_tls,
        verifies=verifies,
        sharded=hello.get("msg") == "isdbgrid",
        writable_primary=_bounded(hello.get("primary")),
        wire_version=hello.get("maxWireVersion"),
        server_version=_bounded(build.get("version")),
        read_as_app=await _may_read(database, question.sample),
        roles=_bounded_all(sorted(roles)),
        wide_privileges=_bounded_all(wide_privileges(privileges, question.database)),
        forbidden=await _forbidden(client.admin),
        indexes=indexes,
        views=views,
        write_concern=_bounded(own.get("w", 1)) if own else None,
        standalone=bool(hello.get("isWritablePrimary")) and not hello.get("setName") and hello.get("msg") != "isdbgrid",
    )
    return evidence, sorted((host, port) for host, port in client.nodes if port is not None)[:_MOST]


def _of_any_member(client: Client, question: MongoQuestion) -> Database:
    """The service's database, whatever its URL prefers: not every member may answer as that wants (``linearizable``)."""
    return client.get_database(
        question.database, read_preference=ReadPreference.NEAREST, read_concern=ReadConcern("local")
    )


def _encryption(client: Client) -> tuple[bool, bool]:
    """Whether the connection is encrypted, and whether certificate and host name are verified."""
    pool = client.options.pool_options
    context = pool._ssl_context  # noqa: SLF001 - no public way to know
    verifies = context is not None and context.verify_mode == ssl.CERT_REQUIRED
    return context is not None, verifies and not pool.tls_allow_invalid_hostnames


async def _may_read(database: Database, collection: str) -> bool:
    try:
        await database[collection].find_one({}, {"_id": 1})
    except OperationFailure:
        return False
    return True


async def _forbidden(admin: Database) -> Refusal:
    """List every user of the cluster: harmless, and nothing that a service has to know."""
    try:
        await command(admin, "usersInfo", {"forAllDBs": True})
    except OperationFailure as error:
        return Refusal(accepted=False, code=error.code, detail=words(error))
    return Refusal(accepted=True)


async def _all_indexes(
    database: Database, collections: Iterable[str]
) -> tuple[dict[str, tuple[ExistingIndex, ...]], tuple[str, ...]]:
    """Indexes by collection, without those that may not be listed; and the collections that are views."""
    by_collection: dict[str, tuple[ExistingIndex, ...]] = {}
    views: list[str] = []
    for name in sorted(collections):
        try:
            by_collection[name] = await _indexes(database, name)
        except OperationFailure as error:
            if error.code == _NOT_OF_A_VIEW:
                views.append(name)
            elif error.code == _NAMESPACE_NOT_FOUND:
                by_collection[name] = ()
    return by_collection, tuple(views)


async def _indexes(database: Database, collection: str) -> tuple[ExistingIndex, ...]:
    """As a command: the driver's own method insists on a primary, and does not tell what is still being built."""
    reply = await database.command(
        "listIndexes", collection, includeBuildUUIDs=True, read_preference=database.read_preference
    )
    batch: Sequence[Mapping[str, Any]] = reply["cursor"]["firstBatch"]
    return tuple(existing_index(index) for index in batch[:_MOST_INDEXES])


def existing_index(described: Mapping[str, Any]) -> ExistingIndex:
    """An index as ``listIndexes`` describes it; one that is still being built in a document of its own."""
    index: Mapping[str, Any] = described.get("spec", described)
    text = tuple(str(name)[:LONGEST] for name in index.get("weights", ()))
    keys = () if text else tuple(str(name)[:LONGEST] for name in index["key"])
    partial = index.get("partialFilterExpression")
    projection: Mapping[str, Any] = index.get("wildcardProjection") or {}
    return ExistingIndex(
        keys=keys,
        text=text,
        unique=bool(index.get("unique")) or keys == ("_id",),
        hidden=bool(index.get("hidden")),
        building="buildUUID" in described,
        within=tuple(f"{'' if taken else '-'}{name}"[:LONGEST] for name, taken in projection.items() if name != "_id"),
        collation=_collation(index.get("collation")),
        partial="" if partial is None or _is_sparse(partial, keys) else json_util.dumps(partial)[:LONGEST],
    )


def _collation(collation: Mapping[str, Any] | None) -> str:
    return f"{collation.get('locale')} {collation.get('strength')}"[:LONGEST] if collation else ""


def _is_sparse(partial: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Whether it leaves out those documents only that lack the fields, as a sparse index does."""
    return all(field in keys and condition in _PRESENT for field, condition in partial.items())


def wide_privileges(privileges: Iterable[Mapping[str, Any]], own: str) -> Iterator[str]:
    """Rights to change other databases than the service's own, to read everything, and to give rights."""
    for privilege in privileges:
        database = privilege["resource"].get("db")
        anywhere = database == _EVERYWHERE or privilege["resource"].get("anyResource")
        wide = _CHANGING | {"find"} if anywhere else _CHANGING
        actions = sorted(wide.intersection(privilege["actions"]))
        if actions and database != own:
            where = "the whole cluster" if database is None else f"database {database or '(any)'}"
            yield f"{', '.join(actions[:3])} on {where}"
        giving = sorted(_GIVING.intersection(privilege["actions"]))
        if giving and database == own:
            yield f"{', '.join(giving[:3])} on database {own}"


async def _try(question: MongoQuestion) -> Refusal | None:
    """Read the service's database; None if that is not even answered."""
    try:
        async with connected(question) as client:
            database = _of_any_member(client, question)
            await database[question.sample].find_one({}, {"_id": 1})
    except OperationFailure as error:
        return Refusal(accepted=False, code=error.code, detail=words(error))
    except (*FOREIGN_ERRORS, Unobserved):
        return None
    return Refusal(accepted=True)


async def _plain_everywhere(members: Sequence[tuple[str, int]], patience: timedelta) -> dict[str, Refusal]:
    """One member that was forgotten is enough."""
    answers = await asyncio.gather(*(_plain(host, port, patience) for host, port in members))
    tried = zip(members, answers, strict=True)
    return {f"{host}:{port}": refusal for (host, port), refusal in tried if refusal is not None}


async def _plain(host: str, port: int, patience: timedelta) -> Refusal | None:
    """Say hello without TLS; None if the port could not be reached, or this machine was too busy to hear."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(patience.total_seconds()):
            reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return None
    try:
        async with asyncio.timeout(patience.total_seconds()):
            writer.write(hello_message())
            reply = await reader.readexactly(REPLY_HEADER_BYTES)
    except TimeoutError:
        return None if WAKEFULNESS.too_busy(started) else Refusal(accepted=False, detail="silence")
    except asyncio.IncompleteReadError:
        return Refusal(accepted=False, detail="the connection was closed")
    except OSError as error:
        return Refusal(accepted=False, detail=error.strerror or type(error).__name__)
    finally:
        writer.transport.abort()
    return Refusal(accepted=is_hello_reply(reply), detail="" if is_hello_reply(reply) else "something else answers")


def _bounded(text: object) -> str | None:
    return None if text is None else str(text)[:LONGEST]


def _bounded_all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text[:LONGEST] for text in texts)[:_MOST]


PROBES: Mapping[str, Probe] = {
    "mongo": Probe(questions=mongo_questions, ask=probe_mongo),
    "mongo_latency": Probe(questions=mongo_questions, ask=probe_mongo_latency),
    "mongo_status": Probe(questions=mongo_status_questions, ask=probe_mongo_status),
    "mongo_write": Probe(questions=mongo_questions, ask=probe_mongo_write),
}
