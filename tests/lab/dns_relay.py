"""A relay before a real DNS server that does one thing wrong: firewalls, load balancers and old servers do."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

PORT = 53
Message = dns.message.Message
Before = Callable[[Message], bool]
"""Whether a query gets through."""
After = Callable[[Message, Message], Message]
"""Query and true answer → what is sent back."""
_PATIENCE_SECONDS = 5.0
_EDNS_BYTES = 1232


def everything(query: Message) -> bool:
    """Nothing is dropped."""
    del query
    return True


def truth(query: Message, answer: Message) -> Message:
    """Nothing is changed."""
    del query
    return answer


def asks(query: Message, *rdtypes: str) -> bool:
    """Whether it is of one of these types."""
    return dns.rdatatype.to_text(query.question[0].rdtype) in rdtypes


def denying(*rdtypes: str) -> After:
    """NXDOMAIN for these types, with the SOA that came along."""

    def change(query: Message, answer: Message) -> Message:
        if asks(query, *rdtypes) and not answer.answer:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    return change


def failing(*rdtypes: str) -> After:
    """SERVFAIL for these types."""

    def change(query: Message, answer: Message) -> Message:
        if asks(query, *rdtypes):
            answer.set_rcode(dns.rcode.SERVFAIL)
            answer.answer.clear()
        return answer

    return change


def inventing(address: str) -> After:
    """This address for every name that does not exist."""

    def change(query: Message, answer: Message) -> Message:
        question = query.question[0]
        if answer.rcode() != dns.rcode.NXDOMAIN or question.rdtype != dns.rdatatype.A:
            return answer
        invented = dns.message.make_response(query, recursion_available=True)
        invented.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", address))
        return invented

    return change


def some_of(name: str, count: int) -> After:
    """So many of this name's addresses, others each time, as content delivery networks and ALIAS records give them."""

    def change(query: Message, answer: Message) -> Message:
        for rrset in answer.answer:
            if rrset.rdtype == dns.rdatatype.A and rrset.name.to_text() == f"{name}.":
                kept = random.sample(list(rrset), count)
                for rdata in set(rrset).difference(kept):
                    rrset.remove(rdata)  # type: ignore[no-untyped-call]  # dnspython annotates it not yet
        del query
        return answer

    return change


@asynccontextmanager
async def relay(
    address: str, upstream: tuple[str, int], *, before: Before = everything, after: After = truth
) -> AsyncIterator[None]:
    """Listen on UDP and TCP until it is left. Without anything to drop or change it passes bytes on as they are."""

    async def answered(wire: bytes, *, over_tcp: bool) -> bytes | None:
        if before is everything and after is truth:
            return await (_through_tcp if over_tcp else _through_udp)(wire, upstream)
        query = dns.message.from_wire(wire)
        if not before(query):
            return None
        ask = dns.asyncquery.tcp if over_tcp else dns.asyncquery.udp
        true = await ask(query, upstream[0], timeout=_PATIENCE_SECONDS, port=upstream[1])
        limit = 65535 if over_tcp else max(512, query.payload if query.edns >= 0 else 512)
        return after(query, true).to_wire(max_size=limit)

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                reply = await answered(await reader.readexactly(length), over_tcp=True)
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
        writer.close()

    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(answered), local_addr=(address, PORT))
    server = await asyncio.start_server(stream, address, PORT)
    try:
        yield
    finally:
        server.close()
        transport.close()
        await asyncio.gather(*protocol.tasks, return_exceptions=True)


async def _through_tcp(wire: bytes, upstream: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.open_connection(*upstream)
    writer.write(len(wire).to_bytes(2, "big") + wire)
    reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    writer.close()
    return reply


async def _through_udp(wire: bytes, upstream: tuple[str, int]) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connected:
        connected.setblocking(False)  # noqa: FBT003 - its only argument
        connected.connect(upstream)
        await loop.sock_sendall(connected, wire)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await loop.sock_recv(connected, 65535)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answered: Callable[..., Awaitable[bytes | None]]) -> None:
        self._answered = answered
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]  # of a datagram endpoint

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.tasks.add(asyncio.get_running_loop().create_task(self._serve(data, addr)))

    async def _serve(self, data: bytes, addr: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            reply = await self._answered(data, over_tcp=False)
            if reply is not None:
                self._transport.sendto(reply, addr)
