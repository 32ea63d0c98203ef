"""Answers of a service that tell nothing, releases and clocks: what cannot be judged is an error, and not absent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.http import HealthEvidence
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_http import SPA, exchange, health, judged, metrics, pages, plain, reading, releases, service

ERRORS: list[tuple[str, str, Any, str]] = [
    ("service-answers", "service", service(exchange(429)), "this machine was turned away"),
    (
        "service-answers",
        "service",
        service(exchange(308, headers={"location": "https://www.b.test/"})),
        "redirects to https://www.b.test/, which was not asked",
    ),
    (
        "service-answers",
        "service",
        replace(service(exchange(401)), scope=("b.test", "x")),
        "does not show that the service answers",
    ),
    (
        "service-answers",
        "service",
        replace(service(exchange(marks=("login form",))), scope=("b.test", "x")),
        "shows a login form, and not the service",
    ),
    (
        "service-answers",
        "service",
        replace(service(exchange(marks=("default page",))), scope=("b.test", "x")),
        "shows a default page, and not the service",
    ),
    (
        "service-answers",
        "service",
        replace(service(exchange(marks=("directory listing",))), scope=("b.test", "x")),
        "shows a directory listing, and not the service",
    ),
    ("health-shallow", "health", health(reading=reading("sealed", "unknown")), "it reports 'sealed'"),
    (
        "health-shallow",
        "health",
        health(shallow=(exchange(headers={"age": "90000"}),) * 3),
        "comes from a cache: it is 1 d 1 h old",
    ),
    ("health-deep", "health", health(deep_reading=reading(vault="unknown")), "vault is 'unknown'"),
    ("release-under-review", "service", service(exchange(), releases=((),)), "does not say which release it is"),
    ("release-under-review", "service", releases("1.0", certain=False), "cannot be compared with 3f2c1a9b01de"),
    ("http-plain", "plain_http", plain(None, problem="silence"), "silence without TLS: this does not show"),
    (
        "service-answers",
        "service",
        service(exchange(), *(exchange(None, problem="cut off", cut=True),) * 3),
        "the last 3 of 4 connections",
    ),
    ("http-plain", "plain_http", plain(502), "this does not show what is served there"),
    (
        "http-closed-paths",
        "pages",
        pages(exchange(404), control=exchange(502)),
        "answers 502: so a refusal of the other paths proves nothing",
    ),
    (
        "http-closed-paths",
        "pages",
        pages(exchange(404), control=exchange(marks=("maintenance page",))),
        "with a maintenance page: so a refusal of the other paths proves nothing",
    ),
    (
        "http-closed-paths",
        "pages",
        pages(exchange(503)),
        "it is not known whether these are closed: https://a.test/x answers 503",
    ),
    ("http-closed-paths", "pages", pages(exchange(403, marks=("challenge",))), "answers 403 with a challenge"),
    (
        "http-closed-paths",
        "pages",
        pages(replace(SPA, digest="other"), control=SPA),
        "it is not known whether these are closed",
    ),
    ("http-closed-paths", "pages", pages(exchange(404), control=exchange(None, problem="cut off")), "cut off"),
    ("http-closed-paths", "pages", pages(exchange(None, problem="cut off")), "cut off"),
    (
        "http-closed-paths",
        "pages",
        pages(exchange(301, url="https://a.test/.env", headers={"location": "https://www.a.test/.env"})),
        "it is not known whether these are closed",
    ),
    ("metrics-private", "metrics", metrics(without_token=None, exchange=exchange(401)), "answers 401"),
    ("metrics-private", "metrics", metrics(without_token=exchange(503)), "does not show whether it is private"),
    ("metrics-private", "metrics", metrics(without_token=exchange(None, problem="cut off")), "cut off"),
    ("metrics-parse", "metrics", metrics(exchange=exchange(truncated=True, problem="too large")), "too large"),
]


@pytest.mark.parametrize(("identifier", "kind", "evidence", "expected"), ERRORS)
def test_what_does_not_tell_is_an_error(
    judge: Judge, identifier: str, kind: str, evidence: object, expected: str
) -> None:
    """An answer that is none proves nothing absent, closed or private."""
    with pytest.raises(Unobserved, match=expected):
        judged(judge, identifier, kind, evidence)


def test_no_release_under_review_is_an_error(judge: Judge) -> None:
    """Signatures are for one release."""
    bare = environment_from({"service": {"name": "S", "base_url": "https://a.test"}})
    with pytest.raises(Unobserved, match="no release under review"):
        judge("release-under-review", service=service(), environment=bare)


@pytest.mark.parametrize(
    ("served", "wanted"),
    [("2026.11.2", "2026.11.23"), ("release-1", "release-12"), ("12345678", "123456789")],
)
def test_abbreviations_are_for_commits_only(judge: Judge, served: str, wanted: str) -> None:
    """Another release whose number begins alike would be signed for."""
    about = {"name": "S", "base_url": "https://a.test", "release": wanted}
    said = judge("release-under-review", service=releases(served), environment=environment_from({"service": about}))
    assert said is not None
    assert said.endswith(f"on 1 of 1 connections; {wanted} is under review")


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
        with pytest.raises(Unobserved, match="this machine's own clock"):
            judge("clock-agrees", health_all=all_off)
    said = judge("clock-agrees", health_all=(off(-600), off(600, "192.0.2.2")))
    assert said == "the clock at 192.0.2.1 is off by -10 min; the clock at 192.0.2.2 is off by +10 min"
    for silent in ((off(None),), (off(None), off(2, "192.0.2.2"))):
        with pytest.raises(Unobserved, match=r"192\.0\.2\.1 sends no Date header"):
            judge("clock-agrees", health_all=silent)
