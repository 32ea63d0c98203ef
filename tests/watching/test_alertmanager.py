"""An Alertmanager as a channel: the real one of Debian, its API read back, and the hook that it calls itself."""

import asyncio
import json
import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.clients.secret_url import SecretUrl
from gonogo.evidence.watch import TESTED, AlertState
from gonogo.watching.alertmanager import AlertmanagerChannel
from gonogo.watching.announcer import Announcer, ChannelDown
from reference.listener import Listener
from tests.lab.servers import program, running
from tests.support.doubles import silence
from tests.support.http_doubles import http_server
from tests.support.ports import closed_port, free_port
from tests.support.threads import listening
from tests.watching.told import HEAD, Remembered, announcement

PASSWORD = "p4ss-word-12345"
_CONFIGURATION = """
route: {{receiver: hook, group_wait: 0s, group_interval: 1s, group_by: [alertname]}}
receivers:
  - name: hook
    webhook_configs: [{{url: 'http://127.0.0.1:{port}/', send_resolved: true}}]
"""


@dataclass(frozen=True, slots=True)
class Real:
    """A running Alertmanager."""

    base: str
    called: "queue.Queue[Mapping[str, Any]]"
    """What its hook was sent."""

    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Those that are active, as its API tells them."""
        reply = httpx.get(f"{self.base}/api/v2/alerts", timeout=10)
        reply.raise_for_status()
        return [dict(one) for one in reply.json()]

    def channel(self, renewed: timedelta = timedelta(hours=1)) -> AlertmanagerChannel:
        """It as a channel."""
        return AlertmanagerChannel("oncall", SecretUrl(self.base), HEAD, renewed=renewed)


@contextmanager
def alertmanager(folder: Path, *options: str) -> Iterator[Real]:
    """One that calls a hook about every alert at once."""
    called: queue.Queue[Mapping[str, Any]] = queue.Queue()

    async def hook(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length"))
            called.put(json.loads(await reader.readexactly(length)))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

    with ExitStack() as stack:
        hook_port, port = stack.enter_context(listening(Listener(hook, "127.0.0.1", 0))), free_port()
        (folder / "alertmanager.yml").write_text(_CONFIGURATION.format(port=hook_port))
        command = [
            program("prometheus-alertmanager"),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            *options,
        ]
        stack.enter_context(running(command, ports=[port], folder=folder))
        yield Real(f"http://127.0.0.1:{port}", called)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """One for all tests; each has an alert of its own."""
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as server:
        yield server


def test_alert_is_active_and_then_resolved(real: Real) -> None:
    """In its API and at its own hook, with the labels that routes go by; resolved at the time when it was over."""
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    began = announcement(alert="api-errors-7", since=since, utc=since)
    outbox, announcer = Remembered(), None
    try:
        announcer = Announcer([real.channel()], outbox)
        announcer.put([began])
        outbox.wait(lambda found: len(found) == 1 and found[0].answer == "accepted by the Alertmanager")
        (active,) = real.alerts()
        firing = real.called.get(timeout=20)
        over = announcement(
            alert="api-errors-7",
            number=2,
            event="resolved",
            state=AlertState.RESOLVED,
            since=since,
            utc=since + timedelta(minutes=1),
        )
        announcer.put([over])
        outbox.wait(lambda found: len(found) == 2)
        resolved = real.called.get(timeout=20)
    finally:
        if announcer is not None:
            announcer.end(timedelta(seconds=10))
    labels = {
        "alertname": "api-errors",
        "threshold": "api-errors",
        "severity": "critical",
        "environment": "production",
        "alert_id": "api-errors-7",
        "job": "gonogo",
    }
    assert active["labels"] == labels
    assert active["status"]["state"] == "active"
    assert datetime.fromisoformat(active["startsAt"]) == since
    assert active["annotations"]["summary"] == "API errors"
    assert active["annotations"]["rollback"] == "./deploy v41"
    assert "above 5 %" in active["annotations"]["description"]
    assert (firing["status"], resolved["status"]) == ("firing", "resolved")
    assert resolved["alerts"][0]["labels"] == labels
    assert datetime.fromisoformat(resolved["alerts"][0]["endsAt"]) == since + timedelta(minutes=1)
    assert real.alerts() == []


def test_what_stands_is_sent_again_and_is_one_alert(real: Real) -> None:
    """It stands for an hour after each time: a watch that died resolves nothing in the meantime."""
    since = datetime.now(UTC).replace(microsecond=0)
    began = announcement(alert="slow-1", threshold="slow", severity="warning", since=since)
    channel = real.channel()
    channel.send([began])
    (first,) = real.alerts()
    channel.send([began, announcement(alert="slow-1", threshold="slow", severity="warning", since=since, number=2)])
    (second,) = real.alerts()
    assert first["fingerprint"] == second["fingerprint"]
    assert datetime.fromisoformat(second["endsAt"]) > datetime.fromisoformat(first["endsAt"])
    stands = datetime.fromisoformat(second["endsAt"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < stands <= timedelta(hours=1)
    channel.send([announcement(alert="slow-1", threshold="slow", severity="warning", since=since, event="resolved")])


def test_one_that_came_back_without_its_memory_knows_what_stands(tmp_path: Path) -> None:
    """It keeps alerts in memory only, and learns them again from what is sent again."""
    outbox = Remembered()
    began = announcement(since=datetime.now(UTC), utc=datetime.now(UTC))
    with alertmanager(tmp_path) as real:
        announcer = Announcer([real.channel(timedelta(milliseconds=100))], outbox)
        # Told by a watch before this one.
        announcer.put([], [began])
        assert real.called.get(timeout=20)["alerts"][0]["labels"]["alert_id"] == "api-errors-1"
        announcer.end(timedelta(seconds=10))
    assert outbox.receipts == []


def test_prefix_and_password(tmp_path: Path) -> None:
    """Behind a path of its own, and a login that it really demands (the bcrypt of "test" in Prometheus' own guide)."""
    users = tmp_path / "web.yml"
    users.write_text("basic_auth_users: {admin: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay}\n")
    with alertmanager(tmp_path, f"--web.config.file={users}", "--web.route-prefix=/am") as real:
        began = announcement(since=datetime.now(UTC))
        for login, expected in (("admin:test", ""), ("admin:other-pass", "Alertmanager: it answered 401")):
            url = SecretUrl(f"{real.base.replace('//', f'//{login}@')}/am/")
            told = ""
            try:
                AlertmanagerChannel("oncall", url, HEAD).send([began])
            except ChannelDown as error:
                told = str(error)
            assert told == expected
        assert real.called.get(timeout=20)["status"] == "firing"


def failure(url: str) -> str:
    """What is told of it."""
    channel = AlertmanagerChannel("oncall", SecretUrl(url, patience_seconds=1.0), HEAD)
    with pytest.raises(ChannelDown) as caught:
        channel.send([announcement()])
    assert "127.0.0.1" not in str(caught.value)
    assert PASSWORD not in f"{caught.value}{caught.value.__context__}{caught.value.__cause__}"
    return str(caught.value)


def test_one_that_is_down_slow_or_no_alertmanager(real: Real) -> None:
    """In words that tell who must act, without the address."""
    base = f"http://watch:{PASSWORD}@127.0.0.1"
    assert failure(f"{base}:{closed_port()}") == "Alertmanager: refused: nothing listens"
    with listening(Listener(silence, "127.0.0.1", 0)) as port:
        assert failure(f"{base}:{port}") == "Alertmanager: no complete answer within 1 s"
    with listening(Listener(http_server(lambda *_: (503, b"")), "127.0.0.1", 0)) as port:
        assert failure(f"{base}:{port}") == "Alertmanager: it answered 503"
    hint = "is it an Alertmanager? Write the address of another webhook as json://"
    assert failure(f"{real.base}/another") == f"Alertmanager: it answered 404; {hint}"


def test_it_is_looked_for_without_telling_anybody(real: Real) -> None:
    """Whoever else answers at its address is found out before the first alert."""
    real.channel().check()
    hint = "is it an Alertmanager? Write the address of another webhook as json://"
    with listening(Listener(http_server(lambda *_: (200, b'{"ok": true}')), "127.0.0.1", 0)) as port:
        told = [_checked(f"http://127.0.0.1:{port}/hook"), _checked(f"{real.base}/another")]
    assert told == [
        f"Alertmanager: the answer is not that of an Alertmanager; {hint}",
        f"Alertmanager: it answered 404; {hint}",
    ]


def _checked(url: str) -> str:
    with pytest.raises(ChannelDown) as caught:
        AlertmanagerChannel("oncall", SecretUrl(url), HEAD).check()
    return str(caught.value)


def test_test_of_the_channel_is_over_by_itself(real: Real) -> None:
    """People are told what it is, and nothing is left of it after a minute."""
    now = datetime.now(UTC)
    title = "A test of gonogo watch: no action is needed"
    real.channel().send(
        [
            announcement(
                alert="test-1", event=TESTED, threshold="gonogo-test", severity="none", title=title, since=now, utc=now
            )
        ]
    )
    called = {"labels": {"alertname": ""}}
    while called["labels"]["alertname"] != "gonogo-test":  # whatever the tests before have left
        (called, *_) = real.called.get(timeout=60)["alerts"]
    assert (called["labels"]["alertname"], called["labels"]["severity"]) == ("gonogo-test", "none")
    assert called["annotations"]["summary"] == title
    assert "rollback" not in called["annotations"]
    (active,) = (alert for alert in real.alerts() if alert["labels"]["alertname"] == "gonogo-test")
    assert timedelta() < datetime.fromisoformat(active["endsAt"]) - now < timedelta(minutes=2)
