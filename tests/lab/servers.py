"""Real servers of Debian on ports of loopback, for the length of a test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.table import serving

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


def program(name: str) -> str:
    """Where a server of Debian lies; they are not on everybody's path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin") or name


@contextmanager
def running(
    command: Sequence[str],
    *,
    ports: Sequence[int],
    folder: Path,
    address: str = "127.0.0.1",
    environ: Mapping[str, str] | None = None,
    start_seconds: float = _START_SECONDS,
) -> Iterator[None]:
    """Start it, wait until it listens, and end it by its own process id. Its words are in ``folder/server.log``."""
    with (folder / "server.log").open("wb") as log:
        variables = {**os.environ, **(environ or {})}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder, env=variables)
    try:
        for port in ports:
            _wait(process, address, port, folder, start_seconds)
        with serving(command[0]):
            yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _wait(process: "subprocess.Popen[bytes]", address: str, port: int, folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection((address, port), 1).close()
        except OSError:
            time.sleep(0.02)
            continue
        return
    raise AssertionError(f"{process.args!r} does not listen: {(folder / 'server.log').read_text()[-2000:]}")


NGINX_TLS = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM;"


@contextmanager
def nginx(folder: Path, server: str, *, port: int, events: str = "worker_connections 512;") -> Iterator[None]:
    """Nginx with one server block, which listens at the port."""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"user root; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;\n"
        f"events {{ {events} }}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n"
        f"server {{ listen 127.0.0.1:{port} ssl; {server}\nlocation / {{ return 404; }} }} }}\n"
    )
    with running([program("nginx"), "-p", str(folder), "-c", str(configuration)], ports=[port], folder=folder):
        yield


@contextmanager
def haproxy(folder: Path, certificate: str, limit: str = "", *, port: int, ciphers: str = "") -> Iterator[None]:
    """Haproxy that answers 404, with a limit on connections of its own making."""
    configuration = folder / "haproxy.cfg"
    configuration.write_text(
        "global\n  stats timeout 5s\n"
        "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n"
        f"frontend tls\n  bind 127.0.0.1:{port} ssl crt {certificate} {ciphers}\n  {limit}\n"
        "  http-request return status 404\n"
    )
    with running([program("haproxy"), "-db", "-f", str(configuration)], ports=[port], folder=folder):
        yield


@contextmanager
def openssl(folder: Path, *options: str, port: int) -> Iterator[None]:
    """``openssl s_server`` that answers HTTP."""
    command = [program("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet", *options]
    with running(command, ports=[port], folder=folder):
        yield


@contextmanager
def gnutls(folder: Path, *options: str, port: int) -> Iterator[None]:
    """gnutls-serv, with another library than everybody's."""
    command = [program("gnutls-serv"), "--http", "--port", str(port), *options]
    with running(command, ports=[port], folder=folder):
        yield


@contextmanager
def stunnel(folder: Path, options: str, *, port: int, behind: int) -> Iterator[None]:
    """Stunnel before a plain server."""
    configuration = folder / "stunnel.conf"
    configuration.write_text(
        f"foreground = yes\npid =\n[https]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{behind}\n{options}\n"
    )
    with running([program("stunnel4"), str(configuration)], ports=[port], folder=folder):
        yield
