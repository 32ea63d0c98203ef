"""Services that are broken, or only strange, in one detail of their replies, behind real TLS."""

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.checks.test_http_sites import at_first, by_connection, reflecting_if, said
from tests.support.http_sites import GOOD, HOST, HTML, JSON, MISSING, TEXT, Asked, Reply, Site, health, pages, told

APP = "https://app.workme.test"


def front(headers: dict[str, str]) -> Site:
    """Health and the front page with these headers."""
    good = Reply(200, GOOD.body, {**JSON, **headers})
    return lambda asked: good if asked.path in {"/health", "/"} else MISSING


def test_backend_that_says_of_itself_that_it_is_down_is_found() -> None:
    """It answers 200: only its words tell."""
    down = Reply(200, b'{"status":"DOWN","release":"abc1234"}', JSON)
    found = told(by_connection(down, "/health"), connections=18, kinds=("service",))
    said("service-answers", "FAIL it reports DOWN, on 6 of 18 connections", found)
    part = Reply(200, b'{"status":"ok","release":"abc1234","checks":{"db":"down"}}', JSON)
    found = told(by_connection(part, "/health"), connections=18, kinds=("service",))
    said("service-answers", "FAIL db is down, on 6 of 18 connections", found)
    found = told(lambda _: down, connections=2, kinds=("service", "health"))
    assert "service-answers" not in found, "what else is asked stands on an answer, and not on a good one"
    said("health-shallow", "FAIL reports DOWN", found)
    declared = {"path": "/health", "json": {"release": "abc1234"}}
    assert told(lambda _: part, connections=2, kinds=("service",), health=declared) == {}


@pytest.mark.parametrize(
    "careless",
    [
        lambda origin: re.fullmatch("https://app.workme.test", origin) is not None and origin != APP,
        lambda origin: origin.startswith(f"{APP}."),
        lambda origin: origin.startswith("http://app"),
    ],
)
def test_origins_that_careless_comparisons_take(careless: Any) -> None:  # noqa: ANN401 - a function
    """A dot that stands for any letter, a prefix, a scheme that is not looked at."""
    found = told(reflecting_if(careless), kinds=("service",), origins=[APP])
    said("http-origins", "FAIL with the cookies of the user", found)


def test_pages_without_an_origin() -> None:
    """Every sandboxed frame has the origin null, whoever made it."""
    found = told(reflecting_if(lambda origin: origin == "null"), kinds=("service",))
    said("http-origins", "FAIL lets pages of null read", found)


def test_cookies_that_are_set_on_the_way_and_on_declared_pages() -> None:
    """Frameworks begin sessions with the redirect to the first page."""
    cookie = {"Set-Cookie": "JSESSIONID=s3cret; Path=/"}
    to_home = Reply(302, b"", {"Location": "/home", **cookie})
    found = told(pages({"/": to_home, "/home": Reply(200, b"hi", TEXT)}), kinds=("service",))
    said("http-session-cookies", "FAIL /, sets the cookie JSESSIONID without Secure and HttpOnly", found)
    found = told(
        pages({"/app": Reply(200, b"hi", {**TEXT, **cookie})}), kinds=("service",), pages={"app": {"path": "/app"}}
    )
    said("http-session-cookies", "FAIL /app sets the cookie JSESSIONID", found)
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("value", "remembered"),
    [
        ('max-age=31536000; note="a;b"', True),
        (" max-age=31536000 ;; includeSubDomains;", True),
        ("max-age=31536000\r\nStrict-Transport-Security: max-age=0", True),
        ("max-age=0\r\nStrict-Transport-Security: max-age=31536000", False),
        ("max-age=0; includeSubDomains", False),
        ("max-age 31536000", False),
    ],
)
def test_strict_transport_security_is_read_as_browsers_do(value: str, *, remembered: bool) -> None:
    """The first line counts; a semicolon in quotes ends nothing."""
    found = told(front({"Strict-Transport-Security": value}), kinds=("service",))
    assert ("tls-hsts" not in found) is remembered


@pytest.mark.parametrize("coding", ["none", "UTF-8", "identity", "gzip", "x-gzip"])
def test_codings_that_are_none_or_can_be_read(coding: str) -> None:
    """What no registry knows is no coding: every client reads on."""
    body = gzip.compress(GOOD.body) if "gzip" in coding else GOOD.body
    assert told(health(body, {**JSON, "Content-Encoding": coding})) == {}


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "gzip"])
def test_codings_that_cannot_be_read(coding: str) -> None:
    """Whoever asks for plain bytes cannot read them."""
    found = told(health(GOOD.body, {**JSON, "Content-Encoding": coding}), kinds=("health",))
    assert found["health-shallow"].startswith("FAIL")


def test_health_that_is_too_long_to_be_read_is_not_down() -> None:
    """It was not read to its end: that is no word against it."""
    long = json.dumps({"status": "ok", "release": "abc1234", "x": "x" * 2**20})
    said("health-shallow", "ERROR larger than 1048576 bytes", told(health(long), kinds=("health",)))
    said("health-shallow", "FAIL answers 500", told(health(long, status=500), kinds=("health",)))


def test_health_that_was_written_long_ago_is_a_concern() -> None:
    """A file that nobody writes any more, or a worker that stands still."""
    for ago, concerned in ((timedelta(days=400), True), (timedelta(minutes=5), False), (timedelta(hours=-9), False)):
        moment = datetime.now(UTC).replace(tzinfo=None if ago < timedelta(0) else UTC) - ago
        body = json.dumps({"status": "ok", "release": "abc1234", "timestamp": moment.isoformat()})
        found = told(health(body), kinds=("health",))
        assert ("health-concerns" in found) is concerned
    found = told(health('{"status":"ok","timestamp":1700000000}'), kinds=("health",))
    said("health-concerns", "WARN it was written", found)


def test_declared_text_in_another_character_set() -> None:
    """The header says how the bytes are to be read."""
    headers = {"Content-Type": "text/html; charset=ISO-8859-1"}
    declared = {"path": "/health", "body": "Café ouvert"}
    page = health("<p>Café ouvert</p>".encode("latin-1"), headers)
    assert told(page, kinds=("health",), health=declared) == {}


@pytest.mark.parametrize(
    ("body", "release", "outcome"),
    [
        ({"image": f"ghcr.io/acme/app@sha256:{'6b' * 32}"}, "abc1234", "ERROR cannot be compared"),
        ({"build": "4711"}, "abc1234", "ERROR cannot be compared"),
        ({"build": "4711"}, "4712", "FAIL serves release 4711"),
        ({"commit": "9fceb02d0ae598e95dc970b74767f19372d61af8"}, "2026.11.3", "ERROR cannot be compared"),
        ({"image": "ghcr.io/acme/app:0ld0000"}, "abc1234", "FAIL abc1234 is under review"),
        ({"image": "ghcr.io/acme/app:main-def5678"}, "abc1234", "FAIL abc1234 is under review"),
        ({"release": "2026.11.2"}, "2026.11.3", "FAIL 2026.11.3 is under review"),
    ],
)
def test_words_that_are_no_release_of_that_kind(body: dict[str, str], release: str, outcome: str) -> None:
    """A digest, the number of a build, a commit beside a version: other words, and not another release."""
    said(
        "release-under-review",
        outcome,
        told(health(json.dumps({"status": "ok", **body})), kinds=("service",), release=release),
    )


@pytest.mark.parametrize(
    "body",
    [
        {"image": "ghcr.io/acme/app:sha-abc1234"},
        {"image": "ghcr.io/acme/app:main-abc1234"},
        {"version": "2.3.1 (abc1234)"},
        {"release": "2.3.1-3-gabc1234"},
    ],
)
def test_words_that_end_in_the_commit(body: dict[str, str]) -> None:
    """As builds name images and versions."""
    assert told(health(json.dumps({"status": "ok", **body})), kinds=("service",)) == {}


@pytest.mark.parametrize("page", ["<h1>Down for maintenance</h1>", "<title>Just a moment...</title>"])
def test_notice_in_the_place_of_a_declared_page(page: str) -> None:
    """It answers 200 there; what the page is, its text must say."""
    site = pages({"/app": Reply(200, page.encode(), HTML)})
    found = told(site, kinds=("service",), pages={"app": {"path": "/app"}})
    said("service-answers", "ERROR /app shows a", found)
    assert told(site, kinds=("service",), pages={"app": {"path": "/app", "body": "<"}}) == {}
    both = {HOST: {"page": {"path": "/app"}}}
    said("service-answers", "ERROR /app shows a", told(site, kinds=("service",), hosts=both))


def test_release_where_mozilla_has_it() -> None:
    """``/__version__`` of Dockerflow."""
    version = Reply(200, b'{"source":"https://x.test/y","version":"","commit":"abc1234","build":"1"}', JSON)
    site = pages({"/health": Reply(200, b'{"status":"ok"}', JSON), "/__version__": version})
    assert told(site, kinds=("service",)) == {}


@pytest.mark.parametrize("content_type", ["", "text/html", "application/json"])
def test_metrics_of_a_type_that_prometheus_refuses(content_type: str) -> None:
    """Since version 3 it reads nothing else than what it knows."""
    headers = {"Content-Type": content_type} if content_type else {}
    found = told(pages({"/metrics": Reply(200, b"a 1\n", headers)}), kinds=("metrics",), metrics="/metrics")
    said("metrics-lint", f"WARN its Content-Type is {content_type or 'missing'}", found)


@pytest.mark.parametrize("form", ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"])
def test_dates_in_the_older_forms(form: str) -> None:
    """RFC 9110, 5.6.7: a recipient accepts all three."""
    found = told(health(GOOD.body, {**JSON, "Date": datetime.now(UTC).strftime(form)}), kinds=("health",))
    assert found == {}


def test_time_of_asking_again_is_a_date() -> None:
    """A backend that is just starting may name the moment."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    assert set(told(at_first(Reply(503, b"", {"Retry-After": soon})), kinds=("service",))) == {"service-steady"}


def test_reply_that_is_cut_off_is_served_and_is_broken() -> None:
    """Half of a secret is served; half of a health page is none."""
    half = Reply(200, b'{"status":"ok"', {**JSON, "Connection": "close", "Content-Length": "999"})

    def site(asked: Asked) -> Reply:
        return half if asked.path in {"/health", "/.env"} else MISSING

    found = told(site)
    said("health-shallow", "FAIL answers 200, and the reply was cut off after 14 bytes of its body", found)
    said("service-answers", "FAIL cut off", found)
    said("http-closed-paths", "FAIL /.env answers 200", found)
    found = told(pages({}), plain=lambda _: half, kinds=("plain_http",))
    said("http-plain", "FAIL answers 200 without TLS", found)


def test_login_or_notice_in_the_place_of_health() -> None:
    """Neither is a word of health."""
    for page in (b"<form><input type=password></form>", b"<h1>Down for maintenance</h1>"):
        found = told(health(page, HTML), kinds=("health",))
        assert found["health-shallow"].startswith("ERROR")
