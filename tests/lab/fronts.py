"""A small TCP proxy before a real server, which looks at the ClientHello and treats some of them otherwise."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from gonogo.families.tls.answer import Cut


class Treatment(Enum):
    """What becomes of a connection."""

    PASS = "pass"
    RESET = "reset"
    END = "end"
    SWALLOW = "swallow"
    OTHER = "other"
    """Passed to another server."""


class ClientHello:
    """The part of a hello that fronts decide by."""

    def __init__(self, record: bytes) -> None:
        body = Cut(record[9:])
        self.version = body.number(2)
        body.take(32)
        body.sized(1)
        suites = Cut(body.sized(2))
        self.suites = {suites.number(2) for _ in range(len(suites.left) // 2)}
        body.sized(1)
        self.extensions = body.extensions() if body.left else {}

    @property
    def newest(self) -> int:
        """The highest version that is offered."""
        if 43 not in self.extensions:
            return self.version
        listed = Cut(Cut(self.extensions[43]).sized(1))
        return max(listed.number(2) for _ in range(len(listed.left) // 2))


Decide = Callable[[ClientHello | None, int], Treatment]
"""By the hello (None: it is none), and by how many connections are open, this one included."""


@contextmanager
def front(behind: int, decide: Decide, *, other: int = 0) -> Iterator[int]:
    """The port of the proxy, in a thread of its own."""
    started = threading.Event()
    ports: list[int] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        proxy = _Proxy(behind, decide, other)
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


class _Proxy:
    def __init__(self, behind: int, decide: Decide, other: int) -> None:
        self._behind, self._decide, self._other, self._open = behind, decide, other, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await self._treat(reader, writer)
        finally:
            self._open -= 1
            writer.transport.abort()

    async def _treat(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        hello = ClientHello(first) if first[:1] == b"\x16" else None
        match self._decide(hello, self._open):
            case Treatment.PASS:
                await _pass(self._behind, first, reader, writer)
            case Treatment.OTHER:
                await _pass(self._other, first, reader, writer)
            case Treatment.RESET:
                sock: socket.socket = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case Treatment.END:
                writer.write_eof()
                await reader.read()
            case Treatment.SWALLOW:
                await reader.read()


async def _pass(port: int, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
    back_writer.write(first)
    copies = [
        asyncio.create_task(_copy(reader, back_writer)),
        asyncio.create_task(_copy(back_reader, writer)),
    ]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        back_writer.transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
