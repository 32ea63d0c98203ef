"""SMTP as it is spoken (RFC 5321): commands and replies, with enhanced status codes (RFC 3463), and STARTTLS (RFC 3207)."""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import WAKEFULNESS

_LONGEST_LINE = 4096
"""RFC 5321 allows 512; servers that list what they can send more."""
_MOST_LINES = 100
_LONGEST = 200
_CLOSING = 421


class NoTls(Exception):
    """TLS did not come about, by the server's own word or by its handshake."""


class Rejected(Exception):
    """The reply in place of a greeting (RFC 5321, 3.1: 554; RFC 7504: 521)."""

    def __init__(self, reply: "Reply") -> None:
        super().__init__(f"it greets with {reply}")
        self.reply = reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply, its lines joined."""

    code: int
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether it was done."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321, 4.2.1

    @property
    def permanent(self) -> bool:
        """Whether it is a no for good; what is neither this nor positive may be otherwise in a minute."""
        return self.code >= 500  # noqa: PLR2004 - as above

    @property
    def status(self) -> tuple[int, int, int] | None:
        """The enhanced status code; None where the server sends none, or one of another class than its reply."""
        match = re.match(r"([245])\.(\d{1,3})\.(\d{1,3})\b", self.lines[0])
        if match is None or int(match[1]) != self.code // 100:
            return None
        return int(match[1]), int(match[2]), int(match[3])

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.lines)}"[:_LONGEST]


class Conversation:
    """One connection, greeted. Every wait is bounded by whoever opened it."""

    def __init__(self, server: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self.extensions: Mapping[str, str] = {}
        """Keyword of the last EHLO to its parameters, in capitals."""

    async def greeted(self) -> Reply:
        """The greeting. Raises Rejected for a no, Unobserved for what is no greeting."""
        greeting = await self._reply("its greeting")
        if greeting.permanent:
            raise Rejected(greeting)
        if not greeting.positive:
            raise Unobserved(f"{self._server} puts us off in place of a greeting: {greeting}", hint="try again later")
        return greeting

    async def hello(self) -> None:
        """Say EHLO with our address, which every server must take (RFC 5321, 4.1.4), and note what it can."""
        address = str(self._writer.get_extra_info("sockname")[0])
        reply = await self.command(f"EHLO [{'IPv6:' if ':' in address else ''}{address}]")
        if not reply.positive:
            raise Unobserved(f"{self._server} does not take EHLO from this machine: {reply}")
        words = (re.split(r"[ =]", line.strip(), maxsplit=1) for line in reply.lines[1:])
        self.extensions = {word[0].upper(): word[1].upper() if len(word) > 1 else "" for word in words}

    async def command(self, line: str, shown: str = "") -> Reply:
        """The reply to one command; ``shown`` stands for it in messages where it holds a secret."""
        self._writer.write(f"{line}\r\n".encode())
        with suppress(ConnectionError):  # the reply tells
            await self._writer.drain()
        reply = await self._reply(f"an answer to {shown or line}")
        if reply.code == _CLOSING:
            raise Unobserved(f"{self._server} closes the connection: {reply}", hint="read its log; try again later")
        return reply

    async def message(self, content: bytes) -> Reply:
        """The reply to a message after DATA. Its lines end with CRLF; dots that begin one are doubled (RFC 5321, 4.5.2)."""
        lines = content.replace(b"\r\n", b"\n").split(b"\n")
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
        self._writer.write(stuffed.removesuffix(b"\r\n") + b"\r\n.\r\n")
        with suppress(ConnectionError):  # the reply tells
            await self._writer.drain()
        return await self._reply("an answer to the message")

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """STARTTLS, and EHLO again. Raises NoTls, SSLCertVerificationError, or Unobserved."""
        if "STARTTLS" not in self.extensions:
            raise NoTls("it offers no STARTTLS: what is sent to it is not encrypted")
        reply = await self.command("STARTTLS")
        if reply.permanent:
            raise NoTls(f"it refuses STARTTLS: {reply}")
        if not reply.positive:
            raise Unobserved(f"{self._server} puts STARTTLS off: {reply}", hint="read its log; try again later")
        with _handshake():
            await self._writer.start_tls(context, server_hostname=host)
        await self.hello()

    @property
    def peer_certificate(self) -> bytes:
        """The server's certificate in DER; empty without TLS."""
        session = self._writer.get_extra_info("ssl_object")
        return (session.getpeercert(binary_form=True) or b"") if session else b""

    async def _reply(self, awaited: str) -> Reply:
        lines: list[str] = []
        while len(lines) < _MOST_LINES:
            try:
                line = await self._reader.readline()
            except (ConnectionError, ssl.SSLError):
                line = b""
            except ValueError:
                raise self._foreign("a line without an end") from None
            if not line.endswith(b"\n"):
                raise Unobserved(f"{self._server} closed the connection in place of {awaited}", hint="read its log")
            text = line.decode("utf-8", "replace").strip()
            match = re.fullmatch(r"([2-5]\d\d)(?:([ -])(.*))?", text)
            if match is None:
                raise self._foreign(repr(text[:60]))
            lines.append(match[3] or "")
            if match[2] != "-":
                return Reply(code=int(match[1]), lines=tuple(lines))
        raise self._foreign(f"more than {_MOST_LINES} lines")

    def _foreign(self, sent: str) -> Unobserved:
        return Unobserved(f"{self._server} speaks no SMTP: it sent {sent}", hint="is it the mail server's port?")


class _handshake:  # noqa: N801 - read as a phrase
    """Tells a certificate that is not trusted from TLS that fails otherwise."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
            raise NoTls(f"TLS fails: {error.reason or error}") from None
        if isinstance(error, ConnectionError):
            raise NoTls("it closes the connection when TLS begins") from None


@asynccontextmanager
async def connected(
    server: str, host: str, port: int, patience: timedelta, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Conversation, Reply]]:
    """A connection and its greeting, with TLS at once where there is a context; QUIT ends it.

    Raises NoTls and SSLCertVerificationError of the handshake, Rejected, and Unobserved for silence within ``patience``.
    """
    started = time.monotonic()
    try:
        async with asyncio.timeout(patience.total_seconds()):
            with _handshake():
                reader, writer = await asyncio.open_connection(
                    host, port, ssl=context, server_hostname=host if context else None, limit=_LONGEST_LINE
                )
            try:
                conversation = Conversation(server, reader, writer)
                yield conversation, await conversation.greeted()
                writer.write(b"QUIT\r\n")
                with suppress(ConnectionError, ssl.SSLError):
                    await writer.drain()
            finally:
                writer.transport.abort()
    except TimeoutError:
        WAKEFULNESS.demand(started)
        hint = "" if context else "a server that waits for TLS at once says nothing: its URL begins with smtps://"
        raise Unobserved(f"{server} did not answer within {format_duration(patience)}", hint=hint) from None
