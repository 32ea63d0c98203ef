"""A real PostgreSQL of Debian on a loopback port, as the tests need it: with TLS or without, with a password or without."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from reference.certificates import issue_internal
from tests.lab.table import serving

USER, PASSWORD, DATABASE = "app", "correct-horse-7", "postgres"


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """One running server."""

    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        """The service's own login."""
        return f"postgresql://{USER}:{PASSWORD}@localhost:{self.port}/{DATABASE}?sslmode=prefer"


def binaries() -> Path:
    """The folder of the newest PostgreSQL that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not versions:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return versions[-1]


@contextmanager
def postgresql(*, tls: bool = True, method: str = "scram-sha-256") -> Iterator[PostgresqlServer]:
    """Start one, and stop it. ``method`` is how pg_hba.conf authenticates; without ``tls`` it speaks plain text."""
    # pytest closes its own temporary folders to everybody but root, and PostgreSQL does not run as root.
    with TemporaryDirectory(prefix="gonogo-postgresql-") as folder:
        yield from _served(Path(folder), tls=tls, method=method)


def _served(place: Path, *, tls: bool, method: str) -> Iterator[PostgresqlServer]:
    data, port = place / "data", _free_port()
    place.chmod(0o755)
    root, certificate = issue_internal(place)
    (place / "password").write_text(PASSWORD)
    owner = _owner(place)
    login = ["--username", USER, "--pwfile", str(place / "password"), "--auth", "scram-sha-256"]
    _run(owner, "initdb", "--pgdata", str(data), *login, "--no-sync")
    shutil.copy(certificate.key, data / "server.key")
    shutil.copy(certificate.chain, data / "server.crt")
    kind = "hostssl" if tls else "host"
    (data / "pg_hba.conf").write_text(f"{kind} all all 127.0.0.1/32 {method}\n{kind} all all ::1/128 {method}\n")
    for path in (data / "server.key", data / "server.crt", data / "pg_hba.conf"):
        path.chmod(0o600)
        shutil.chown(path, user=owner)
    options = (
        f"-c listen_addresses=localhost -c port={port} -c ssl={'on' if tls else 'off'} -c unix_socket_directories="
    )
    _run(owner, "pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", str(data / "log"), "--options", options)
    try:
        with serving(str(binaries() / "postgres")):
            yield PostgresqlServer(port, root)
    finally:
        _run(owner, "pg_ctl", "stop", "--mode", "immediate", "--pgdata", str(data))


def _owner(place: Path) -> str:
    """PostgreSQL refuses to run as root: the user that Debian made for it owns its files."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    shutil.chown(place, user="postgres")
    for path in place.iterdir():
        shutil.chown(path, user="postgres")
    return "postgres"


def _run(owner: str, program: str, *arguments: str) -> None:
    command: Sequence[str] = [str(binaries() / program), *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", owner, "--regid", owner, "--init-groups", "--", *command]
    done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
