"""A real MariaDB of Debian on a loopback port, as the tests need it: with TLS or without, a primary or a replica."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pymysql

from reference.certificates import issue_internal
from tests.lab.servers import program, running
from tests.lab.table import serving
from tests.support.ports import free_port

_CATCHES_UP_SECONDS = 30
USER, PASSWORD, DATABASE = "app", "correct-horse-9", "shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class MysqlServer:
    """One running server."""

    port: int
    place: Path
    ca_file: Path
    root_password: str = ""

    @property
    def url(self) -> str:
        """The service's own login."""
        return f"mysql://{USER}:{PASSWORD}@localhost:{self.port}/{DATABASE}"

    def administrate(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run these as root, over the server's socket; all rows of the last."""
        answer: list[tuple[Any, ...]] = []
        with pymysql.connect(
            unix_socket=str(self.place / "socket"), user="root", password=self.root_password, autocommit=True
        ) as connection:
            for statement in statements:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    answer = list(cursor.fetchall())
        return answer


@contextmanager
def mysql(*, tls: bool = True, settings: Mapping[str, str] | None = None) -> Iterator[MysqlServer]:
    """Start one with the service's database and user, and stop it."""
    with ExitStack() as held:
        place = Path(held.enter_context(TemporaryDirectory(prefix="gonogo-mysql-")))
        root, certificate = issue_internal(place)
        server = MysqlServer(port=free_port(), place=place, ca_file=root)
        options = {
            "server_id": str(server.port),
            "log_bin": "binlog",
            **({"ssl_cert": str(certificate.chain), "ssl_key": str(certificate.key)} if tls else {"skip_ssl": "1"}),
            **({"require_secure_transport": "ON"} if tls else {}),
            **(settings or {}),
        }
        held.enter_context(_running(server, options))
        server = replace(server, root_password=PASSWORD)
        server.administrate(
            f"CREATE DATABASE {DATABASE}",
            f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES ON {DATABASE}.* TO {USER}@'%'",
        )
        yield server


@contextmanager
def replica(primary: MysqlServer) -> Iterator[MysqlServer]:
    """A second server that follows the first by global transaction ids, from its first transaction on."""
    with ExitStack() as held:
        place = Path(held.enter_context(TemporaryDirectory(prefix="gonogo-mysql-")))
        _, certificate = issue_internal(place)
        server = MysqlServer(port=free_port(), place=place, ca_file=place / "internal-root.pem")
        options = {
            "server_id": str(server.port),
            "read_only": "ON",
            "ssl_cert": str(certificate.chain),
            "ssl_key": str(certificate.key),
        }
        held.enter_context(_running(server, options))
        server = replace(server, root_password=PASSWORD)
        primary.administrate(
            f"CREATE USER IF NOT EXISTS follower@'%' IDENTIFIED BY '{PASSWORD}'",
            "GRANT REPLICATION SLAVE ON *.* TO follower@'%'",
        )
        server.administrate(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='follower',"
            f" MASTER_PASSWORD='{PASSWORD}', MASTER_SSL=1, MASTER_SSL_CA='{primary.ca_file}', MASTER_SSL_VERIFY_SERVER_CERT=1,"
            " MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1",
            "START SLAVE",
        )
        # It has the service's user and database once it has applied what made them.
        ((position,),) = primary.administrate("SELECT @@gtid_binlog_pos")
        ((ended,),) = server.administrate(f"SELECT MASTER_GTID_WAIT('{position}', {_CATCHES_UP_SECONDS})")
        assert ended == 0, f"the replica did not reach {position} within {_CATCHES_UP_SECONDS} s"
        yield server


def _close_root(server: MysqlServer) -> None:
    """As mariadb-secure-installation does: a new server has a root without a password at every local address.

    It is no part of the log that a replica follows, which has closed its own.
    """
    roots = server.administrate("SELECT Host FROM mysql.user WHERE User = 'root' AND Host <> 'localhost'")
    dropped = (f"DROP USER root@'{host}'" for (host,) in roots)
    server.administrate("SET sql_log_bin = 0", *dropped, f"ALTER USER root@localhost IDENTIFIED BY '{PASSWORD}'")


@contextmanager
def _running(server: MysqlServer, options: Mapping[str, str]) -> Iterator[None]:
    place, data = server.place, server.place / "data"
    # It refuses to run as root unless it is told to; then it is whoever runs the tests.
    user = ["--user=root"] if os.geteuid() == 0 else []
    install = shutil.which("mariadb-install-db")
    if install is None:
        raise RuntimeError("MariaDB is not installed: apt-get install mariadb-server")
    done = subprocess.run(
        [
            install,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *user,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    named = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    own = [f"--datadir={data}", f"--socket={place}/socket", f"--pid-file={place}/pid", f"--port={server.port}"]
    command = [
        program("mariadbd"),
        "--no-defaults",
        *user,
        *own,
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        *named,
    ]
    with running(command, ports=[server.port], folder=place), serving(program("mariadbd")):
        _close_root(server)
        yield
