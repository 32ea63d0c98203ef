"""Asks a server of the Redis protocol as the service's own user, as a stranger, and without TLS."""

import asyncio
import secrets as entropy
import ssl
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import HINT
from gonogo.clients.knock import knock
from gonogo.clients.network import ours
from gonogo.clients.redis import LONGEST, RedisQuestion, asked
from gonogo.clients.redis_wire import ACCEPTED, UNANSWERED, Session, log_in, session
from gonogo.evidence.base import Unread
from gonogo.evidence.redis import RedisEvidence
from gonogo.families.kind import Probe
from gonogo.families.redis.questions import redis_questions, redis_status_questions
from gonogo.families.redis.status import probe_redis_latency, probe_redis_status, probe_redis_write

DANGEROUS = {
    "FLUSHALL": ("FLUSHALL",),
    "FLUSHDB": ("FLUSHDB",),
    "CONFIG": ("CONFIG", "SET", "maxmemory-samples", "5"),
    "KEYS": ("KEYS", "*"),
    "DEBUG": ("DEBUG", "SLEEP", "0"),
    "ACL": ("ACL", "LIST"),
    "ACL SETUSER": ("ACL", "SETUSER", "gonogo-nobody", "off"),
    "REPLICAOF": ("REPLICAOF", "NO", "ONE"),
    "SLAVEOF": ("SLAVEOF", "NO", "ONE"),
    "FAILOVER": ("FAILOVER",),
    "CLUSTER RESET": ("CLUSTER", "RESET"),
    "MODULE": ("MODULE", "LOAD", "/gonogo-none.so"),
    "SWAPDB": ("SWAPDB", "0", "1"),
    "CLIENT KILL": ("CLIENT", "KILL", "ID", "0"),
    "CLUSTER FAILOVER": ("CLUSTER", "FAILOVER"),
    "CLUSTER FLUSHSLOTS": ("CLUSTER", "FLUSHSLOTS"),
    "BGSAVE": ("BGSAVE",),
}
"""What an injected command would do the most harm with."""
MINE = "OWN KEY"
"""Stands for a key that the service's user may have, and that nobody has."""
REVEALING = {
    "RESTORE": ("RESTORE", MINE, "0", "no payload"),
    "MIGRATE": ("MIGRATE", "127.0.0.1", "1", MINE, "0", "1"),
    "CONFIG GET": ("CONFIG", "GET", "maxmemory"),
    "ACL GETUSER": ("ACL", "GETUSER", "gonogo-nobody"),
    "ACL DELUSER": ("ACL", "DELUSER", "gonogo-nobody"),
    "CLIENT PAUSE": ("CLIENT", "PAUSE", "0"),
    "CLIENT UNBLOCK": ("CLIENT", "UNBLOCK", "0"),
    "CLUSTER FORGET": ("CLUSTER", "FORGET", "0" * 40),
    "CLUSTER REPLICATE": ("CLUSTER", "REPLICATE", "0" * 40),
    "MODULE UNLOAD": ("MODULE", "UNLOAD", "gonogo-none"),
    "SLOWLOG": ("SLOWLOG", "GET", "0"),
    "COMMANDLOG": ("COMMANDLOG", "GET", "0", "slow"),
    "MONITOR": ("MONITOR",),
}
"""What reads or moves what is others', or stops them; with these arguments it would do nothing.

Of what Redis 6.2, 7.0, 8.2 and Valkey 9.1 call dangerous, SHUTDOWN, SAVE, SYNC and PSYNC are missing, which cannot be
queued; and INFO, ROLE, LASTSAVE, SORT and CLIENT LIST, which libraries for queues and failover need.
"""

REFUSED_BY_TLS = "TLS refuses whoever shows no certificate"
_USUAL_PORT = 6379
_SENTINEL = (
    "this is a Redis Sentinel, which tells where the server is and holds no data; "
    "the URL must name the server, or an address that follows it"
)


async def probe_redis(question: RedisQuestion) -> RedisEvidence:
    """Connect as the service does; then try what should be refused."""
    closed = RedisEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        address=question.address,
        declared_tls=question.asks_for_tls,
        verifies=question.verifies,
        listening=False,
        reachable=False,
    )
    if refusal := await knock(*question.server, question.patience / 2):
        return replace(closed, problem=refusal)
    unread: list[Unread] = []
    plain = await _told("plain_answer", _plain(question, question.server[1]), unread)
    listening = replace(closed, listening=True, plain_answer=plain, unread=tuple(unread))
    answered, problem = await asked(question, lambda client: client.ping())
    if not answered:
        return replace(listening, problem=problem)
    if await _is_sentinel(question):
        return replace(listening, problem=_SENTINEL)
    rights = await _rights(question)
    anonymous, wrong_password = await _strangers(question)
    # Nobody without a user has rights that could be missing: strangers are let in as the default user.
    let_in = anonymous is not None and anonymous.startswith("NOPERM")
    return replace(
        listening,
        reachable=True,
        own_key=rights.own_key,
        foreign_key=rights.foreign_key,
        foreign_write=rights.foreign_write,
        forbidden=rights.forbidden,
        anonymous=anonymous,
        strangers_may=await _permitted_to_strangers(question) if let_in else (),
        wrong_password=wrong_password,
        plain_elsewhere=await _told("plain_elsewhere", _plain_elsewhere(question), unread),
        unread=tuple(unread),
    )


async def _told(fact: str, asking: Awaitable[str], unread: list[Unread]) -> str:
    """Give what was answered; empty, and noted, if this machine could not ask or hear."""
    try:
        return await asking
    except Unobserved as error:
        unread.append(Unread(fact=fact, reason=error.reason, hint=error.hint))
        return ""


async def _strangers(question: RedisQuestion) -> tuple[str | None, str | None]:
    """Answers to somebody without a password, with a wrong one, and, where one is needed, without our certificate."""
    if question.shows_certificate and (refused := await _without_certificate(question)):
        return refused, refused
    user = question.credentials[0] if len(question.credentials) > 1 else "default"
    return await _stranger(question), await _stranger(question, user, entropy.token_urlsafe(16))


async def _permitted_to_strangers(question: RedisQuestion) -> tuple[str, ...]:
    """The harmless commands, one of each kind, that are accepted of somebody who has not logged in."""
    nobodys = f"{question.key_prefix}gonogo:{entropy.token_hex(8)}"
    tried = {
        "GET": ("GET", nobodys),
        "SET": ("SET", nobodys, "synthetic", "XX"),  # of what exists already
        "DEL": ("DEL", nobodys),
        "SCAN": ("SCAN", "0", "COUNT", "1"),
        "INFO": ("INFO", "server"),
        "CONFIG GET": ("CONFIG", "GET", "maxmemory"),
        "CLIENT LIST": ("CLIENT", "LIST", "ID", "0"),
        "ACL LIST": ("ACL", "LIST"),
        "EVAL": ("EVAL", "return 1", "0"),
    }
    permitted: list[str] = []
    for name, words in tried.items():
        with suppress(*UNANSWERED):
            async with session(question) as talk:
                if not (await talk.ask(*words)).startswith(("NOPERM", "ERR unknown")):
                    permitted.append(name)
    return tuple(permitted)


async def _without_certificate(question: RedisQuestion) -> str | None:
    """How TLS refuses somebody without a certificate; None if it does not. With ours, it has just let us in."""
    try:
        async with session(question, certificate=False) as talk:
            await talk.ask("PING")
    except TimeoutError:
        return None
    except ssl.SSLError as error:
        return f"{REFUSED_BY_TLS}: {error.reason or 'the handshake fails'}"[:LONGEST]
    except (ConnectionError, EOFError):
        return f"{REFUSED_BY_TLS}: the connection is closed"
    except UNANSWERED:
        return None
    return None


async def _is_sentinel(question: RedisQuestion) -> bool:
    """Whether this is a Sentinel, which knows where a server is, and is none."""
    with suppress(*UNANSWERED):
        async with session(question) as talk:
            if await log_in(talk, *question.credentials) != ACCEPTED:
                return False
            return (
                "unknown command" in await talk.ask("GET", "gonogo") and await talk.ask("SENTINEL", "MYID") == ACCEPTED
            )
    return False


async def _plain_elsewhere(question: RedisQuestion) -> str:
    """The answer without TLS of the server's other port: the one that INFO names, else the usual one."""
    if not question.asks_for_tls:
        return ""
    port = await _other_port(question)
    if port in {0, question.server[1]}:
        return ""
    answer = await _plain(question, port)
    return f"port {port}: {answer}" if answer else ""


async def _other_port(question: RedisQuestion) -> int:
    """``tcp_port`` as the monitoring user reads it; the usual one if that cannot be read."""
    monitor = question.as_monitor
    if monitor is None:
        return _USUAL_PORT
    try:
        info, _ = await asked(monitor, lambda client: client.info("server"))
    except Unobserved:
        return _USUAL_PORT
    port = (info or {}).get("tcp_port", _USUAL_PORT)
    return port if isinstance(port, int) else _USUAL_PORT


@dataclass(slots=True)
class _Rights:
    """Answers to the service's user; those after the connection broke are missing."""

    own_key: str | None = None
    foreign_key: str | None = None
    foreign_write: str | None = None
    forbidden: Mapping[str, str] = field(default_factory=dict)


async def _rights(question: RedisQuestion) -> _Rights:
    """Rights of the service's user, as far as the connection lives."""
    rights = _Rights()
    with suppress(*UNANSWERED):
        async with session(question) as talk:
            if await log_in(talk, *question.credentials) == ACCEPTED:
                await _try_all(talk, question.key_prefix, rights)
    return rights


async def _try_all(talk: Session, prefix: str, rights: _Rights) -> None:
    own, foreign = f"{prefix}gonogo:{entropy.token_hex(8)}", _foreign_key(prefix)
    rights.own_key = await talk.ask("GET", own)
    rights.foreign_key = await talk.ask("GET", foreign)
    revealing = [[own if word == MINE else word for word in words] for words in REVEALING.values()]
    guarded = ("SET", foreign, "synthetic"), *DANGEROUS.values()
    rights.foreign_write, *answers = await talk.queue(*guarded, together=revealing)
    rights.forbidden = dict(zip((*DANGEROUS, *REVEALING), answers, strict=True))


def _foreign_key(prefix: str) -> str:
    """Outside of the prefix, whatever that is, and of everybody else's."""
    first = "x" if not prefix.startswith("x") else "y"
    return f"{first}-gonogo-foreign:{entropy.token_hex(8)}"


async def _stranger(question: RedisQuestion, *credentials: str) -> str | None:
    """The answer to a login, or to a PING without one; None if none came."""
    try:
        async with session(question) as talk:
            login = await log_in(talk, *credentials)
            return await talk.ask("PING") if login == ACCEPTED else login
    except UNANSWERED:
        return None


async def _plain(question: RedisQuestion, port: int) -> str:
    """The answer of a port to somebody who speaks no TLS. A TLS alert or another protocol is no answer."""
    reply, started = b"", time.monotonic()
    try:
        async with asyncio.timeout(question.patience.total_seconds() / 3):
            reader, writer = await asyncio.open_connection(question.server[0], port)
            try:
                writer.write(b"PING\r\n")
                reply = await reader.read(LONGEST)
            finally:
                writer.transport.abort()
    except OSError as error:  # a TimeoutError is one
        if problem := ours(error, started):
            raise Unobserved(f"whether port {port} answers without TLS is not known: {problem}", hint=HINT) from None
    return reply.decode("utf-8", "replace").strip() if reply[:1] in {b"+", b"-"} else ""


PROBES: Mapping[str, Probe] = {
    "redis": Probe(questions=redis_questions, ask=probe_redis),
    "redis_latency": Probe(questions=redis_questions, ask=probe_redis_latency),
    "redis_status": Probe(questions=redis_status_questions, ask=probe_redis_status),
    "redis_write": Probe(questions=redis_questions, ask=probe_redis_write),
}
