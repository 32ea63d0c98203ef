"""Channels by Apprise: to a real SMTP server and to web servers that are well, down, slow and wrong."""

import asyncio
import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from gonogo.base import library_logs
from gonogo.base.errors import UsageError
from gonogo.watching.alertmanager import AlertmanagerChannel
from gonogo.watching.announcer import Announcer, Channel, ChannelDown, Pauses
from gonogo.watching.channels import AppriseChannel, channels_of
from reference.listener import Listener
from tests.support.doubles import hang_up, silence
from tests.support.http_doubles import http_server
from tests.support.ports import closed_port, free_port
from tests.support.threads import listening
from tests.watching.told import HEAD, Remembered, announcement, watch_of

# aiosmtpd deprecates what it does itself.
pytestmark = pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")

FILE = "environments/production.toml"
TOKEN = "T0KEN-abcdef-987654"
PASSWORD = "p4ss-word-12345"
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def channels(patience_seconds: float = 10.0, **urls: str) -> tuple[Channel, ...]:
    """One for each name and URL."""
    secrets = {f"{name.upper()}_URL": url for name, url in urls.items()}
    return channels_of(watch_of(tuple(urls)), secrets, HEAD, where=FILE, patience_seconds=patience_seconds)


class Mailbox:
    """Keeps what arrives; refuses the recipients that it is told to."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's hook
        """Take it or not."""
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's hook
        """Keep it."""
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))
        return "250 OK"


class MailServer(Listener):
    """A real SMTP server on loopback, which takes one password; it ends together with its connections."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(hang_up, "127.0.0.1", 0)
        self._mailbox = mailbox
        self._sessions: list[SMTP] = []

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Close the socket, then end what is still connected."""
        for session in self._sessions:
            if session.transport is not None:
                session.transport.close()
        await super().stop()

    def _session(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a password is taken without TLS: on loopback it is
            session = SMTP(
                self._mailbox, authenticator=self._is_known, auth_require_tls=False, auth_required=True, hostname="mail"
            )
        self._sessions.append(session)
        return session

    def _is_known(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401 - aiosmtpd's hook
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


def mail_url(port: int, password: str = PASSWORD, to: str = "oncall@team.example") -> str:
    """As in an environment's secret."""
    return f"mailto://watch:{password}@127.0.0.1:{port}/?from=watch@team.example&to={to}&mode=insecure"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """One server for all tests that read from it."""
    mailbox = Mailbox()
    with listening(MailServer(mailbox)) as port:
        yield mailbox, port


def test_alert_arrives_by_mail(mailbox: tuple[Mailbox, int]) -> None:
    """Through a worker, with its receipt."""
    box, port = mailbox
    box.messages.clear()
    outbox = Remembered()
    announcer = Announcer(channels(oncall=mail_url(port)), outbox)
    announcer.put([announcement(), announcement(alert="slow-1", title="Slow")])
    receipts = outbox.wait(lambda found: len(found) == 2)
    announcer.end(timedelta(seconds=10))
    assert [(one.alert, one.delivered, one.answer) for one in receipts] == [
        ("api-errors-1", True, "accepted by E-Mail"),
        ("slow-1", True, "accepted by E-Mail"),
    ]
    (message,) = box.messages
    assert message["Subject"] == "CRITICAL production: API errors, Slow"
    text = message.get_content()
    assert "acknowledge it: gonogo ack api-errors-1 slow-1 --by NAME --env production" in text
    assert "12 % of 1200 events within 5 min; above 5 % is too much" in text


def test_login_or_recipient_that_is_refused(mailbox: tuple[Mailbox, int], capfd: pytest.CaptureFixture[str]) -> None:
    """One of two people was told: the channel is down all the same, and no word of its address is told."""
    box, port = mailbox
    box.refused = {"gone@team.example"}
    told = _failure(mail_url(port, password="wrong-pass-9876"))
    assert told == "E-Mail: it could not be reached, the connection was cut off, or the login was refused"
    told = _failure(mail_url(port, to="oncall@team.example,gone@team.example"))
    assert told == "E-Mail: some or all recipients were refused"
    box.refused = set()
    assert capfd.readouterr() == ("", "")


def _failure(url: str, patience_seconds: float = 10.0) -> str:
    (channel,) = channels(patience_seconds, oncall=url)
    with pytest.raises(ChannelDown) as caught:
        channel.send([announcement()])
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, "JSON: it answered 500 (Internal Server Error)"),
        (403, "JSON: it answered 403 (Forbidden)"),
        (599, "JSON: it answered 599"),
    ],
)
def test_service_that_answers_an_error(status: int, expected: str) -> None:
    """Its number tells who must act."""
    with listening(Listener(http_server(lambda *_: (status, TOKEN.encode())), "127.0.0.1", 0)) as port:
        assert _failure(f"json://127.0.0.1:{port}/{TOKEN}") == expected


def test_service_that_cannot_be_reached() -> None:
    """Nobody listens, or hangs up."""
    expected = "JSON: it could not be reached, the connection was cut off, or the login was refused"
    assert _failure(f"json://127.0.0.1:{closed_port()}/{TOKEN}") == expected
    with listening(Listener(hang_up, "127.0.0.1", 0)) as port:
        assert _failure(f"json://127.0.0.1:{port}/{TOKEN}") == expected


def test_service_that_hangs_is_left_alone() -> None:
    """No second message is begun while the first one hangs: it would hang as well, and a third."""
    with listening(Listener(silence, "127.0.0.1", 0)) as port:
        (channel,) = channels(0.3, oncall=f"json://127.0.0.1:{port}/{TOKEN}?rto=30")
        told: list[str] = []
        for _ in range(2):
            with pytest.raises(ChannelDown) as caught:
                channel.send([announcement()])
            told.append(str(caught.value))
    assert told == ["no answer within 0.3 s", "not sent: the message before this one has no answer yet"]


def test_web_hook_gets_one_message_of_what_is_due() -> None:
    """As JSON, with its kind."""
    received: list[Mapping[str, Any]] = []

    async def hook(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        received.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    with listening(Listener(hook, "127.0.0.1", 0)) as port:
        (channel,) = channels(oncall=f"json://127.0.0.1:{port}/{TOKEN}")
        assert channel.send([announcement(), announcement(alert="slow-1")]) == "accepted by JSON"
        channel.send([announcement(event="resolved")])
    assert [one["type"] for one in received] == ["failure", "success"]
    assert received[0]["title"].startswith("CRITICAL production")


def test_service_that_comes_back() -> None:
    """It is tried again until it takes the message, which arrives once."""
    port, outbox, paths = free_port(), Remembered(), list[str]()

    def takes(path: str, _headers: Mapping[str, str]) -> tuple[int, bytes]:
        paths.append(path)
        return 200, b""

    pauses = Pauses(first=timedelta(milliseconds=20), longest=timedelta(milliseconds=200))
    announcer = Announcer(channels(oncall=f"json://127.0.0.1:{port}/{TOKEN}"), outbox, pauses=pauses)
    announcer.put([announcement()])
    outbox.wait(lambda found: len(found) >= 2)
    assert announcer.states()["oncall"].reason
    with listening(Listener(http_server(takes), "127.0.0.1", port)):
        receipts = outbox.wait(lambda found: found[-1].delivered)
        announcer.end(timedelta(seconds=10))
    assert receipts[-1].attempts >= 3
    assert paths == [f"/{TOKEN}"]


def test_what_knows_which_channel() -> None:
    """Apprise has its own URLs, and the web addresses of services; the other web addresses are Alertmanagers."""
    found = channels(mail=mail_url(25), slack=SLACK, hook="json://hooks.example/x", am="https://am.example/prefix")
    assert [type(one) for one in found] == [AppriseChannel, AppriseChannel, AppriseChannel, AlertmanagerChannel]
    assert [one.name for one in found] == ["mail", "slack", "hook", "am"]
    assert [one.renewed is None for one in found] == [True, True, True, False]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense://abc/SECRET-PART", "is neither a URL that Apprise understands nor the http(s):// address"),
        ("slack://SECRET-PART", "is neither a URL that Apprise understands nor the http(s):// address"),
        ("SECRET-PART", "is neither a URL that Apprise understands nor the http(s):// address"),
        ("http://SECRET-PART:port/", "is a URL that cannot be read: look at its host"),
        ("http:///SECRET-PART", "is no http:// or https:// address of a host"),
        ("", "has no value; set it in the process environment"),
    ],
)
def test_value_that_is_no_channel(url: str, problem: str, capfd: pytest.CaptureFixture[str]) -> None:
    """File, key and cure, and no part of the value, in the log neither."""
    with pytest.raises(UsageError) as caught:
        channels(team=SLACK, oncall=url)
    (told,) = caught.value.problems
    assert told.startswith(f"{FILE}: watch.channels.oncall: secret ONCALL_URL {problem}")
    assert "SECRET-PART" not in f"{told}{capfd.readouterr()}{caught.value.__cause__}{caught.value.__context__}"


def test_without_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs it says so, with the cure; an Alertmanager does not need it."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UsageError) as caught:
        channels(am="http://127.0.0.1:9093", oncall=mail_url(25))
    (told,) = caught.value.problems
    expected = "needs Apprise unless it is the address of an Alertmanager: pip install 'gonogo[watch]'"
    assert told == f"{FILE}: watch.channels.oncall: secret ONCALL_URL {expected}"
    (alertmanager,) = channels(am="http://127.0.0.1:9093")
    assert isinstance(alertmanager, AlertmanagerChannel)


def test_no_word_of_an_address_leaves(capfd: pytest.CaptureFixture[str]) -> None:
    """Not in what is told, not in anybody's log, whatever its level."""
    library_logs.silence()
    log, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(log), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with listening(Listener(http_server(lambda *_: (500, TOKEN.encode())), "127.0.0.1", 0)) as port:
            told = _failure(f"json://watch:{PASSWORD}@127.0.0.1:{port}/{TOKEN}")
        told += _failure(f"json://watch:{PASSWORD}@127.0.0.1:{closed_port()}/{TOKEN}")
        told += _failure(f"mailto://watch:{PASSWORD}@127.0.0.1:{closed_port()}/?from=a@{TOKEN}.example&to=b@b.example")
        logging.getLogger("gonogo").warning("what is logged arrives here")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    everything = told + log.getvalue() + "".join(capfd.readouterr())
    assert "what is logged arrives here" in everything
    for secret in (TOKEN, PASSWORD, "127.0.0.1"):
        assert secret not in everything
