"""Targets that are dead, each in its own way, and a run over them in a process of its own."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.wakefulness import BUSY
from reference.certificates import CertificateSettings, issue_public
from reference.listener import Handler, Listener
from reference.relay import TlsOffer
from tests.support.threads import listening

HOST = "dead.test"
LARGEST_MEMORY_KB = 160_000
"""A run with all its imports takes 110 to 140 MB; what a hostile target adds must be lost in that."""
_PROGRAM = """
import atexit, pathlib, re, sys
from gonogo.cli import main

def say_peak():
    # Of this program alone: ru_maxrss begins with what the parent had at the fork.
    status = pathlib.Path("/proc/self/status").read_text()
    print("memory", re.search(r"VmHWM:\\s+([0-9]+) kB", status)[1], file=sys.stderr)

atexit.register(say_peak)
main()
"""
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end."""

    exit_code: int
    output: str
    results: dict[str, Any]
    memory_kb: int

    @property
    def causes(self) -> list[str]:
        """The root causes: everything that is not the consequence of something else."""
        loud = {"fail", "error"}
        return [check["id"] for check in self.results["checks"] if check["outcome"] in loud]


Run = Callable[[str], Ended]


_TRIES = 8


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run(toml)``: verify this environment."""

    def _run(environment: str) -> Ended:
        """Once more where this machine was too busy to tell: a test of the target is none of the machine."""
        for _ in range(_TRIES):
            ended = _once(environment)
            if BUSY not in ended.output:
                break
        return ended

    def _once(environment: str) -> Ended:
        (tmp_path / "environments").mkdir(exist_ok=True)
        (tmp_path / "environments" / "dead.toml").write_text(environment)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", _PROGRAM, "run", "--env", "dead"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        results = json.loads((tmp_path / "reports/dead/latest/results.json").read_bytes())
        memory = int(done.stderr.rpartition("memory ")[2])
        return Ended(done.returncode, done.stdout, results, memory)

    return _run


def environment(
    port: int, *, trust: str = "public", without: str = '"dns", "http", "mongodb", "redis", "ports"', more: str = ""
) -> str:
    """One host on loopback; what is not in ``without`` comes in ``more``."""
    return f"""
[service]
name = "Dead"
base_url = "https://{HOST}:{port}"
release = "3f2c1a9"
without = [{without}]
[limits]
run = "40 s"
probe = "8 s"
[hosts."{HOST}"]
addresses = ["127.0.0.1"]
https_port = {port}
http_port = 1
[tls]
trust = "{trust}"
issuer = "WorkMe Test CA"
{more}
"""


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def swallowing_server() -> Iterator[int]:
    """Packets vanish: the queue of a listener that never accepts is full, and the kernel drops what comes."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        try:
            for client in waiting:
                client.settimeout(0)
                client.connect_ex(server.getsockname())
            yield server.getsockname()[1]
        finally:
            for client in waiting:
                client.close()


async def endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A body that never ends, as fast as it is read."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0)  # a fast reader would keep everybody else from running


async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Headers without an end."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_HEAD)
    while not writer.is_closing():
        writer.write(b"X-More: " + b"x" * 8192 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0)  # as above


async def redirect_circle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Every place sends us to the same place."""
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /api/health\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()


async def one_byte_a_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer that would take an hour."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_HEAD + b"Content-Length: 4000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(1)  # the fault itself


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Not HTTP at all."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x00\xff" * 1000 + b"\r\n\r\n")
    await writer.drain()


@contextmanager
def hostile_server(handler: Handler, state: Path) -> Iterator[tuple[int, Path]]:
    """Behind perfect TLS, in a thread of its own: its port, and the root to trust."""
    root, bundle, _ = issue_public(state, CertificateSettings(names=(HOST,)))
    with listening(Listener(handler, "127.0.0.1", 0, TlsOffer().context(bundle))) as port:
        yield port, root
