"""How a server of the Redis protocol is asked: questions, clients that are always closed, and what a failure means."""

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ssl import CERT_REQUIRED
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import anyio
from redis.asyncio import Redis
from redis.asyncio.connection import SSLConnection
from redis.exceptions import AskError, AuthenticationError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.knock import knock
from gonogo.environment.types import join_socket_address
from gonogo.evidence.base import Scope

Found = TypeVar("Found")
FOREIGN_ERRORS = (RedisError, OSError, ValueError)
"""All that the driver raises while it talks; ValueError when what it hears is not even a number."""
LONGEST = 300
_REDIRECTIONS = 5
_OWN_CERTIFICATE = ("ssl_certfile", "ssl_keyfile", "ssl_password")
_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
"""Options of a URL that name a file."""
_CLOSING = timedelta(seconds=1)
_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisQuestion:
    """One server, with the URL of one of its users."""

    url: str = field(repr=False)
    ca_file: str | None
    key_prefix: str
    patience: timedelta
    """For connecting, and for each answer; a probe takes a few of them."""
    monitor_url: str = field(default="", repr=False)
    """URL of the user who may read INFO."""

    @property
    def as_monitor(self) -> "RedisQuestion | None":
        """A question to the same server by the monitoring user."""
        return replace(self, url=self.monitor_url) if self.monitor_url else None

    @property
    def scope(self) -> Scope:
        """An environment has one Redis server, so its scope has no further part."""
        return ("redis",)

    @property
    def host(self) -> str:
        """All questions to the one server are bounded together."""
        return "redis"

    @property
    def server(self) -> tuple[str, int]:
        """The server's name and port, as messages name it."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or _DEFAULT_PORT

    @property
    def address(self) -> str:
        """Host and port as text, with brackets around IPv6."""
        return join_socket_address(*self.server)

    @property
    def asks_for_tls(self) -> bool:
        """Tells by the URL's scheme whether the connection is to be encrypted."""
        return self.url.startswith("rediss://")

    @property
    def verifies(self) -> bool:
        """Whether the URL leaves certificate and host name to be verified, as they are by default."""
        options = _pool_options(self.url)
        wants = options.get("ssl_cert_reqs", "required") in {"required", CERT_REQUIRED}
        return self.asks_for_tls and wants and bool(options.get("ssl_check_hostname", True))

    @property
    def credentials(self) -> tuple[str, ...]:
        """The arguments of AUTH: nothing, a password, or a user and a password; as the driver reads the URL."""
        options = _pool_options(self.url)
        user, password = options.get("username"), options.get("password")
        return () if password is None else (*([user] if user else []), password)

    @property
    def shows_certificate(self) -> bool:
        """Whether the client shows a certificate of its own."""
        return self.asks_for_tls and bool(_pool_options(self.url).get("ssl_certfile"))

    def tls(self, *, certificate: bool = True) -> ssl.SSLContext | None:
        """The driver's own, for a connection without the driver; with or without the client's certificate."""
        if not self.asks_for_tls:
            return None
        trust = {"ssl_ca_certs": self.ca_file} if self.ca_file else {}
        options = _pool_options(self.url) | trust | ({} if certificate else dict.fromkeys(_OWN_CERTIFICATE))
        wanted = {name: value for name, value in options.items() if name.startswith("ssl_")}
        return SSLConnection(**wanted).ssl_context.get()

    def at(self, host: str, port: int) -> "RedisQuestion":
        """Ask the same question of another node."""
        parts = urlsplit(self.url)
        credentials = parts.netloc.rpartition("@")
        netloc = f"{credentials[0]}{credentials[1]}{join_socket_address(host, port)}"
        return replace(self, url=urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")))


def named_files(url: str) -> Mapping[str, object]:
    """The options of the URL that name a file, with the names."""
    options = _pool_options(url)
    return {option: options.get(option) for option in _FILES}


def is_redis_url(url: str) -> bool:
    """Whether the driver could connect with it, options included."""
    try:
        if not url.startswith(("redis://", "rediss://")) or not urlsplit(url).hostname:
            return False
        pool = Redis.from_url(url).connection_pool
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, RedisError):  # TypeError: an option that the driver does not know
        return False
    return True


def _pool_options(url: str) -> dict[str, Any]:
    options: dict[str, Any] = Redis.from_url(url).connection_pool.connection_kwargs
    return options


@asynccontextmanager
async def connected(question: RedisQuestion) -> AsyncIterator[Redis]:
    """A client that is closed in any case, in bounded time, when it is cancelled as well."""
    trust: dict[str, Any] = {"ssl_ca_certs": question.ca_file} if question.asks_for_tls and question.ca_file else {}
    # A user may be allowed no more than the commands that it needs: the driver shall introduce itself by none of its own.
    client = Redis.from_url(
        question.url,
        socket_timeout=question.patience.total_seconds(),
        socket_connect_timeout=question.patience.total_seconds(),
        protocol=2,
        driver_info=None,
        retry=None,
        retry_on_error=[],
        **trust,
    )
    try:
        yield client
    finally:
        with anyio.move_on_after(_CLOSING.total_seconds(), shield=True):
            await client.aclose()


async def asked(question: RedisQuestion, work: Callable[[Redis], Awaitable[Found]]) -> tuple[Found | None, str]:
    """The result of the work, or the target's refusal. Raises Unobserved if the target was never reached.

    A node of a cluster that says who has the key is followed, as every client of a cluster does.
    """
    for _ in range(_REDIRECTIONS):
        try:
            return await _asked(question, work)
        except AskError as moved:  # MovedError is one of these
            question = question.at(moved.host or question.server[0], moved.port)
    return None, f"the nodes of the cluster send us from one to the other, {_REDIRECTIONS} times"


async def _asked(question: RedisQuestion, work: Callable[[Redis], Awaitable[Found]]) -> tuple[Found | None, str]:
    if closed := await knock(*question.server, question.patience / 2):
        return None, f"{question.address}: {closed}"
    started = time.monotonic()
    async with connected(question) as client:
        try:
            return await work(client), ""
        except AskError:
            raise
        except FOREIGN_ERRORS as error:
            if not isinstance(error, ResponseError | AuthenticationError):
                WAKEFULNESS.demand(started)  # silence may be our own, and whoever waits for us too long hangs up
            return None, await explained(question, error)


async def explained(question: RedisQuestion, error: Exception) -> str:
    """The refusal that this failure is. Raises Unobserved if the target was never reached."""
    if closed := await knock(*question.server, question.patience / 2):
        return f"{question.address}: {closed}"
    if isinstance(error, RedisTimeoutError | TimeoutError):
        return f"connections are accepted, and nothing follows: {words(error)}"
    return words(error)


def words(error: Exception) -> str:
    """The driver's words, bounded."""
    return (str(error) or type(error).__name__)[:LONGEST]
