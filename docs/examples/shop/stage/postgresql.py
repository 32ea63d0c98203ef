"""A PostgreSQL of Debian with TLS and one user, who owns one database."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from stage.place import Place
from stage.processes import NotStarted, running


@contextmanager
def postgresql(place: Place) -> Iterator[None]:
    """Start it, and end it."""
    folder = place.folder / "postgresql"
    folder.mkdir()
    data = folder / "data"
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text(place.password)
    _give(folder)
    login = ["--username", "postgres", "--pwfile", str(folder / "password"), "--auth", "scram-sha-256"]
    _as_owner([_program("initdb"), "--no-sync", "--pgdata", str(data), *login], folder)
    for kind in ("pem", "key"):
        shutil.copy(place.folder / f"inner.{kind}", data / f"server.{kind}")
        (data / f"server.{kind}").chmod(0o600)
    method = "trust" if "database-without-password" in place.faults else "scram-sha-256"
    (data / "pg_hba.conf").write_text(f"hostssl all all localhost {method}\n")
    settings = {
        "port": place.database,
        "listen_addresses": "localhost",
        "unix_socket_directories": "",
        "fsync": "off",
        "ssl": "on",
        "ssl_cert_file": "server.pem",
        "ssl_key_file": "server.key",
    }
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    _give(data)
    superuser = place.database_url.replace("//shop:", "//postgres:").replace("/shop?", "/postgres?")
    command = _owners([_program("postgres"), "-D", str(data)])
    with running(command, place.folder / "postgresql.log", lambda: _answers(superuser)):
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE shop LOGIN PASSWORD '{place.password}'")
            connection.execute("CREATE DATABASE shop OWNER shop")
        yield


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _program(name: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not versions:
        raise NotStarted("PostgreSQL is not installed: apt-get install postgresql")
    return str(versions[-1] / name)


def _as_owner(command: list[str], folder: Path) -> None:
    with running(_owners(command), folder / "initdb.log", lambda: True) as process:
        if process.wait(60):
            raise NotStarted(f"initdb failed:\n{(folder / 'initdb.log').read_text()[-2000:]}")


def _owners(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; Debian made a user for it."""
    as_root = os.geteuid() == 0
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command] if as_root else command


def _give(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres", "postgres")
