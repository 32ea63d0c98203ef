"""Whole handshakes with OpenSSL, as clients make them: they prove that the server holds the key of its certificate."""

import asyncio
import ssl
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.network import ours, unobserved
from gonogo.clients.trust import unverified_context
from gonogo.evidence.tls import ClientCertificate, Handshake
from gonogo.families.tls.asking import ANSWER_SECONDS, CONNECT_SECONDS

_CLIENT_SUITES = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""What clients of Python offer since 3.10, whatever their OpenSSL was built with."""
_REPLY_SECONDS = 1.5
"""Waiting for a reply serves the clock and the client certificate only: a slow page is another check's matter."""
_SILENCES = {Handshake.SILENT, Handshake.CUT_OFF}
"""Whoever waits for us too long hangs up: both may be our own fault."""
_HEAD_BYTES = 64 * 1024
_NO_CERTIFICATE_STATUSES = {400, 495, 496}
"""nginx answers these over HTTP where a client certificate is required and none came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaken:
    """How a handshake ended."""

    handshake: Handshake
    detail: str = ""
    session: ssl.SSLObject | None = None
    client_certificate_demanded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The handshake of a client with OpenSSL's defaults, and the service's clock."""

    shaken: Shaken
    clock_offset: timedelta | None = None
    status: int | None = None
    hung_up: bool = False
    """The connection ended after the handshake, without a reply."""


async def shake(host: str, address: str, port: int) -> Shaken:
    """A handshake that takes every version and suite which this OpenSSL has, so that facts come from any server."""
    context = unverified_context()
    with warnings.catch_warnings():
        # Old versions are deprecated for good reasons: what speaks nothing else has a certificate all the same.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    started = time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, plain = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return Shaken(handshake=Handshake.CLOSED_PORT, detail="nothing listens")
    except ConnectionResetError as error:
        return _failed(error)
    except OSError as error:  # a TimeoutError is one
        WAKEFULNESS.demand(started)
        raise unobserved(error, address, port) from None
    try:
        shaken = await _upgrade(plain, host, context)
    finally:
        plain.transport.abort()  # without close_notify, which would wait for the server's own
    if shaken.handshake in _SILENCES:
        WAKEFULNESS.demand(started)
    return shaken


async def _upgrade(plain: asyncio.StreamWriter, host: str, context: ssl.SSLContext) -> Shaken:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await plain.start_tls(context, server_hostname=host)
    except TimeoutError:
        return Shaken(handshake=Handshake.SILENT, detail=f"no answer within {ANSWER_SECONDS:g} s")
    except (OSError, EOFError) as error:
        return _failed(error)
    return Shaken(handshake=Handshake.DONE, session=plain.get_extra_info("ssl_object"))


async def welcome(host: str, address: str, port: int) -> Welcome:
    """Connect with the defaults of a client of today, and ask for the page of the root."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the chain is judged elsewhere
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CLIENT_SUITES)
    context.set_alpn_protocols(["http/1.1"])
    started = time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
    except (OSError, EOFError) as error:  # a TimeoutError is one
        silent = Shaken(handshake=Handshake.SILENT, detail="no answer")
        shaken = silent if isinstance(error, TimeoutError) else _failed(error)
        if shaken.handshake in _SILENCES and (problem := ours(error, started)):
            shaken = Shaken(handshake=Handshake.NOT_ASKED, detail=problem)
        return Welcome(shaken=shaken)
    try:
        return await _greeting(reader, writer, host if port == 443 else f"{host}:{port}")  # noqa: PLR2004 - https
    finally:
        writer.transport.abort()


async def _greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str) -> Welcome:
    """The head of the reply. A server may say only here that it wants a certificate: RFC 8446, section 6.2."""
    request = f"GET / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: gonogo (launch-readiness checks)\r\n"
    shaken = Shaken(handshake=Handshake.DONE)
    try:
        async with asyncio.timeout(_REPLY_SECONDS):
            writer.write(f"{request}Connection: close\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
    except ssl.SSLError as error:
        return Welcome(shaken=_failed(error) if "CERTIFICATE" in (error.reason or "") else shaken)
    except TimeoutError:
        return Welcome(shaken=shaken)
    except (OSError, EOFError):
        return Welcome(shaken=shaken, hung_up=True)
    except (ValueError, asyncio.LimitOverrunError):  # a service may not speak HTTP at all
        return Welcome(shaken=shaken)
    return _read(head[:_HEAD_BYTES], shaken)


def _read(head: bytes, shaken: Shaken) -> Welcome:
    first, *lines = head.decode("latin-1").split("\r\n")
    dates = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("date:")]
    parts = first.split(" ")
    status = int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else None
    return Welcome(shaken=shaken, status=status, clock_offset=_offset(dates[0]) if dates else None)


def _offset(date: str) -> timedelta | None:
    try:
        return parsedate_to_datetime(date) - datetime.now(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _failed(error: Exception) -> Shaken:
    """An alert is a refusal; an end of the connection may be anything."""
    reason = (error.reason or str(error)) if isinstance(error, ssl.SSLError) else ""
    if "ALERT" in reason:
        demanded = "CERTIFICATE_REQUIRED" in reason
        return Shaken(handshake=Handshake.REFUSED, detail=reason, client_certificate_demanded=demanded)
    if reason and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Shaken(handshake=Handshake.REFUSED, detail=reason)
    detail = str(error) or "the connection was closed"
    return Shaken(handshake=Handshake.CUT_OFF, detail=detail)


def client_certificate(greeted: Welcome, *, asked_for: bool) -> ClientCertificate:
    """Whether clients need a certificate; ``asked_for`` if the server's handshake holds a CertificateRequest."""
    if greeted.shaken.client_certificate_demanded:
        return ClientCertificate.DEMANDED
    if not asked_for:
        return ClientCertificate.NOT_ASKED
    turned_away = greeted.hung_up or greeted.status in _NO_CERTIFICATE_STATUSES
    refused = greeted.shaken.handshake is not Handshake.DONE or turned_away
    return ClientCertificate.DEMANDED if refused else ClientCertificate.OPTIONAL
