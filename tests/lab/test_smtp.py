"""gonogo-smtp on a real Postfix of Debian and on aiosmtpd: each check green, and red at its fault."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from gonogo_smtp import FAMILY
from gonogo_smtp.probe import PROBES

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from tests.lab.installation import Installation, install
from tests.lab.package_verdicts import environment_of, verdicts, wrong
from tests.lab.postfix import PASSWORD, REALM, RECIPIENT, SENDER, USER, PostfixServer, postfix
from tests.lab.table import serving
from tests.support.ports import free_port

BEHIND_LOGIN = {"smtp-password", "smtp-sender", "smtp-relay", "smtp-size"}


@pytest.fixture(scope="module")
def server() -> Iterator[PostfixServer]:
    """All shapes of one Postfix."""
    with postfix() as running:
        yield running


def judged(
    server: PostfixServer, shape: str, *, url: str = "", password: str = PASSWORD, **section: object
) -> dict[str, str]:
    """Every check's verdict on this shape."""
    scheme = "smtps" if shape == "at once" else "smtp"
    url = url or f"{scheme}://{USER}%40{REALM}:{quote(password)}@localhost:{server.ports[shape]}"
    declared = {
        "url": "SMTP_URL",
        "sender": SENDER,
        "recipient": RECIPIENT,
        "ca_file": str(server.ca_file),
        "message_size": "5 MiB",
        **section,
    }
    environment = environment_of(FAMILY, {"smtp": declared, "limits": {"probe": "15 s"}})
    return verdicts(FAMILY, PROBES, environment, {"SMTP_URL": url})


def test_a_message_that_is_taken_is_seen_in_the_queue() -> None:
    """Else an empty queue would prove nothing."""
    with postfix() as running, smtplib.SMTP("localhost", running.ports["everybody"], timeout=15) as client:
        client.sendmail(SENDER, [RECIPIENT], "Subject: a test\r\n\r\nof the queue\r\n")
        assert len(running.queue) == 1


@pytest.mark.parametrize("shape", ["sound", "at once", "TLS by choice", "boundless"])
def test_sound_server_is_green(server: PostfixServer, shape: str) -> None:
    """And no message is in its queue afterwards."""
    assert wrong(judged(server, shape)) == {}
    assert server.queue == []


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("no TLS", {"smtp-tls": "it offers no STARTTLS", "smtp-no-plain-login": "accepts logins before TLS"}),
        ("login in the clear", {"smtp-no-plain-login": "accepts logins before TLS begins"}),
        ("expired", {"smtp-certificate": "certificate has expired", "smtp-expiry": "the certificate expires on"}),
        ("other name", {"smtp-certificate": "Hostname mismatch"}),
        ("ends soon", {"smtp-expiry": "at least 13 d 12 h must remain"}),
        ("no login", {"smtp-login": "offers no login (AUTH) after TLS"}),
        ("open relay", {"smtp-relay": f"accepts mail from {SENDER} to {RECIPIENT} without a login: 250 2.1.5 Ok"}),
        ("open for its own", {"smtp-relay": f"accepts mail from {SENDER} to {RECIPIENT} without a login"}),
        ("foreign sender", {"smtp-sender": f"may not send from {SENDER}: 553 5.7.1"}),
        (
            "greylisting",
            {"smtp-sender": "ERROR mail from orders@shop.test to postmaster@example.org was deferred: 450 4.7.1"},
        ),
        ("unknown recipient", {"smtp-sender": "ERROR localhost:{port} does not know the recipient"}),
        ("hangs up", {"smtp-sender": "ERROR localhost:{port} closes the connection: 421 4.7.0"}),
        ("small", {"smtp-size": "does not accept a message of 5,242,880 bytes: 552 5.3.4"}),
        ("talkative", {"smtp-banner": "its greeting shows the version 3."}),
        ("unwelcome", {"smtp-reachable": "it greets with 554 5.7.1"}),
    ],
)
def test_faults_turn_their_checks_red(server: PostfixServer, shape: str, expected: dict[str, str]) -> None:
    """Each with the server's own words; what stands behind it is blocked by it, and by nothing else."""
    red = {check: message for check, message in wrong(judged(server, shape)).items() if message != "BLOCKED"}
    assert red.keys() == expected.keys()
    for check, words in expected.items():
        assert words.format(port=server.ports[shape]) in red[check]
    assert server.queue == []


def test_wrong_password_of_the_service(server: PostfixServer) -> None:
    """It is told as the server's own no, and what needs the login is blocked."""
    found = judged(server, "sound", password="changed-last-week")
    assert wrong(found).keys() == {"smtp-login"} | BEHIND_LOGIN
    assert "app@shop.test cannot log in: 535 5.7.8" in found["smtp-login"]


def test_no_password_reaches_a_server_that_is_not_trusted(server: PostfixServer) -> None:
    """Neither without TLS nor under a certificate that nobody vouches for: the mail log names no user."""
    before = (server.place / "mail.log").read_text().count("sasl_username")
    for shape in ("no TLS", "expired", "other name"):
        judged(server, shape)
    assert (server.place / "mail.log").read_text().count("sasl_username") == before


def test_what_is_not_declared_has_its_usual_value() -> None:
    """The port of submission, public trust, and a question that shows no password."""
    environment = environment_of(FAMILY, {"smtp": {"url": "SMTP_URL", "sender": SENDER}})
    (question,) = PROBES["smtp"].questions(environment, Secrets({"SMTP_URL": f"smtp://app:{PASSWORD}@localhost"}))
    assert (question.port, question.recipient, question.trust) == (587, RECIPIENT, "public")
    assert PASSWORD not in repr(question)


@contextmanager
def everybody_is_welcome(server: PostfixServer) -> Iterator[int]:
    """An aiosmtpd that takes every password under TLS, and says which version it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.place / "sound.pem")
    port = free_port()
    controller = Controller(
        _Nothing(),
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=lambda *_: AuthResult(success=True),
        ident="ESMTP Python SMTP 1.4.6",
    )
    controller.start()
    try:
        with serving("aiosmtpd"):
            yield port
    finally:
        controller.stop()


class _Nothing:
    """Takes no message."""

    async def handle_DATA(self, *_: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's hook
        raise AssertionError("a message was sent")


def test_server_that_takes_every_password(server: PostfixServer) -> None:
    """Its greeting tells its version as well."""
    with everybody_is_welcome(server) as port:
        found = judged(server, "sound", url=f"smtp://app:x@localhost:{port}")
    assert wrong(found).keys() == {"smtp-password", "smtp-banner"}
    assert "a login as app with a made-up password was accepted" in found["smtp-password"]
    assert "the version 1.4.6" in found["smtp-banner"]


@contextmanager
def answering(*lines: bytes) -> Iterator[int]:
    """The port of a server that sends this to everybody, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"".join(lines))

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"", "closed the connection in place of its greeting"),
        (b"HTTP/1.1 400 Bad Request\r\n", "speaks no SMTP"),
        (b"220-" + b"x" * 9000, "speaks no SMTP: it sent a line without an end"),
        (b"220-more\r\n" * 200, "more than 100 lines"),
        (b"421 4.3.2 shutting down\r\n", "puts us off in place of a greeting: 421 4.3.2"),
    ],
)
def test_what_is_no_answer_is_no_verdict(server: PostfixServer, greeting: bytes, said: str) -> None:
    """Neither red nor green: nobody knows whether mail would be sent."""
    with answering(greeting) as port:
        found = judged(server, "sound", url=f"smtp://app:x@localhost:{port}")
    assert found["smtp-reachable"].startswith("ERROR")
    assert said in found["smtp-reachable"]


def test_refused_port_silence_and_a_strange_name(server: PostfixServer) -> None:
    """Three different things: a no, no answer, and a mistake in the URL."""
    refused = judged(server, "sound", url=f"smtp://app:x@127.0.0.1:{free_port()}")
    assert refused["smtp-reachable"].endswith("the port refuses connections")
    unknown = judged(server, "sound", url="smtp://app:x@no-such-name.invalid")
    assert "does not resolve" in unknown["smtp-reachable"]
    silent = judged(server, "at once", url=f"smtp://app:x@localhost:{server.ports['at once']}")
    assert "did not answer within" in silent["smtp-reachable"]
    plain = judged(server, "sound", url=f"smtps://app:x@localhost:{server.ports['sound']}")
    assert "TLS fails" in plain["smtp-tls"]


@pytest.mark.parametrize(
    "url", ["mail.shop.test:587", "http://a:b@mail.shop.test", "smtp://mail.shop.test", "smtp://a:b@h:port"]
)
def test_what_is_no_url_is_a_usage_error(url: str) -> None:
    """It names the secret and what it looks like, and repeats nothing of it."""
    environment = environment_of(FAMILY, {"smtp": {"url": "SMTP_URL", "sender": SENDER}})
    with pytest.raises(UsageError, match=r"secret SMTP_URL: .*smtp://user:password@host:587") as raised:
        PROBES["smtp"].questions(environment, Secrets({"SMTP_URL": url}))
    assert url not in str(raised.value)


SECTION = """
[smtp]
url = "SMTP_URL"
sender = "orders@shop.test"
ca_file = "{ca_file}"
"""


@pytest.mark.whole
def test_from_the_command_line(server: PostfixServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Installed beside gonogo's wheel: recorded, replayed, and no password in any file."""
    installation: Installation = install(tmp_path_factory.mktemp("smtp"), "gonogo-smtp")
    installation.declare(SECTION.format(ca_file=server.ca_file))
    installation.environ = {"SMTP_URL": f"smtp://{USER}%40{REALM}:{PASSWORD}@localhost:{server.ports['sound']}"}
    done = installation.gonogo("run", "--env", "staging")
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, printed
    assert set(installation.outcomes("smtp").values()) == {"pass"}
    assert "smtp-size" not in installation.outcomes("smtp")
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == 0, again.stdout + again.stderr
    assert PASSWORD not in printed + "".join(path.read_text() for path in installation.latest.iterdir())
    relay = installation.gonogo(
        "run",
        "--env",
        "staging",
        SMTP_URL=installation.environ["SMTP_URL"].replace(str(server.ports["sound"]), str(server.ports["open relay"])),
    )
    assert relay.returncode == 1
    assert "without a login" in relay.stdout + relay.stderr
