"""HTTP on real sockets behind real TLS: whatever a server says, the probe ends, and says what came of it."""

import asyncio
import inspect
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import rfc8785
from pydantic import TypeAdapter

from gonogo.environment.model import Environment
from gonogo.errors import Unobserved
from gonogo.evidence.base import Evidence
from gonogo.evidence.http import Exchange, HealthEvidence, PlainHttpEvidence
from gonogo.probes.http import (
    HttpQuestion,
    PlainHttpQuestion,
    probe_health,
    probe_metrics,
    probe_openapi,
    probe_pages,
    probe_plain_http,
)
from gonogo.probes.http_client import LARGEST_BODY_BYTES, AddressClient
from gonogo.recording import facts
from gonogo.secrets import Secrets
from reference.certificates import CertificateSettings, issue_public
from reference.listener import Handler, Listener
from reference.relay import TlsOffer
from tests.dead.conftest import (
    endless_body,
    endless_headers,
    garbage,
    one_byte_a_second,
    redirect_circle,
    silent_server,
    swallowing_server,
)

HOST = "a.test"
SECRETS = Secrets({"METRICS_TOKEN": "t0ken-value-1", "MONGO_URL": "mongodb://app:p4ss-word-1@db.test/x"})
EXPECTED = Environment.model_validate(
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
).http
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
            connection, _ = server.accept()
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
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


def test_healthy_service(tmp_path: Path) -> None:
    """The facts that every check stands on."""
    date = "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\nStrict-Transport-Security: max-age=1\r\n"
    seen = observe(probe_health, http_server(healthy, date), tmp_path)
    assert (seen.status, seen.release, seen.dependencies) == ("ok", "3f2c1a9", {"mongodb": "ok", "redis": "ok"})
    assert [exchange.status for exchange in (*seen.shallow, seen.deep)] == [200] * 4
    assert seen.shallow[0].headers["strict-transport-security"] == "max-age=1"
    assert seen.clock_offset is not None
    assert seen.shallow[0].url.startswith("https://a.test:")


def test_secrets_in_a_body_are_named_and_never_kept(tmp_path: Path) -> None:
    """The check needs to know which; the report must not know what."""

    def leaky(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        del path, headers
        return 200, b'{"status":"ok","db":"mongodb://app:p4ss-word-1@db.test/x"}'

    seen = observe(probe_health, http_server(leaky), tmp_path)
    assert seen.leaked == ("MONGO_URL",)
    assert seen.suspicious == ("a URL with a password",)
    assert "p4ss" not in repr(seen)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>It works!</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"status": 1, "dependencies": [1], "release": {}}'),
        (200, b"[" * 100_000),
        (200, b"\xff\xfe"),
        (500, b"Traceback (most recent call last)"),
    ],
)
def test_bodies_that_are_not_what_was_expected(tmp_path: Path, status: int, body: bytes) -> None:
    """HTML from a proxy, nothing, the wrong types: facts, and no crash."""
    seen = observe(probe_health, http_server(lambda _path, _headers: (status, body)), tmp_path)
    assert seen.shallow[0].status == status
    assert seen.status is None
    assert seen.dependencies == {}
    for probe in (probe_metrics, probe_openapi, probe_pages):
        observe(probe, http_server(lambda _path, _headers: (status, body)), tmp_path)


@pytest.mark.parametrize(
    "status",
    [rb"\ud800", rb"x\ud800", rb"\u0000", b"y" * 500_000],
    ids=["surrogate", "surrogate in text", "zero", "long"],
)
def test_words_that_no_file_can_hold(tmp_path: Path, status: bytes) -> None:
    """One of them would cost the record of the whole run."""
    body = b'{"status":"%s","release":"%s","dependencies":{"%s":"%s"},"openapi":"%s","paths":{"%s":{}}}' % (
        (status,) * 6
    )
    for probe in (probe_health, probe_openapi):
        seen = observe(probe, http_server(lambda _path, _headers: (200, body)), tmp_path)
        assert len(rfc8785.dumps(facts(seen))) < 10_000


@pytest.mark.parametrize(
    "date", ["Mon, 23 Nov 2026 12:00:00 +" + "9" * 200, "yesterday", "Mon, 99 Foo 0000 99:99:99 -0000"]
)
def test_dates_that_are_none(tmp_path: Path, date: str) -> None:
    """A clock that cannot be read is unknown, and no crash."""
    assert observe(probe_health, http_server(healthy, f"Date: {date}\r\n"), tmp_path).clock_offset is None


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
def test_sums_that_are_no_number_have_not_counted(tmp_path: Path, value: str) -> None:
    """NaN differs from itself: it would pass for movement, and no canonical JSON holds it."""
    body = f"# TYPE requests_total counter\nrequests_total {value}\n".encode()
    seen = observe(probe_metrics, http_server(lambda _path, _headers: (200, body)), tmp_path)
    assert (seen.before, seen.after, seen.series) == ({}, {}, ("requests_total",))


def test_numbers_that_are_too_large_are_malformed(tmp_path: Path) -> None:
    """A timestamp of 400 digits is no bug of ours."""
    body = b"requests_total 1 " + b"9" * 400 + b"\n"
    seen = observe(probe_metrics, http_server(lambda _path, _headers: (200, body)), tmp_path)
    assert "not in the exposition format" in seen.parse_error


def test_required_series_are_kept_among_too_many(tmp_path: Path) -> None:
    """The last in the alphabet would be missing in the evidence, and there in the service."""
    body = b"".join(b"a%d 1\n" % number for number in range(3000)) + b"requests_total 1\n"
    seen = observe(probe_metrics, http_server(lambda _path, _headers: (200, body)), tmp_path)
    assert "requests_total" in seen.series
    assert len(seen.series) == 2000


@pytest.mark.parametrize("status", [b"OK", b'"', b"x" * 190, b"x" * 95])
def test_half_a_secret_is_not_kept_either(tmp_path: Path, status: bytes) -> None:
    """Cut in the middle, a secret is recognised by nobody who comes later."""
    secret = SECRETS["MONGO_URL"].encode()
    as_text = http_server(lambda _path, _headers: (500, status + secret), f"Location: {'x' * 295}{secret.decode()}\r\n")
    as_json = http_server(lambda _path, _headers: (200, b'{"status":"%s%s"}' % (status.strip(b'"'), secret)))
    for handler in (as_text, as_json):
        seen = observe(probe_health, handler, tmp_path)
        assert "mongo" not in repr(seen)
        assert seen.leaked == ("MONGO_URL",)


def test_dependencies_in_every_common_form(tmp_path: Path) -> None:
    """Spring and application/health+json say the same in their own words."""
    body = b'{"status":"UP","checks":{"a":[{"status":"pass"},{"status":"fail"}],"b":true,"c":{"status":{}},"d":false}}'
    seen = observe(probe_health, http_server(lambda _path, _headers: (200, body)), tmp_path)
    assert seen.dependencies == {"a": "fail, pass", "b": "up", "c": "nothing", "d": "down"}


def test_cookies_are_not_kept(tmp_path: Path) -> None:
    """A sticky session would show one server behind a balancer three times."""
    heard: list[str] = []

    def sticky(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        heard.append(headers.get("cookie", ""))
        return healthy(path, headers)

    observe(probe_health, http_server(sticky, "Set-Cookie: session=1\r\n"), tmp_path)
    assert heard == [""] * 4


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        (endless_body, "the body is larger than"),
        (endless_headers, "RemoteProtocolError"),
        (one_byte_a_second, "no complete answer within 4 s"),
        (garbage, "RemoteProtocolError"),
    ],
)
def test_hostile_server_is_a_fact(tmp_path: Path, handler: Handler, problem: str) -> None:
    """Each costs one bounded exchange, and the page says what it was."""
    seen = observe(probe_health, handler, tmp_path)
    assert seen.shallow[0].problem.startswith(problem)
    assert not seen.shallow[0].ok


def test_redirects_are_shown_and_not_followed(tmp_path: Path) -> None:
    """A circle ends where it begins."""
    seen = observe(probe_health, redirect_circle, tmp_path)
    assert [exchange.status for exchange in seen.shallow] == [302] * 3
    assert seen.shallow[0].headers["location"] == "/api/health"


def ask_health(port: int, trust: Path) -> HealthEvidence:
    """Whatever listens there."""
    assert EXPECTED is not None
    question = HttpQuestion(
        host=HOST, address="127.0.0.1", port=port, trust=str(trust), expected=EXPECTED, secrets=SECRETS
    )
    return asyncio.run(probe_health(question))


def test_silence_and_endings_before_tls_are_answers(tmp_path: Path) -> None:
    """The connection was accepted: somebody is there, and does not serve."""
    root, _, _ = issue_public(tmp_path, CertificateSettings())
    with silent_server() as port:
        assert "no TLS was spoken" in ask_health(port, root).shallow[0].problem
    with resetting_server() as port:
        assert "cut off" in ask_health(port, root).shallow[0].problem


def test_huge_body_is_cut(tmp_path: Path) -> None:
    """Fifty megabytes cost one."""
    seen = observe(probe_openapi, http_server(lambda _path, _headers: (200, b"x" * 50_000_000)), tmp_path)
    assert seen.exchange.truncated
    assert seen.exchange.body_bytes <= LARGEST_BODY_BYTES + 64 * 1024
    assert not seen.exchange.ok


def test_metrics_are_scraped_twice_and_once_without_the_token(tmp_path: Path) -> None:
    """Movement needs two looks, privacy one without the key."""
    seen = observe(probe_metrics, http_server(healthy, "Content-Type: text/plain\r\n"), tmp_path)
    assert seen.without_token is not None
    assert (seen.without_token.status, seen.parse_error, seen.series) == (401, "", ("requests_total",))
    assert seen.after["requests_total"] == seen.before["requests_total"] + 1


def test_malformed_metrics_are_a_fact(tmp_path: Path) -> None:
    """The monitoring would drop them without a word."""
    seen = observe(probe_metrics, http_server(lambda _path, _headers: (200, b"a{ 1 2 3\n")), tmp_path)
    assert "not in the exposition format" in seen.parse_error


def test_openapi_facts(tmp_path: Path) -> None:
    """Paths, and operations that promise nothing."""
    seen = observe(probe_openapi, http_server(healthy), tmp_path)
    assert (seen.version, seen.title, seen.paths, seen.undocumented) == ("3.1.0", "T", ("/x",), ("PUT /x",))


def test_untrusted_certificate_is_an_answer(tmp_path: Path) -> None:
    """The TLS checks tell the cause; here it is no crash, and no inability."""
    (tmp_path / "other").mkdir()
    other, _, _ = issue_public(tmp_path / "other", CertificateSettings())

    async def with_other_trust(question: HttpQuestion) -> HealthEvidence:
        changed = HttpQuestion(**{name: getattr(question, name) for name in question.__slots__} | {"trust": str(other)})
        return await probe_health(changed)

    seen = observe(with_other_trust, http_server(healthy), tmp_path)
    assert "its certificate was refused by us" in seen.shallow[0].problem


def plain(port: int, https_port: int = 1) -> PlainHttpEvidence:
    """What answers without TLS."""
    question = PlainHttpQuestion(host=HOST, address="127.0.0.1", port=port, https_port=https_port)
    return asyncio.run(probe_plain_http(question))


def test_plain_port_that_refuses_is_as_good_as_a_redirect() -> None:
    """Closed is closed."""
    assert plain(1).refused


def test_swallowed_packets_are_our_inability() -> None:
    """A firewall on the way says nothing about the target."""
    with swallowing_server() as port, pytest.raises(Unobserved, match="packets are swallowed"):
        plain(port)


def test_port_that_swallows_beside_one_that_answers_is_closed() -> None:
    """Security groups close port 80 without a word; that service is ready."""
    with swallowing_server() as port, silent_server() as https_port:
        assert plain(port, https_port).filtered


def errors() -> list[type[Exception]]:
    """Everything that httpx raises for a request."""
    found = [kind for _, kind in inspect.getmembers(httpx, inspect.isclass) if issubclass(kind, Exception)]
    return [kind for kind in found if issubclass(kind, httpx.HTTPError | httpx.InvalidURL | httpx.StreamError)]


@pytest.mark.parametrize("error", errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_httpx_is_mapped(error: type[Exception]) -> None:
    """One that is not would be reported as our bug, in the middle of somebody's launch."""

    async def refuse(request: httpx.Request) -> httpx.Response:
        made = error.__new__(error)
        Exception.__init__(made, "made up")
        made.request = request  # type: ignore[attr-defined]  # what httpx does
        raise made

    async def main() -> Exchange:
        async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as client:
            asking = AddressClient(client, scheme="https", host=HOST, address="127.0.0.1", port=443)
            return (await asking.get("/")).exchange

    if error is httpx.ConnectTimeout:
        with pytest.raises(Unobserved):
            asyncio.run(main())
    else:
        assert asyncio.run(main()).problem
