"""A real mongod: alone or as a replica set, with users by password or by certificate."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from reference.programs import find_mongod
from tests.lab.redis_server import Certificates
from tests.lab.table import serving
from tests.support.ports import free_port

_SECONDS = 40.0
DATABASE = "workme"
PASSWORD = "Kestrel-Harbour-41"
Client = MongoClient[dict[str, Any]]


def administrator(port: int, files: Certificates, user: str = "") -> Client:
    """Connected to one member alone."""
    return MongoClient(
        f"mongodb://{user}localhost:{port}/?tls=true&tlsCertificateKeyFile={files.certificate}",
        directConnection=True,
        tlsCAFile=str(files.ca),
        serverSelectionTimeoutMS=int(_SECONDS * 1000),
    )


@contextmanager
def mongod(folder: Path, files: Certificates, port: int, *, alone: bool = False) -> Iterator[None]:
    """One process, which wants a certificate of its clients."""
    binary, environ = find_mongod(folder)
    data = folder / str(port)
    data.mkdir()
    keyfile = folder / "keyfile"
    keyfile.write_text("c2hhcmVk" * 8)
    keyfile.chmod(0o600)
    command = [
        *(
            binary,
            "--dbpath",
            str(data),
            "--port",
            str(port),
            "--bind_ip",
            "127.0.0.1",
            *(() if alone else ("--replSet", "rs0")),
        ),
        *("--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--tlsMode", "requireTLS"),
        *("--tlsCertificateKeyFile", str(files.certificate), "--tlsCAFile", str(files.ca)),
        *(
            "--keyFile",
            str(keyfile),
            "--setParameter",
            "authenticationMechanisms=SCRAM-SHA-1,SCRAM-SHA-256,MONGODB-X509",
        ),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]
    with (
        (data / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=dict(environ)) as process,
    ):
        try:
            _wait_until_it_listens(process, port, data / "log")
            with serving(binary):
                yield
        finally:
            process.kill()


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=_SECONDS).close()
        except OSError:
            time.sleep(0.02)
        else:
            return


@contextmanager
def replica_set(
    members: int, *, alone: bool = False, arbiter: bool = False
) -> Iterator[tuple[Sequence[int], Certificates]]:
    """With users ``app`` and ``monitor`` by password, and the same rights for users by certificate."""
    with tempfile.TemporaryDirectory(prefix="gonogo-lab-") as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "server").mkdir()
        files = Certificates.made(folder / "server")
        ports = [free_port() for _ in range(members)]
        for port in ports:
            stack.enter_context(mongod(folder, files, port, alone=alone))
        with administrator(ports[0], files) as client:
            # The first one is to win the election, since the users are made there.
            listed = [
                {"_id": number, "host": f"localhost:{port}", "priority": 1 if number else 2}
                | ({"priority": 0, "arbiterOnly": True} if arbiter and number == members - 1 else {})
                for number, port in enumerate(ports)
            ]
            if not alone:
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": listed})
            until(client, lambda: bool(client.admin.command("hello").get("isWritablePrimary")))
            client.admin.command("createUser", "admin", pwd=PASSWORD, roles=[{"role": "root", "db": "admin"}])
        yield ports, files


def until(client: Client, good: Any) -> None:  # noqa: ANN401 - a question
    """Wait until something is so."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            if good():
                return
        except PyMongoError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not within {_SECONDS} s: {client.admin.command('hello')}")


def with_users(ports: Sequence[int], files: Certificates, *, stepping: Path) -> Path:
    """Create the users; gives the certificate of the one who logs in by it."""
    client_files = Certificates.signed(stepping, files, "app-by-certificate")
    with administrator(ports[0], files, f"admin:{PASSWORD}@") as client:
        app = [{"role": "readWrite", "db": DATABASE}]
        client.admin.command("createUser", "app", pwd=PASSWORD, roles=app)
        client.admin.command("createUser", "monitor", pwd=PASSWORD, roles=[{"role": "clusterMonitor", "db": "admin"}])
        client["$external"].command("createUser", "CN=app-by-certificate,O=client", roles=app)
    return client_files
