"""HTTP judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.evidence.http import (
    Exchange,
    HealthEvidence,
    HealthPart,
    HealthReading,
    Meaning,
    MetricsEvidence,
    OpenApiEvidence,
    OriginAnswer,
    PageAnswer,
    PagesEvidence,
    PlainHttpEvidence,
    ReleaseWord,
    ServiceEvidence,
)
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

MS = timedelta(milliseconds=1)
SCOPE = ("a.test", "192.0.2.1")
ENVIRONMENT = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test", "release": "3f2c1a9b01de"},
        "hosts": {"a.test": {"addresses": ["192.0.2.1"]}},
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


def reading(word: str = "ok", meaning: str = "pass", errors: tuple[str, ...] = (), **parts: str) -> HealthReading:
    """What health says; parts by name and meaning."""
    named = {name: HealthPart(word=own, meaning=Meaning(own)) for name, own in parts.items()}
    return HealthReading(word=word, meaning=Meaning(meaning), parts=named, parts_total=len(parts), errors=errors)


def word(value: str, **more: bool) -> ReleaseWord:
    """A word of a release."""
    return ReleaseWord(where="release of /h", value=value, **more)


def service(*exchanges: Exchange, **changes: Any) -> ServiceEvidence:  # noqa: ANN401 - fields
    """A service that answers these, each on a connection of its own; changed in one way."""
    answers = tuple(PageAnswer(exchange=one) for one in exchanges or (exchange(),) * 3)
    fields: dict[str, Any] = {
        "connections": answers,
        "wanted": len(answers),
        "front": exchange(404, url="https://a.test/"),
        "pages": (),
        "releases": ((word("3f2c1a9b01de"),),) * len(answers),
        "origins": (foreign(),),
    }
    return ServiceEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def foreign(allowed: str = "", credentials: str = "") -> OriginAnswer:
    """What a page of a foreign origin gets."""
    origin = "https://gonogo-1.invalid"
    return OriginAnswer(origin=origin, exchange=exchange(), allowed=allowed or "", credentials=credentials)


def releases(*values: str, **more: bool) -> ServiceEvidence:
    """One word on each connection."""
    return service(*(exchange(),) * len(values), releases=tuple((word(value, **more),) for value in values))


def health(**changes: Any) -> HealthEvidence:  # noqa: ANN401 - fields
    """A healthy service, changed in one way."""
    fields: dict[str, Any] = {
        "shallow": (exchange(),) * 3,
        "deep": exchange(),
        "reading": reading(),
        "deep_reading": reading(mongodb="pass", redis="pass"),
        "control": exchange(404),
        "clock_offset": timedelta(seconds=1),
        "leaked": (),
        "suspicious": (),
    }
    return HealthEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def with_header(name: str, value: str | None) -> HealthEvidence:
    """One header changed, or gone."""
    headers = {key: old for key, old in HEADERS.items() if key != name} | ({name: value} if value else {})
    return health(shallow=(exchange(headers=headers),) * 3)


def remembered(value: str | None) -> ServiceEvidence:
    """A service that asks browsers so to remember https."""
    answer = with_header("strict-transport-security", value).shallow[0]
    return service(answer, front=answer)


def metrics(**changes: Any) -> MetricsEvidence:  # noqa: ANN401 - fields
    """Healthy metrics, changed in one way."""
    fields: dict[str, Any] = {
        "without_token": exchange(401),
        "exchange": exchange(),
        "parse_error": "",
        "samples": 3,
        "series": ("logins_total", "requests_total"),
        "scrapes": ({"requests_total": 1.0}, {"requests_total": 2.0}),
        "starts": (None, None),
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
        "problems": (),
        "remarks": (),
    }
    return OpenApiEvidence(scope=SCOPE, taken_at=AT, **{**fields, **changes})


def pages(page: Exchange, control: Exchange | None = None) -> PagesEvidence:
    """One path that should be closed."""
    return PagesEvidence(scope=SCOPE, taken_at=AT, control=control or exchange(404), pages={"/.env": page})


def plain(status: int | None, location: str = "", **changes: Any) -> PlainHttpEvidence:  # noqa: ANN401 - fields
    """What answers on port 80."""
    reply = exchange(status, headers={"location": location} if location else {}, url="http://a.test/", **changes)
    return PlainHttpEvidence(scope=SCOPE, taken_at=AT, exchanges=(reply,), refused=False)


def scraped(*values: float, starts: tuple[float | None, ...] = ()) -> MetricsEvidence:
    """The counter at each scrape."""
    return metrics(scrapes=tuple({"requests_total": value} for value in values), starts=starts or (None,) * len(values))


SPA = exchange(headers={"content-type": "text/html"}, digest="same")
GREEN: list[tuple[str, str, Any]] = [
    ("service-answers", "service", service()),
    ("service-answers", "service", service(exchange(), exchange(429))),
    ("service-steady", "service", service(slowest=exchange())),
    ("http-front-page", "service", service()),
    ("http-session-cookies", "service", service(front=exchange(cookies=("sid; Secure; HttpOnly; SameSite=Lax",)))),
    ("http-session-cookies", "service", service(front=exchange(cookies=("csrftoken; Secure",)))),
    ("http-cookies", "service", service(front=exchange(cookies=("theme; secure; samesite=Lax",)))),
    ("http-origins", "service", service(origins=(foreign("*"),))),
    ("http-origins", "service", service(origins=(foreign("https://app.a.test", "true"),))),
    ("http-plain", "plain_http", plain(308, "https://a.test/")),
    ("http-plain", "plain_http", plain(301, "https://www.a.test/")),
    ("http-plain-declared", "plain_http", plain(301, "https://a.test/")),
    ("http-plain-declared", "plain_http", plain(404)),
    ("http-plain", "plain_http", plain(404)),
    ("http-plain", "plain_http", plain(None, problem="closed without a reply", closed=True)),
    ("http-plain", "plain_http", plain(301, "https://a.test:443/")),
    ("http-plain", "plain_http", plain(426)),
    ("http-plain", "plain_http", replace(plain(None, problem="refused: nothing listens"), refused=True)),
    ("http-plain", "plain_http", replace(plain(None, problem="packets are swallowed"), filtered=True)),
    *(
        (identifier, "health", health())
        for identifier in (
            *("health-shallow", "health-deep", "health-concerns", "health-latency", "health-private"),
            *("http-nosniff", "http-frame-ancestors", "http-referrer-policy", "http-no-store", "http-no-banner"),
        )
    ),
    ("health-shallow", "health", health(reading=reading("warn", "warn"))),
    ("release-under-review", "service", service()),
    ("release-under-review", "service", releases("3f2c1a9")),
    ("release-under-review", "service", releases("3F2C1A9B01DE" + "0" * 28)),
    ("release-under-review", "service", releases("workme@3f2c1a9b01de")),
    ("release-under-review", "service", releases("1.4.2-3-g3f2c1a9")),
    ("release-under-review", "service", releases("1.4.2+3f2c1a9b01de")),
    ("release-under-review", "service", service(exchange(), releases=((word("1.0", certain=False), word("3f2c1a9")),))),
    ("http-frame-ancestors", "health", health(shallow=(exchange(headers={"x-frame-options": "DENY"}),) * 3)),
    ("http-no-banner", "health", with_header("server", None)),
    ("http-no-banner", "health", with_header("server", "AmazonS3")),
    ("http-nosniff", "health", with_header("x-content-type-options", "nosniff, nosniff")),
    ("http-referrer-policy", "health", with_header("referrer-policy", "no-referrer, strict-origin")),
    ("http-frame-ancestors", "health", with_header("content-security-policy", "img-src *, frame-ancestors 'self'")),
    ("tls-hsts", "service", remembered('includeSubDomains; MAX-AGE = "63072000"; preload')),
    ("tls-hsts", "service", replace(remembered(None), scope=("192.0.2.1", "192.0.2.1"))),
    ("http-closed-paths", "pages", pages(exchange(404))),
    ("http-closed-paths", "pages", pages(exchange(403))),
    ("http-closed-paths", "pages", pages(exchange(302))),
    ("http-closed-paths", "pages", pages(exchange(302, headers={"location": "/login"}))),
    ("http-closed-paths", "pages", pages(SPA, control=SPA)),
    ("metrics-parse", "metrics", metrics()),
    ("metrics-lint", "metrics", metrics()),
    ("metrics-series", "metrics", metrics()),
    ("metrics-moving", "metrics", metrics()),
    ("metrics-moving", "metrics", scraped(900, 1, 2, starts=(100, 500, 500))),
    ("metrics-private", "metrics", metrics()),
    ("openapi-valid", "openapi", openapi()),
    ("openapi-valid", "openapi", openapi(version="2.0")),
    ("openapi-usable", "openapi", openapi()),
]
RED: list[tuple[str, str, Any, str]] = [
    (
        "service-answers",
        "service",
        service(exchange(), exchange(500), exchange(500)),
        "answers 500, on 2 of 3 connections (2 times 500, 1 times 200)",
    ),
    ("service-answers", "service", service(exchange(None, problem="refused: nothing listens")), "nothing listens"),
    ("service-answers", "service", service(front=exchange(502)), "answers 502"),
    ("service-answers", "service", service(exchange(404)), "answers 404, on 1 of 1 connections"),
    (
        "service-answers",
        "service",
        service(connections=(PageAnswer(exchange=exchange(), departures=("'Maintenance' stands in the body",)),)),
        "'Maintenance' stands in the body, on 1 of 1 connections",
    ),
    (
        "service-answers",
        "service",
        service(exchange(301, headers={"location": "http://a.test/x"})),
        "leads to http://a.test/x, not to https",
    ),
    ("service-steady", "service", service(again=(exchange(earlier=(503,)),)), "answers 200 after 503"),
    ("service-steady", "service", service(slowest=exchange(elapsed=5000 * MS)), "took 5 s; at most 4 s"),
    ("service-steady", "service", service(wanted=18), "answered 3 of 18 connections"),
    ("http-front-page", "service", service(front=exchange(marks=("default page",))), "shows a default page"),
    (
        "http-session-cookies",
        "service",
        service(front=exchange(cookies=("JSESSIONID; Path=/; Secure",))),
        "sets the cookie JSESSIONID without HttpOnly",
    ),
    (
        "http-cookies",
        "service",
        service(front=exchange(cookies=("theme; Path=/",))),
        "sets the cookie theme without Secure and SameSite",
    ),
    (
        "http-origins",
        "service",
        service(origins=(foreign("https://gonogo-1.invalid", "true"),)),
        "lets pages of https://gonogo-1.invalid read its replies, with the cookies of the user",
    ),
    ("http-plain", "plain_http", plain(200), "http://a.test/ answers 200 without TLS"),
    ("http-plain", "plain_http", plain(301, "http://b.test/"), "redirects to http://b.test/, not to https"),
    ("http-plain", "plain_http", plain(301, "//a.test/"), "redirects to //a.test/, not to https"),
    ("http-plain", "plain_http", plain(301, "https://parked.example/"), "a host that the environment does not declare"),
    ("http-plain-declared", "plain_http", plain(301, "https://www.a.test/"), "to www.a.test, which is not declared"),
    ("http-plain", "plain_http", plain(401, marks=("login form",)), "asks for a password without TLS"),
    ("http-plain", "plain_http", plain(301, "https://a.test:4444/"), "port 4444 is not its https_port, which is 443"),
    ("http-plain", "plain_http", plain(301, "https://a.test:99999/"), "is not its https_port"),
    ("health-shallow", "health", health(shallow=(exchange(500),) * 3), "answers 500"),
    (
        "health-shallow",
        "health",
        health(shallow=(exchange(), exchange(None, problem="cut off"), exchange())),
        "cut off",
    ),
    ("health-shallow", "health", health(reading=reading("down", "fail")), "reports down"),
    ("health-shallow", "health", health(reading=reading(redis="fail")), "redis is fail"),
    ("health-shallow", "health", health(departures=("database is 'off'",)), "database is 'off'"),
    (
        "health-shallow",
        "health",
        health(shallow=(exchange(headers={}, digest="x"),) * 3, control=exchange(digest="x")),
        "which cannot exist: every path answers the same",
    ),
    ("health-deep", "health", health(deep=exchange(503), deep_reading=reading(redis="fail")), "redis is fail"),
    ("health-deep", "health", health(deep=exchange(503), deep_reading=reading()), "answers 503"),
    ("health-deep", "health", health(deep_reading=reading()), "names no dependency"),
    ("health-concerns", "health", health(deep_reading=reading(disk="warn")), "disk is warn"),
    ("health-concerns", "health", health(reading=reading("degraded", "warn")), "it reports degraded"),
    ("health-concerns", "health", health(reading=reading(errors=("no database",))), "lists the error 'no database'"),
    ("health-latency", "health", health(shallow=(exchange(elapsed=700 * MS),) * 3), "takes 700 ms; at most 500 ms"),
    ("health-private", "health", health(leaked=("MONGO_URL",)), "shows the value of MONGO_URL"),
    ("health-private", "health", health(suspicious=("a stack trace",)), "shows a stack trace"),
    (
        "release-under-review",
        "service",
        releases("3f2c1a9", "0000000", "3f2c1a9"),
        "serves release 3f2c1a9 (release of /h) on 2 of 3 connections, 0000000 (release of /h) on 1 of 3 connections",
    ),
    ("release-under-review", "service", releases("3"), "serves release 3"),
    ("release-under-review", "service", releases("3f2c1a8" + "0" * 33), "serves release 3f2c1a8"),
    ("release-under-review", "service", releases("3f2c1a9b01de-dirty"), "serves release 3f2c1a9b01de-dirty"),
    ("tls-hsts", "service", remembered(None), "is missing"),
    ("tls-hsts", "service", remembered("max-age=300"), "is max-age=300"),
    ("tls-hsts", "service", remembered("max-age=never"), "is max-age=never"),
    ("tls-hsts", "service", remembered("max-age=63072000; max-age=63072000"), "is max-"),
    ("tls-hsts", "service", remembered("max-age=63072000, includeSubDomains"), "is max-"),
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
    ("http-no-banner", "health", with_header("server", "nginx/1.18.0"), "reveals its versions: nginx/1.18.0"),
    ("http-closed-paths", "pages", pages(exchange(200, url="https://a.test/.env")), "https://a.test/.env answers 200"),
    (
        "http-closed-paths",
        "pages",
        pages(exchange(200, truncated=True, problem="the body is larger than 1048576 bytes")),
        "answers 200",
    ),
    (
        "http-closed-paths",
        "pages",
        pages(replace(SPA, digest="other", marks=("environment variables",)), control=SPA),
        "with environment variables",
    ),
    ("http-closed-paths", "pages", pages(exchange(url="https://a.test/.env"), control=exchange(500)), "answers 200"),
    ("metrics-parse", "metrics", metrics(exchange=exchange(500)), "answers 500"),
    ("metrics-parse", "metrics", metrics(parse_error="not in the exposition format"), "not in the exposition format"),
    ("metrics-parse", "metrics", metrics(samples=0), "contains no sample"),
    ("metrics-lint", "metrics", metrics(remarks=("a has two lines of TYPE",)), "a has two lines of TYPE"),
    ("metrics-series", "metrics", metrics(series=("requests_total",)), "lacks logins_total"),
    ("metrics-moving", "metrics", scraped(1, 1), "requests_total stays at 1"),
    ("metrics-moving", "metrics", scraped(900, 40, 901), "gives 900, 40, 901, one request after another"),
    ("metrics-moving", "metrics", scraped(900, 40, 41), "several registries answer in turn"),
    ("metrics-moving", "metrics", metrics(scrapes=({}, {"requests_total": 1.0})), "lacks requests_total"),
    ("metrics-private", "metrics", metrics(without_token=exchange(200)), "answers without the token"),
    ("metrics-private", "metrics", metrics(without_token=None), "everybody can read 3 samples"),
    (
        "metrics-private",
        "metrics",
        metrics(without_token=exchange(200, problem="the body is larger than 1048576 bytes")),
        "answers without the token",
    ),
    ("openapi-valid", "openapi", openapi(exchange=exchange(404)), "answers 404"),
    ("openapi-valid", "openapi", openapi(parse_error="not JSON"), "not JSON"),
    ("openapi-valid", "openapi", openapi(version="1.2"), "openapi is 1.2; 3.x or 2.0 is expected"),
    ("openapi-valid", "openapi", openapi(problems=("info.title is missing",)), "info.title is missing"),
    ("openapi-usable", "openapi", openapi(remarks=("no path has an operation",)), "no path has an operation"),
]


def judged(judge: Judge, identifier: str, kind: str, evidence: object, environment: Any = ENVIRONMENT) -> str | None:  # noqa: ANN401 - composed at run time
    """With the environment where the check asks for it."""
    return judge(identifier, **{kind: evidence}, environment=environment)


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
