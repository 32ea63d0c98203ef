"""Redis as Debian and PyPI bring it: narrow users, certificates of clients, clusters, Sentinel, a second port."""

import asyncio
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from gonogo.base.secrets import Secrets
from gonogo.families.redis.probe import PROBES
from gonogo.families.redis.status import product_of
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.lab import table
from tests.lab.redis_server import (
    APP,
    AS_THE_FIX_SAYS,
    MONITOR,
    NARROW,
    WIDE,
    Certificates,
    cluster,
    program_of,
    server,
)
from tests.lab.verdicts import verdict
from tests.support.ports import free_port

ACL = ("--aclfile", "users.acl")
MEMORY = ("--maxmemory", "64mb", "--maxmemory-policy", "volatile-lru")
SUBJECTS = {
    "redis-listening": "redis",
    "redis-reachable": "redis",
    "redis-tls": "redis",
    "redis-auth-required": "redis",
    "redis-acl-commands": "redis",
    "redis-acl-keys": "redis",
    "redis-round-trip": "redis_write",
    "redis-latency": "redis_latency",
    "redis-status-readable": "redis_status",
    "redis-memory-policy": "redis_status",
    "redis-persistence": "redis_status",
    "redis-supported": "redis_status",
}


def verdicts(judge: Judge, url: str, monitor: str, ca: Path | None = None) -> dict[str, str]:
    """Every check's message; ``PASS``; or what could not be seen."""
    section = {
        "url": "APP",
        "monitor_url": "MONITOR",
        "ca_file": str(ca) if ca else None,
        "key_prefix": "wm:",
        "maxmemory_policy": "volatile-lru",
        "persistence": "none",
        "oldest_version": "7.0",  # Debian's, which Debian repairs
    }
    service = {"name": "S", "base_url": "https://a.test"}
    environment = environment_from({"service": service, "redis": section})
    secrets = Secrets({"APP": url, "MONITOR": monitor})
    evidence: dict[str, Any] = {}
    for kind, probe in PROBES.items():
        (question,) = probe.questions(environment, secrets)
        evidence[kind] = asyncio.run(probe.ask(question))  # type: ignore[arg-type]  # a coroutine, by its contract
    said = {check: verdict(judge, check, {kind: evidence[kind]}, environment) for check, kind in SUBJECTS.items()}
    table.found(wrong(said))
    return said


def wrong(found: dict[str, str], *but: str) -> dict[str, str]:
    """What did not pass, leaving out the named checks."""
    return {check: said for check, said in found.items() if said != "PASS" and check not in but}


_OLD = pytest.param("old", marks=pytest.mark.whole)


def unsupported(maker: str) -> tuple[str, ...]:
    """Checks that fail for this maker's server whatever its users may do."""
    return ("redis-tls", "redis-supported") if maker == "old" else ("redis-tls",)


@pytest.mark.parametrize("maker", ["debian", "valkey", _OLD])
@pytest.mark.parametrize("rules", [WIDE, NARROW], ids=["wide", "narrow"])
def test_users_as_narrow_as_we_ask_for(judge: Judge, tmp_path: Path, maker: str, rules: str) -> None:
    """The narrower the user, the less it may be told to be broken."""
    port, program = free_port(), program_of(maker)
    with server(tmp_path, "--port", str(port), *ACL, *MEMORY, program=program, app=rules, monitor=AS_THE_FIX_SAYS):
        found = verdicts(
            judge, f"redis://app:{APP}@127.0.0.1:{port}/0", f"redis://monitor:{MONITOR}@127.0.0.1:{port}/0"
        )
    assert wrong(found, *unsupported(maker)) == {}
    assert ("6.2" in found["redis-supported"]) == (maker == "old")


@pytest.mark.parametrize(("credentials", "user"), [("", f"username=app&password={APP}"), ("app@", f"password={APP}")])
def test_credentials_of_the_query(judge: Judge, tmp_path: Path, credentials: str, user: str) -> None:
    """The driver reads them there, and so do we."""
    port = free_port()
    with server(tmp_path, "--port", str(port), *ACL, *MEMORY, app=WIDE, monitor=AS_THE_FIX_SAYS):
        url = f"redis://{credentials}127.0.0.1:{port}/0?{user}"
        found = verdicts(judge, url, f"redis://monitor:{MONITOR}@127.0.0.1:{port}/0")
    assert wrong(found, "redis-tls") == {}


@pytest.mark.parametrize(
    ("maker", "product"),
    [("debian", "Redis"), ("valkey", "Valkey"), pytest.param("old", "Redis", marks=pytest.mark.whole)],
)
def test_products(tmp_path: Path, maker: str, product: str) -> None:
    """Each is known by its own name and number, whatever it calls itself for the sake of clients.

    Any other redis-server that comes first on PATH is held against its own word: a Redis 8 made from its source, say.
    """
    port = free_port()
    said = subprocess.run([program_of(maker), "--version"], capture_output=True, text=True, check=True, timeout=10)
    version = re.search(r"\bv=(\S+)", said.stdout)
    assert version, said.stdout
    with (
        server(tmp_path, "--port", str(port), *ACL, program=program_of(maker), monitor="+info"),
        Redis(port=port, username="monitor", password=MONITOR, decode_responses=True) as client,
    ):
        named, number = product_of(client.info("server"))
    assert named == product
    assert number == version[1]


INFO = [
    ({"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "8.1.10"}, ("Valkey", "8.1.10")),
    ({"redis_version": "7.4.0", "dragonfly_version": "df-v1.40.1"}, ("Dragonfly", "df-v1.40.1")),
    ({"redis_version": "6.2.5", "os": "Amazon ElastiCache"}, ("Amazon ElastiCache", "6.2.5")),
    ({"redis_version": "6.3.4", "mvcc_depth": 0}, ("KeyDB", "6.3.4")),
    ({"redis_version": "8.10.1", "os": "Linux 6.1.0-44-amd64 x86_64"}, ("Redis", "8.10.1")),
    ({"redis_version": "7.2.4", "server_name": "cachegrand"}, ("cachegrand", "7.2.4")),
    ({}, ("Redis", None)),
]


@pytest.mark.parametrize(("info", "expected"), INFO)
def test_products_that_cannot_run_here(info: dict[str, Any], expected: tuple[str, str | None]) -> None:
    """What others print of them."""
    assert product_of(info) == expected


def secured(folder: Path, secure: int, plain: int, clients: str) -> tuple[Certificates, tuple[str, ...]]:
    """Certificates, and the options of a server with TLS."""
    files = Certificates.made(folder)
    keys = (
        "--tls-cert-file",
        str(files.certificate),
        "--tls-key-file",
        str(files.key),
        "--tls-ca-cert-file",
        str(files.ca),
    )
    return files, ("--port", str(plain), "--tls-port", str(secure), *keys, "--tls-auth-clients", clients, *ACL, *MEMORY)


@pytest.mark.parametrize(
    "clients", ["yes", pytest.param("optional", marks=pytest.mark.whole), pytest.param("no", marks=pytest.mark.whole)]
)
def test_certificates_of_clients(judge: Judge, tmp_path: Path, clients: str) -> None:
    """Every connection is made as the URL says; a stranger has no certificate."""
    secure = free_port()
    files, options = secured(tmp_path, secure, 0, clients)
    query = f"ssl_certfile={files.certificate}&ssl_keyfile={files.key}&ssl_ca_certs={files.ca}"
    with server(tmp_path, *options, app=NARROW, monitor=AS_THE_FIX_SAYS):
        url, monitor = (
            f"rediss://{user}@localhost:{secure}/0?{query}" for user in (f"app:{APP}", f"monitor:{MONITOR}")
        )
        assert wrong(verdicts(judge, url, monitor)) == {}


def test_port_without_tls_beside_it(judge: Judge, tmp_path: Path) -> None:
    """The service speaks TLS; whoever does not is served next door."""
    secure, plain = free_port(), free_port()
    files, options = secured(tmp_path, secure, plain, "no")
    with server(tmp_path, *options, app=WIDE, monitor=AS_THE_FIX_SAYS):
        url, monitor = (f"rediss://{user}@localhost:{secure}/0" for user in (f"app:{APP}", f"monitor:{MONITOR}"))
        found = verdicts(judge, url, monitor, files.ca)
    assert f"answers without TLS too, at port {plain}: -NOAUTH" in found["redis-tls"]
    assert wrong(found, "redis-tls") == {}


@pytest.mark.whole
def test_cluster(judge: Judge, tmp_path: Path) -> None:
    """The same answer whatever node a random key lives at, as a client of clusters gets it."""
    with cluster(tmp_path, WIDE) as (port, *_):
        url, monitor = (f"redis://{user}@127.0.0.1:{port}/0" for user in (f"app:{APP}", f"monitor:{MONITOR}"))
        for _ in range(4):
            assert wrong(verdicts(judge, url, monitor), "redis-tls", "redis-memory-policy") == {}


def test_foreign_keys_in_a_cluster(judge: Judge, tmp_path: Path) -> None:
    """That another node has the key is told to those only who may read it."""
    with cluster(tmp_path, "~* &* +@all -@admin -@dangerous") as (port, *_):
        url, monitor = (f"redis://{user}@127.0.0.1:{port}/0" for user in (f"app:{APP}", f"monitor:{MONITOR}"))
        for _ in range(4):
            assert "may read keys that do not start with wm:" in verdicts(judge, url, monitor)["redis-acl-keys"]


@pytest.mark.whole
def test_sentinel_is_no_server(judge: Judge, tmp_path: Path) -> None:
    """One cause, and not seven failures of what a Sentinel never had."""
    port = free_port()
    (tmp_path / "sentinel.conf").write_text("user default on nopass ~* &* +@all\n")
    with server(tmp_path, str(tmp_path / "sentinel.conf"), "--sentinel", "--port", str(port)):
        url = f"redis://127.0.0.1:{port}/0"
        assert "this is a Redis Sentinel" in verdicts(judge, url, url)["redis-reachable"]


def test_injected_commands_are_not_run(judge: Judge, tmp_path: Path) -> None:
    """A user who may do everything is told of, and nothing is lost by trying."""
    port = free_port()
    with server(tmp_path, "--port", str(port), *ACL, *MEMORY, app="~* &* +@all", monitor=AS_THE_FIX_SAYS):
        url, monitor = (f"redis://{user}@127.0.0.1:{port}/0" for user in (f"app:{APP}", f"monitor:{MONITOR}"))
        found = verdicts(judge, url, monitor)
    assert "may run FLUSHALL, FLUSHDB, CONFIG, KEYS, " in found["redis-acl-commands"]
    assert "RESTORE, MIGRATE, CONFIG GET, " in found["redis-acl-commands"]


STRANGERS = [
    ("on nopass ~* +@read -ping", "anybody may run GET, SCAN at"),
    ("on nopass ~* +set", "anybody may run SET at"),
    ("on nopass +info +config", "anybody may run INFO, CONFIG GET at"),
    ("on nopass +ping", "a PING without logging in is accepted"),
    ("on nopass -@all", "PASS"),
]


@pytest.mark.parametrize("maker", ["debian", pytest.param("valkey", marks=pytest.mark.whole), _OLD])
@pytest.mark.parametrize(("rules", "expected"), STRANGERS)
def test_strangers_who_are_let_in_as_the_default_user(
    judge: Judge, tmp_path: Path, maker: str, rules: str, expected: str
) -> None:
    """Whoever needs no password may lack the right to PING, and read every session all the same."""
    port, program = free_port(), program_of(maker)
    users = {"app": WIDE, "monitor": AS_THE_FIX_SAYS, "default": rules}
    with server(tmp_path, "--port", str(port), *ACL, *MEMORY, program=program, **users):
        url, monitor = (f"redis://{user}@127.0.0.1:{port}/0" for user in (f"app:{APP}", f"monitor:{MONITOR}"))
        found = verdicts(judge, url, monitor)
    assert expected in found["redis-auth-required"]
    assert wrong(found, "redis-auth-required", *unsupported(maker)) == {}


def test_commands_that_libraries_need(judge: Judge, tmp_path: Path) -> None:
    """Queues list their workers by CLIENT LIST and read INFO; clients of Sentinel ask for the ROLE."""
    port, needed = free_port(), f"{WIDE} +info +role +client|list"
    with server(tmp_path, "--port", str(port), *ACL, *MEMORY, app=needed, monitor=AS_THE_FIX_SAYS):
        url, monitor = (f"redis://{user}@127.0.0.1:{port}/0" for user in (f"app:{APP}", f"monitor:{MONITOR}"))
        assert wrong(verdicts(judge, url, monitor), "redis-tls") == {}


@pytest.mark.parametrize(
    ("granted", "command"),
    [
        ("+acl|setuser", "ACL SETUSER"),
        ("+slaveof", "SLAVEOF"),
        ("+swapdb", "SWAPDB"),
        ("+failover", "FAILOVER"),
        ("+client|kill", "CLIENT KILL"),
        ("+cluster|reset", "CLUSTER RESET"),
        ("(+flushall ~*)", "FLUSHALL"),
        ("+restore", "RESTORE"),
        ("+migrate", "MIGRATE"),
        ("+monitor", "MONITOR"),
        ("+config|get", "CONFIG GET"),
        ("+client|pause", "CLIENT PAUSE"),
        ("+slowlog|get", "SLOWLOG"),
        ("+bgsave", "BGSAVE"),
    ],
)
def test_one_dangerous_command_is_enough(judge: Judge, tmp_path: Path, granted: str, command: str) -> None:
    """A category is taken away, and one command of it, or one part of a command, given back."""
    port = free_port()
    with server(tmp_path, "--port", str(port), *ACL, *MEMORY, app=f"{WIDE} {granted}", monitor=AS_THE_FIX_SAYS):
        url, monitor = (f"redis://{user}@127.0.0.1:{port}/0" for user in (f"app:{APP}", f"monitor:{MONITOR}"))
        found = verdicts(judge, url, monitor)
    assert f"may run {command} at" in found["redis-acl-commands"]
