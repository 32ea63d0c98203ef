"""Serves answers over UDP and TCP (RFC 1035, 7766) in the running event loop."""

import asyncio
import struct
from collections.abc import Mapping

import dns.exception
import dns.message

from reference.dns.answers import PARENT_ADDRESS, Answer, Authority, Registry, Resolver
from reference.dns.zone import DnsSettings, SigningKey, signed_zone
from reference.listener import Listener

AUTHORITIES = ("127.0.0.1", "127.0.0.2")
RESOLVERS = ("127.0.0.11", "127.0.0.12", "127.0.0.13")
_UDP_LIMIT_BYTES = 1232
_TCP_LIMIT_BYTES = 65535
_IDLE_SECONDS = 10
_HEADER_BYTES = 12


class DnsServers:
    """All six servers on one port, each at an address of its own."""

    def __init__(self, settings: DnsSettings, *, port: int, mongodb_port: int) -> None:
        self._settings = settings
        self._port = port
        self._mongodb_port = mongodb_port
        self._udp: list[_Datagrams] = []
        self._tcp: list[Listener] = []

    async def start(self) -> None:
        """Sign the zone and listen."""
        loop = asyncio.get_running_loop()
        for address, answer in self._answers().items():
            _, protocol = await loop.create_datagram_endpoint(
                lambda answer=answer: _Datagrams(answer),  # type: ignore[misc]  # mypy cannot infer defaults of lambdas
                local_addr=(address, self._port),
            )
            self._udp.append(protocol)
            if not (self._settings.second_server_refuses_tcp and address == AUTHORITIES[1]):
                listener = Listener(_Stream(answer), address, self._port)
                await listener.start()
                self._tcp.append(listener)

    async def stop(self) -> None:
        """Close every socket, and return when they are closed."""
        for protocol in self._udp:
            await protocol.close()
        for listener in self._tcp:
            await listener.stop()
        self._udp.clear()
        self._tcp.clear()

    def _answers(self) -> Mapping[str, Answer]:
        settings = self._settings
        key = SigningKey.new()
        ds = (key if settings.ds_matches else SigningKey.new()).ds()
        first = signed_zone(settings, key, self._mongodb_port)
        second = signed_zone(settings, key, self._mongodb_port, second=True)
        authorities = (Authority(first, settings), Authority(second, settings, lame=settings.second_server_is_lame))
        resolvers = [
            Resolver(first, ds, stale=index < settings.stale_resolvers, delegated=settings.delegated)
            for index in range(len(RESOLVERS))
        ]
        return {
            PARENT_ADDRESS: Registry(settings, ds),
            **dict(zip(AUTHORITIES, authorities, strict=True)),
            **dict(zip(RESOLVERS, resolvers, strict=True)),
        }


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._closed = asyncio.Event()

    async def close(self) -> None:
        self._transport.close()
        await self._closed.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._closed.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]  # of a datagram endpoint

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = _respond(data, self._answer)
        if response is not None:
            limit = max(512, min(response.request_payload or 512, _UDP_LIMIT_BYTES))
            self._transport.sendto(response.to_wire(max_size=limit, prefer_truncation=True), addr)


class _Stream:
    """One TCP connection: length-prefixed messages until the client leaves, or says nothing for a while."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(_IDLE_SECONDS):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                response = _respond(await reader.readexactly(length), self._answer)
            if response is None:
                return
            wire = response.to_wire(max_size=_TCP_LIMIT_BYTES)
            writer.write(struct.pack("!H", len(wire)) + wire)
            await writer.drain()


def _respond(wire: bytes, answer: Answer) -> dns.message.Message | None:
    """None for what is no query: silence is the only safe reply to noise."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if len(wire) < _HEADER_BYTES or len(query.question) != 1 or query.flags & dns.flags.QR:
        return None
    return answer(query)
