"""Verdicts of gonogo-postgresql on a real server, in this process; and a server that nothing is wrong with."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gonogo_postgresql import FAMILY
from gonogo_postgresql.probe import PROBES

from tests.lab.package_verdicts import environment_of, verdicts
from tests.lab.postgresql import PostgresqlServer, postgresql

DEADLINE_SECONDS = 60


def judged(server: PostgresqlServer, url: str = "", replica_url: str = "", **section: object) -> dict[str, str]:
    """Every check's verdict on this server."""
    replicas = ["REPLICA_URL"] if replica_url else []
    declared = {"url": "POSTGRES_URL", "ca_file": str(server.ca_file), "replicas": replicas, "max_lag": "2 s"}
    environment = environment_of(FAMILY, {"postgresql": {**declared, **section}, "limits": {"probe": "10 s"}})
    secrets = {"POSTGRES_URL": url or server.url, "REPLICA_URL": replica_url}
    return verdicts(FAMILY, PROBES, environment, secrets)


@contextmanager
def healthy() -> Iterator[PostgresqlServer]:
    """TLS, passwords, an archive that takes what it is given, a user that owns one database."""
    with postgresql(settings={"archive_mode": "on", "archive_command": "/bin/true"}) as server:
        server.administrate("SELECT pg_switch_wal()")
        eventually(lambda: archived(server), "the first WAL file is archived")
        yield server


def archived(server: PostgresqlServer) -> bool:
    """Whether one WAL file was."""
    ((count,),) = server.administrate("SELECT archived_count FROM pg_stat_archiver")
    return bool(count)


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for it, and fail with its name when it does not come."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {DEADLINE_SECONDS} s"
        time.sleep(0.05)
