"""HTTP servers by hand behind real TLS, and what a probe says about one of them."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gonogo.base.secrets import Secrets
from gonogo.evidence.base import Evidence
from gonogo.families.http.questions import HttpQuestion
from gonogo.families.http.section import Http
from gonogo.families.registry import environment_from
from reference.certificates import CertificateSettings, issue_public
from reference.listener import Handler, Listener
from reference.relay import TlsOffer

HOST = "a.test"
SECRETS = Secrets({"METRICS_TOKEN": "t0ken-value-1", "MONGO_URL": "mongodb://app:p4ss-word-1@db.test/x"})
EXPECTED = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test"},
        "http": {
            "health": "/health",
            "deep_health": "/deep",
            "metrics": "/metrics",
            "metrics_token": "METRICS_TOKEN",
            "openapi": "/openapi.json",
            "closed_paths": ["/.env"],
            "series": [],
            "moving": ["requests_total"],
        },
    }
).require(Http)
Answer = Callable[[str, Mapping[str, str]], tuple[int, bytes]]


def http_server(answer: Answer, headers: str = "") -> Handler:
    """HTTP/1.1 by hand: one answer per path."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            sent = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            status, body = answer(lines[0].split()[1], sent)
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)
            await writer.drain()

    return handle


@contextmanager
def resetting_server() -> Iterator[int]:
    """Accepts, and resets the connection as soon as anything is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return  # the test is over
                connection.recv(1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def observe(probe: Callable[[HttpQuestion], Any], handler: Handler, state: Path) -> Any:  # noqa: ANN401 - of any kind
    """What the probe says about this server."""
    root, bundle, _ = issue_public(state, CertificateSettings(names=(HOST,)))

    async def main() -> Evidence:
        listener = Listener(handler, "127.0.0.1", 0, TlsOffer().context(bundle))
        await listener.start()
        assert EXPECTED is not None
        question = HttpQuestion(
            host=HOST, address="127.0.0.1", port=listener.port, trust=str(root), expected=EXPECTED, secrets=SECRETS
        )
        try:
            evidence: Evidence = await probe(question)
            return evidence
        finally:
            await listener.stop()

    evidence = asyncio.run(main())
    adapter: TypeAdapter[Any] = TypeAdapter(type(evidence))
    assert adapter.validate_json(adapter.dump_json(evidence)) == evidence, "a replay must see the same"
    return evidence


def healthy(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """A service as it should be."""
    if path == "/metrics" and headers.get("authorization", "").endswith("t0ken-value-1"):
        healthy.requests += 1.0  # type: ignore[attr-defined]  # a counter
        return 200, f"# TYPE requests_total counter\nrequests_total {healthy.requests}\n".encode()  # type: ignore[attr-defined]  # as above
    return {
        "/health": (200, b'{"status":"ok","release":"3f2c1a9"}'),
        "/deep": (200, b'{"status":"ok","dependencies":{"mongodb":{"status":"ok"},"redis":"ok"}}'),
        "/openapi.json": (
            200,
            b'{"openapi":"3.1.0","info":{"title":"T"},"paths":{"/x":{"get":{"responses":{"200":{}}},"put":{}}}}',
        ),
        "/metrics": (401, b""),
    }.get(path, (404, b"{}"))


healthy.requests = 0.0  # type: ignore[attr-defined]  # as above
