"""A real server of the Redis protocol, with ACL users; TLS stands in front of it as a relay."""

import asyncio
import contextlib
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from redis.asyncio import Redis
from redis.exceptions import RedisError

from reference.children import Child, StartFailed
from reference.programs import REDIS, find_redis_server
from reference.start_failures import not_started

_READY_WITHIN_SECONDS = 10
_MONITOR_RULES = "resetkeys +info +ping +config|get"
_APP_RULES = "~wm:* &wm:* +@all -@admin -@dangerous"


INSIDE = "127.0.0.9"
"""Where it listens without TLS: nobody but the relay in front of it comes by there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """How the server is set up. The defaults are healthy."""

    running: bool = True
    default_user: str = "off"
    app_rules: str = _APP_RULES
    monitor_rules: str = _MONITOR_RULES
    policy: str = "volatile-lru"
    maxmemory: str = "64mb"
    append_only: bool = True
    evicting: bool = False
    tls: bool = True
    slow: bool = False
    old: bool = False
    """Whether it says that it is a Redis which nobody repairs any more."""
    plain_beside: bool = False
    """Whether its own port, which speaks no TLS, is reached where the one with TLS is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisCredentials:
    """Passwords, by user."""

    app: str
    monitor: str

    @classmethod
    def new(cls) -> "RedisCredentials":
        """Fresh ones, URL-safe."""
        return cls(app=secrets.token_urlsafe(24), monitor=secrets.token_urlsafe(24))

    def url(self, user: str, port: int) -> str:
        """The connection string of one user."""
        return redis_url(user, quote(getattr(self, user), safe=""), port)


def redis_url(user: str, password: str, port: int) -> str:
    """A connection string."""
    return f"rediss://{user}:{password}@localhost:{port}/0"


class RedisServer:
    """valkey-server, with its data in a folder of its own."""

    def __init__(
        self,
        settings: RedisSettings,
        *,
        port: int,
        directory: Path,
        credentials: RedisCredentials,
        on_crash: Callable[[Child], None],
    ) -> None:
        self._settings = settings
        self._port = port
        self._directory = directory
        self._credentials = credentials
        self._on_crash = on_crash
        self._child: Child | None = None
        self._writer: asyncio.Task[None] | None = None
        self._enough = asyncio.Event()

    async def start(self) -> None:
        """Start it; ready when it answers. Raises StartFailed."""
        if not self._settings.running:
            return
        self._directory.mkdir(mode=0o700)
        acl = self._directory / "users.acl"
        acl.write_text(self._users())
        command = self._command(acl)
        self._child = Child("valkey-server", command, self._directory.parent / "valkey-server.log")
        try:
            await self._child.start()
        except OSError as error:
            cure = f"Name another one with {REDIS.variable}"
            raise StartFailed(f"{command[0]} cannot be executed ({error.strerror})", cure=cure) from None
        await self._wait_until_it_answers(self._child)
        self._child.on_crash = self._on_crash
        if self._settings.evicting:
            self._writer = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Stop it and delete its data."""
        if self._writer is not None:
            self._enough.set()  # not a cancellation: redis-py loses one that comes while it connects
            await self._writer
        if self._child is not None:
            await self._child.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _users(self) -> str:
        return "\n".join(
            (
                f"user default {self._settings.default_user}",
                f"user app on >{self._credentials.app} {self._settings.app_rules}",
                f"user monitor on >{self._credentials.monitor} {self._settings.monitor_rules}",
                "",
            )
        )

    def _command(self, acl: Path) -> list[str]:
        settings = self._settings
        persistence = ("--appendonly", "yes") if settings.append_only else ("--appendonly", "no")
        maxmemory = "3mb" if settings.evicting else settings.maxmemory
        return [
            *(find_redis_server(), "--port", str(self._port), "--dir", str(self._directory), "--bind", INSIDE),
            *(["127.0.0.1"] if settings.plain_beside else []),
            *("--aclfile", str(acl), "--save", "", "--maxmemory", maxmemory),
            *("--maxmemory-policy", settings.policy, *persistence),
        ]

    def _client(self, user: str) -> "Redis":
        password = getattr(self._credentials, user)
        return Redis(
            host=INSIDE, port=self._port, username=user, password=password, socket_timeout=_READY_WITHIN_SECONDS
        )

    async def _wait_until_it_answers(self, child: Child) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        async with self._client("monitor") as client:
            while time.monotonic() < deadline and child.exit_code is None:
                try:
                    await client.ping()
                except (RedisError, OSError):
                    await asyncio.sleep(0.02)
                else:
                    return
        raise not_started(child, REDIS)

    async def _keep_writing(self) -> None:
        """More data than fits, for as long as the fault lasts: something is evicted all the time."""
        async with self._client("app") as client:
            while not self._enough.is_set():
                with contextlib.suppress(RedisError):
                    await client.set(f"wm:load:{secrets.token_hex(8)}", b"x" * 20_000, ex=600)
                await asyncio.sleep(0.005)
