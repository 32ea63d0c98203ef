"""A server that knows the truth: it answers when it is told to, and remembers how long it took.

``python -m tests.load.target CERTIFICATE KEY BEHAVIOUR``: the port on the first line out; the seconds that each reply
took, from its request's bytes in to its own bytes out, as a JSON list when its input ends.
"""

import asyncio
import json
import ssl
import sys
import time
from dataclasses import dataclass, field
from typing import Any, cast

_END = b"\r\n\r\n"


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
    took: list[float] = field(default_factory=list)
    asked: int = 0
    _stalled: float = 0.0

    def stands_still(self) -> None:
        """For as long as it is due."""
        cycle, phase = divmod(time.monotonic(), self.stall_every)
        if self.stall and phase < self.stall and cycle != self._stalled:
            self._stalled = cycle
            time.sleep(self.stall - phase)


class Connection(asyncio.Protocol):
    """Requests without a body, one after another. TLS is done in here: what it takes is a part of the truth."""

    def __init__(self, behaviour: Behaviour, context: ssl.SSLContext) -> None:
        self._behaviour = behaviour
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio has it."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer when it is time."""
        arrived = time.perf_counter()
        self._incoming.write(data)
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
        failed = bool(behaviour.fail_every) and behaviour.asked % behaviour.fail_every == 0

        def reply() -> None:
            self._tls.write(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok" % (b"500 Oops" if failed else b"200 OK"))
            self._flush()
            behaviour.took.append(time.perf_counter() - arrived)

        if behaviour.delay:
            asyncio.get_running_loop().call_later(behaviour.delay, reply)
        else:
            reply()


async def serve(certificate: str, key: str, behaviour: Behaviour) -> None:
    """Until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(behaviour, context), "127.0.0.1", 0, backlog=1024)
    say({"port": server.sockets[0].getsockname()[1]})
    await asyncio.to_thread(sys.stdin.read)
    say({"took": behaviour.took})
    server.close()


def say(value: Any) -> None:  # noqa: ANN401 - JSON
    """One line out."""
    print(json.dumps(value), flush=True)  # noqa: T201 - its protocol


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], Behaviour(**json.loads(sys.argv[3]))))
