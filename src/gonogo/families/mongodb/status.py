"""Asks MongoDB how it is: its members, its connections, its speed, and whether a majority takes a write."""

import asyncio
import secrets as entropy
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from gonogo.base.errors import Unobserved
from gonogo.clients.mongodb import LONGEST, Client, MongoQuestion, asked, command, words
from gonogo.clients.round_trips import latency, measure
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.mongodb import Member, MongoStatusEvidence, MongoWriteEvidence

SCRATCH = "gonogo_scratch"
"""The collection stays, empty: dropping it would pull it from under another run."""
_UNAUTHORIZED = 13
_SHARE_OF_PATIENCE = 0.9
_MOST_MEMBERS = 50
_SUSPICIOUS_LAG = timedelta(seconds=2)
_HEARTBEATS = timedelta(milliseconds=2500)
"""Members tell of each other every 2 s, and an idle set writes every 10 s: one look may see a lag that is none."""
Document = dict[str, Any]


async def probe_mongo_latency(question: MongoQuestion) -> RoundTripEvidence:
    """Ping over the service's own connection."""
    return await latency(question.scope, asked(question, lambda client: measure(lambda: command(client.admin, "ping"))))


async def probe_mongo_status(question: MongoQuestion) -> MongoStatusEvidence:
    """Ask the replica set about its members, and the server about its connections."""
    taken_at = datetime.now(UTC)
    blank = MongoStatusEvidence(scope=question.scope, taken_at=taken_at, reachable=False)
    status, problem = await asked(question, lambda client: _status(client, blank))
    return status or replace(blank, problem=problem)


async def _status(client: Client, blank: MongoStatusEvidence) -> MongoStatusEvidence:
    """Return what the members say of the replica set, looked at twice."""
    if (await command(client.admin, "hello")).get("msg") == "isdbgrid":
        raise Unobserved(
            "this is a router of a sharded cluster, which tells nothing of the members of its shards",
            hint="give mongodb.monitor_url the members of one shard",
        )
    status = await command(client.admin, "replSetGetStatus")
    members = await _looked_at_twice(client, members_of(status))
    configuration, problem = await _permitted(client, "replSetGetConfig")
    members = with_configuration(members, configuration.get("config", {}).get("members", ()))
    defaults, unread = await _permitted(client, "getDefaultRWConcern")
    connections = (await _permitted(client, "serverStatus"))[0].get("connections", {})
    return replace(
        blank,
        reachable=True,
        replica_set=str(status.get("set"))[:LONGEST],
        members=tuple(members),
        configuration_problem=problem,
        write_majority=status.get("writeMajorityCount"),
        default_write_concern=default_write_concern(defaults) if not unread else None,
        default_is_set=is_set(defaults),
        default_problem=unread,
        connections_current=connections.get("current"),
        connections_available=connections.get("available"),
    )


async def _permitted(client: Client, name: str) -> tuple[Document, str]:
    """The reply to a command, or why this user may not give it: that is no reason to know nothing else."""
    try:
        return await command(client.admin, name), ""
    except OperationFailure as error:
        return {}, words(error)


def default_write_concern(defaults: Mapping[str, Any]) -> str:
    """``w`` of a write that asks for nothing, by ``getDefaultRWConcern``; a set whose majority may be missing names none: 1."""
    return str(defaults.get("defaultWriteConcern", {}).get("w", 1))[:LONGEST]


def is_set(defaults: Mapping[str, Any]) -> bool:
    """Whether somebody set the default; MongoDB 4.4 names no source, and names a concern only where one is set."""
    return defaults.get("defaultWriteConcernSource", "global") == "global" and "defaultWriteConcern" in defaults


def with_configuration(members: Sequence[Member], configured: Sequence[Mapping[str, Any]]) -> Sequence[Member]:
    """The members with what ``replSetGetConfig`` says of each; before MongoDB 5.0 the delay has another name."""
    by_name = {member["host"]: member for member in configured}
    return [
        replace(
            member,
            delay=timedelta(seconds=int(settings.get("secondaryDelaySecs", settings.get("slaveDelay", 0)))),
            electable=not settings.get("arbiterOnly") and float(settings.get("priority", 1)) > 0,
        )
        if (settings := by_name.get(member.name)) is not None
        else member
        for member in members
    ]


def members_of(status: Mapping[str, Any]) -> Sequence[Member]:
    """The members as ``replSetGetStatus`` lists them."""
    members = status["members"][:_MOST_MEMBERS]
    primary = next((member for member in members if member["stateStr"] == "PRIMARY"), None)
    return [_member(member, primary) for member in members]


def _member(member: Mapping[str, Any], primary: Mapping[str, Any] | None) -> Member:
    state = str(member["stateStr"])[:LONGEST]
    lag = None
    if primary is not None and state in {"PRIMARY", "SECONDARY"}:
        lag = max(timedelta(0), primary["optimeDate"] - member["optimeDate"])
    return Member(name=str(member["name"])[:LONGEST], state=state, healthy=member["health"] == 1, lag=lag)


async def _looked_at_twice(client: Client, first: Sequence[Member]) -> Sequence[Member]:
    if not any(member.lag is not None and member.lag > _SUSPICIOUS_LAG for member in first):
        return first
    await asyncio.sleep(_HEARTBEATS.total_seconds())  # the next heartbeats: what they bring is the measurement
    return with_least_lag(first, members_of(await command(client.admin, "replSetGetStatus")))


def with_least_lag(first: Sequence[Member], second: Sequence[Member]) -> Sequence[Member]:
    """The later states, each with the smaller of both lags: who has once been seen close behind does not lag."""
    earlier = {member.name: member.lag for member in first}
    return [replace(member, lag=_least(member.lag, earlier.get(member.name))) for member in second]


def _least(*lags: timedelta | None) -> timedelta | None:
    return min((lag for lag in lags if lag is not None), default=None)


async def probe_mongo_write(question: MongoQuestion) -> MongoWriteEvidence:
    """Write one synthetic document by majority, read it back from the majority, remove it."""
    taken_at = datetime.now(UTC)
    started = time.monotonic()
    attempt = Attempt()
    _, problem = await asked(question, lambda client: _write(client, question, attempt))
    elapsed = timedelta(seconds=round(time.monotonic() - started, 4))
    return MongoWriteEvidence(
        scope=question.scope,
        taken_at=taken_at,
        written=attempt.written,
        read_back=attempt.read_back,
        removed=attempt.removed,
        problem=problem,
        acknowledged=attempt.acknowledged,
        kept_out=attempt.kept_out,
        elapsed=elapsed,
    )


@dataclass(slots=True)
class Attempt:
    """How far writing came; it is filled in step by step, since any step may be the last."""

    written: bool = False
    read_back: bool = False
    removed: bool = False
    acknowledged: bool = True
    kept_out: bool = False


async def _write(client: Client, question: MongoQuestion, attempt: Attempt) -> None:
    """Write as the service's user, and note what its URL and its rights say of that."""
    attempt.acknowledged = client.write_concern.acknowledged
    try:
        await write_and_remove(_scratch(client, question), attempt, question.patience)
    except OperationFailure as error:
        if error.code == _UNAUTHORIZED:
            status = await command(client.admin, "connectionStatus", showPrivileges=True)
            attempt.kept_out = may_insert(status["authInfo"].get("authenticatedUserPrivileges", ()), question.database)
        raise


def may_insert(privileges: Iterable[Mapping[str, Any]], database: str) -> bool:
    """Whether there is any collection in the database that these rights let somebody write to."""
    return any(
        privilege["resource"].get("db") == database and "insert" in privilege["actions"] for privilege in privileges
    )


def _scratch(client: Client, question: MongoQuestion) -> AsyncCollection[Document]:
    """The collection for a synthetic document, written with the concern that a launch relies on: the majority."""
    # The server gives up first, and says what it waited for.
    milliseconds = int(_SHARE_OF_PATIENCE * question.patience / timedelta(milliseconds=1))
    return client[question.database].get_collection(
        SCRATCH,
        write_concern=WriteConcern("majority", wtimeout=milliseconds),
        read_concern=ReadConcern("majority"),
        # Not what the URL prefers: a write of the majority need not have come to every member yet.
        read_preference=ReadPreference.PRIMARY,
    )


async def write_and_remove(scratch: AsyncCollection[Document], attempt: Attempt, patience: timedelta) -> None:
    """Note what was achieved in ``attempt``; whatever happens in between, nothing stays behind."""
    document = {"_id": f"gonogo-{entropy.token_hex(8)}", "synthetic": True}
    try:
        await scratch.insert_one(dict(document))
        attempt.written = True
        attempt.read_back = await scratch.find_one({"_id": document["_id"]}) == document
    finally:
        with anyio.move_on_after(patience.total_seconds(), shield=True):
            removed = await scratch.delete_one({"_id": document["_id"]})
            attempt.removed = removed.deleted_count == 1 or not attempt.written
