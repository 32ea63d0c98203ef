"""A server that knows the truth: it answers when it is told to, and remembers how long it took.

``python -m tests.load.target CERTIFICATE KEY BEHAVIOUR``: the port on the first line out; when its input ends, the seconds
that each reply took, and how many requests came and were cut off. A reply takes from when the kernel had its request's
bytes, whenever this process found the time to read them, to its own bytes out.
"""

import asyncio
import json
import socket
import ssl
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any, cast

_END = b"\r\n\r\n"
_STAMPS = 35
"""SO_TIMESTAMPNS (socket(7)), for which Python has no name."""
_STAMP = struct.Struct("@ll")
"""A timespec of the wall clock."""
_READ_BYTES = 65_536


@dataclass(slots=True)
class Behaviour:
    """What it does."""

    delay: float = 0.0
    """Seconds before each reply."""
    stall: float = 0.0
    """Everything stands still for so long…"""
    stall_every: float = 10.0
    """…so often; seconds."""
    hang_every: int = 0
    """The n-th request of so many never gets a reply; 0: all do."""
    fail_every: int = 0
    """The n-th request of so many gets a 500."""
    reset_every: int = 0
    """The connection of the n-th request of so many is reset instead of a reply."""
    end_every: int = 0
    """As above, and the connection ends in good order, without a word."""
    cut_every: int = 0
    """As above, in the middle of the reply's body."""
    slow_every: int = 0
    """The n-th request of so many takes…"""
    slow: float = 0.0
    """…so many seconds more."""
    capacity: float = 0.0
    """Requests a second that it can answer, one by one; 0: any number."""
    cold: float = 0.0
    """For so many seconds after the first request each reply takes a second more, and is not among ``took``."""
    status: str = "200 OK"
    body: str = "ok"
    version: str = "1.1"
    closes: bool = False
    """Each connection after its first reply, without having said so."""
    took: list[float] = field(default_factory=list)
    took_with_opening: list[float] = field(default_factory=list)
    """The same replies; of a connection's first one, with what the connection waited to be accepted and shaken hands with."""
    asked: int = 0
    broken: int = 0
    """Requests that it answered with the end of the connection."""
    _stalled: float = 0.0
    _free_at: float = 0.0
    _first: float = 0.0

    def waits(self) -> float:
        """Seconds until the reply to the request that has just come."""
        now = time.monotonic()
        self._first = self._first or now
        found = self.delay
        if self.slow_every and self.asked % self.slow_every == 0:
            found += self.slow
        if self.is_cold(now):
            found += 1.0
        if self.capacity:
            self._free_at = max(now, self._free_at) + 1 / self.capacity
            found += self._free_at - now
        return found

    def is_cold(self, moment: float) -> bool:
        """Whether it has only just begun."""
        return moment < self._first + self.cold

    def breaks(self) -> str:
        """How the request that has just come is cut off; empty: it is not."""
        ways = (("reset", self.reset_every), ("end", self.end_every), ("cut", self.cut_every))
        return next((way for way, every in ways if every and self.asked % every == 0), "")

    def stands_still(self) -> None:
        """For as long as it is due."""
        cycle, phase = divmod(time.monotonic(), self.stall_every)
        if self.stall and phase < self.stall and cycle != self._stalled:
            self._stalled = cycle
            time.sleep(self.stall - phase)


class Connection(asyncio.BufferedProtocol):
    """Requests without a body, one after another. TLS is done in here: what it takes is a part of the truth."""

    def __init__(self, behaviour: Behaviour, context: ssl.SSLContext) -> None:
        self._behaviour = behaviour
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._buffer = b""
        self._incoming_bytes = bytearray(_READ_BYTES)
        self._arrived = 0.0
        self._opening = 0.0
        """Seconds so far that this side took for the handshake."""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio has it."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where asyncio is to put what it reads next."""
        del sizehint
        self._arrived = arrival(self._transport.get_extra_info("socket").fileno())
        return self._incoming_bytes

    def buffer_updated(self, nbytes: int) -> None:
        """Answer when it is time."""
        arrived = self._arrived
        self._incoming.write(memoryview(self._incoming_bytes)[:nbytes])
        try:
            self._tls.do_handshake()
            while more := self._tls.read():
                self._buffer += more
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:  # the other side has gone
            self._transport.close()
            return
        self._flush()
        if not self._buffer:
            self._opening += time.perf_counter() - arrived
        while _END in self._buffer:
            self._buffer = self._buffer.partition(_END)[2]
            self._answer(arrived)

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._transport.write(self._outgoing.read())

    def _answer(self, arrived: float) -> None:
        behaviour = self._behaviour
        behaviour.stands_still()
        behaviour.asked += 1
        if behaviour.hang_every and behaviour.asked % behaviour.hang_every == 0:
            return
        if way := behaviour.breaks():
            behaviour.broken += 1
            self._break(way)
            return
        delay = behaviour.waits()
        cold = behaviour.is_cold(time.monotonic())
        failed = bool(behaviour.fail_every) and behaviour.asked % behaviour.fail_every == 0

        def reply() -> None:
            status = "500 Oops" if failed else behaviour.status
            body = behaviour.body.encode()
            head = f"HTTP/{behaviour.version} {status}\r\nContent-Length: {len(body)}\r\n\r\n"
            self._tls.write(head.encode() + body)
            self._flush()
            if not cold:
                took = time.perf_counter() - arrived
                behaviour.took.append(took)
                behaviour.took_with_opening.append(took + self._opening)
            self._opening = 0.0
            if behaviour.closes or behaviour.version == "1.0":
                self._transport.close()

        if delay:
            asyncio.get_running_loop().call_later(delay, reply)
        else:
            reply()

    def _break(self, way: str) -> None:
        """End the connection in the place of a reply."""
        if way == "reset":  # without a linger the kernel sends RST
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
            return
        if way == "cut":
            self._tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
            self._flush()
        self._transport.close()


def arrival(descriptor: int) -> float:
    """When the first of the bytes came that can be read, by perf_counter: in a queue of the kernel, maybe long ago."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=descriptor)
    try:
        _, notes, _, _ = raw.recvmsg(1, socket.CMSG_SPACE(_STAMP.size), socket.MSG_PEEK)
    except OSError:  # reset meanwhile
        notes = []
    finally:
        raw.detach()
    wall, now = time.time(), time.perf_counter()
    stamps = [_STAMP.unpack(content) for level, kind, content in notes if (level, kind) == (socket.SOL_SOCKET, _STAMPS)]
    return min((now - max(0.0, wall - seconds - nanoseconds / 1e9) for seconds, nanoseconds in stamps), default=now)


async def serve(certificate: str, key: str, behaviour: Behaviour) -> None:
    """Until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(behaviour, context), "127.0.0.1", 0, backlog=1024)
    server.sockets[0].setsockopt(socket.SOL_SOCKET, _STAMPS, 1)  # its connections inherit it
    say({"port": server.sockets[0].getsockname()[1]})
    await asyncio.to_thread(sys.stdin.read)
    counted = ("took", "took_with_opening", "asked", "broken")
    say({name: getattr(behaviour, name) for name in counted})
    server.close()


def say(value: Any) -> None:  # noqa: ANN401 - JSON
    """One line out."""
    print(json.dumps(value), flush=True)  # noqa: T201 - its protocol


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], Behaviour(**json.loads(sys.argv[3]))))
