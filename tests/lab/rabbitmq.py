"""A real RabbitMQ of Debian on loopback ports, as the tests need it: with TLS or without, one node or two."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pika

from reference.certificates import issue_internal
from tests.lab.table import serving
from tests.support.ports import free_port

USER, WATCHER, PASSWORD, VHOST = "app", "watcher", "correct-horse-8", "shop"
_ADMINISTRATOR = "boss"
_PROGRAMS = Path("/usr/lib/rabbitmq/bin")
_STARTS_WITHIN_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitmqServer:
    """One running node."""

    node: str
    place: Path
    epmd: int
    amqp: int
    amqps: int
    api: int
    ca_file: Path

    @property
    def url(self) -> str:
        """The service's own login."""
        return f"amqps://{USER}:{PASSWORD}@localhost:{self.amqps}/{VHOST}"

    @property
    def management_url(self) -> str:
        """The watcher's."""
        return f"http://{WATCHER}:{PASSWORD}@localhost:{self.api}"

    def ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """The management API, as the administrator."""
        known = b64encode(f"{_ADMINISTRATOR}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"http://localhost:{self.api}/api/{path}",
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": f"Basic {known}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310 - as above
            return json.loads(reply.read() or b"null")

    def user(self, name: str, tags: str = "", password: str = PASSWORD) -> None:
        """Make a user, or give it other tags."""
        self.ask("PUT", f"users/{name}", {"password": password, "tags": tags})

    def permit(self, user: str, vhost: str, pattern: str) -> None:
        """Let a user into a virtual host, for all that the pattern matches."""
        path = f"permissions/{quote(vhost, safe='')}/{user}"
        self.ask("PUT", path, {"configure": pattern, "write": pattern, "read": pattern})

    def queue(self, name: str, kind: str = "quorum", *, durable: bool = True) -> None:
        """Declare a queue."""
        arguments = {"x-queue-type": kind}
        self.ask("PUT", f"queues/{VHOST}/{name}", {"durable": durable, "arguments": arguments})

    def delete(self, path: str) -> None:
        """Take something away."""
        self.ask("DELETE", path)

    @contextmanager
    def consumer(self, queue: str) -> Iterator[pika.BlockingConnection]:
        """Somebody who works on a queue."""
        parameters = pika.ConnectionParameters(
            "localhost", self.amqp, VHOST, pika.PlainCredentials(USER, PASSWORD), heartbeat=0
        )
        connection = pika.BlockingConnection(parameters)
        try:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=1)
            channel.basic_consume(queue, lambda *_: None)
            yield connection
        finally:
            connection.close()

    def publish(self, queue: str, count: int) -> None:
        """So many messages, each confirmed."""
        for number in range(count):
            message = {"properties": {}, "routing_key": queue, "payload": str(number), "payload_encoding": "string"}
            assert self.ask("POST", f"exchanges/{VHOST}/amq.default/publish", message) == {"routed": True}

    def control(self, *words: str) -> None:
        """``rabbitmqctl``."""
        done = subprocess.run(
            [str(_PROGRAMS / "rabbitmqctl"), "-n", self.node, *words],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def environ(self) -> dict[str, str]:
        """Nothing of the machine's own RabbitMQ: neither files nor ports."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.place / "home"),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_MNESIA_BASE": str(self.place / "data"),
            "RABBITMQ_LOG_BASE": str(self.place / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.place / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.place / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def started(self) -> "subprocess.Popen[bytes]":
        """Start it, and wait until its management API knows the administrator."""
        with (self.place / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [str(_PROGRAMS / "rabbitmq-server")],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while True:
            try:
                self.ask("GET", "whoami")
            except (OSError, urllib.error.URLError):
                assert process.poll() is None, (self.place / "server.log").read_text()[-2000:]
                assert time.monotonic() < deadline, (self.place / "server.log").read_text()[-2000:]
                time.sleep(0.1)
                continue
            return process


@contextmanager
def rabbitmq(*, users_at: int = 0) -> Iterator[RabbitmqServer]:
    """Start one node with the service's user, a watcher and a virtual host.

    ``users_at``: the port of a local server that is asked who may do what, by RabbitMQ's plugin for that.
    """
    with ExitStack() as held:
        place = Path(held.enter_context(TemporaryDirectory(prefix="gonogo-rabbitmq-", ignore_cleanup_errors=True)))
        root, certificate = issue_internal(place)
        epmd = free_port()
        held.callback(_end_epmd, epmd)
        server = RabbitmqServer(
            node=f"rabbit{epmd}@localhost",
            place=place,
            epmd=epmd,
            amqp=free_port(),
            amqps=free_port(),
            api=free_port(),
            ca_file=root,
        )
        _configure(server, certificate.chain, certificate.key)
        if users_at:
            _ask_elsewhere(place, users_at)
        held.enter_context(_running(server))
        server.ask("PUT", f"vhosts/{VHOST}")
        server.user(USER)
        server.permit(USER, VHOST, ".*")
        server.user(WATCHER, "monitoring")
        server.permit(WATCHER, VHOST, "^$")
        yield server


@contextmanager
def second_node(first: RabbitmqServer) -> Iterator["subprocess.Popen[bytes]"]:
    """Another node that joins the first one's cluster; gives its process."""
    with ExitStack() as held:
        place = Path(held.enter_context(TemporaryDirectory(prefix="gonogo-rabbitmq-", ignore_cleanup_errors=True)))
        server = RabbitmqServer(
            node=f"other{first.epmd}@localhost",
            place=place,
            epmd=first.epmd,
            amqp=free_port(),
            amqps=free_port(),
            api=free_port(),
            ca_file=first.ca_file,
        )
        _configure(server, first.place / "chain.pem", first.place / "key.pem")
        shutil.copy(first.place / "home" / ".erlang.cookie", place / "home" / ".erlang.cookie")
        process = held.enter_context(_running(server))
        for words in (("stop_app",), ("join_cluster", first.node), ("start_app",)):
            server.control(*words)
        yield process


def _configure(server: RabbitmqServer, chain: Path, key: Path) -> None:
    place = server.place
    for name in ("home", "data", "log"):
        (place / name).mkdir()
    for name, source in (("chain.pem", chain), ("key.pem", key)):
        (place / name).write_bytes(source.read_bytes())
    (place / "authorities.pem").write_bytes(server.ca_file.read_bytes() + chain.read_bytes())  # sent with the leaf
    (place / "plugins").write_text("[rabbitmq_management].\n")
    (place / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{server.amqp}\n"
        f"listeners.ssl.1 = 127.0.0.1:{server.amqps}\n"
        f"ssl_options.cacertfile = {place}/authorities.pem\n"
        f"ssl_options.certfile = {place}/chain.pem\n"
        f"ssl_options.keyfile = {place}/key.pem\n"
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {server.api}\n"
        f"default_user = {_ADMINISTRATOR}\ndefault_pass = {PASSWORD}\n"
        "disk_free_limit.absolute = 10MB\nloopback_users = none\n"
    )


def _ask_elsewhere(place: Path, port: int) -> None:
    (place / "plugins").write_text("[rabbitmq_management, rabbitmq_auth_backend_http].\n")
    with (place / "rabbitmq.conf").open("a") as file:
        file.write("auth_backends.1 = http\nauth_http.http_method = get\n")
        for what in ("user", "vhost", "resource", "topic"):
            file.write(f"auth_http.{what}_path = http://127.0.0.1:{port}/{what}\n")


@contextmanager
def _running(server: RabbitmqServer) -> Iterator["subprocess.Popen[bytes]"]:
    if not (_PROGRAMS / "rabbitmq-server").exists():
        raise RuntimeError("RabbitMQ is not installed: apt-get install rabbitmq-server")
    process = server.started()
    try:
        with serving(str(_PROGRAMS / "rabbitmq-server")):
            yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_epmd(port: int) -> None:
    """Erlang's name server outlives its nodes; it ends when nobody is registered with it."""
    environ = {"PATH": os.environ["PATH"], "ERL_EPMD_PORT": str(port)}
    subprocess.run(["epmd", "-kill"], env=environ, capture_output=True, check=False)
