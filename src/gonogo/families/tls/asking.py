"""One connection, one hello of our own bytes, one answer."""

import asyncio
import time
from dataclasses import replace

from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.network import unobserved
from gonogo.clients.pace import pace_of
from gonogo.families.tls.answer import Flight, HelloEnding, NotTls, TlsAnswer
from gonogo.families.tls.hello import Hello, SentHello, Version, new_hello, retried_hello, ssl2_hello

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 3.0
_MOST_BYTES = 256 * 1024
"""Bytes of one answer: a chain has some kilobytes, and a hostile server has no end."""
_LARGEST_RECORD = (1 << 14) + 2048
"""Bytes of an encrypted record (RFC 5246, section 6.2.3); TLS 1.3 allows fewer."""
_SSL2_SERVER_HELLO = 4
_EXCERPT = 40
_SILENCES = {HelloEnding.SILENT, HelloEnding.CLOSED}
"""Whoever waits for us too long hangs up: both may be our own fault."""


async def ask(address: str, port: int, hello: Hello, patience_seconds: float = ANSWER_SECONDS) -> TlsAnswer:
    """Offer this, and read the answer. Raises Unobserved when nobody could be asked."""
    async with pace_of(address, port).connection():
        return await _ask(address, port, hello, patience_seconds)


async def _ask(address: str, port: int, hello: Hello, patience_seconds: float) -> TlsAnswer:
    started = time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return TlsAnswer(ending=HelloEnding.CLOSED_PORT, detail="nothing listens")
    except ConnectionResetError as error:
        return TlsAnswer(ending=HelloEnding.CLOSED, detail=_reason(error))
    except OSError as error:  # a TimeoutError is one
        WAKEFULNESS.demand(started)
        raise unobserved(error, address, port) from None
    try:
        answer = await _within(reader, writer, hello, patience_seconds)
    finally:
        writer.transport.abort()
    if answer.ending in _SILENCES and (busy := WAKEFULNESS.too_busy(started)):
        return replace(answer, ending=HelloEnding.NOT_ASKED, detail=busy)
    return answer


async def _within(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Hello, patience_seconds: float
) -> TlsAnswer:
    """Send one hello, and take what comes: silence, a closed connection and no TLS are answers, too."""
    sent = new_hello(hello)
    flight = Flight(sent)
    try:
        async with asyncio.timeout(patience_seconds):
            if hello.versions == (Version.SSL2,):
                writer.write(ssl2_hello())
                return await _ssl2(reader)
            writer.write(sent.record)
            await _read(reader, writer, flight, sent)
    except TimeoutError:
        return _unfinished(flight, HelloEnding.SILENT, f"no answer within {patience_seconds:.1f} s")
    except NotTls as error:
        return _unfinished(flight, HelloEnding.NOT_TLS, str(error))
    except ValueError:  # a share that is no point of its group
        return _unfinished(flight, HelloEnding.NOT_TLS, "its key exchange is not sound")
    except (OSError, EOFError) as error:
        return _unfinished(flight, HelloEnding.CLOSED, _reason(error))
    return flight.answer


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flight: Flight, sent: SentHello) -> None:
    """Read records until the flight is complete, and answer a request to retry."""
    count = 0
    while not flight.complete and count < _MOST_BYTES:
        header = await reader.readexactly(1)
        if header[0] not in range(20, 24):
            remainder = await reader.read(_EXCERPT)
            raise NotTls(f"it answers {(header + remainder).decode('ascii', 'replace').splitlines()[0]!r}")
        header += await reader.readexactly(4)
        length = int.from_bytes(header[3:], "big")
        if header[1] != 3 or length > _LARGEST_RECORD:  # noqa: PLR2004 - the major version of them all
            raise NotTls("its records are not those of TLS")
        flight.record(header[0], await reader.readexactly(length))
        count += length
        if flight.retry:
            group, cookie = flight.retry
            again = retried_hello(sent, group, cookie)
            flight.retried(again)
            writer.write(again.record)


async def _ssl2(reader: asyncio.StreamReader) -> TlsAnswer:
    """A SERVER-HELLO of SSL 2.0, or whatever else came."""
    header = await reader.readexactly(2)
    if header[0] == 21:  # noqa: PLR2004 - an alert of TLS
        return TlsAnswer(ending=HelloEnding.ALERT, detail="alert")
    if not header[0] & 0x80:
        raise NotTls("it answers in no version of SSL or TLS")
    body = await reader.readexactly(min(int.from_bytes(header, "big") & 0x7FFF, 11))
    if body[:1] == bytes([_SSL2_SERVER_HELLO]) and int.from_bytes(body[7:9], "big"):
        return TlsAnswer(ending=HelloEnding.ACCEPTED, version=Version.SSL2)
    return TlsAnswer(ending=HelloEnding.ALERT, detail="no cipher of SSL 2.0")


def _unfinished(flight: Flight, ending: HelloEnding, detail: str) -> TlsAnswer:
    """The answer with this ending. A ServerHello is an acceptance, whatever came after it."""
    answer = flight.answer
    return answer if answer.accepted else replace(answer, ending=ending, detail=detail)


def _reason(error: Exception) -> str:
    if isinstance(error, asyncio.IncompleteReadError):
        return "the connection was closed without an answer"
    return f"the connection was cut off: {getattr(error, 'strerror', None) or type(error).__name__}"
