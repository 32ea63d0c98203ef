"""A RabbitMQ of Debian with TLS only: the shop's user, one who watches, one virtual host, two queues."""

import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
from pika.exceptions import AMQPError

from stage.place import VHOST, Place
from stage.processes import NotStarted, running

_PROGRAMS = Path("/usr/lib/rabbitmq/bin")


@contextmanager
def rabbitmq(place: Place) -> Iterator[None]:
    """Start it, and end it with Erlang's name server."""
    if not _PROGRAMS.exists():
        raise NotStarted("RabbitMQ is not installed: apt-get install rabbitmq-server")
    folder = place.folder / "rabbitmq"
    folder.mkdir(mode=0o700)
    (folder / "home").mkdir()
    (folder / "plugins").write_text("[rabbitmq_management].\n")
    (folder / "definitions.json").write_text(json.dumps(_definitions(place)))
    certificate = (
        f"cacertfile = {place.authority}\n{{0}}.certfile = {place.folder}/inner.pem\n"
        f"{{0}}.keyfile = {place.folder}/inner.key\n"
    )
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{place.queue}\n"
        f"ssl_options.{certificate.format('ssl_options')}"
        f"management.ssl.ip = 127.0.0.1\nmanagement.ssl.port = {place.management}\n"
        f"management.ssl.{certificate.format('management.ssl')}"
        f"load_definitions = {folder}/definitions.json\n"
        "disk_free_limit.absolute = 10MB\nloopback_users = none\n"
    )
    _, _, names, distribution = place.inner
    environ = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(folder / "home"),
        "RABBITMQ_NODENAME": f"shop{place.base}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
    command = [str(_PROGRAMS / "rabbitmq-server")]
    try:
        with running(command, place.folder / "rabbitmq.log", lambda: _answers(place), environ):
            yield
    finally:
        subprocess.run(["epmd", "-kill"], env=environ, capture_output=True, check=False)  # noqa: S607 - Debian's


def _definitions(place: Place) -> dict[str, Any]:
    def user(name: str, password: str, *tags: str) -> dict[str, Any]:
        return {"name": name, "password": password, "tags": list(tags)}

    def permission(name: str, pattern: str) -> dict[str, str]:
        return {"user": name, "vhost": VHOST, "configure": pattern, "write": pattern, "read": pattern}

    def queue(name: str, **arguments: str) -> dict[str, Any]:
        lasts = "queue-not-durable" not in place.faults or name != "orders"
        return {"name": name, "vhost": VHOST, "durable": lasts, "auto_delete": False, "arguments": arguments}

    users = [user("shop", place.password), user("watcher", place.password, "monitoring")]
    permissions = [permission("shop", ".*"), permission("watcher", "^$")]
    if "guest-back" in place.faults:
        users.append(user("guest", "guest", "administrator"))
        permissions.append(permission("guest", ".*"))
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "orders.dead"}
    return {
        "vhosts": [{"name": VHOST}],
        "users": users,
        "permissions": permissions,
        "queues": [queue("orders", **dead), queue("orders.dead")],
    }


def _answers(place: Place) -> bool:
    """Whether the shop could log in, and its queue is there."""
    parameters = pika.URLParameters(place.queue_url)
    parameters.ssl_options = pika.SSLOptions(ssl.create_default_context(cafile=str(place.authority)), "localhost")
    try:
        connection = pika.BlockingConnection(parameters)
        connection.channel().queue_declare("orders", passive=True)
        connection.close()
    except (AMQPError, OSError):
        return False
    return True
