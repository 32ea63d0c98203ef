"""Whole services on real sockets behind real TLS, healthy and broken, and what the HTTP checks say of each."""

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support.http_sites import (
    GOOD,
    HOST,
    HTML,
    JSON,
    MISSING,
    SECURE,
    TEXT,
    Asked,
    Reply,
    Site,
    health,
    pages,
    told,
)

ALL = 18
SPA = Reply(200, b"<html><div id=app></div></html>", HTML)
LOGIN = Reply(200, b"<form><input type=password name=p></form>", HTML)
NGINX = Reply(200, b"<html><h1>Welcome to nginx!</h1></html>", HTML)
OLD = Reply(200, b'{"status":"ok","release":"0ld0000"}', JSON)


def moved(url: str, status: int = 301) -> Reply:
    """A redirect."""
    return Reply(status, b"", {"Location": url})


def said(check: str, text: str, found: Mapping[str, str]) -> None:
    """The check says this; ``text`` begins with the outcome."""
    outcome, _, words = text.partition(" ")
    assert found.get(check, "nothing").startswith(outcome), found
    assert words in found[check], found[check]


def by_connection(bad: Reply, path: str = "") -> Site:
    """Three backends behind one address, of which every third connection meets the bad one."""
    good = pages({})

    def site(asked: Asked) -> Reply:
        return bad if asked.connection % 3 == 2 and path in {"", asked.path} else good(asked)

    return site


def at_first(first: Reply) -> Site:
    """A service whose first answer is another one than all that follow."""
    good = pages({})
    return lambda asked: first if asked.number == 0 else good(asked)


def limited(most: int, also: Mapping[str, Reply]) -> Site:
    """A service behind a guard that answers 429 to whoever asks more than this within a second."""
    times: list[float] = []
    good = pages(also)

    def site(asked: Asked) -> Reply:
        now = time.monotonic()
        times[:] = [at for at in times if now - at < 1]
        if len(times) >= most:
            return Reply(429, b"slow down", {"Retry-After": "1"})
        times.append(now)
        return good(asked)

    return site


def reflecting(asked: Asked) -> Reply:
    """Whoever asks may read, with cookies."""
    reply, origin = pages({})(asked), asked.headers.get("origin")
    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"} if origin else {}
    return Reply(reply.status, reply.body, {**reply.headers, **allowed})


def reflecting_if(allowed: Callable[[str], bool]) -> Site:
    """A service that compares origins carelessly."""
    return lambda asked: reflecting(asked) if allowed(asked.headers.get("origin", "")) else pages({})(asked)


@pytest.mark.parametrize(
    ("site", "http"),
    [
        (pages({}), {}),
        (pages({}), {"connections": ALL}),
        (pages({"/": Reply(401)}), {}),
        (pages({"/": moved("/login"), "/login": LOGIN}), {}),
        (health(b"", {}, 204), {"release": None}),
        (health("OK", TEXT), {"release": None}),
        (pages({"/health": moved("/health/"), "/health/": GOOD}), {}),
        (lambda asked: GOOD if asked.path == "/health" else SPA, {}),
        (lambda asked: GOOD if asked.path == "/health" else Reply(403), {}),
        (lambda asked: {"/health": GOOD, "/login": LOGIN}.get(asked.path, moved("/login", 302)), {}),
        (health('{"sealed":false}'), {"release": None, "health": {"path": "/health", "json": {"sealed": False}}}),
        (health("<p>green</p>", HTML), {"release": None, "health": {"path": "/health", "body": "green"}}),
        (health('{"status":"pass","version":"1","releaseId":"abc1234"}'), {}),
        (health('{"status":"ok","version":"1.2.3"}', {**JSON, "X-Release": "abc1234"}), {}),
        (health('{"status":"ok"}', {**JSON, "X-Mine": "abc1234"}), {"release_place": {"header": "X-Mine"}}),
        (pages({"/health": Reply(200, b'{"status":"ok"}', JSON), "/version": Reply(200, b"abc1234\n", TEXT)}), {}),
        (
            pages({"/health": Reply(200, b'{"status":"ok"}', JSON), "/r": Reply(200, b'{"a":{"b":"abc1234"}}', JSON)}),
            {"release_place": {"path": "/r", "json": "a.b"}},
        ),
        (health('{"status":"ok","release":1234567}'), {"release": "1234567"}),
        (health('{"status":"ok","version":"v1.4.2"}'), {"release": "1.4.2"}),
        (health('{"status":"ok","version":"1.4.2"}'), {"release": "refs/tags/v1.4.2"}),
        (health('{"status":"ok","image":"registry.test:5000/app:abc1234"}'), {}),
    ],
)
def test_healthy_services_are_let_pass(site: Site, http: dict[str, Any]) -> None:
    """A wrong NO-GO costs us our users' trust."""
    found = told(site, **http)
    if http.get("release", "") is None:
        found.pop("release-under-review")
    assert found == {}


def test_token_for_health_is_sent() -> None:
    """Health that is nobody's business needs a token, and is verified all the same."""
    wanted = "Bearer t0ken-value-2"

    def site(asked: Asked) -> Reply:
        return (
            (GOOD if asked.headers.get("authorization") == wanted else Reply(401))
            if asked.path == "/health"
            else MISSING
        )

    assert told(site, health={"path": "/health", "token": "HEALTH_TOKEN"}) == {}


@pytest.mark.parametrize("path", ["", "/health"])
def test_one_bad_backend_of_three_is_counted(path: str) -> None:
    """Every third user meets it."""
    found = told(by_connection(Reply(500), path), connections=ALL, kinds=("service",))
    said("service-answers", "FAIL on 6 of 18 connections (12 times 200, 6 times 500)", found)


def test_one_old_backend_of_three_is_counted() -> None:
    """A rolling deployment that stopped."""
    found = told(by_connection(OLD, "/health"), connections=ALL, kinds=("service",))
    said("release-under-review", "FAIL 0ld0000 (release of /health) on 6 of 18 connections", found)
    assert "abc1234 (release of /health) on 12 of 18" in found["release-under-review"]


def test_other_names_and_the_front_page_are_asked() -> None:
    """What a user types, and every declared name, is a part of what is launched."""
    broken = Reply(502)
    said("service-answers", "FAIL two.workme.test", told(pages({}), other=lambda _: broken))
    said("http-front-page", "WARN shows a default page", told(pages({}), other=lambda _: NGINX))
    said("service-answers", "FAIL answers 500", told(pages({"/": Reply(500)})))
    said("service-answers", "FAIL /shop answers 502", told(pages({"/shop": broken}), base_path="/shop"))
    assert told(pages({}), other=pages({})) == {}
    assert told(pages({}), other=lambda asked: moved(f"https://{HOST}{asked.path}")) == {}
    assert told(pages({}), other=lambda _: broken, hosts={"two.workme.test": {"http": False}}) == {}
    at = {"two.workme.test": {"page": {"path": "/app", "body": "hello"}}}
    assert told(pages({}), other=pages({"/app": Reply(200, b"hello", TEXT), "/health": MISSING}), hosts=at) == {}


@pytest.mark.parametrize("status", [401, pytest.param(429, marks=pytest.mark.whole), 500, 502, 503])
def test_service_that_answers_nothing_is_never_let_pass(status: int) -> None:
    """Whoever answers an error to everything serves nothing private, and nothing else."""
    later = {"Retry-After": "60"} if status == 429 else {}
    found = told(lambda _: Reply(status, b"", later), health=None, kinds=("service", "pages"))
    said("service-answers", "FAIL" if status >= 500 else "ERROR", found)


def test_service_that_is_declared_to_have_no_health() -> None:
    """An API has nothing at ``/``: that is all it can answer. One that has health must answer there."""
    assert told(lambda _: MISSING, health=None, release=None, kinds=("service", "pages")).keys() <= {
        "release-under-review"
    }
    said("service-answers", "ERROR answers 404", told(pages({}), other=lambda _: MISSING))


def test_front_that_answers_health_alone_is_not_the_service() -> None:
    """A health page of the balancer says nothing of what is behind it."""
    found = told(lambda asked: GOOD if asked.path == "/health" else Reply(502))
    said("service-answers", "FAIL answers 502", found)
    said("http-closed-paths", "ERROR answers 502", found)


def test_page_that_must_not_say_something() -> None:
    """A notice of maintenance with status 200: told of its own accord, and a blocker where it is declared."""
    site = pages({"/": Reply(200, b"<h1>Maintenance</h1>", HTML)})
    said("http-front-page", "WARN maintenance page", told(site))
    declared = {"front": {"path": "/", "never": "Maintenance"}}
    said("service-answers", "FAIL 'Maintenance' stands in the body", told(site, pages=declared))


def test_base_url_that_leads_elsewhere_names_the_place() -> None:
    """The cure is to declare where it leads."""
    found = told(lambda asked: moved(f"https://www.other.test{asked.path}", 308))
    said("service-answers", "ERROR https://www.other.test/health", found)


@pytest.mark.parametrize(
    ("plain", "outcome"),
    [
        (pages({"/health": moved(f"https://{HOST}/health", 308)}, LOGIN), "FAIL answers 200 without TLS"),
        (lambda _: moved("https://parked.example/"), "FAIL parked.example"),
        (lambda _: moved(f"//{HOST}/"), "FAIL not to https"),
        (lambda _: moved(f"http://{HOST}/x"), "FAIL not to https"),
        (lambda _: Reply(401, LOGIN.body, HTML), "FAIL asks for a password without TLS"),
        (lambda _: Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}), "FAIL asks for a password"),
        (lambda _: Reply(503), "ERROR this does not show"),
        (lambda _: moved(f"https://{HOST}/"), ""),
        (lambda _: Reply(404), ""),
        (lambda _: Reply(426, b"", {"Upgrade": "TLS/1.2, HTTP/1.1"}), ""),
    ],
)
def test_what_answers_without_tls(plain: Site, outcome: str) -> None:
    """An API that answers 4xx serves nothing there; whoever serves or asks for a password does."""
    found = told(pages({}), plain=plain, kinds=("plain_http",))
    if outcome:
        said("http-plain", outcome, found)
    else:
        assert found == {}


def test_redirect_to_a_name_that_is_not_declared_is_told() -> None:
    """Nobody looked at what answers there; once it is declared, somebody does."""
    found = told(pages({}), plain=lambda _: moved(f"https://www.{HOST}/"), kinds=("plain_http",))
    assert set(found) == {"http-plain-declared"}
    said("http-plain-declared", f"WARN redirects to www.{HOST}, which is not declared", found)


@pytest.mark.parametrize(
    ("site", "outcome"),
    [
        (pages({"/.env": Reply(503), "/debug": Reply(500)}), "ERROR /.env answers 503; https"),
        (pages({"/.git/config": Reply(200, b"[core]\n\trepositoryformatversion = 0\n", TEXT)}), "FAIL git metadata"),
        (pages({"/.env.production": Reply(200, b"DB_PASSWORD=hunter2\n", TEXT)}), "FAIL environment variables"),
        (pages({"/.env": Reply(200, b"DB_PASSWORD=hunter2\n", TEXT)}, SPA), "FAIL environment variables"),
        (pages({"/actuator/env": Reply(200, b'{"propertySources":[]}', JSON)}, SPA), "FAIL actuator data"),
        (
            pages({"/debug": Reply(200, b"<html>something else</html>", HTML)}, SPA),
            "ERROR it is not known whether these are closed",
        ),
        (pages({"/debug": moved("/debug/"), "/debug/": Reply(200, b"{}", JSON)}), "FAIL /debug/ (by redirect from"),
        (pages({"/debug": Reply(403, b"", {"cf-mitigated": "challenge"})}), "ERROR with a challenge"),
        (limited(3, {"/actuator/env": Reply(200, b'{"systemProperties":{}}', JSON)}), "FAIL actuator data"),
        (lambda _: Reply(200, b"<h1>Down for maintenance</h1>", HTML), "ERROR maintenance page"),
    ],
)
def test_what_is_not_proved_closed(site: Site, outcome: str) -> None:
    """What is served is named; an answer that is none proves nothing closed."""
    said("http-closed-paths", outcome, told(site, kinds=("pages",)))


def test_moments_of_weakness_are_warnings() -> None:
    """Our own haste, and a backend that is just starting, must not be the finding; nor may they be silence."""
    late = Reply(503, b"", {"Retry-After": "1"})
    assert set(told(at_first(late), kinds=("service",))) == {"service-steady"}
    said("service-answers", "FAIL answers 503", told(at_first(Reply(503)), kinds=("service",)))
    slow = Reply(GOOD.status, GOOD.body, GOOD.headers, delay_seconds=4.5)
    said("service-steady", "WARN took ", told(at_first(slow), kinds=("service",)))


@pytest.mark.whole
def test_guard_that_turns_us_away_is_a_warning() -> None:
    """Two requests a second are enough to tell all that must be told."""
    assert set(told(limited(2, {}), connections=ALL)) == {"service-steady"}


def test_health_that_is_not_from_now_or_not_of_the_service() -> None:
    """A copy of yesterday, and a page that every path has."""
    found = told(health(GOOD.body, {**JSON, "Age": "90000", "X-Cache": "HIT"}), kinds=("health",))
    said("health-shallow", "ERROR comes from a cache", found)
    for header, value in (
        ("CF-Cache-Status", "HIT"),
        ("X-Cache", "Hit from cloudfront"),
        ("Cache-Status", "Edge; hit"),
    ):
        found = told(health(GOOD.body, {**JSON, header: value}), kinds=("health",))
        said("health-shallow", "ERROR its age is not known", found)
    for header, value in (
        ("X-Cache", "MISS"),
        ("X-Cache", "RefreshHit from cloudfront"),
        ("Cache-Status", "Edge; fwd=stale"),
    ):
        assert told(health(GOOD.body, {**JSON, header: value}), kinds=("health",)) == {}
    old = Reply(200, b'{"status":"ok","dependencies":{"db":"ok"}}', {**JSON, "Age": "90000"})
    found = told(pages({"/deep": old}), deep_health="/deep", kinds=("health",))
    said("health-deep", "ERROR comes from a cache", found)
    found = told(lambda _: Reply(200, b"<html>x</html>", HTML), kinds=("health",))
    said("health-shallow", "FAIL every path answers the same", found)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ('{"status":"UP"}', "ERROR does not say which release"),
        ('{"status":"UP","release":"unknown","commit":"${GIT_SHA}"}', "ERROR does not say which release"),
        ('{"status":"UP","image":"registry.test:5000/app"}', "FAIL abc1234 is under review"),
        ('{"status":"ok","version":"1.0"}', "ERROR cannot be compared"),
        ('{"status":"ok","release":"abc1234-dirty"}', "FAIL serves release abc1234-dirty"),
        (OLD.body, "FAIL abc1234 is under review"),
    ],
)
def test_release_that_is_another_or_unknown(body: str | bytes, outcome: str) -> None:
    """Not known is not wrong, and neither of them is signed for."""
    said("release-under-review", outcome, told(health(body), kinds=("service",)))


def test_cookies_and_foreign_origins() -> None:
    """Both are seen on the way, without a journey."""
    good = pages({})

    def with_cookie(asked: Asked) -> Reply:
        reply = good(asked)
        return Reply(reply.status, reply.body, {**reply.headers, "Set-Cookie": "sid=abcdef; Path=/"})

    found = told(with_cookie, kinds=("service",))
    said("http-session-cookies", "FAIL sid without Secure and HttpOnly", found)
    said("http-cookies", "WARN sid without Secure and SameSite", found)
    assert "abcdef" not in str(found)
    assert told(pages({"/": Reply(200, b"x", {**TEXT, **SECURE, "Set-Cookie": "sid=; Max-Age=0"})})) == {}
    for careless in (lambda origin: origin.endswith("workme.test"), lambda origin: origin == "null"):
        found = told(reflecting_if(careless), kinds=("service",), origins=["https://app.workme.test"])
        said("http-origins", "FAIL with the cookies of the user", found)
    found = told(reflecting, kinds=("service",), origins=["https://app.workme.test"])
    said("http-origins", "FAIL with the cookies of the user", found)


def scrapes(*values: int) -> Site:
    """Metrics that give these values in turn."""
    turn = itertools.cycle(values)
    good = pages({})

    def site(asked: Asked) -> Reply:
        if asked.path != "/metrics":
            return good(asked)
        return Reply(200, b"# TYPE hits_total counter\nhits_total %d\n" % next(turn), TEXT)

    return site


def test_metrics_of_two_registries() -> None:
    """A counter that falls and returns belongs to two processes."""
    found = told(scrapes(900, 40), metrics="/metrics", moving=["hits_total"], kinds=("metrics",))
    said("metrics-moving", "FAIL 900, 40, 900", found)
    moving = told(scrapes(*range(100)), metrics="/metrics", moving=["hits_total"], kinds=("metrics",))
    assert set(moving) == {"metrics-private"}


def test_large_documents_are_read_to_the_declared_size() -> None:
    """What is large is no finding; what is larger than declared is not judged."""
    text = b"".join(b'a{x="%d"} 1\n' % number for number in range(100_000))
    site = pages({"/metrics": Reply(200, text, TEXT)})
    said(
        "metrics-private", "WARN everybody can read 100000 samples", told(site, metrics="/metrics", kinds=("metrics",))
    )
    found = told(site, metrics="/metrics", largest_body="1 MiB", kinds=("metrics",))
    said("metrics-parse", "ERROR larger than 1048576 bytes", found)
