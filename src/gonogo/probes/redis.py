"""Asks a server of the Redis protocol as its own user, as a monitoring user, as a stranger, and without TLS."""

import asyncio
import secrets as entropy
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Connection, Redis, SSLConnection
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gonogo.environment.model import Environment
from gonogo.errors import Unobserved, UsageError
from gonogo.evidence.base import RoundTripEvidence, Scope
from gonogo.evidence.redis import RedisEvidence, RedisStatusEvidence, RedisWriteEvidence
from gonogo.probes.network import unobserved
from gonogo.secrets import Secrets

_PATIENCE_SECONDS = 3.0
_PLAIN_SECONDS = 1.0
_WATCH_SECONDS = 1.0
_PINGS = 20
_TTL_SECONDS = 60
_LONGEST = 200
ACCEPTED = "accepted"
DANGEROUS = {
    "FLUSHALL": ("FLUSHALL",),
    "FLUSHDB": ("FLUSHDB",),
    "CONFIG": ("CONFIG", "SET", "maxmemory-samples", "5"),
    "KEYS": ("KEYS", "*"),
    "DEBUG": ("DEBUG", "SLEEP", "0"),
    "ACL": ("ACL", "LIST"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisQuestion:
    """One server, with the URL of one of its users."""

    url: str = field(repr=False)
    ca_file: str | None
    key_prefix: str

    @property
    def scope(self) -> Scope:
        """There is one."""
        return ("redis",)

    @property
    def host(self) -> str:
        """There is one."""
        return "redis"


def redis_questions(environment: Environment, secrets: Secrets) -> Sequence[RedisQuestion]:
    """As the service's user."""
    return _questions(environment, secrets, monitor=False)


def redis_status_questions(environment: Environment, secrets: Secrets) -> Sequence[RedisQuestion]:
    """As the monitoring user."""
    return _questions(environment, secrets, monitor=True)


def _questions(environment: Environment, secrets: Secrets, *, monitor: bool) -> Sequence[RedisQuestion]:
    section = environment.redis
    if section is None:
        return []
    name = section.monitor_url if monitor else section.url
    url = secrets[name]
    if not url.startswith(("redis://", "rediss://")) or not urlsplit(url).hostname:
        raise UsageError(f"secret {name}: not a Redis URL; it looks like rediss://user:password@host:6380/0")
    return [RedisQuestion(url=url, ca_file=section.ca_file, key_prefix=section.key_prefix)]


async def probe_redis(question: RedisQuestion) -> RedisEvidence:
    """Connect as the service does; then try what should be refused."""
    taken_at = datetime.now(UTC)
    parts = urlsplit(question.url)
    host, port = parts.hostname or "", parts.port or 6379
    plain_answer = await _plain(host, port)
    known: dict[str, Any] = {
        "address": f"{host}:{port}",
        "declared_tls": parts.scheme == "rediss",
        "listening": plain_answer is not None,
        "plain_answer": plain_answer or "",
    }
    try:
        async with _client(question) as client:
            await _ping(client)
        known["forbidden"] = {name: await _queued(question, command) for name, command in DANGEROUS.items()}
        known["foreign_key"] = await _said(question, "GET", f"gonogo-foreign-{entropy.token_hex(4)}")
        known["own_key"] = await _said(question, "GET", f"{question.key_prefix}gonogo-{entropy.token_hex(4)}")
    except (RedisError, OSError) as error:
        if not known["plain_answer"]:  # whoever answers without TLS is reached, whatever he makes of TLS
            _raise_if_unobserved(error, known["address"])
        return RedisEvidence(scope=question.scope, taken_at=taken_at, reachable=False, problem=_words(error), **known)
    known["anonymous"] = await _stranger(question, username=None, password=None)
    user = parts.username or "default"
    known["wrong_password"] = await _stranger(question, username=user, password=entropy.token_urlsafe(16))
    return RedisEvidence(scope=question.scope, taken_at=taken_at, reachable=True, **known)


async def probe_redis_latency(question: RedisQuestion) -> RoundTripEvidence:
    """Ping over the service's own connection."""
    taken_at = datetime.now(UTC)
    try:
        async with _client(question) as client:
            await _ping(client)  # connecting is not part of a round trip
            trips = sorted([await _ping(client) for _ in range(_PINGS)])
    except (RedisError, OSError) as error:
        _raise_if_unobserved(error, urlsplit(question.url).hostname or "")
        return RoundTripEvidence(scope=question.scope, taken_at=taken_at, reachable=False, problem=_words(error))
    return RoundTripEvidence(scope=question.scope, taken_at=taken_at, reachable=True, round_trips=tuple(trips))


async def probe_redis_status(question: RedisQuestion) -> RedisStatusEvidence:
    """Read memory, persistence and counters; the counters twice."""
    taken_at = datetime.now(UTC)
    try:
        async with _client(question) as client:
            first = await client.info()
            started = time.monotonic()
            save = await _config(client, "save")
            await asyncio.sleep(_WATCH_SECONDS)  # counters are compared over a span: the span is the measurement
            second = await client.info()
            watched = timedelta(seconds=round(time.monotonic() - started, 3))
    except (RedisError, OSError) as error:
        _raise_if_unobserved(error, urlsplit(question.url).hostname or "")
        return RedisStatusEvidence(scope=question.scope, taken_at=taken_at, reachable=False, problem=_words(error))
    return RedisStatusEvidence(
        scope=question.scope,
        taken_at=taken_at,
        reachable=True,
        version=second.get("valkey_version") or second.get("redis_version"),
        used_memory_bytes=second.get("used_memory"),
        max_memory_bytes=second.get("maxmemory"),
        eviction_policy=second.get("maxmemory_policy"),
        append_only=bool(second["aof_enabled"]) if "aof_enabled" in second else None,
        append_only_status=second.get("aof_last_write_status"),
        snapshot_schedule=save,
        snapshot_status=second.get("rdb_last_bgsave_status"),
        evicted=_twice(first, second, "evicted_keys"),
        rejected=_twice(first, second, "rejected_connections"),
        watched=watched,
    )


async def probe_redis_write(question: RedisQuestion) -> RedisWriteEvidence:
    """Write one synthetic key with a lifetime, read it back, remove it."""
    taken_at = datetime.now(UTC)
    key, value = f"{question.key_prefix}gonogo:{entropy.token_hex(8)}", entropy.token_hex(8)
    known: dict[str, Any] = {"written": False, "read_back": False, "ttl_seconds": None, "removed": False}
    try:
        async with _client(question) as client:
            known["written"] = bool(await client.set(key, value, ex=_TTL_SECONDS))
            try:
                found = await client.get(key)
                known["read_back"] = found in {value, value.encode()}
                known["ttl_seconds"] = await client.ttl(key)
            finally:
                known["removed"] = await client.delete(key) == 1
    except (RedisError, OSError) as error:
        return RedisWriteEvidence(scope=question.scope, taken_at=taken_at, problem=_words(error), **known)
    return RedisWriteEvidence(scope=question.scope, taken_at=taken_at, **known)


@asynccontextmanager
async def _client(question: RedisQuestion) -> AsyncIterator[Redis]:
    options: dict[str, Any] = {"ssl_ca_certs": question.ca_file} if question.url.startswith("rediss") else {}
    client = Redis.from_url(
        question.url,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
        client_name="gonogo",
        retry=None,
        retry_on_error=[],
        **options,
    )
    try:
        yield client
    finally:
        await client.aclose()


def _connection(question: RedisQuestion, username: str | None, password: str | None) -> Connection:
    """One connection, outside of any pool: a transaction is a matter of one connection."""
    parts = urlsplit(question.url)
    options: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or 6379,
        "username": username,
        "password": password,
        "socket_timeout": _PATIENCE_SECONDS,
        "socket_connect_timeout": _PATIENCE_SECONDS,
        "protocol": 2,
        "driver_info": None,
    }
    if parts.scheme == "rediss":
        return SSLConnection(ssl_ca_certs=question.ca_file, **options)
    return Connection(**options)


async def _exchange(connection: Connection, *command: str) -> str:
    """One command, and its answer in words: ``accepted``, or the server's refusal."""
    await connection.send_command(*command)
    try:
        await connection.read_response()
    except (ResponseError, AuthenticationError) as error:
        return _words(error)
    return ACCEPTED


@asynccontextmanager
async def _connected(question: RedisQuestion, username: str | None, password: str | None) -> AsyncIterator[Connection]:
    connection = _connection(question, username, password)
    try:
        await connection.connect()  # type: ignore[no-untyped-call]  # redis-py annotates it not yet
        yield connection
    finally:
        with suppress(RedisError, OSError):
            await connection.disconnect()


async def _said(question: RedisQuestion, *command: str) -> str:
    """One command as the service's user."""
    async with _connected(question, *_credentials(question)) as connection:
        return await _exchange(connection, *command)


async def _queued(question: RedisQuestion, command: Sequence[str]) -> str:
    """Queue a command in a transaction, and discard it: the ACL answers, and nothing is ever executed."""
    async with _connected(question, *_credentials(question)) as connection:
        if (opened := await _exchange(connection, "MULTI")) != ACCEPTED:
            return f"not tried, MULTI is refused: {opened}"
        answer = await _exchange(connection, *command)
        await _exchange(connection, "DISCARD")
        return answer


async def _stranger(question: RedisQuestion, *, username: str | None, password: str | None) -> str | None:
    try:
        async with _connected(question, username, password) as connection:
            return await _exchange(connection, "PING")
    except (ResponseError, AuthenticationError) as error:
        return _words(error)
    except (RedisError, OSError):
        return None


def _credentials(question: RedisQuestion) -> tuple[str | None, str | None]:
    parts = urlsplit(question.url)
    return parts.username, unquote(parts.password) if parts.password is not None else None


async def _plain(host: str, port: int) -> str | None:
    """What the port says to somebody who speaks no TLS; None if nobody listens. Raises Unobserved."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
    except (ConnectionRefusedError, socket.gaierror):
        return None
    except OSError as error:
        raise unobserved(error, host, port) from None
    reply = b""
    with suppress(OSError):
        async with asyncio.timeout(_PLAIN_SECONDS):
            writer.write(b"PING\r\n")
            reply = await reader.read(256)
    writer.transport.abort()
    # A TLS alert begins with 0x15: that is a refusal, in the other language.
    return "" if reply[:1] in {b"", b"\x15"} else reply.decode("ascii", "replace").strip()[:_LONGEST]


async def _ping(client: Redis) -> timedelta:
    started = time.perf_counter()
    await client.ping()
    return timedelta(seconds=round(time.perf_counter() - started, 5))


async def _config(client: Redis, name: str) -> str | None:
    """Managed servers do not permit CONFIG: then it is not known."""
    try:
        found = await client.config_get(name)
    except ResponseError:
        return None
    return found.get(name)


def _twice(first: dict[str, Any], second: dict[str, Any], name: str) -> tuple[int, int] | None:
    return (first[name], second[name]) if name in first and name in second else None


def _raise_if_unobserved(error: Exception, where: str) -> None:
    timed_out = isinstance(error, RedisTimeoutError | TimeoutError) or (
        isinstance(error, RedisConnectionError) and "timed out" in str(error).lower()
    )
    if timed_out:
        raise Unobserved(
            f"Redis at {where} did not answer within {_PATIENCE_SECONDS:g} s",
            hint="is this machine permitted to reach it, and does a firewall let it through?",
        ) from None


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:_LONGEST]
