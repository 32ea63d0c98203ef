"""Connections of the load's users, which know when a request left and when its reply had come.

A reply has come when this machine's kernel received its last byte. When this process finds the time to read it is no
latency of the service: a generator too slow to read is called unfit, and does not judge at all.
"""

import contextlib
import random
import select
import socket
import ssl
import struct
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import certifi
import gevent.ssl
from gevent import monkey
from geventhttpclient.client import HTTPClient
from geventhttpclient.connectionpool import SSLConnectionPool
from geventhttpclient.response import HTTPSocketPoolResponse

from gonogo.load.plan import TargetPlan

_poll = monkey.get_original("select", "poll")
"""The kernel's own: gevent's goes through its event loop."""
_STAMPS = 35
"""SO_TIMESTAMPNS (socket(7)), for which Python has no name: when a packet was received, beside what it carried."""
_STAMP = struct.Struct("@ll")
"""A timespec: seconds and nanoseconds of the wall clock."""
_RECORD_BYTES = 16_384 + 2_048 + 5
"""The longest TLS record (RFC 5246, 6.2.3): no read of TLS takes more from the kernel at once."""
_TIMER_SECONDS = 0.003
"""What timers of an event loop are late by, since the kernel counts milliseconds (epoll_wait(2))."""
_PATIENCE_SECONDS = 60.0
"""The time-out of each request is shorter, and bounds everything."""


class Wire(gevent.ssl.SSLSocket):  # type: ignore[misc]  # gevent tells no types
    """A connection through TLS."""

    received = 0.0
    """When the last byte that was read had come, on the monotonic clock: never later than it was read."""
    _came = 0.0

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Receive as a socket does."""
        # Bytes that OpenSSL has decrypted already came with an earlier read: their time is known, and stays.
        available = self.pending()
        self._came = 0.0
        content: bytes = super().recv(buflen, flags)
        if not available:
            # Nothing to wait for, nothing stamped: the moment of reading is the latest that it can have come.
            self.received = self._came or time.monotonic()
        return content

    def _wait(self, watcher: object, *args: Any, **options: Any) -> None:  # noqa: ANN401 - gevent's
        """Wait until the socket can be read or written, as gevent does, and note when its first bytes arrived."""
        began = time.monotonic()
        super()._wait(watcher, *args, **options)
        if watcher is self._read_event:
            # Woken for nothing to read (a time-out, or another reader): then there is no stamp either.
            with contextlib.suppress(BlockingIOError):
                self._came = max(began, self._arrival())

    def _arrival(self) -> float:
        """When the newest of what can be read came; now, if this kernel does not say, or its clock was set since."""
        # Peeked: OpenSSL reads the same bytes next. The kernel stamps by the wall clock, which is turned into an age
        # at once, so that a later step of that clock changes nothing.
        _, notes, _, _ = self._sock.recvmsg(_RECORD_BYTES, socket.CMSG_SPACE(_STAMP.size), socket.MSG_PEEK)
        wall, now = time.time(), time.monotonic()
        for level, kind, content in notes:
            if (level, kind) == (socket.SOL_SOCKET, _STAMPS):
                seconds, nanoseconds = _STAMP.unpack(content)
                age: float = wall - seconds - nanoseconds / 1e9
                return now - max(0.0, age)
        return now


class Wires(SSLConnectionPool):
    """The one connection of a virtual user, opened again when the service has closed it."""

    wire: Wire
    """In use, or the last one that was."""
    begun: float | None = None
    """When the request began to look for its connection, on the monotonic clock; None: not yet."""

    def get_socket(self) -> Wire:
        """The connection that is open, or a new one."""
        if self.begun is None:
            self.begun = time.monotonic()
        self.wire = super().get_socket()
        return self.wire

    def _resolve(self) -> list[Any]:
        """The address that the plan names, which is no name.

        The library's own way hands it to another thread to be resolved, and what that waits for a processor would be
        the service's latency: no probe of the event loop sees it.
        """
        family = socket.AF_INET6 if ":" in self._connection_host else socket.AF_INET
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (self._connection_host, self._connection_port))]

    def after_connect(self, sock: socket.socket) -> None:
        """Ask for stamps. A kernel without them refuses, and the moment of reading counts."""
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)

    def _is_socket_alive(self, sock: socket.socket | None) -> bool:
        """Whether an idle connection is still open: one that was closed, or has more to say, can be read.

        The library's own look uses select, which knows no descriptor above 1023 and yields to all other users first.
        """
        if sock is None or sock.fileno() < 0:
            return False
        poller = _poll()
        poller.register(sock.fileno(), select.POLLIN)
        return not poller.poll(0)


class TargetConnection(HTTPClient):
    """Asks one target, a request at a time."""

    def __init__(self, target: TargetPlan) -> None:
        address = random.choice(target.addresses)  # noqa: S311 - spreads the load
        headers = {"Host": target.authority, "User-Agent": "gonogo (load)"}
        super().__init__(address, target.port, headers=headers)  # without TLS: its own pool would be made in vain
        self.ssl = True
        self._wires = self._connection_pool = Wires(
            address,
            target.port,
            target.host,
            target.port,
            size=1,
            ssl_context_factory=lambda **_: trust(target),
            connection_timeout=_PATIENCE_SECONDS,
            network_timeout=_PATIENCE_SECONDS,
        )

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """The reply's status and body. Raises OSError, or what geventhttpclient raises of a reply that is none.

        A request is sent once: the library's own ``request`` sends it again when the connection breaks, and hides from
        whoever measures what the service did. An idle connection that was closed before is found by ``get_socket``.
        """
        self._wires.begun = None
        head = self._build_request(method, path, body=body, headers=dict(headers)).encode("latin-1")
        wire = self._wires.get_socket()
        try:
            wire.sendall(head + body)
        except (ConnectionResetError, BrokenPipeError):
            pass  # a server may answer the beginning of a request and close: its reply is read below
        except BaseException:
            self._wires.release_socket(wire)
            raise
        response = HTTPSocketPoolResponse(wire, self._wires, block_size=self.block_size, method=method)
        return response.status_code, bytes(response.read())

    def elapsed(self, due: float, *, replied: bool) -> float:
        """Seconds that the last request took, from when it was due to its reply's last byte; to now, if none came.

        If it began within a timer's delay, it counts from there: before the connection was made, if one was.
        """
        now = time.monotonic()
        begun = self._wires.begun or now
        return (self._wires.wire.received if replied else now) - (begun if begun - due < _TIMER_SECONDS else due)


@cache
def trust(target: TargetPlan) -> ssl.SSLContext:
    """The trust anchors of a target. One context for all: making one takes longer than a handshake."""
    context: ssl.SSLContext = gevent.ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=None if target.trust else certifi.where(), cadata=target.trust)
    context.sslsocket_class = Wire
    return context
