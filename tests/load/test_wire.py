"""When a reply has come: told by the kernel, whenever this process found the time to read it."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest
from gevent.threadpool import ThreadPool

from gonogo.load import wire
from gonogo.load.plan import TargetPlan
from reference.certificates import CertificateSettings, issue_public

_HOST = "target.test"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
Answer = Callable[[ssl.SSLSocket], None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    """Whom to trust, and who serves."""
    root, bundle, _ = issue_public(tmp_path_factory.mktemp("tls"), CertificateSettings(names=(_HOST,)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle.chain, bundle.key)
    return Path(root).read_text(), context


@contextmanager
def answering(certificate: tuple[str, ssl.SSLContext], *answers: Answer) -> Iterator[wire.TargetConnection]:
    """A line to a server that answers one request after another, in a thread of its own."""
    _, context = certificate

    def serve(raw: socket.socket) -> None:
        with context.wrap_socket(raw, server_side=True) as connection:
            for answer in answers:
                connection.recv(65_536)
                answer(connection)

    with serving(certificate, serve) as line:
        yield line


@contextmanager
def serving(
    certificate: tuple[str, ssl.SSLContext], serve: Callable[[socket.socket], None]
) -> Iterator[wire.TargetConnection]:
    """A line to whatever serves its one connection."""
    root, _ = certificate
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: serve(listener.accept()[0]))
    thread.start()
    port = listener.getsockname()[1]
    target = TargetPlan(host=_HOST, authority=f"{_HOST}:{port}", addresses=("127.0.0.1",), port=port, trust=root)
    try:
        with gevent.Timeout(20):
            line = wire.TargetConnection(target)
            yield line
            line.close()
            gevent.idle()  # its loop closes what was closed
    finally:
        thread.join(20)
        listener.close()


def reply(connection: ssl.SSLSocket) -> None:
    """At once, and whole."""
    connection.sendall(_HEAD % 2 + b"ok")


class Busy:
    """A reply that comes while nobody can read it: whatever else this process does keeps the event loop."""

    def __init__(self) -> None:
        self.held, self.sent = threading.Event(), threading.Event()
        self.read_from = 0.0

    def __call__(self, connection: ssl.SSLSocket) -> None:
        """Answer, and say so."""
        assert self.held.wait(20)
        reply(connection)
        self.sent.set()

    def hold_the_loop(self) -> None:
        """Until the reply has been there for a while."""
        self.held.set()
        assert self.sent.wait(20)
        until = time.monotonic() + 0.05
        while time.monotonic() < until:
            pass
        self.read_from = time.monotonic()


def ask(line: wire.TargetConnection) -> tuple[int, bytes]:
    """One request."""
    return line.ask("GET", "/", b"", {})


def long_ago() -> float:
    """A request that begins late counts from when it was due, which tells when its reply had come."""
    return time.monotonic() - 60


def test_a_reply_that_nobody_read_in_time_had_come_nevertheless(certificate: tuple[str, ssl.SSLContext]) -> None:
    """The delay is this process's."""
    busy = Busy()
    with answering(certificate, reply, busy) as line:
        ask(line)
        due, asked = long_ago(), time.monotonic()
        waiting = gevent.spawn(ask, line)
        gevent.sleep(0)  # it has asked
        busy.hold_the_loop()
        assert waiting.get() == (200, b"ok")
        assert asked < due + line.elapsed(due, replied=True) < busy.read_from


def test_without_stamps_of_the_kernel_the_reading_counts(
    certificate: tuple[str, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox may have no such option: then no reply is called earlier than it was seen."""
    monkeypatch.setattr(wire, "_STAMPS", 9_999)  # an option that no kernel knows
    busy = Busy()
    with answering(certificate, reply, busy) as line:
        ask(line)
        due = long_ago()
        waiting = gevent.spawn(ask, line)
        gevent.sleep(0)
        busy.hold_the_loop()
        assert waiting.get() == (200, b"ok")
        assert due + line.elapsed(due, replied=True) >= busy.read_from


def test_a_reply_has_come_with_its_last_byte(certificate: tuple[str, ssl.SSLContext]) -> None:
    """Its beginning is not enough."""
    body = b"x" * 100_000
    last = 0.0

    def in_parts(connection: ssl.SSLSocket) -> None:
        nonlocal last
        connection.sendall(_HEAD % len(body) + body[:50_000])
        time.sleep(0.05)
        last = time.monotonic()
        connection.sendall(body[50_000:])

    with answering(certificate, in_parts) as line:
        due = long_ago()
        assert ask(line) == (200, body)
        assert last < due + line.elapsed(due, replied=True) <= time.monotonic()


def test_a_record_that_comes_in_pieces_has_come_with_its_last_piece(certificate: tuple[str, ssl.SSLContext]) -> None:
    """TLS waits for it inside of one read."""
    _, context = certificate
    last = 0.0

    def in_pieces(raw: socket.socket) -> None:
        nonlocal last
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.read()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65_536))
        tls.write(_HEAD % 2 + b"ok")
        record = outgoing.read()
        raw.sendall(record[:-10])
        time.sleep(0.05)
        last = time.monotonic()
        raw.sendall(record[-10:])
        raw.close()

    with serving(certificate, in_pieces) as line:
        due = long_ago()
        assert ask(line) == (200, b"ok")
        assert last < due + line.elapsed(due, replied=True) <= time.monotonic()


def test_what_began_in_time_counts_from_its_beginning_and_what_began_late_from_when_it_was_due(
    certificate: tuple[str, ssl.SSLContext],
) -> None:
    """A timer's delay is ours, all other waiting is the service's."""
    with answering(certificate, reply, reply) as line:
        due = time.monotonic() - 60
        ask(line)
        assert line.elapsed(due, replied=True) > 60
        due = time.monotonic()
        ask(line)
        assert 0 < line.elapsed(due, replied=True) <= time.monotonic() - due


def test_the_address_is_handed_to_no_thread(
    certificate: tuple[str, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a thread waits for a processor is seen by no probe of the event loop, and would be the service's latency."""
    asked: list[str] = []
    apply = ThreadPool.apply

    def counting(pool: ThreadPool, function: Callable[..., object], *rest: object) -> object:
        asked.append(str(function))
        return apply(pool, function, *rest)

    monkeypatch.setattr(ThreadPool, "apply", counting)
    with answering(certificate, reply) as line:
        assert ask(line) == (200, b"ok")
    assert not asked
