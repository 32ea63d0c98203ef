"""A real mongod: replica set, TLS, keyfile, SCRAM users, and the indexes that the service declares."""

import asyncio
import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from reference.certificates import Bundle
from reference.children import Child, StartFailed
from reference.programs import MONGODB, find_mongod
from reference.start_failures import TRY_AGAIN, not_set_up, not_started

DATABASE = "workme"
_READY_WITHIN_SECONDS = 20
_MAX_CONNECTIONS = 100
_HELD_CONNECTIONS = 82
_LAG_SECONDS = 11
_SECONDARY = 2
Database = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoSettings:
    """How the database is set up. The defaults are healthy."""

    running: bool = True
    tls_mode: str = "requireTLS"
    authorization: bool = True
    stepped_down: bool = False
    dead_member: bool = False
    lagging_secondary: bool = False
    hasty_writes: bool = False
    """Whether there are two members, and a write that asks for nothing waits for one."""
    app_roles: tuple[tuple[str, str], ...] = (("readWrite", DATABASE),)
    monitor_roles: tuple[tuple[str, str], ...] = (("clusterMonitor", "admin"),)
    email_index: str = "unique"
    """``unique``, ``plain`` or ``none``."""
    exhausted: bool = False
    relay: str | None = None
    """``slow`` or ``old``: what stands between the clients and the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Passwords, by user."""

    app: str
    monitor: str
    admin: str

    @classmethod
    def new(cls) -> "Credentials":
        """Fresh ones, URL-safe."""
        return cls(app=secrets.token_urlsafe(24), monitor=secrets.token_urlsafe(24), admin=secrets.token_urlsafe(24))

    def url(self, user: str, port: int) -> str:
        """The connection string of one user."""
        password = quote(getattr(self, user), safe="")
        database = DATABASE if user == "app" else ""
        return f"mongodb://{user}:{password}@localhost:{port}/{database}?replicaSet=rs0&tls=true&authSource=admin"


_INDEXES: Sequence[tuple[str, list[str], dict[str, Any]]] = (
    ("bookings", ["client_id"], {}),
    ("bookings", ["professional_id"], {}),
    # A slot, and a payment under way, may exist once: a double click is decided here.
    ("bookings", ["slot"], {"unique": True, "sparse": True}),
    ("payments", ["under_way"], {"unique": True, "sparse": True}),
    ("payments", ["intent_id"], {}),
    ("services", ["city", "category"], {}),
    ("documents", ["owner_id"], {}),
    ("feedback", ["user_id"], {}),
    ("stripe_events", ["payment_id"], {}),
    ("stripe_events", ["received_at"], {"expireAfterSeconds": 30 * 24 * 3600}),
)


class MongoServer:
    """mongod with its data in a folder of its own; ``port`` is the public one, ``own_port`` where it listens."""

    def __init__(  # noqa: PLR0913 - a server is these things
        self,
        settings: MongoSettings,
        *,
        port: int,
        own_port: int,
        second_port: int,
        directory: Path,
        ca: Path,
        bundle: Bundle,
        credentials: Credentials,
        on_crash: Callable[[Child], None],
    ) -> None:
        self._settings = settings
        self._port = port
        self._own_port = own_port
        self._second_port = second_port
        self._directory = directory
        self._ca = ca
        self._bundle = bundle
        self._credentials = credentials
        self._on_crash = on_crash
        self._children: list[Child] = []
        self._held: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        """Start, initiate, create users and indexes; ready when the primary accepts writes. Raises StartFailed."""
        if not self._settings.running:
            return
        self._write_key_files()
        await self._spawn("mongod", self._own_port)
        try:
            await self._set_up()
        except PyMongoError as error:
            raise not_set_up(self._children[0], str(error)) from None

    async def stop(self) -> None:
        """Stop the processes and delete the data."""
        for writer in self._held:
            writer.transport.abort()
        self._held.clear()
        for child in reversed(self._children):
            await child.stop()
        self._children.clear()
        shutil.rmtree(self._directory, ignore_errors=True)

    async def _set_up(self) -> None:
        async with self._client() as client:
            await self._initiate(client)
            await self._create_users(client)
        async with self._client(self._credentials.url("admin", self._own_port)) as client:
            await self._create_indexes(client)
            await self._apply_faults(client)

    def _write_key_files(self) -> None:
        self._directory.mkdir(mode=0o700)
        combined = self._directory / "server.pem"
        keyfile = self._directory / "keyfile"
        for path, content in (
            (combined, self._bundle.key.read_bytes() + self._bundle.chain.read_bytes()),
            (keyfile, secrets.token_hex(64).encode()),
        ):
            path.touch(mode=0o600)
            path.write_bytes(content)

    async def _spawn(self, name: str, port: int) -> None:
        binary, environ = find_mongod(self._directory)
        data = self._directory / name
        data.mkdir()
        command = [
            *(binary, "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--replSet", "rs0"),
            *("--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64"),
            *("--tlsMode", self._settings.tls_mode, "--tlsCertificateKeyFile", str(self._directory / "server.pem")),
            *("--tlsCAFile", str(self._ca), "--tlsAllowConnectionsWithoutCertificates"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # zlib stays out: a client that never logged in reads memory through it (CVE-2025-14847, below 6.0.27).
            *("--networkMessageCompressors", "snappy,zstd"),
        ]
        if self._settings.authorization:
            command += ["--keyFile", str(self._directory / "keyfile")]
        if self._settings.exhausted:
            command += ["--maxConns", str(_MAX_CONNECTIONS)]
        child = Child(name, command, self._directory.parent / f"{name}.log", environ)
        self._children.append(child)
        try:
            await child.start()
        except OSError as error:
            cure = f"Name another one with {MONGODB.variable}"
            raise StartFailed(f"{binary} cannot be executed ({error.strerror})", cure=cure) from None
        await self._wait_until_it_listens(child, port)
        child.on_crash = self._on_crash

    async def _wait_until_it_listens(self, child: Child, port: int) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while time.monotonic() < deadline and child.exit_code is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
        raise not_started(child, MONGODB)

    def _client(self, url: str | None = None) -> AsyncMongoClient[dict[str, Any]]:
        where = url or f"mongodb://localhost:{self._own_port}/?tls=true"
        return AsyncMongoClient(
            where.replace("replicaSet=rs0&", ""),
            directConnection=True,
            tlsCAFile=str(self._ca),
            serverSelectionTimeoutMS=_READY_WITHIN_SECONDS * 1000,
        )

    async def _initiate(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        host = f"localhost:{self._port}"
        settings = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 500, "heartbeatTimeoutSecs": 1}
        members = [{"_id": 0, "host": host, "priority": 1}]
        await client.admin.command("replSetInitiate", {"_id": "rs0", "members": members, "settings": settings})
        await _until(client, lambda hello: bool(hello.get("isWritablePrimary")), "no primary was elected")

    async def _create_users(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        """The first over the localhost exception, which ends with it; the others as that first one."""
        await _create_user(client, "admin", self._credentials.admin, [("root", "admin")])
        async with self._client(self._credentials.url("admin", self._own_port)) as admin:
            await _create_user(admin, "monitor", self._credentials.monitor, list(self._settings.monitor_roles))
            await _create_user(admin, "app", self._credentials.app, list(self._settings.app_roles))

    async def _create_indexes(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        users = client[DATABASE]["users"]
        await client[DATABASE].create_collection("users")
        if self._settings.email_index != "none":
            await users.create_index("email", unique=self._settings.email_index == "unique")
        await asyncio.gather(
            *(client[DATABASE][collection].create_index(keys, **options) for collection, keys, options in _INDEXES)
        )

    async def _apply_faults(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        settings = self._settings
        if settings.dead_member:
            await self._add_member(client, f"localhost:{self._second_port}")
            await _until_status(client, lambda members: members[1]["health"] == 0, "the dead member is still healthy")
        if settings.lagging_secondary:
            await self._spawn("mongod-secondary", self._second_port)
            await self._add_member(client, f"localhost:{self._second_port}", secondaryDelaySecs=3600, hidden=True)
            await _until_status(client, _is_lagging, "the delayed secondary keeps up", write_to=client)
            await self._hold_back(client)
        if settings.hasty_writes:
            await self._spawn("mongod-secondary", self._second_port)
            await self._add_member(client, f"localhost:{self._second_port}", votes=1)
            await _until_status(
                client, lambda members: members[1]["state"] == _SECONDARY, "the second member stays away"
            )
            await client.admin.command("setDefaultRWConcern", defaultWriteConcern={"w": 1})
        if settings.exhausted:
            for _ in range(_HELD_CONNECTIONS):
                _, writer = await asyncio.open_connection("127.0.0.1", self._own_port)
                self._held.append(writer)
        if settings.stepped_down:
            with contextlib.suppress(PyMongoError):
                await client.admin.command("replSetStepDown", 3600, force=True)

    async def _add_member(self, client: AsyncMongoClient[dict[str, Any]], host: str, **options: Any) -> None:  # noqa: ANN401 - of a member document
        config = (await client.admin.command("replSetGetConfig"))["config"]
        config["members"].append({"_id": 1, "host": host, "priority": 0, "votes": 0, **options})
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)

    async def _hold_back(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        """What the second member stays behind on purpose is no fault: it is stuck, and should keep up."""
        async with self._client(self._credentials.url("admin", self._second_port)) as secondary:
            await secondary.admin.command("fsync", lock=True)
        config = (await client.admin.command("replSetGetConfig"))["config"]
        config["members"][1]["secondaryDelaySecs"] = 0
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)


async def _create_user(
    client: AsyncMongoClient[dict[str, Any]], name: str, password: str, roles: list[tuple[str, str]]
) -> None:
    granted = [{"role": role, "db": database} for role, database in roles]
    await client.admin.command("createUser", name, pwd=password, roles=granted)


async def _until(client: AsyncMongoClient[dict[str, Any]], good: Callable[[Database], bool], failure: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if good(await client.admin.command("hello")):
            return
        await asyncio.sleep(0.02)
    raise StartFailed(f"mongod: {failure} within {_READY_WITHIN_SECONDS} s", cure=TRY_AGAIN)


async def _until_status(
    client: AsyncMongoClient[dict[str, Any]],
    good: Callable[[list[Database]], bool],
    failure: str,
    *,
    write_to: AsyncMongoClient[dict[str, Any]] | None = None,
) -> None:
    deadline = time.monotonic() + 3 * _READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if write_to is not None:
            await write_to[DATABASE]["heartbeat"].update_one({"_id": 1}, {"$inc": {"n": 1}}, upsert=True)
        status = await client.admin.command("replSetGetStatus")
        if len(status["members"]) > 1 and good(status["members"]):
            return
        await asyncio.sleep(0.1)
    raise StartFailed(f"mongod: {failure} after {3 * _READY_WITHIN_SECONDS} s", cure=TRY_AGAIN)


def _is_lagging(members: list[Database]) -> bool:
    primary, secondary = members
    behind = (primary["optimeDate"] - secondary["optimeDate"]).total_seconds()
    return bool(secondary["state"] == _SECONDARY and behind > _LAG_SECONDS and secondary["optimeDate"].year > 1970)  # noqa: PLR2004 - never synced
