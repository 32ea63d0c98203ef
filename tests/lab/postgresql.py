"""A real PostgreSQL of Debian on a loopback port, as the tests need it: with TLS or without, with a password or without."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, LiteralString

import psycopg

from reference.certificates import issue_internal
from tests.lab.table import serving
from tests.support.ports import free_port

USER, PASSWORD, DATABASE = "app", "correct-horse-7", "shop"
ADMINISTRATOR = "postgres"


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """One running server."""

    port: int
    place: Path
    ca_file: Path
    tls: bool = True

    @property
    def url(self) -> str:
        """The service's own login."""
        return self._url(USER, DATABASE)

    @property
    def admin_url(self) -> str:
        """The superuser's, to the service's database."""
        return self._url(ADMINISTRATOR, DATABASE)

    def _url(self, user: str, database: str) -> str:
        mode = f"verify-full&sslrootcert={self.ca_file}" if self.tls else "disable"
        return f"postgresql://{user}:{PASSWORD}@localhost:{self.port}/{database}?sslmode={mode}"

    def administrate(self, *statements: LiteralString, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Run these as the superuser, each by itself; all rows of the last."""
        answer: list[tuple[Any, ...]] = []
        with psycopg.connect(self._url(ADMINISTRATOR, database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
                answer = cursor.fetchall() if cursor.description else []
        return answer

    def stopped(self) -> None:
        """Stop it in an orderly way; ``started`` brings it back."""
        _run(_owner(), "pg_ctl", "stop", "--wait", "--mode", "fast", "--pgdata", str(self.place / "data"))

    def started(self) -> None:
        """Start it on its port."""
        data = self.place / "data"
        _run(_owner(), "pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", str(data / "log"))

    def program(self, name: str, *arguments: str) -> None:
        """One of its own programs, with its files."""
        _run(_owner(), name, *arguments)


def binaries() -> Path:
    """The folder of the newest PostgreSQL that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not versions:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return versions[-1]


@contextmanager
def postgresql(
    *, tls: bool = True, method: str = "scram-sha-256", settings: Mapping[str, str] | None = None
) -> Iterator[PostgresqlServer]:
    """Start one, and stop it. ``method`` is how pg_hba.conf authenticates; without ``tls`` it speaks plain text."""
    with _folder() as place:
        root, certificate = issue_internal(place)
        (place / "password").write_text(PASSWORD)
        _give(place)
        login = ["--username", ADMINISTRATOR, "--pwfile", str(place / "password"), "--auth", "scram-sha-256"]
        data = place / "data"
        _run(_owner(), "initdb", "--pgdata", str(data), *login, "--no-sync")
        shutil.copy(certificate.key, data / "server.key")
        shutil.copy(certificate.chain, data / "server.crt")
        kind = "hostssl" if tls else "host"
        rules = (f"{kind} {what} all localhost {method}\n" for what in ("all", "replication"))
        (data / "pg_hba.conf").write_text("".join(rules))
        _give(data, mode=0o600, names=("server.key", "server.crt", "pg_hba.conf"))
        server = PostgresqlServer(free_port(), place, root, tls)
        with _running(server, {"ssl": "on" if tls else "off", **(settings or {})}):
            server.administrate(
                f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'",
                f"CREATE DATABASE {DATABASE} OWNER {USER}",
                database="postgres",
            )
            yield server


@contextmanager
def replica(primary: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """A second server that follows the first by streaming."""
    with _folder() as place:
        _give(place)
        source = primary.admin_url.replace(f"/{DATABASE}?", "/?")
        _run(_owner(), "pg_basebackup", "-D", str(place / "data"), "-d", source, "-R", "-X", "stream", "-c", "fast")
        server = PostgresqlServer(free_port(), place, primary.ca_file, primary.tls)
        with _running(server, {}):
            yield server


@contextmanager
def _folder() -> Iterator[Path]:
    # pytest closes its own temporary folders to everybody but root, and PostgreSQL does not run as root.
    with TemporaryDirectory(prefix="gonogo-postgresql-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def _running(server: PostgresqlServer, settings: Mapping[str, str]) -> Iterator[None]:
    every = {"listen_addresses": "localhost", "unix_socket_directories": "", "fsync": "off", **settings}
    with (server.place / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in {**every, "port": server.port}.items())
    server.started()
    try:
        with serving(str(binaries() / "postgres")):
            yield
    finally:
        _run(_owner(), "pg_ctl", "stop", "--mode", "immediate", "--pgdata", str(server.place / "data"))


def _owner() -> str:
    """PostgreSQL refuses to run as root: the user that Debian made for it owns its files."""
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _give(folder: Path, mode: int | None = None, names: Sequence[str] = ()) -> None:
    """Let PostgreSQL own a folder and what is in it, or these files of it."""
    for path in [folder / name for name in names] or [folder, *folder.iterdir()]:
        if mode:
            path.chmod(mode)
        if os.geteuid() == 0:
            shutil.chown(path, user="postgres")


def _run(owner: str, program: str, *arguments: str) -> None:
    command: Sequence[str] = [str(binaries() / program), *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", owner, "--regid", owner, "--init-groups", "--", *command]
    environ = {**os.environ, "HOME": "/nonexistent"}
    # Its log goes to a file of its own: a pipe that the server inherits never ends.
    done = subprocess.run(
        command, cwd="/", env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stdout}{done.stderr}")
