"""Mail to support on a real Postfix and a real Dovecot of Debian: what is taken, what arrives, who waits."""

import asyncio
import imaplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from anyio.from_thread import start_blocking_portal

from gonogo.base.errors import Unobserved
from gonogo.base.marks import Marks
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.evidence.dns_zone import MailServer
from gonogo.evidence.support_channels import MailExchanger, SupportTicketsEvidence
from gonogo.families.registry import environment_from
from gonogo.families.support.probe import probe_support_tickets, tickets_questions
from gonogo.families.support.recipients import Callout, ask_exchanger
from gonogo.families.world import World
from gonogo.journey.cleanup import clean_up
from gonogo.journey.walk import Walk
from gonogo.planning.declarations import read_declarations
from tests.checks.conftest import FOLDERS, function_of
from tests.lab.dovecot import PASSWORD, USER, DovecotServer, dovecot
from tests.lab.postfix import PostfixServer, postfix
from tests.support.dns_literals import ANSWER
from tests.support.ports import free_port

PATIENCE = timedelta(seconds=60)
RUN = "20261126T200000Z-0a1b2c"
SERVER = MailServer(name="localhost", preference=10, a=replace(ANSWER, records=("127.0.0.1",)), aaaa=ANSWER)


# -- what a mail server says ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mail_server() -> Iterator[PostfixServer]:
    """All shapes of one Postfix."""
    with postfix() as running:
        yield running


def said(mail_server: PostfixServer, shape: str) -> MailExchanger:
    """What it says about the address of support at this port."""
    callout = Callout(address="support@shop.test", sender="", port=mail_server.ports[shape], patience=PATIENCE)
    return asyncio.run(ask_exchanger(SERVER, callout))


@pytest.mark.parametrize(
    ("shape", "recipient", "made_up", "words"),
    [
        ("inbound", "accepted", "refused", "250 2.1.5 Ok"),
        ("everybody", "accepted", "accepted", "250 2.1.5 Ok"),
        ("another domain's", "refused", "refused", "Relay access denied"),
        ("inbound later", "put off", "put off", "450 4.7.1"),
        ("blocks us", "withheld", "withheld", "554 5.7.1"),
    ],
)
def test_a_real_server_is_understood(
    mail_server: PostfixServer, shape: str, recipient: str, made_up: str, words: str
) -> None:
    """A no about who asks is no bounce, and a server that does not know the domain is one."""
    seen = said(mail_server, shape)
    assert (seen.recipient, seen.made_up, seen.encrypted) == (recipient, made_up, True)
    assert words in seen.recipient_answer
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while mail_server.queue and time.monotonic() < deadline:
        time.sleep(0.05)  # the file of an address that was taken goes when the connection has ended
    assert mail_server.queue == [], "no message was sent"


def test_a_server_without_tls_is_asked_in_the_clear(mail_server: PostfixServer) -> None:
    """As most senders do; that it is not encrypted is a fact of its own."""
    seen = said(mail_server, "no TLS")
    assert (seen.encrypted, seen.tls_problem) == (False, "it offers no STARTTLS")
    assert seen.recipient_answer


def test_a_server_that_turns_us_away_says_nothing_of_the_address(mail_server: PostfixServer) -> None:
    """554 in place of a greeting may be about our network alone."""
    seen = said(mail_server, "unwelcome")
    assert (seen.recipient, seen.problem) == ("not tried", "")
    assert "554 5.7.1" in seen.silence


# -- what arrives -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inbox() -> Iterator[DovecotServer]:
    """The mailbox of support."""
    with dovecot() as running:
        yield running


@pytest.fixture(autouse=True)
def emptied(request: pytest.FixtureRequest) -> None:
    """Each test begins with an empty mailbox."""
    if "inbox" in request.fixturenames:
        request.getfixturevalue("inbox").clear()


class Delivering:
    """A mail server that lays what it takes into the mailbox, or loses it."""

    def __init__(self, deliver: Callable[[bytes], None], answer: str = "250 2.0.0 Ok") -> None:
        self._deliver, self._answer = deliver, answer

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's hook
        """Take one message."""
        if self._answer.startswith("250"):
            self._deliver(envelope.content)
        return self._answer


def section(inbox: DovecotServer, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - TOML
    """The mailbox, declared."""
    declared = {"host": "localhost", "port": inbox.port, "user": USER, "password": "SUPPORT_PASSWORD"}
    return {**declared, "ca_file": inbox.ca_file, "delivery": "60 s", "sent": "Sent", **changes}


@contextmanager
def walking(inbox: DovecotServer, port: int, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Iterator[Walk]:  # noqa: ANN401 - TOML
    """A journey whose domain leads to the mail server at a port."""

    async def route(_question: object) -> tuple[object, tuple[MailServer, ...]]:
        return ANSWER, (SERVER,)

    monkeypatch.setattr("gonogo.families.support.probe.route_of", route)
    environment = environment_from(
        {
            "service": {"name": "Shop", "base_url": "https://shop.test"},
            "limits": {"probe": "60 s"},
            "dns": {"zone": "shop.test", "resolvers": ["127.0.0.1:9"], "quorum": 1},
            "support": {"addresses": [USER], "port": port, "inbox": section(inbox, **changes)},
        }
    )
    with start_blocking_portal() as portal:
        secrets = Secrets({"SUPPORT_PASSWORD": PASSWORD})
        world = World(environment=environment, secrets=secrets, run_id=RUN, portal=portal, redactor=Redactor(secrets))
        yield Walk(world, "support_trial")
        world.close()


def arrives(walk: Walk) -> None:
    """The step itself."""
    (declaration,) = (found for found in read_declarations(FOLDERS[0]) if found.id == "support-mail-arrives")
    function_of(declaration)(walk)


def deliveries(handler: object) -> Controller:
    """A mail server with this behaviour."""
    return Controller(handler, hostname="127.0.0.1", port=free_port())


def test_a_test_mail_is_found_and_removed(inbox: DovecotServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else is: what only looks like a mark stays."""
    append(inbox, mail("Is gonogo-2026 ours?"))
    server = deliveries(Delivering(partial(append, inbox)))
    server.start()
    try:
        with walking(inbox, server.port, monkeypatch) as walk:
            arrives(walk)
            cleanup = clean_up(walk, Marks(RUN))
    finally:
        server.stop()
    assert (cleanup.found, cleanup.remaining) == ({"test mails": 1}, {})
    assert subjects(inbox) == ["Is gonogo-2026 ours?"]


def test_a_mail_that_is_lost_is_missed(inbox: DovecotServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """250 is a promise of the server, and no proof."""
    server = deliveries(Delivering(lambda _content: None))
    server.start()
    try:
        with (
            walking(inbox, server.port, monkeypatch, delivery="2 s") as walk,
            pytest.raises(AssertionError, match="was accepted, but not found in the inbox within 2 s"),
        ):
            arrives(walk)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            "554 5.7.1 looks like spam",
            Unobserved,
            "takes no mail from here: 554 5.7.1 looks like spam, which says nothing",
        ),
        ("550 5.7.26 DMARC policy", Unobserved, "localhost takes no mail from here: 550 5.7.26"),
        ("552 5.2.2 mailbox full", AssertionError, "localhost refuses the test mail: 552 5.2.2"),
        ("451 4.3.0 later", Unobserved, "localhost puts the test mail off: 451 4.3.0"),
    ],
)
def test_a_mail_that_is_not_taken(
    inbox: DovecotServer, monkeypatch: pytest.MonkeyPatch, answer: str, error: type[Exception], words: str
) -> None:
    """A no is one, and "later" is none."""
    server = deliveries(Delivering(partial(append, inbox), answer))
    server.start()
    try:
        with walking(inbox, server.port, monkeypatch) as walk, pytest.raises(error, match=words):
            arrives(walk)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ca_file": None}, "its certificate is not trusted: "),
        ({"folder": "Support"}, "has no folder Support: "),
        ({"user": "nobody"}, "does not let nobody in: "),
        ({"port": 9}, "cannot be asked: Connection refused"),
    ],
)
def test_a_mailbox_that_cannot_be_read_proves_nothing(
    inbox: DovecotServer, changes: dict[str, Any], words: str
) -> None:
    """Each with its own cause."""
    with pytest.raises(Unobserved, match=words):
        tickets(inbox, **changes)


# -- who waits --------------------------------------------------------------------------------------------------------


def mail(subject: str, identifier: str = "<1@user.example>", hours: float = 0, **headers: str) -> bytes:
    """A mail of a user, who wrote so many hours ago."""
    sent = datetime.now(UTC) - timedelta(hours=hours)
    lines = {"From": "user@user.example", "To": USER, "Subject": subject, "Message-ID": identifier}
    lines |= {"Date": format_datetime(sent), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\nHello\r\n"


def connection(inbox: DovecotServer) -> imaplib.IMAP4_SSL:
    """A mail program of support."""
    client = imaplib.IMAP4_SSL("localhost", inbox.port, ssl_context=ssl.create_default_context(cafile=inbox.ca_file))
    client.login(USER, PASSWORD)
    return client


def append(inbox: DovecotServer, content: bytes, hours: float = 0, flags: str = "", folder: str = "INBOX") -> None:
    """Lay a message into a folder with the date of its arrival."""
    with connection(inbox) as client:
        when = imaplib.Time2Internaldate(datetime.now(UTC) - timedelta(hours=hours))
        assert client.append(folder, flags, when, content)[0] == "OK"


def subjects(inbox: DovecotServer) -> list[str]:
    """What is in the inbox."""
    with connection(inbox) as client:
        client.select("INBOX", readonly=True)
        (numbers,) = client.search(None, "UNDELETED")[1]
        found = client.fetch(numbers.replace(b" ", b",").decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    return [part[1].decode().removeprefix("Subject: ").strip() for part in found if isinstance(part, tuple)]


def tickets(inbox: DovecotServer, **changes: Any) -> SupportTicketsEvidence:  # noqa: ANN401 - TOML
    """The mailbox as a system of tickets."""
    environment = environment_from(
        {
            "service": {"name": "Shop", "base_url": "https://shop.test"},
            "limits": {"probe": "60 s"},
            "support": {
                "addresses": [USER],
                "inbox": section(inbox, **changes),
                "tickets": {"inbox": True, "answer_within": "4 h"},
            },
        }
    )
    (question,) = tickets_questions(environment, Secrets({"SUPPORT_PASSWORD": PASSWORD}))
    evidence = asyncio.run(probe_support_tickets(question))
    if evidence.unread:
        raise Unobserved(evidence.unread[0].reason)
    return evidence


def test_mail_that_nobody_answers_waits(inbox: DovecotServer) -> None:
    """Answered is what is flagged so, or what a sent mail refers to; machines wait for nobody."""
    append(inbox, mail("flagged", "<1@x>"), hours=9, flags=r"\Answered")
    append(inbox, mail("answered", "<2@x>"), hours=9)
    append(inbox, mail("Re: answered", "<3@desk>", In_Reply_To="<2@x>"), folder="Sent")
    append(inbox, mail("bounce", "<4@x>", Auto_Submitted="auto-replied"), hours=9)
    append(inbox, mail("waits", "<5@x>"), hours=30)
    append(inbox, mail("new", "<6@x>"), hours=1)
    append(inbox, mail("thanks", "<7@x>", References="<2@x> <3@desk>"), hours=1)
    append(inbox, mail("gonogo-20261126t200000z-0a1b2c to you", "<8@x>"), hours=9)
    seen = tickets(inbox)
    assert (seen.opened, seen.open) == (3, 3)
    assert len(seen.waiting) == 1
    assert timedelta(hours=29) < datetime.now(UTC) - seen.waiting[0].since < timedelta(hours=31)


def test_an_empty_mailbox_has_nobody_waiting(inbox: DovecotServer) -> None:
    """Nothing came: nothing waits."""
    seen = tickets(inbox)
    assert (seen.opened, seen.open, seen.waiting) == (0, 0, ())
