"""A real localstripe (another implementation of Stripe's protocol) on a loopback port, in an environment of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.lab.table import serving
from tests.support.ports import free_port

SECRET_KEY = "sk_test_localstripe"
_READY_SECONDS = 60
_SERVE = """
import sys
from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app
Store.dump_to_disk = lambda store: None
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
"""Its own command listens on every interface, and keeps everything in one file of the machine."""


@dataclass(frozen=True, slots=True)
class Localstripe:
    """One running server."""

    base: str

    def post(self, path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Make something there, as the owner of the secret key."""
        reply = httpx.post(self.base + path, data=fields, auth=(SECRET_KEY, ""), trust_env=False, timeout=60)
        assert reply.is_success, reply.text
        made: dict[str, Any] = reply.json()
        return made

    def send_events_to(self, url: str, secret: str) -> None:
        """Tell it of an address, which it has no endpoint of Stripe's own for."""
        settings = {"url": url, "secret": secret}
        httpx.post(f"{self.base}/_config/webhooks/one", json=settings, trust_env=False, timeout=60).raise_for_status()


@contextmanager
def localstripe(place: Path) -> Iterator[Localstripe]:
    """Install it, start it, and stop it. Its licence and its dependencies are its own."""
    uv, port = Path(sys.executable).with_name("uv"), free_port()
    python = place / "venv" / "bin" / "python"
    for arguments in (
        ("venv", "--quiet", "--python", sys.executable, str(place / "venv")),
        ("pip", "install", "--quiet", "--python", str(python), "localstripe"),
    ):
        subprocess.run([str(uv), *arguments], check=True, capture_output=True, timeout=300)
    with (place / "server.log").open("wb") as log:
        process = subprocess.Popen([str(python), "-c", _SERVE, str(port)], cwd=place, stdout=log, stderr=log)
        try:
            server = Localstripe(f"http://127.0.0.1:{port}")
            _await(server, process)
            with serving("localstripe"):
                yield server
        finally:
            process.terminate()
            process.wait(60)


def _await(server: Localstripe, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"localstripe ended with {process.returncode}")
        try:
            httpx.get(server.base, trust_env=False, timeout=1)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"localstripe does not answer after {_READY_SECONDS} s")
