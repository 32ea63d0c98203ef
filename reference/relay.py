"""Relays TCP, with or without TLS on either side: Redis' TLS front, and the carrier of faults that live on the wire.

What a relay can express: TLS in front of a plaintext server, protocol versions and ciphers that a good server
refuses, another certificate per address, silence after accept, a delay per message, and patched replies.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reference.certificates import Bundle
from reference.listener import Listener

_CHUNK_BYTES = 64 * 1024
Patch = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOffer:
    """How a relay speaks TLS to its clients. The defaults are healthy."""

    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    ciphers: str | None = None
    protocols: tuple[str, ...] = ()
    """ALPN, as in ``("h2", "http/1.1")``."""
    demands_certificate: bool = False
    """Whether clients need a certificate of their own, from the same authority."""

    def context(self, bundle: Bundle) -> ssl.SSLContext:
        """A server's context that presents this chain."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.ciphers is not None:
            context.set_ciphers(self.ciphers)
        context.minimum_version = self.minimum
        context.maximum_version = self.maximum
        context.load_cert_chain(bundle.chain, bundle.key)
        if self.demands_certificate:
            context.load_verify_locations(bundle.chain)
            context.verify_mode = ssl.CERT_REQUIRED
        if self.protocols:
            context.set_alpn_protocols(list(self.protocols))
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """One address at which a relay is reached."""

    address: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where a relay sends everything, on this machine."""

    port: int
    tls: ssl.SSLContext | None = None
    address: str = "127.0.0.1"


class Relay:
    """Copies bytes both ways between clients and a backend."""

    def __init__(
        self,
        listens: Sequence[Listen],
        backend: Backend | None,
        *,
        reply_delay_seconds: float = 0.0,
        patch: Patch = bytes,
    ) -> None:
        """Without a backend it accepts and stays silent."""
        self._backend = backend
        self._delay = reply_delay_seconds
        self._patch = patch
        self._listeners = [Listener(self._relay, listen.address, listen.port, listen.tls) for listen in listens]

    async def start(self) -> None:
        """Listen at every address. OSError if a port is taken."""
        for listener in self._listeners:
            await listener.start()

    async def stop(self) -> None:
        """End the listeners and every connection."""
        for listener in self._listeners:
            await listener.stop()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._backend is None:
            await asyncio.Event().wait()
            return
        tls = self._backend.tls
        name = "localhost" if tls else None
        back_reader, back_writer = await asyncio.open_connection(
            self._backend.address, self._backend.port, ssl=tls, server_hostname=name
        )
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._copy(reader, back_writer))
                both.create_task(self._copy(back_reader, writer, replies=True))
        except* (ConnectionError, ssl.SSLError):
            pass  # one side left: so does the other
        finally:
            back_writer.transport.abort()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, replies: bool = False) -> None:
        while chunk := await source.read(_CHUNK_BYTES):
            if replies:
                await asyncio.sleep(self._delay)
                chunk = self._patch(chunk)
            sink.write(chunk)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
        else:
            # TLS knows no half-open connection: the other direction ends as well.
            raise ConnectionResetError
