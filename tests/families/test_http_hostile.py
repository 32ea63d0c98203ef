"""HTTP on real sockets behind real TLS: whatever a server says, the probe ends, and says what came of it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
import rfc8785

from gonogo.clients.http import LARGEST_BODY_BYTES
from gonogo.evidence.http import HealthEvidence
from gonogo.families.http.probe import probe_health, probe_metrics, probe_openapi, probe_pages
from gonogo.families.http.questions import HttpQuestion
from gonogo.families.http.service import probe_service
from gonogo.record.recording import facts
from reference.certificates import CertificateSettings, issue_public
from reference.listener import Handler
from tests.dead.conftest import (
    endless_body,
    endless_headers,
    garbage,
    one_byte_a_second,
    redirect_circle,
    silent_server,
)
from tests.support.http_doubles import (
    EXPECTED,
    HOST,
    SECRETS,
    healthy,
    http_server,
    observe,
    resetting_server,
)


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
    assert not seen.reading.parts
    for probe in (probe_metrics, probe_openapi, probe_pages, probe_service):
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
    assert set(map(len, seen.scrapes)) == {0}
    assert seen.series == ("requests_total",)


def test_numbers_that_are_too_large_are_malformed(tmp_path: Path) -> None:
    """A timestamp of 400 digits is no bug of ours."""
    body = b"requests_total 1 " + b"9" * 400 + b"\n"
    seen = observe(probe_metrics, http_server(lambda _path, _headers: (200, body)), tmp_path)
    assert "not in the exposition format" in seen.parse_error


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
    seen = observe(probe_health, http_server(lambda _path, _headers: (200, b"x" * 50_000_000)), tmp_path)
    assert seen.shallow[0].truncated
    assert seen.shallow[0].body_bytes <= LARGEST_BODY_BYTES + 1
    assert not seen.shallow[0].ok
