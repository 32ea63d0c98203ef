"""PgBouncer of Debian before a server: what services meet that have many clients."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.postgresql import DATABASE, PASSWORD, USER, PostgresqlServer
from tests.lab.table import serving
from tests.support.ports import free_port

_READY_WITHIN_SECONDS = 20


@contextmanager
def pgbouncer(server: PostgresqlServer, *, tls: str = "require") -> Iterator[str]:
    """The service's URL through it; it pools by transaction. ``tls`` is its client_tls_sslmode."""
    with TemporaryDirectory(prefix="gonogo-pgbouncer-") as folder:
        place, port = Path(folder), free_port()
        place.chmod(0o755)
        for name in ("server.key", "server.crt"):
            shutil.copy(server.place / "data" / name, place / name)
        (place / "users.txt").write_text(f'"{USER}" "{PASSWORD}"\n')
        (place / "pgbouncer.ini").write_text(
            f"[databases]\n{DATABASE} = host=localhost port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {place}/users.txt\npool_mode = transaction\n"
            f"client_tls_sslmode = {tls}\nclient_tls_key_file = {place}/server.key\n"
            f"client_tls_cert_file = {place}/server.crt\nserver_tls_sslmode = require\n"
        )
        command = ["pgbouncer", str(place / "pgbouncer.ini")]
        if os.geteuid() == 0:
            for path in (place, *place.iterdir()):
                shutil.chown(path, user="postgres")
            command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "--", *command]
        log = (place / "log").open("wb")
        with log, serving("/usr/sbin/pgbouncer"), subprocess.Popen(command, stderr=log, stdout=log) as process:
            try:
                _await(place / "log")
                yield server.url.replace(f":{server.port}/", f":{port}/")
            finally:
                process.terminate()


def _await(log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while "process up" not in log.read_text():
        if time.monotonic() > deadline:
            raise RuntimeError(f"PgBouncer did not start: {log.read_text()}")
        time.sleep(0.05)
