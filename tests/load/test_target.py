"""The server that knows the truth: what is held against it must be the whole of it."""

import contextlib
import os
import signal
import socket
import ssl
import time

from tests.load.driving import HOST, target

_STOPPED_SECONDS = 0.2


def test_what_a_connection_waits_to_be_opened_is_in_the_log() -> None:
    """A process that gets no processor keeps whoever connects waiting, before it can read any request."""
    with target() as where:
        os.kill(where.pid, signal.SIGSTOP)
        try:
            raw = socket.create_connection(("127.0.0.1", where.plan.port), timeout=60)
            context = ssl.create_default_context(cadata=where.plan.trust)
            connection = context.wrap_socket(raw, server_hostname=HOST, do_handshake_on_connect=False)
            connection.settimeout(0)
            with contextlib.suppress(ssl.SSLWantReadError):
                connection.do_handshake()  # its first message lies in the kernel's queue
            time.sleep(_STOPPED_SECONDS)
        finally:
            os.kill(where.pid, signal.SIGCONT)
        connection.settimeout(60)
        with connection:
            connection.do_handshake()
            for _ in range(2):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
    assert where.took_with_opening[0] - where.took[0] >= _STOPPED_SECONDS
    assert where.took_with_opening[1] == where.took[1]
