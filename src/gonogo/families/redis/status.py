"""Asks a server of the Redis protocol how it is: memory, persistence, counters, speed, and whether it keeps a key."""

import asyncio
import secrets as entropy
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gonogo.clients.redis import LONGEST, RedisQuestion, asked
from gonogo.clients.round_trips import latency, measure
from gonogo.evidence import support
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.redis import RedisStatusEvidence, RedisWriteEvidence

_WATCH_SECONDS = 1.0
_TTL_SECONDS = 60
_PRODUCTS = {
    "valkey_version": support.VALKEY,
    "dragonfly_version": "Dragonfly",
    "garnet_version": "Garnet",
    "kvrocks_version": "Kvrocks",
    "rlec_version": "Redis Software",
    "upstash_version": "Upstash",
}
"""The field of INFO that a product has of its own. Its ``redis_version`` only says which clients understand it."""
InfoSection = Mapping[str, Any]


async def probe_redis_latency(question: RedisQuestion) -> RoundTripEvidence:
    """Ping over the service's own connection."""
    return await latency(question.scope, asked(question, lambda client: measure(client.ping)))


async def probe_redis_status(question: RedisQuestion) -> RedisStatusEvidence:
    """Read memory, persistence and counters; the counters twice."""
    taken_at = datetime.now(UTC)
    blank = RedisStatusEvidence(scope=question.scope, taken_at=taken_at, reachable=False)
    status, problem = await asked(question, lambda client: _status(client, blank))
    return status or replace(blank, problem=problem)


async def _status(client: Redis, blank: RedisStatusEvidence) -> RedisStatusEvidence:
    """Read INFO twice, some time apart: counters tell something by how they grow."""
    started = time.monotonic()
    first = await client.info()
    save = await _config(client, "save")
    await asyncio.sleep(_WATCH_SECONDS)  # counters are compared over a span: the span is the measurement
    second = await client.info()
    product, version = product_of(second)
    return replace(
        blank,
        reachable=True,
        product=product,
        version=version,
        used_memory_bytes=_number(second, "used_memory"),
        max_memory_bytes=_number(second, "maxmemory"),
        eviction_policy=_text(second, "maxmemory_policy"),
        append_only=bool(second["aof_enabled"]) if "aof_enabled" in second else None,
        append_only_status=_text(second, "aof_last_write_status"),
        snapshot_schedule=save,
        snapshot_status=_text(second, "rdb_last_bgsave_status"),
        evicted=_twice(first, second, "evicted_keys"),
        rejected=_twice(first, second, "rejected_connections"),
        watched=timedelta(seconds=round(time.monotonic() - started, 3)),
    )


def product_of(info: InfoSection) -> tuple[str, str | None]:
    """The server's product and its own version, by the section "server" of INFO."""
    field = next((field for field in _PRODUCTS if field in info), "")
    if field:
        return _PRODUCTS[field], _text(info, field)
    name, system = _text(info, "server_name") or "", _text(info, "os") or ""
    if system.startswith("Amazon"):
        product = system
    elif "mvcc_depth" in info:
        product = "KeyDB"
    else:
        product = support.REDIS if name.lower() in {"", "redis"} else name
    return product, _text(info, "redis_version")


def _text(info: InfoSection, name: str) -> str | None:
    return str(info[name])[:LONGEST] if name in info else None


def _number(info: InfoSection, name: str) -> int | None:
    value = info.get(name)
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
    attempt = _Attempt()
    _, problem = await asked(question, lambda client: _write(client, key, attempt, question.patience))
    return RedisWriteEvidence(
        scope=question.scope,
        taken_at=taken_at,
        written=attempt.written,
        read_back=attempt.read_back,
        ttl_seconds=attempt.ttl_seconds,
        removed=attempt.removed,
        problem=problem,
    )


@dataclass(slots=True)
class _Attempt:
    """How far writing came; it is filled in step by step, since any step may be the last."""

    written: bool = False
    read_back: bool = False
    ttl_seconds: int | None = None
    removed: bool = False


async def _write(client: Redis, key: str, attempt: _Attempt, patience: timedelta) -> None:
    """Write, read and remove one key. What was reached before an interruption stands in ``attempt``."""
    value = entropy.token_hex(8)
    try:
        attempt.written = bool(await client.set(key, value, ex=_TTL_SECONDS))
        attempt.read_back = await client.get(key) in {value, value.encode()}
        attempt.ttl_seconds = await client.ttl(key)
    finally:
        # Even when we are cancelled: an interrupted run leaves nothing behind.
        with anyio.move_on_after(patience.total_seconds(), shield=True):
            attempt.removed = await client.delete(key) == 1
