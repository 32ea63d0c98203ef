"""What answers at an address that a name leads to, over real sockets."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gonogo.evidence.dns import Landing
from gonogo.families.dns.landing import landings
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import DnsQuestion
from gonogo.families.dns.unclaimed import unclaimed_at
from tests.support.dns_doubles import PATIENCE

pytestmark = pytest.mark.anyio
WWW = "www.workme.test"
_PAGE = b"<p><strong>There isn't a GitHub Pages site here.</strong></p>"


@pytest.fixture
def anyio_backend() -> str:
    """As everything that speaks to the network here."""
    return "asyncio"


def _certificate(folder: Path, name: str) -> Path:
    """A certificate of its own for this name, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path


@asynccontextmanager
async def _serving(certificate: Path, reply: bytes, lost: int = 0) -> AsyncIterator[int]:
    """A server that says this to every request, but for the first few, which get nothing; its port."""
    silences = iter(range(lost))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if next(silences, None) is not None:
            await reader.read()
        writer.write(reply)
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def _reply(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


async def _landed(port: int, trust: Path, *addresses: str) -> tuple[Landing, ...]:
    vantage = Vantage(resolvers=("127.0.0.1:53",), port=53, patience=PATIENCE)
    question = DnsQuestion(
        name=WWW, vantage=vantage, declared=frozenset({"192.0.2.1"}), https_port=port, trust=str(trust)
    )
    return await landings(question, addresses)


async def test_a_server_of_ours(tmp_path: Path) -> None:
    """A redirect is an answer, and a declared address is asked in other ways."""
    certificate = _certificate(tmp_path, WWW)
    async with _serving(certificate, _reply("301 Moved", b"")) as port:
        assert await _landed(port, certificate, "127.0.0.1", "192.0.2.1") == (
            Landing(address="127.0.0.1", port=port, status=301),
        )


async def test_a_reply_that_was_lost_is_asked_for_again(tmp_path: Path) -> None:
    """Loss on the way alone must not be a NO-GO."""
    certificate = _certificate(tmp_path, WWW)
    async with _serving(certificate, _reply("200 OK", b""), lost=1) as port:
        (landing,) = await _landed(port, certificate, "127.0.0.1")
    assert (landing.status, landing.problem) == (200, "")


async def test_a_hoster_that_serves_nobody_under_the_name(tmp_path: Path) -> None:
    """Its certificate is for its own names; what it says counts all the same."""
    certificate = _certificate(tmp_path, "pages.example")
    async with _serving(certificate, _reply("404 Not Found", _PAGE)) as port:
        (landing,) = await _landed(port, certificate, "127.0.0.1")
    assert (landing.status, landing.unclaimed) == (404, "GitHub Pages")
    assert "not valid for" in landing.certificate_problem


async def test_nobody_listens(tmp_path: Path) -> None:
    """An old machine would pass for a healthy one."""
    certificate = _certificate(tmp_path, WWW)
    async with _serving(certificate, b"") as port:
        pass
    (landing,) = await _landed(port, certificate, "127.0.0.1")
    assert (landing.asked, landing.status, landing.problem) == (True, None, "refused: nothing listens")


@pytest.mark.parametrize(
    ("status", "body", "hoster"),
    [
        (404, "<title>No such app</title>", "Heroku"),
        (404, "<Code>NoSuchBucket</Code>", "Amazon S3"),
        (404, '{"error":{"code":"404","message":"DEPLOYMENT_NOT_FOUND"}}', "Vercel"),
        (500, "Fastly error: unknown domain: www.workme.test", "Fastly"),
        (200, "How to fix: There isn't a GitHub Pages site here.", ""),
        (404, "our own page that is not there", ""),
        (None, "", ""),
    ],
)
def test_sentences_of_hosters(status: int | None, body: str, hoster: str) -> None:
    """Whoever claims the name there owns it; a page about such sentences is none."""
    assert unclaimed_at(status, body) == hoster
