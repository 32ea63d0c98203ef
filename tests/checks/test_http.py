"""HTTP judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.http import (
    Exchange,
    HealthEvidence,
    MetricsEvidence,
    OpenApiEvidence,
    PagesEvidence,
    PlainHttpEvidence,
)
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

MS = timedelta(milliseconds=1)
SCOPE = ("a.test", "192.0.2.1")
ENVIRONMENT = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test", "release": "3f2c1a9b01de"},
        "http": {
            "health": "/h",
            "deep_health": "/d",
            "metrics": "/m",
            "openapi": "/o",
            "closed_paths": ["/.env"],
            "series": ["requests_total", "logins_total"],
            "moving": ["requests_total"],
        },
    }
)
HEADERS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "server": "WorkMe",
}


def exchange(status: int | None = 200, **changes: Any) -> Exchange:  # noqa: ANN401 - fields
    """A reply."""
    fields: dict[str, Any] = {"url": "https://a.test/x", "elapsed": 20 * MS, "headers": HEADERS}
    return Exchange(status=status, **{**fields, **changes})


def health(**changes: Any) -> HealthEvidence:  # noqa: ANN401 - fields
    """A healthy service, changed in one way."""
    fields: dict[str, Any] = {
        "shallow": (exchange(),) * 3,
        "deep": exchange(),
        "status": "ok",
        "deep_status": "ok",
        "dependencies": {"mongodb": "ok", "redis": "ok"},
        "release": "3f2c1a9b01de",
        "clock_offset": timedelta(seconds=1),
        "leaked": (),
        "suspicious": (),
    }
    return HealthEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def with_header(name: str, value: str | None) -> HealthEvidence:
    """One header changed, or gone."""
    headers = {key: old for key, old in HEADERS.items() if key != name} | ({name: value} if value else {})
    return health(shallow=(exchange(headers=headers),) * 3)


def metrics(**changes: Any) -> MetricsEvidence:  # noqa: ANN401 - fields
    """Healthy metrics, changed in one way."""
    fields: dict[str, Any] = {
        "without_token": exchange(401),
        "exchange": exchange(),
        "parse_error": "",
        "samples": 3,
        "series": ("logins_total", "requests_total"),
        "before": {"requests_total": 1.0},
        "after": {"requests_total": 2.0},
    }
    return MetricsEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def openapi(**changes: Any) -> OpenApiEvidence:  # noqa: ANN401 - fields
    """A healthy document, changed in one way."""
    fields: dict[str, Any] = {
        "exchange": exchange(),
        "parse_error": "",
        "version": "3.1.0",
        "title": "WorkMe",
        "paths": ("/h",),
        "undocumented": (),
    }
    return OpenApiEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def pages(page: Exchange, control: Exchange | None = None) -> PagesEvidence:
    """One path that should be closed."""
    return PagesEvidence(scope=SCOPE, taken_at=AT, control=control or exchange(404), pages={"/.env": page})


def plain(status: int | None, location: str = "", **changes: Any) -> PlainHttpEvidence:  # noqa: ANN401 - fields
    """What answers on port 80."""
    reply = exchange(status, headers={"location": location} if location else {}, url="http://a.test/", **changes)
    return PlainHttpEvidence(scope=SCOPE, taken_at=AT, exchange=reply, refused=False)


GREEN: list[tuple[str, str, Any]] = [
    ("http-plain", "plain_http", plain(308, "https://a.test/")),
    ("http-plain", "plain_http", replace(plain(None, problem="refused: nobody listens"), refused=True)),
    *(
        (identifier, "health", health())
        for identifier in (
            *("health-shallow", "health-deep", "health-latency", "health-private", "release-under-review", "tls-hsts"),
            *("http-nosniff", "http-frame-ancestors", "http-referrer-policy", "http-no-store", "http-no-banner"),
        )
    ),
    ("health-shallow", "health", health(status="UP", dependencies={"db": "UP"})),
    ("health-deep", "health", health(deep_status="UP", dependencies={"db": "UP"})),
    ("release-under-review", "health", health(release="3f2c1a9")),
    ("release-under-review", "health", health(release="3F2C1A9B01DE" + "0" * 28)),
    ("http-plain", "plain_http", replace(plain(None, problem="packets are swallowed"), filtered=True)),
    ("http-frame-ancestors", "health", health(shallow=(exchange(headers={"x-frame-options": "DENY"}),) * 3)),
    ("http-no-banner", "health", with_header("server", None)),
    ("http-no-banner", "health", with_header("server", "AmazonS3")),
    ("http-nosniff", "health", with_header("x-content-type-options", "nosniff, nosniff")),
    ("http-referrer-policy", "health", with_header("referrer-policy", "no-referrer, strict-origin")),
    ("http-frame-ancestors", "health", with_header("content-security-policy", "img-src *, frame-ancestors 'self'")),
    ("tls-hsts", "health", with_header("strict-transport-security", "max-age=31536000, max-age=63072000")),
    ("http-closed-paths", "pages", pages(exchange(404))),
    ("http-closed-paths", "pages", pages(exchange(403))),
    ("http-closed-paths", "pages", pages(exchange(302))),
    ("http-closed-paths", "pages", pages(exchange(302, headers={"location": "/login"}))),
    ("metrics-parse", "metrics", metrics()),
    ("metrics-series", "metrics", metrics()),
    ("metrics-moving", "metrics", metrics()),
    ("metrics-private", "metrics", metrics()),
    ("openapi-valid", "openapi", openapi()),
]
RED: list[tuple[str, str, Any, str]] = [
    ("http-plain", "plain_http", plain(200), "http://a.test/ answers 200 without TLS"),
    ("http-plain", "plain_http", plain(404), "answers 404 without TLS"),
    ("http-plain", "plain_http", plain(301, "http://b.test/"), "redirects to http://b.test/, not to https"),
    ("http-plain", "plain_http", plain(301, "/login"), "redirects to /login, not to https"),
    ("http-plain", "plain_http", plain(None, problem="silence"), "accepts, but gives no reply: silence"),
    ("health-shallow", "health", health(shallow=(exchange(500),) * 3), "answers 500"),
    (
        "health-shallow",
        "health",
        health(shallow=(exchange(), exchange(None, problem="cut off"), exchange())),
        "cut off",
    ),
    (
        "health-shallow",
        "health",
        health(status=None, shallow=(exchange(excerpt="<html>"),) * 3),
        "calls itself nothing; it begins with '<html>'",
    ),
    ("health-shallow", "health", health(status="down"), "calls itself down"),
    ("health-deep", "health", health(deep=exchange(503), dependencies={"redis": "down"}), "redis is down"),
    ("health-deep", "health", health(deep=exchange(503), dependencies={}), "answers 503"),
    ("health-deep", "health", health(dependencies={}), "names no dependency"),
    ("health-deep", "health", health(deep_status="degraded"), "calls itself degraded"),
    ("health-latency", "health", health(shallow=(exchange(elapsed=700 * MS),) * 3), "takes 700 ms, at most 500 ms"),
    ("health-private", "health", health(leaked=("MONGO_URL",)), "shows the value of MONGO_URL"),
    ("health-private", "health", health(suspicious=("a stack trace",)), "shows a stack trace"),
    (
        "release-under-review",
        "health",
        health(release="0000000"),
        "serves release 0000000, under review is 3f2c1a9b01de",
    ),
    ("release-under-review", "health", health(release="3"), "serves release 3"),
    ("release-under-review", "health", health(release="3f2c1a8" + "0" * 33), "serves release 3f2c1a8"),
    ("release-under-review", "health", health(release=None), "does not say which release it is"),
    ("tls-hsts", "health", with_header("strict-transport-security", None), "is missing"),
    ("tls-hsts", "health", with_header("strict-transport-security", "max-age=300"), "is max-age=300"),
    ("tls-hsts", "health", with_header("strict-transport-security", "max-age=never"), "is max-age=never"),
    ("http-nosniff", "health", with_header("x-content-type-options", None), "is missing"),
    (
        "http-frame-ancestors",
        "health",
        with_header("content-security-policy", "frame-ancestors *"),
        "forbids framing",
    ),
    ("http-frame-ancestors", "health", with_header("content-security-policy", "default-src 'none'"), "forbids framing"),
    ("http-referrer-policy", "health", with_header("referrer-policy", "unsafe-url"), "is unsafe-url"),
    ("http-no-store", "health", with_header("cache-control", "public, max-age=60"), "is public"),
    ("http-no-banner", "health", with_header("server", "nginx/1.18.0"), "tells its versions: nginx/1.18.0"),
    ("http-closed-paths", "pages", pages(exchange(200, url="https://a.test/.env")), "https://a.test/.env answers 200"),
    (
        "http-closed-paths",
        "pages",
        pages(exchange(200, truncated=True, problem="the body is larger than 1048576 bytes")),
        "answers 200",
    ),
    ("metrics-parse", "metrics", metrics(exchange=exchange(500)), "answers 500"),
    ("metrics-parse", "metrics", metrics(parse_error="not in the exposition format"), "not in the exposition format"),
    ("metrics-parse", "metrics", metrics(samples=0), "holds no sample"),
    ("metrics-series", "metrics", metrics(series=("requests_total",)), "lacks logins_total"),
    ("metrics-moving", "metrics", metrics(after={"requests_total": 1.0}), "requests_total stays at 1"),
    ("metrics-moving", "metrics", metrics(before={}), "lacks requests_total"),
    ("metrics-private", "metrics", metrics(without_token=exchange(200)), "answers without the token"),
    (
        "metrics-private",
        "metrics",
        metrics(without_token=exchange(200, problem="the body is larger than 1048576 bytes")),
        "answers without the token",
    ),
    ("openapi-valid", "openapi", openapi(exchange=exchange(404)), "answers 404"),
    ("openapi-valid", "openapi", openapi(parse_error="not JSON"), "not JSON"),
    ("openapi-valid", "openapi", openapi(version="2.0"), "openapi is 2.0, 3.x expected"),
    ("openapi-valid", "openapi", openapi(title=None), "has no title"),
    ("openapi-valid", "openapi", openapi(paths=()), "describes no path"),
    ("openapi-valid", "openapi", openapi(undocumented=("GET /h",)), "no response is described for GET /h"),
]
_ASKS_FOR_ENVIRONMENT = {"release-under-review", "metrics-series", "metrics-moving"}


def judged(judge: Judge, identifier: str, kind: str, evidence: object) -> str | None:
    """With the environment where the check asks for it."""
    more = {"environment": ENVIRONMENT} if identifier in _ASKS_FOR_ENVIRONMENT else {}
    return judge(identifier, **{kind: evidence}, **more)


@pytest.mark.parametrize(("identifier", "kind", "evidence"), GREEN)
def test_green(judge: Judge, identifier: str, kind: str, evidence: object) -> None:
    """A wrong NO-GO costs us our users' trust."""
    assert judged(judge, identifier, kind, evidence) is None


@pytest.mark.parametrize(("identifier", "kind", "evidence", "message"), RED)
def test_red(judge: Judge, identifier: str, kind: str, evidence: object, message: str) -> None:
    """A wrong GO costs a launch; the message says where and what."""
    said = judged(judge, identifier, kind, evidence)
    assert said is not None
    assert message in said
    assert "://a.test/" in said


def test_one_slow_request_of_three_is_no_slow_service(judge: Judge) -> None:
    """The median forgives one hiccup."""
    assert judge("health-latency", health=health(shallow=(exchange(), exchange(elapsed=9000 * MS), exchange()))) is None


@pytest.mark.parametrize(
    ("identifier", "kind", "evidence", "expected"),
    [
        ("http-closed-paths", "pages", pages(exchange(404), control=exchange(200)), "cannot exist, and answers 200"),
        ("http-closed-paths", "pages", pages(exchange(404), control=exchange(None, problem="cut off")), "cut off"),
        ("http-closed-paths", "pages", pages(exchange(None, problem="cut off")), "cut off"),
        (
            "http-closed-paths",
            "pages",
            pages(exchange(301, url="https://a.test/.env", headers={"location": "https://www.a.test/.env"})),
            "leads to https://www.a.test/.env, and nobody asked there",
        ),
        ("metrics-private", "metrics", metrics(without_token=None), "declares no token"),
        ("metrics-private", "metrics", metrics(without_token=exchange(None, problem="cut off")), "cut off"),
    ],
)
def test_control_that_fails_is_an_error(
    judge: Judge, identifier: str, kind: str, evidence: object, expected: str
) -> None:
    """A server that answers 200 to everything hides what it serves."""
    with pytest.raises(Unobserved, match=expected):
        judged(judge, identifier, kind, evidence)


def test_no_release_under_review_is_an_error(judge: Judge) -> None:
    """Signatures are for one release."""
    bare = environment_from({"service": {"name": "S", "base_url": "https://a.test"}})
    with pytest.raises(Unobserved, match="no release under review"):
        judge("release-under-review", health=health(), environment=bare)


@pytest.mark.parametrize(
    ("served", "wanted"),
    [("2026.11.2", "2026.11.23"), ("release-1", "release-12"), ("12345678", "123456789")],
)
def test_abbreviations_are_for_commits_only(judge: Judge, served: str, wanted: str) -> None:
    """Another release whose number begins alike would be signed for."""
    service = {"name": "S", "base_url": "https://a.test", "release": wanted}
    environment = environment_from({"service": service})
    said = judge("release-under-review", health=health(release=served), environment=environment)
    assert said == f"https://a.test/x serves release {served}, under review is {wanted}"


def off(seconds: float | None, address: str = "192.0.2.1") -> HealthEvidence:
    """A clock that is off by so much."""
    offset = timedelta(seconds=seconds) if seconds is not None else None
    return replace(health(clock_offset=offset), scope=("a.test", address))


def test_clock_that_is_off_is_named(judge: Judge) -> None:
    """Unless all are: then it may well be our own."""
    assert judge("clock-agrees", health_all=(off(2), off(-30, "192.0.2.2"))) is None
    said = judge("clock-agrees", health_all=(off(2), off(-600, "192.0.2.2")))
    assert said == "the clock at 192.0.2.2 is off by -10 min"
    for all_off in ((off(-600),), (off(90), off(95, "192.0.2.2"))):
        with pytest.raises(Unobserved, match="our own clock"):
            judge("clock-agrees", health_all=all_off)
    said = judge("clock-agrees", health_all=(off(-600), off(600, "192.0.2.2")))
    assert said == "the clock at 192.0.2.1 is off by -10 min; the clock at 192.0.2.2 is off by +10 min"
    for silent in ((off(None),), (off(None), off(2, "192.0.2.2"))):
        with pytest.raises(Unobserved, match=r"no Date header comes from 192\.0\.2\.1"):
            judge("clock-agrees", health_all=silent)
