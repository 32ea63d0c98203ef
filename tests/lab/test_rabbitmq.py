"""gonogo-rabbitmq on a real RabbitMQ of Debian: each check green, and red at its fault."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from gonogo_rabbitmq import FAMILY, probe
from gonogo_rabbitmq.probe import PROBES

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from tests.lab.installation import Installation, install
from tests.lab.package_verdicts import environment_of, verdicts, wrong
from tests.lab.postgresql_verdicts import eventually
from tests.lab.rabbitmq import PASSWORD, USER, VHOST, WATCHER, RabbitmqServer, rabbitmq, second_node

QUEUES = {"orders": {"consumers": 1, "max_backlog": 5}, "orders.dead": {"consumers": 0, "max_backlog": 0}}
OLD = {"rabbitmq-supported"}
"""Debian's series is not repaired by its maker any more."""
SECTION = """
[rabbitmq]
url = "RABBITMQ_URL"
management = "RABBITMQ_MANAGEMENT_URL"
ca_file = "{ca_file}"

[rabbitmq.queues.orders]
max_backlog = 5

[rabbitmq.queues."orders.dead"]
consumers = 0
max_backlog = 0
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[RabbitmqServer]:
    """Nothing is wrong with it but its age."""
    with rabbitmq() as server:
        for name in QUEUES:
            server.queue(name)
        yield server


@pytest.fixture(scope="module")
def served(broker: RabbitmqServer) -> Iterator[RabbitmqServer]:
    """Somebody works on its orders."""
    with broker.consumer("orders"):
        yield broker


def judged(server: RabbitmqServer, *, url: str = "", management: str = "", **section: object) -> dict[str, str]:
    """Every check's verdict on this server."""
    declared = {
        "url": "RABBITMQ_URL",
        "management": "RABBITMQ_MANAGEMENT_URL",
        "ca_file": str(server.ca_file),
        "queues": QUEUES,
        **section,
    }
    environment = environment_of(FAMILY, {"rabbitmq": declared, "limits": {"probe": "15 s"}})
    secrets = {"RABBITMQ_URL": url or server.url, "RABBITMQ_MANAGEMENT_URL": management or server.management_url}
    return verdicts(FAMILY, PROBES, environment, secrets)


def test_healthy_broker_is_green(served: RabbitmqServer) -> None:
    """All but its series."""
    assert wrong(judged(served)).keys() == OLD


@pytest.mark.whole
def test_from_the_command_line(served: RabbitmqServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Installed beside gonogo's wheel: recorded, replayed, and no password in any file."""
    installation: Installation = install(tmp_path_factory.mktemp("rabbitmq"), "gonogo-rabbitmq")
    installation.declare(SECTION.format(ca_file=served.ca_file))
    installation.environ = {"RABBITMQ_URL": served.url, "RABBITMQ_MANAGEMENT_URL": served.management_url}
    done = installation.gonogo("run", "--env", "staging")
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, printed
    assert {name for name, outcome in installation.outcomes("rabbitmq").items() if outcome != "pass"} == OLD
    assert "public security fixes for 3.10 ended on 2023-07-31" in printed
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == 0, again.stdout + again.stderr
    assert PASSWORD not in printed + "".join(path.read_text() for path in installation.latest.iterdir())


@pytest.mark.whole
def test_broker_that_lets_everybody_in() -> None:
    """Its users are kept elsewhere, and that says yes to all: RabbitMQ's own plugin, and the shortest such server."""
    with everybody_is_welcome() as says_yes, rabbitmq(users_at=says_yes) as server:
        found = judged(server, url=f"amqp://{USER}:{PASSWORD}@localhost:{server.amqp}/{VHOST}")
    assert wrong(found).keys() == OLD | {
        "rabbitmq-tls",
        "rabbitmq-default-user",
        "rabbitmq-password",
        "rabbitmq-least-rights",
        "rabbitmq-queues",
        "rabbitmq-consumers",
        "rabbitmq-backlog",
    }
    assert "not encrypted" in found["rabbitmq-tls"]
    assert "a login as app with a made-up password was accepted" in found["rabbitmq-password"]
    assert "no queue 'orders.dead' in vhost 'shop'" in found["rabbitmq-queues"]
    assert found["rabbitmq-consumers"] == "BLOCKED"


@contextmanager
def everybody_is_welcome() -> Iterator[int]:
    """The port of a server that allows whatever it is asked, as an administrator."""

    class Yes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"allow administrator" if "/user" in self.path else b"allow"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Yes) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_guest_and_tags(served: RabbitmqServer) -> None:
    """The user that every new broker has, and a service that may do everything."""
    served.user("guest", "administrator", password="guest")
    served.permit("guest", VHOST, ".*")
    served.user(USER, "administrator")
    try:
        found = judged(served)
    finally:
        served.delete("users/guest")
        served.user(USER)
    assert wrong(found).keys() == OLD | {"rabbitmq-default-user", "rabbitmq-least-rights"}
    assert "a login as guest with the password guest was accepted" in found["rabbitmq-default-user"]
    assert "the tag administrator, which can do everything" in found["rabbitmq-least-rights"]


def test_port_without_tls_is_found(served: RabbitmqServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own URL is in order, and anybody may log in in the clear beside it."""
    monkeypatch.setattr(probe, "_USUAL_PLAIN_PORT", served.amqp)
    found = judged(served)
    assert wrong(found).keys() == OLD | {"rabbitmq-tls"}
    assert f"port {served.amqp} of the same host accepts logins without TLS" in found["rabbitmq-tls"]


def test_default_virtual_host(served: RabbitmqServer) -> None:
    """What is in it is of others."""
    served.permit(USER, "/", ".*")
    try:
        found = judged(served)
    finally:
        served.delete(f"permissions/%2F/{USER}")
    assert wrong(found).keys() == OLD | {"rabbitmq-least-rights"}
    assert "may enter the virtual host / as well as its own, shop" in found["rabbitmq-least-rights"]


def test_nobody_works(broker: RabbitmqServer) -> None:
    """On a queue of its own: that of the others keeps its consumer."""
    broker.queue("mails")
    try:
        broker.publish("mails", 6)
        found = judged(broker, queues={"mails": {"consumers": 1, "max_backlog": 5}})
    finally:
        broker.delete(f"queues/{VHOST}/mails")
    assert wrong(found).keys() == OLD | {"rabbitmq-consumers", "rabbitmq-backlog"}
    assert found["rabbitmq-consumers"] == "queue mails: 0 consumers, at least 1 declared"
    assert found["rabbitmq-backlog"] == "queue mails: 6 messages waiting, at most 5 declared"


def test_queue_that_a_restart_deletes(broker: RabbitmqServer) -> None:
    """It is there today."""
    broker.queue("brief", "classic", durable=False)
    try:
        found = judged(broker, queues={"brief": {"consumers": 0}})
    finally:
        broker.delete(f"queues/{VHOST}/brief")
    assert wrong(found).keys() == OLD | {"rabbitmq-copies"}
    assert "brief is not durable" in found["rabbitmq-copies"]


@pytest.mark.whole
def test_disk_alarm(served: RabbitmqServer) -> None:
    """Publishers are blocked; logins still come about."""
    served.control("set_disk_free_limit", "900000GB")
    eventually(lambda: served.ask("GET", "nodes")[0]["disk_free_alarm"], "the alarm is told")
    try:
        found = judged(served)
    finally:
        served.control("set_disk_free_limit", "10MB")
    eventually(lambda: not served.ask("GET", "nodes")[0]["disk_free_alarm"], "the alarm is over")
    assert wrong(found).keys() == OLD | {"rabbitmq-alarms"}
    assert f"{served.node} has a disk alarm" in found["rabbitmq-alarms"]


def test_too_few_nodes(served: RabbitmqServer) -> None:
    """One runs where three are declared; its queues are on one node only."""
    found = judged(served, nodes=3)
    assert wrong(found).keys() == OLD | {"rabbitmq-nodes", "rabbitmq-copies"}
    assert found["rabbitmq-nodes"] == "1 nodes running, 3 declared"
    assert "queue orders (quorum) is on one node only" in found["rabbitmq-copies"]


@pytest.mark.whole
def test_node_that_is_lost(broker: RabbitmqServer) -> None:
    """Green as a cluster of two; then the second node is stopped."""
    with ExitStack() as held:
        process = held.enter_context(second_node(broker))
        broker.queue("shared")
        held.callback(broker.delete, f"queues/{VHOST}/shared")
        shared: dict[str, Any] = {"queues": {"shared": {"consumers": 0}}, "nodes": 2}
        assert wrong(judged(broker, **shared)).keys() == OLD
        process.terminate()
        process.wait(60)
        found = judged(broker, **shared)
    assert {"rabbitmq-nodes", "rabbitmq-copies"} <= wrong(found).keys()
    assert "is not running" in found["rabbitmq-nodes"]
    assert "1 of 2 copies are online" in found["rabbitmq-copies"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("amqps://app:made-up@localhost:{amqps}/shop", "ACCESS_REFUSED"),
        ("amqps://app:correct-horse-8@localhost:{amqps}/none", "vhost none not found"),
        ("amqps://watcher:correct-horse-8@localhost:{amqps}/%2F", "access to vhost '/' refused"),
        ("amqps://app:correct-horse-8@localhost:{amqp}/shop", "TLS fails"),
        ("amqps://app:correct-horse-8@127.0.0.2:1/shop", "the port refuses connections"),
    ],
)
def test_login_that_fails_says_why(broker: RabbitmqServer, url: str, message: str) -> None:
    """In the broker's words; everything else over AMQP is blocked, and what is asked elsewhere is not."""
    found = judged(broker, url=url.format(amqps=broker.amqps, amqp=broker.amqp))
    assert message in found["rabbitmq-reachable"]
    assert found["rabbitmq-tls"] == found["rabbitmq-queues"] == "BLOCKED"
    assert found["rabbitmq-alarms"] == "PASS"
    assert "made-up" not in str(found)


def test_watcher_without_rights(served: RabbitmqServer) -> None:
    """What it may not read is an ERROR that names the right; nothing else is doubted."""
    served.user(WATCHER, "management")
    try:
        found = judged(served)
    finally:
        served.user(WATCHER, "monitoring")
    assert wrong(found).keys() == OLD | {"rabbitmq-alarms", "rabbitmq-nodes"}
    assert found["rabbitmq-alarms"].startswith("ERROR ")


@pytest.mark.whole
def test_silent_port_is_an_error(broker: RabbitmqServer) -> None:
    """The management API speaks no AMQP: that is no answer of a broker."""
    found = judged(broker, url=f"amqp://app:x@localhost:{broker.api}/shop")
    assert found["rabbitmq-reachable"].startswith("ERROR ")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://app:secret-7@localhost/shop", "is not a RabbitMQ URL"),
        ("amqps://localhost/shop", "contains no user and password"),
        ("amqps://app:secret-7@:5671/shop", "is not a RabbitMQ URL"),
        ("amqps://app:secret-7@localhost:http/shop", "is not a RabbitMQ URL"),
    ],
)
def test_url_that_is_none(url: str, message: str) -> None:
    """Refused before anything is asked, by the secret's name, without its value."""
    environment = environment_of(FAMILY, {"rabbitmq": {"url": "RABBITMQ_URL"}})
    with pytest.raises(UsageError, match=f"secret RABBITMQ_URL: {message}") as refused:
        PROBES["rabbitmq"].questions(environment, Secrets({"RABBITMQ_URL": url}))
    assert "secret-7" not in str(refused.value)
