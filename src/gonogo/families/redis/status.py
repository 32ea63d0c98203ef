"""Asks a server of the Redis protocol how it is: memory, persistence, counters, speed, and whether it keeps a key."""

import asyncio
import secrets as entropy
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gonogo.clients.redis import LONGEST, RedisQuestion, asked
from gonogo.clients.round_trips import measure
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.redis import RedisStatusEvidence, RedisWriteEvidence

_WATCH_SECONDS = 1.0
_TTL_SECONDS = 60
InfoSection = Mapping[str, Any]


async def probe_redis_latency(question: RedisQuestion) -> RoundTripEvidence:
    """Ping over the service's own connection."""
    taken_at = datetime.now(UTC)
    trips, problem = await asked(question, lambda client: measure(client.ping))
    return RoundTripEvidence(
        scope=question.scope,
        taken_at=taken_at,
        reachable=trips is not None,
        problem=problem,
        round_trips=trips.taken if trips else (),
        own=trips.own if trips else (),
    )


async def probe_redis_status(question: RedisQuestion) -> RedisStatusEvidence:
    """Read memory, persistence and counters; the counters twice."""
    taken_at = datetime.now(UTC)
    facts, problem = await asked(question, _status)
    return RedisStatusEvidence(
        scope=question.scope, taken_at=taken_at, reachable=facts is not None, problem=problem, **(facts or {})
    )


async def _status(client: Redis) -> dict[str, Any]:
    started = time.monotonic()
    first = await client.info()
    save = await _config(client, "save")
    await asyncio.sleep(_WATCH_SECONDS)  # counters are compared over a span: the span is the measurement
    second = await client.info()
    return {
        **_info_facts(second),
        "snapshot_schedule": save,
        "evicted": _twice(first, second, "evicted_keys"),
        "rejected": _twice(first, second, "rejected_connections"),
        "watched": timedelta(seconds=round(time.monotonic() - started, 3)),
    }


def _info_facts(told: InfoSection) -> dict[str, Any]:
    return {
        "version": _text(told, "valkey_version") or _text(told, "redis_version"),
        "used_memory_bytes": _number(told, "used_memory"),
        "max_memory_bytes": _number(told, "maxmemory"),
        "eviction_policy": _text(told, "maxmemory_policy"),
        "append_only": bool(told["aof_enabled"]) if "aof_enabled" in told else None,
        "append_only_status": _text(told, "aof_last_write_status"),
        "snapshot_status": _text(told, "rdb_last_bgsave_status"),
    }


def _text(told: InfoSection, name: str) -> str | None:
    return str(told[name])[:LONGEST] if name in told else None


def _number(told: InfoSection, name: str) -> int | None:
    value = told.get(name)
    return value if isinstance(value, int) else None


def _twice(first: InfoSection, second: InfoSection, name: str) -> tuple[int, int] | None:
    before, after = _number(first, name), _number(second, name)
    return None if before is None or after is None else (before, after)


async def _config(client: Redis, name: str) -> str | None:
    """Managed servers do not permit CONFIG: then it is not known."""
    try:
        settings = await client.config_get(name)
    except ResponseError:
        return None
    return None if (value := settings.get(name)) is None else value[:LONGEST]


async def probe_redis_write(question: RedisQuestion) -> RedisWriteEvidence:
    """Write one synthetic key with a lifetime, read it back, remove it."""
    taken_at = datetime.now(UTC)
    key = f"{question.key_prefix}gonogo:{entropy.token_hex(8)}"
    facts: dict[str, Any] = {"written": False, "read_back": False, "ttl_seconds": None, "removed": False}
    _, problem = await asked(question, lambda client: _write(client, key, facts, question.patience))
    return RedisWriteEvidence(scope=question.scope, taken_at=taken_at, problem=problem, **facts)


async def _write(client: Redis, key: str, known: dict[str, Any], patience: timedelta) -> None:
    value = entropy.token_hex(8)
    try:
        known["written"] = bool(await client.set(key, value, ex=_TTL_SECONDS))
        known["read_back"] = await client.get(key) in {value, value.encode()}
        known["ttl_seconds"] = await client.ttl(key)
    finally:
        # Even when we are cancelled: an interrupted run leaves nothing behind.
        with anyio.move_on_after(patience.total_seconds(), shield=True):
            known["removed"] = await client.delete(key) == 1
