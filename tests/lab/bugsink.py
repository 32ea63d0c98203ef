"""A real Bugsink (an error tracker that takes Sentry's events) on a loopback port, in a virtual environment of its own."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.table import serving
from tests.support.ports import free_port

_READY_SECONDS = 60
_PROJECT = "from projects.models import Project; print('DSN', Project.objects.get_or_create(name='workme-api')[0].dsn)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bugsink:
    """One running server with one project."""

    base: str
    dsn: str


@contextmanager
def bugsink(place: Path) -> Iterator[Bugsink]:
    """Install it, start it, and stop it. Its dependencies are its own: they would not fit beside gonogo's."""
    uv, port = Path(sys.executable).with_name("uv"), free_port()
    _run([str(uv), "venv", "--quiet", "--python", sys.executable, "venv"], place)
    _run([str(uv), "pip", "install", "--quiet", "--python", "venv/bin/python", "bugsink"], place)
    _run(["venv/bin/bugsink-create-conf", "--template=local", "--host=127.0.0.1", f"--port={port}"], place)
    _manage(place, "migrate")
    _manage(place, "migrate", "--database=snappea")
    # The shell prints what it imports, too.
    lines = _manage(place, "shell", "--command", _PROJECT).splitlines()
    dsn = next(line.removeprefix("DSN ") for line in lines if line.startswith("DSN "))
    serve = ["venv/bin/bugsink-manage", "runserver", f"127.0.0.1:{port}", "--noreload"]
    with (place / "server.log").open("wb") as log:
        process = subprocess.Popen(serve, cwd=place, stdout=log, stderr=log)
        try:
            _await(port, process)
            with serving(str(place / "venv" / "bin" / "bugsink-manage")):
                yield Bugsink(base=f"http://127.0.0.1:{port}", dsn=dsn)
        finally:
            process.terminate()
            process.wait(10)
            shutil.rmtree(place / "venv")


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"Bugsink ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Bugsink does not listen after {_READY_SECONDS} s")


def _manage(place: Path, *arguments: str) -> str:
    return _run(["venv/bin/bugsink-manage", *arguments], place)


def _run(command: Sequence[str], place: Path) -> str:
    done = subprocess.run(list(command), cwd=place, check=True, capture_output=True, text=True, timeout=300)
    return done.stdout
