"""Real web servers of Debian on loopback ports, in the shapes that HTTP checks must tell apart."""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from tests.support.http_sites import HOST, certificates

_DEADLINE_SECONDS = 20.0
_HEADERS = """
add_header Strict-Transport-Security "max-age=31536000" always;
add_header X-Content-Type-Options nosniff always;
add_header Content-Security-Policy "frame-ancestors 'none'" always;
add_header Referrer-Policy no-referrer always;
add_header Cache-Control no-store always;
"""
HEALTH = """
location = /health { default_type application/json; return 200 '{"status":"ok","release":"abc1234"}'; }
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where one server listens."""

    https: int
    http: int


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def nginx(locations: str = HEALTH, *, clear: str = f"return 308 https://{HOST}$request_uri;") -> Iterator[Ports]:
    """A server that serves these locations with TLS, and ``clear`` without it."""
    _, bundle = certificates()
    ports = Ports(https=free_port(), http=free_port())
    with TemporaryDirectory(prefix="gonogo-nginx-") as folder:
        place = Path(folder)
        (place / "site").mkdir()
        # Workers run as another user, who may not look into a folder of root's.
        place.chmod(0o755)
        (place / "nginx.conf").write_text(
            f"""
daemon off; pid {place}/pid; error_log {place}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; server_tokens off; root {place}/site;
  client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;
  uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  server {{ listen 127.0.0.1:{ports.https} ssl http2; ssl_certificate {bundle.chain}; ssl_certificate_key {bundle.key};
    {_HEADERS} {locations} }}
  server {{ listen 127.0.0.1:{ports.http}; {clear} }}
}}
"""
        )
        with _running(["nginx", "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")], ports):
            yield ports


@contextmanager
def haproxy(backends: Sequence[int], *, balance: str = "roundrobin", most: int = 0) -> Iterator[Ports]:
    """A balancer that passes whole connections on, as those of cloud providers do; ``most`` at once to one client."""
    limit = (
        "stick-table type ip size 1k expire 10s store conn_cur\n  tcp-request connection track-sc0 src\n"
        f"  tcp-request connection reject if {{ sc0_conn_cur gt {most} }}"
    )
    ports = Ports(https=free_port(), http=free_port())
    servers = "\n".join(f"  server s{port} 127.0.0.1:{port}" for port in backends)
    with TemporaryDirectory(prefix="gonogo-haproxy-") as folder:
        path = Path(folder) / "haproxy.cfg"
        path.write_text(
            f"""
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:{ports.https}
  bind 127.0.0.1:{ports.http}
  {limit if most else ""}
  default_backend b
backend b
  balance {balance}
{servers}
"""
        )
        with _running(["haproxy", "-db", "-q", "-f", str(path)], ports):
            yield ports


@contextmanager
def caddy(site: str) -> Iterator[Ports]:
    """A server with these directives."""
    _, bundle = certificates()
    ports = Ports(https=free_port(), http=free_port())
    with TemporaryDirectory(prefix="gonogo-caddy-") as folder:
        path = Path(folder) / "Caddyfile"
        path.write_text(
            f"""
{{
  admin off
  auto_https disable_redirects
  storage file_system {folder}
}}
https://{HOST}:{ports.https} {{
  bind 127.0.0.1
  tls {bundle.chain} {bundle.key}
  header Strict-Transport-Security max-age=31536000
  header X-Content-Type-Options nosniff
  header Content-Security-Policy "frame-ancestors 'none'"
  header Referrer-Policy no-referrer
  header Cache-Control no-store
  {site}
}}
http://{HOST}:{ports.http} {{
  bind 127.0.0.1
  redir https://{HOST}{{uri}} 308
}}
"""
        )
        with _running(["caddy", "run", "--adapter", "caddyfile", "--config", str(path)], ports):
            yield ports


@contextmanager
def several(*locations: str) -> Iterator[Sequence[int]]:
    """One nginx for each; their ports for TLS."""
    with ExitStack() as stack:
        yield [stack.enter_context(nginx(location)).https for location in locations]


@contextmanager
def _running(command: Sequence[str], ports: Ports) -> Iterator[None]:
    program = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise RuntimeError(f"{command[0]} is not installed: apt-get install {command[0]}")
    with subprocess.Popen([program, *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for port in (ports.https, ports.http):
                _wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(_DEADLINE_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + _DEADLINE_SECONDS
    while monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            sleep(0.05)
    raise RuntimeError(f"nobody listens on port {port}")
