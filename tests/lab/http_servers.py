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

from tests.lab.table import serving
from tests.support.http_sites import HOST, certificates
from tests.support.ports import free_port

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a server is, and which certificate it shows."""

    address: str
    """One, or several separated by spaces."""
    ports: Ports
    chain: Path
    key: Path

    @classmethod
    def on_loopback(cls, pair: tuple[Path, Path] | None = None) -> "Site":
        """With this chain and key, or those of the tests' own authority."""
        _, bundle = certificates()
        chain, key = pair or (bundle.chain, bundle.key)
        return cls(address="127.0.0.1", ports=_free_ports(), chain=chain, key=key)

    def listen(self, port: int, options: str = "") -> str:
        """The lines of a server block."""
        return " ".join(f"listen {address}:{port} {options};" for address in self.address.split())


def _free_ports() -> Ports:
    return Ports(https=free_port(), http=free_port())


@contextmanager
def nginx(
    locations: str = HEALTH,
    *,
    clear: str = "return 308 https://$host$request_uri;",
    site: Site | None = None,
) -> Iterator[Ports]:
    """A server that serves these locations with TLS, and ``clear`` without it."""
    site = site or Site.on_loopback()
    ports = site.ports
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
  server {{ {site.listen(ports.https, "ssl http2")}
    ssl_certificate {site.chain}; ssl_certificate_key {site.key};
    {_HEADERS} {locations} }}
  server {{ {site.listen(ports.http)} {clear} }}
}}
"""
        )
        command = ["nginx", "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")]
        with _running(command, ports, site.address.split()[0]):
            yield ports


@contextmanager
def haproxy(
    backends: Sequence[int],
    *,
    balance: str = "roundrobin",
    most: int = 0,
    address: str = "127.0.0.1",
    ports: Ports | None = None,
) -> Iterator[Ports]:
    """A balancer that passes whole connections on, as those of cloud providers do; ``most`` at once to one client."""
    limit = (
        "stick-table type ip size 1k expire 10s store conn_cur\n  tcp-request connection track-sc0 src\n"
        f"  tcp-request connection reject if {{ sc0_conn_cur gt {most} }}"
    )
    ports = ports or _free_ports()
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
  bind {address}:{ports.https}
  bind {address}:{ports.http}
  {limit if most else ""}
  default_backend b
backend b
  balance {balance}
{servers}
"""
        )
        with _running(["haproxy", "-db", "-q", "-f", str(path)], ports, address):
            yield ports


@contextmanager
def caddy(site: str) -> Iterator[Ports]:
    """A server with these directives."""
    _, bundle = certificates()
    ports = _free_ports()
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
def several(*locations: str, pair: tuple[Path, Path] | None = None) -> Iterator[Sequence[int]]:
    """One nginx for each, with this chain and key; their ports for TLS."""
    with ExitStack() as stack:
        yield [stack.enter_context(nginx(location, site=Site.on_loopback(pair))).https for location in locations]


@contextmanager
def _running(command: Sequence[str], ports: Ports, address: str = "127.0.0.1") -> Iterator[None]:
    program = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise RuntimeError(f"{command[0]} is not installed: apt-get install {command[0]}")
    with subprocess.Popen([program, *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for port in (ports.https, ports.http):
                _wait_for((address, port), process)
            with serving(program):
                yield
        finally:
            process.terminate()
            process.wait(_DEADLINE_SECONDS)


def _wait_for(place: tuple[str, int], process: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + _DEADLINE_SECONDS
    while monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with socket.create_connection(place, 1):
                return
        except OSError:
            sleep(0.05)
    raise RuntimeError(f"nobody listens on port {place[1]} of {place[0]}")
