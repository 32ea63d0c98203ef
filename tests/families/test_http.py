"""HTTP on real sockets: the facts of a service, and every error of httpx mapped."""

import asyncio
import inspect
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from gonogo.base.errors import Unobserved
from gonogo.clients.http import AddressClient
from gonogo.evidence.http import Exchange, HealthEvidence, Meaning, PlainHttpEvidence
from gonogo.families.http.probe import probe_health, probe_metrics, probe_openapi, probe_plain_http
from gonogo.families.http.questions import HttpQuestion, PlainHttpQuestion
from reference.certificates import CertificateSettings, issue_public
from tests.dead.conftest import (
    silent_server,
    swallowing_server,
)
from tests.support.http_doubles import (
    HOST,
    healthy,
    http_server,
    observe,
)


def test_healthy_service(tmp_path: Path) -> None:
    """The facts that every check stands on."""
    date = "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\nStrict-Transport-Security: max-age=1\r\n"
    seen = observe(probe_health, http_server(healthy, date), tmp_path)
    assert (seen.reading.word, seen.reading.meaning) == ("ok", Meaning.PASS)
    assert {name: part.word for name, part in seen.deep_reading.parts.items()} == {"mongodb": "ok", "redis": "ok"}
    assert seen.control.status == 404
    assert [exchange.status for exchange in (*seen.shallow, seen.deep)] == [200] * 4
    assert seen.shallow[0].headers["strict-transport-security"] == "max-age=1"
    assert seen.clock_offset is not None
    assert seen.shallow[0].url.startswith("https://a.test:")


def test_required_series_are_kept_among_too_many(tmp_path: Path) -> None:
    """The last in the alphabet would be missing in the evidence, and there in the service."""
    body = b"".join(b"a%d 1\n" % number for number in range(3000)) + b"requests_total 1\n"
    seen = observe(probe_metrics, http_server(lambda _path, _headers: (200, body)), tmp_path)
    assert "requests_total" in seen.series
    assert len(seen.series) == 2000


def test_dependencies_in_every_common_form(tmp_path: Path) -> None:
    """Spring and application/health+json say the same in their own words."""
    body = b'{"status":"UP","checks":{"a":[{"status":"pass"},{"status":"fail"}],"b":true,"c":{"status":{}},"d":false}}'
    seen = observe(probe_health, http_server(lambda _path, _headers: (200, body)), tmp_path)
    parts = {name: (part.word, part.meaning) for name, part in seen.reading.parts.items()}
    assert parts["a"] == ("fail", Meaning.FAIL)
    assert parts["c"] == ("nothing", Meaning.FAIL)
    assert (parts["b"][1], parts["d"][1]) == (Meaning.PASS, Meaning.FAIL)


def test_cookies_are_not_kept(tmp_path: Path) -> None:
    """A sticky session would show one server behind a balancer three times."""
    heard: list[str] = []

    def sticky(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        heard.append(headers.get("cookie", ""))
        return healthy(path, headers)

    observe(probe_health, http_server(sticky, "Set-Cookie: session=1\r\n"), tmp_path)
    assert heard == [""] * 5


def test_metrics_are_scraped_twice_and_once_without_the_token(tmp_path: Path) -> None:
    """Movement needs two looks, privacy one without the key."""
    seen = observe(probe_metrics, http_server(healthy, "Content-Type: text/plain\r\n"), tmp_path)
    assert seen.without_token is not None
    assert (seen.without_token.status, seen.parse_error, seen.series) == (401, "", ("requests_total",))
    first, *_, last = (scrape["requests_total"] for scrape in seen.scrapes)
    assert last > first


def test_malformed_metrics_are_a_fact(tmp_path: Path) -> None:
    """The monitoring would drop them without a word."""
    seen = observe(probe_metrics, http_server(lambda _path, _headers: (200, b"a{ 1 2 3\n")), tmp_path)
    assert "not in the exposition format" in seen.parse_error


def test_openapi_facts(tmp_path: Path) -> None:
    """Paths, and operations that promise nothing."""
    seen = observe(probe_openapi, http_server(healthy), tmp_path)
    assert (seen.version, seen.title, seen.paths) == ("3.1.0", "T", ("/x",))
    assert seen.problems == ("info.version is missing",)


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
    with swallowing_server() as port, pytest.raises(Unobserved, match="nothing came back"):
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
