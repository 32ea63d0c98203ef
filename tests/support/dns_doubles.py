"""DNS servers on real sockets: the reference's own, and one that does whatever a test wants of it."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import dns.message

from gonogo.families.dns.query import Query, Vantage
from reference.dns.server import RESOLVERS, DnsServers
from reference.dns.zone import DnsSettings

PATIENCE = timedelta(seconds=10)
SHORT = timedelta(seconds=0.25)
"""For servers that will never answer; a healthy one may take longer on a busy machine."""
ZONE = "workme.test"
Reply = Callable[[dns.message.Message], bytes | None]
# Below the ephemeral range, so that no client's own port gets in the way.
_PORTS = range(22000, 32000)
_TRIES = 50


@asynccontextmanager
async def reference_dns(**settings: object) -> AsyncIterator[Vantage]:
    """The five servers of the reference environment; keywords are its DnsSettings."""
    chosen = DnsSettings(**settings)  # type: ignore[arg-type]  # checked by the dataclass
    for port in random.sample(_PORTS, _TRIES):
        servers = DnsServers(chosen, port=port, mongodb_port=27017)
        try:
            await servers.start()
        except OSError:
            await servers.stop()
            continue
        try:
            resolvers = tuple(f"{address}:{port}" for address in RESOLVERS)
            yield Vantage(resolvers=resolvers, port=port, patience=PATIENCE)
        finally:
            await servers.stop()
        return
    message = f"no free port in {_TRIES} tries"
    raise RuntimeError(message)


class Double(asyncio.DatagramProtocol):
    """Says to each query what it is told to say, over UDP and over TCP; remembers what came."""

    def __init__(self, over_udp: Reply, over_tcp: Reply) -> None:
        self._over_udp = over_udp
        self._over_tcp = over_tcp
        self.queries: list[dns.message.Message] = []
        self.connected = asyncio.Event()
        """Set when a query came over TCP."""
        self.serving: set[asyncio.Task[None]] = set()
        self.left = asyncio.Event()
        """Set when a TCP client went away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket to answer on."""
        self._transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]  # of a datagram endpoint

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer over UDP."""
        query = dns.message.from_wire(data)
        self.queries.append(query)
        wire = self._over_udp(query)
        if wire is not None:
            self._transport.sendto(wire, addr)

    def connected_over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve it in a task that can be waited for."""
        self.serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer in raw bytes: the length prefix is part of the reply. None waits for the client to go."""
        with contextlib.closing(writer):
            length = int.from_bytes(await reader.readexactly(2), "big")
            wire = self._over_tcp(dns.message.from_wire(await reader.readexactly(length)))
            self.connected.set()
            if wire is None:
                await reader.read()
                self.left.set()
            else:
                writer.write(wire)
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def silence(query: dns.message.Message) -> bytes | None:
    """Swallow it."""
    del query
    return None


def framed(wire: bytes) -> bytes:
    """As it travels over TCP."""
    return len(wire).to_bytes(2, "big") + wire


def answering(*records: str, truncated: bool = False) -> Reply:
    """Give these records, written as in a zone file, to whatever is asked."""

    def reply(query: dns.message.Message) -> bytes:
        text = f"id {query.id}\nflags QR AA{' TC' * truncated}\n;QUESTION\n{query.question[0]}\n;ANSWER\n"
        return dns.message.from_text(text + "\n".join(records)).to_wire(max_size=65535)

    return reply


@asynccontextmanager
async def double(over_udp: Reply = silence, over_tcp: Reply = silence) -> AsyncIterator[tuple[str, Double]]:
    """Its "address:port", and itself."""
    loop = asyncio.get_running_loop()
    it = Double(over_udp, over_tcp)
    server = await asyncio.start_server(it.connected_over_tcp, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: it, local_addr=("127.0.0.1", port))
    try:
        yield f"127.0.0.1:{port}", it
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
        await asyncio.gather(*it.serving)


def query(server: str, name: str = "api.workme.test", rdtype: str = "A") -> Query:
    """A question to a double."""
    return Query(server=server, name=name, rdtype=rdtype)
