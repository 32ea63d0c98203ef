"""Requests that an environment file declares, sent to a service by hand behind real TLS, and judged."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.evidence.requests import RequestEvidence
from gonogo.families.http.page_text import read_page
from gonogo.families.registry import environment_from
from gonogo.families.requests.probe import PROBES
from gonogo.planning.declarations import read_declarations
from reference.listener import Listener
from reference.relay import TlsOffer
from tests.checks.conftest import FOLDERS, function_of
from tests.support.http_sites import HOST, HTML, JSON, MISSING, Asked, Reply, Site, certificates, handler

SECRETS = Secrets({"SHOP_TOKEN": "t0ken-value-1", "SHOP_KEY": "k3y-value-22"})
PRODUCTS = Reply(200, json.dumps({"items": [{"id": 7, "price": 3.5}], "next": None}).encode(), JSON)
TWICE = Reply(200, b'{"ok": false, "ok": true}', JSON)
SPA = Reply(200, b"<html><div id=app></div></html>", HTML)


def shop(**replies: Reply) -> Site:
    """``products`` answers at /products; whatever is not named is 404."""
    found = {"/products": PRODUCTS, **{f"/{name}": reply for name, reply in replies.items()}}
    return lambda asked: found.get(asked.path.partition("?")[0], MISSING)


def asked(site: Site, **entry: Any) -> str:  # noqa: ANN401 - keys of an entry
    """What the check of this entry says of the service: ``PASS``, ``FAIL …`` or ``ERROR …``; ``probe`` is its limit."""
    limits = {"probe": entry.pop("probe")} if "probe" in entry else {}
    evidence, environment = asyncio.run(_observed(site, entry, **limits))
    adapter = TypeAdapter(RequestEvidence)
    assert adapter.validate_json(adapter.dump_json(evidence)) == evidence, "a replay must see the same"
    check = next(found for found in read_declarations(FOLDERS[0]) if found.id == "request-*")
    try:
        function_of(check)(requested=evidence, environment=environment)
    except AssertionError as failed:
        return f"FAIL {failed}"
    except Unobserved as unobserved:
        return f"ERROR {unobserved.reason}"
    return "PASS"


async def _observed(site: Site, entry: Mapping[str, Any], **limits: str) -> tuple[RequestEvidence, Any]:
    root, bundle = certificates()
    listener = Listener(handler(site), "127.0.0.1", 0, TlsOffer().context(bundle))
    await listener.start()
    try:
        environment = _environment(listener.port, entry, root, **limits)
        [question] = PROBES["requested"].questions(environment, SECRETS)
        evidence = await PROBES["requested"].ask(question)
    finally:
        await listener.stop()
    assert isinstance(evidence, RequestEvidence)
    return evidence, environment


def _environment(port: int, entry: Mapping[str, Any], root: object = "public", **limits: str) -> Any:  # noqa: ANN401 - composed
    return environment_from(
        {
            "service": {"name": "Shop", "base_url": f"https://{HOST}:{port}"},
            "hosts": {HOST: {"addresses": ["127.0.0.1"], "https_port": port}},
            "tls": {"trust": str(root), "issuer": "x"},
            "requests": {"catalog": entry},
            "limits": limits,
        }
    )


@pytest.mark.parametrize(
    "entry",
    [
        {"get": "/products"},
        {"get": "/products?limit=1", "status": 200, "json": "length(items) >= `1`", "within": "30 s"},
        {"get": "/products", "json": ["items[0].id == `7`", "items[?price > `3`] | length(@) == `1`", "next == null"]},
        {"get": "/products", "header": {"Content-Type": "application/json", "X-Powered-By": False, "Date": True}},
        {"get": "/admin", "status": [401, 403, 404]},
        {"head": "/products"},
        {"get": "/products", "body": '"price"', "never": "Traceback"},
    ],
)
def test_an_answer_as_declared_passes(entry: Mapping[str, Any]) -> None:
    """A healthy service is never stopped by a request that it answers as it should."""
    assert asked(shop(), **entry) == "PASS"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"get": "/product"}, "answers 404; one of 2xx is expected, not 404"),
        ({"get": "/products", "status": [401, 403]}, "answers 200; 401 or 403 is expected, not 200"),
        ({"get": "/products", "json": "length(items) >= `2`"}, "length(items) >= `2` is not true: found 1"),
        ({"get": "/products", "json": "items"}, 'items is not true: found [{"id": 7, "price": 3.5}]'),
        ({"get": "/products", "json": "length(things) > `0`"}, "cannot be said of this body: In function length()"),
        ({"get": "/products", "json": "total == `1`"}, "total == `1` is not true: found null"),
        ({"get": "/twice", "json": "ok"}, "the body says 'ok' twice; it begins with"),
        ({"get": "/app", "json": "ok"}, "the body is no JSON; it begins with '<html>"),
        ({"get": "/products", "header": {"content-type": "text/csv"}}, "is 'application/json', 'text/csv' is expected"),
        ({"get": "/products", "header": {"X-Request-Id": True}}, "the header X-Request-Id is missing"),
        ({"get": "/products", "header": {"referrer-policy": False}}, "'no-referrer', and should not be there"),
        ({"get": "/products", "body": "apple"}, "'apple' does not stand in the body"),
        ({"get": "/products", "never": "price"}, "'price' stands in the body"),
    ],
)
def test_a_departure_fails_with_what_was_observed_and_expected(entry: Mapping[str, Any], message: str) -> None:
    """At 3 a.m. nobody wants to send the request again to see what came."""
    told = asked(shop(app=SPA, twice=TWICE), **entry)
    assert told.startswith("FAIL GET https://")
    assert message in told


def test_every_departure_is_told_at_once() -> None:
    """Repairing one to be told the next costs a deployment each."""
    told = asked(shop(), get="/nothing", json="id", header={"content-type": "text/html"})
    assert told.count("is expected") == 2
    assert "id is not true" in told


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_server_closes_nothing(status: int) -> None:
    """A front whose backend is dead answers 502 to everything: nothing is closed by that."""
    told = asked(shop(admin=Reply(status, b"")), get="/admin", status=[401, 403, 404])
    assert f"401 or 403 or 404 is expected, not {status}" in told


def test_a_challenge_is_no_answer_of_the_service() -> None:
    """A guard that wants a browser answers 403 as well; what lies behind it was not seen."""
    guard = Reply(403, b"<html><title>Just a moment...</title></html>", HTML)
    assert asked(shop(admin=guard), get="/admin", status=403).startswith("ERROR GET https://")


@pytest.mark.parametrize("page", ["<h1>Welcome to nginx!</h1>", "<h1>Down for maintenance</h1>"])
def test_a_page_that_stands_in_the_way_proves_nothing(page: str) -> None:
    """It answers 200, as the page would; where its text is declared, it is what is wanted."""
    site = shop(news=Reply(200, page.encode(), HTML))
    assert asked(site, get="/news").startswith("ERROR GET")
    assert asked(site, get="/news", body="<h1>") == "PASS"


def test_a_login_form_at_the_end_of_a_redirect_proves_nothing() -> None:
    """Nobody saw the page; a form that was asked for is one."""
    form = Reply(200, b"<form><input type=password></form>", HTML)
    site = shop(account=Reply(302, b"", {"Location": "/login"}), login=form)
    assert "shows a login form" in asked(site, get="/account")
    assert asked(site, get="/login") == asked(site, get="/account", status=302) == "PASS"


def test_no_answer_in_the_time_of_the_probe() -> None:
    """It is too late for whoever declared a shorter time, and else not known."""
    site = shop(slow=Reply(200, b"x", JSON, delay_seconds=3.0))
    said = asked(site, probe="1 s", get="/slow", within="100 ms")
    assert said.startswith("FAIL GET https://")
    assert said.endswith("no complete answer within 0.8 s; 100 ms is declared")
    assert asked(site, probe="1 s", get="/slow").endswith("when the probe's time was over")


def test_numbers_that_json_does_not_have() -> None:
    """Python alone reads them."""
    site = shop(price=Reply(200, b'{"items":[1],"price":NaN}', JSON))
    assert "the body is no JSON" in asked(site, get="/price", json="length(items) == `1`")


def test_half_an_answer_is_none() -> None:
    """Even if what must stand in it has come."""
    half = Reply(200, PRODUCTS.body, {**JSON, "Content-Length": "999", "Connection": "close"})
    assert "cut off" in asked(shop(products=half), get="/products", body="items")


def test_a_status_that_every_path_has_proves_nothing() -> None:
    """A front page that answers for all paths would make any typing error a success."""
    told = asked(lambda _asked: SPA, get="/checkout")
    assert told.startswith("ERROR")
    assert "an invented path, gives the same answer" in told
    assert asked(lambda _asked: SPA, get="/checkout", body="id=app") == "PASS"


def test_redirects_are_followed_at_the_same_host_only() -> None:
    """A login page elsewhere is not the page that was asked for."""
    moved = {"old": Reply(301, b"", {"Location": "/products"}), "out": Reply(302, b"", {"Location": "https://x.test/"})}
    assert asked(shop(**moved), get="/old", json="length(items) == `1`") == "PASS"
    assert asked(shop(**moved), get="/old", status=301) == "PASS"
    assert "one of 2xx is expected, not 302 (to https://x.test/)" in asked(shop(**moved), get="/out")
    assert "not 301" in asked(shop(**moved), get="/old", follow=False)


def test_a_body_and_secrets_are_sent_and_not_shown() -> None:
    """What is asked with is known by its name."""
    heard: list[Asked] = []

    def site(request: Asked) -> Reply:
        heard.append(request)
        return Reply(201, request.headers["authorization"].encode())

    entry = {"post": "/orders", "send": {"item": 7}, "token": "SHOP_TOKEN", "key": "SHOP_KEY", "status": 200}
    told = asked(site, **entry)
    assert (heard[0].method, json.loads(heard[0].body)) == ("POST", {"item": 7})
    assert heard[0].headers["authorization"] == "Bearer t0ken-value-1"
    assert heard[0].headers["x-api-key"] == "k3y-value-22"
    assert heard[0].headers["content-type"] == "application/json"
    assert len(heard) == 1, "a request that writes is sent once"
    assert told.startswith("FAIL POST")
    assert "t0ken" not in told


def test_one_late_answer_of_three_is_no_slow_service() -> None:
    """The first request to a page often pays for what the others find ready."""
    first = shop()

    def slow_at_first(request: Asked) -> Reply:
        reply = first(request)
        return Reply(reply.status, reply.body, reply.headers, delay_seconds=0.6 if request.number == 0 else 0)

    assert asked(slow_at_first, get="/products", within="500 ms") == "PASS"
    late = asked(lambda _asked: Reply(200, b"{}", JSON, delay_seconds=0.15), get="/", within="50 ms")
    assert "asked 3 times, at the median); 50 ms is declared" in late


def test_a_body_that_was_not_read_to_its_end_tells_nothing() -> None:
    """Half a document is no reason for FAIL."""
    evidence, environment = asyncio.run(_cut({"get": "/products", "json": "length(items) > `0`"}))
    assert evidence.unreadable
    check = next(found for found in read_declarations(FOLDERS[0]) if found.id == "request-*")
    with pytest.raises(Unobserved, match="longer than"):
        function_of(check)(requested=evidence, environment=environment)


async def _cut(entry: Mapping[str, Any]) -> tuple[RequestEvidence, Any]:
    root, bundle = certificates()
    large = Reply(200, b'{"items":[' + b"1," * 600_000 + b"1]}", JSON)
    listener = Listener(handler(shop(products=large)), "127.0.0.1", 0, TlsOffer().context(bundle))
    await listener.start()
    try:
        document = _environment(listener.port, entry, root).model_dump(mode="json", by_alias=True, exclude_none=True)
        environment = environment_from({**document, "http": {"closed_paths": ["/.env"], "largest_body": "1 MiB"}})
        [question] = PROBES["requested"].questions(environment, SECRETS)
        evidence = await PROBES["requested"].ask(question)
    finally:
        await listener.stop()
    assert isinstance(evidence, RequestEvidence)
    return evidence, environment


NOW = datetime.now(UTC)
WORDS = "Anybody may cancel a booking up to 24 hours before it begins. " * 10
PAGE = {"title": "Questions", "characters": 500, "contains": ["cancel a  booking"]}


def faq(text: str = f"<p>{WORDS}</p>", *, title: str = "Questions and answers", age: timedelta | None = None) -> Reply:
    """A page, last changed so long ago; without a date if that is None."""
    dated = {} if age is None else {"Last-Modified": format_datetime(NOW - age, usegmt=True)}
    return Reply(200, f"<!doctype html><title>{title}</title><body>{text}</body>".encode(), {**HTML, **dated})


@pytest.mark.parametrize(
    "text",
    [
        f"<nav>Menu</nav><h1>FAQ</h1><p>{WORDS}</p><script>if (a < b) {{}}</script>",
        f"<form><input type=password></form><p>{WORDS}</p>",
        f"<p>1 < 2 & 3 <!-- never > closed --> {WORDS.replace('booking', 'booking&#32;')}",
    ],
)
def test_a_page_for_people_passes(text: str) -> None:
    """Whatever else is on it; a small form to log in as well."""
    site = shop(faq=faq(text, age=timedelta(days=30)))
    assert asked(site, get="/faq", page=PAGE, fresh="90 d") == "PASS"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (MISSING, "one of 2xx is expected, not 404"),
        (
            Reply(302, b"", {"Location": "https://login.x.test/?next=faq"}),
            "not 302 (to https://login.x.test/?next=faq)",
        ),
        (Reply(302, b"", {"Location": "/login"}), "(by redirect from"),
        (Reply(302, b"", {"Location": "/login"}), "readers are sent to a login: whoever has no account sees no page"),
        (Reply(302, b"", {"Location": "/sso/start"}), "readers are sent to a login"),
        (faq(title="Page not found"), "the title is 'Page not found', 'Questions' is expected in it"),
        (faq("<p>cancel a booking: coming soon</p>"), "the page has 29 characters of text, at least 500 are expected"),
        (
            faq(f"<p>{WORDS}</p><p>Lorem ipsum dolor sit amet</p>"),
            "the text is not finished: 'Lorem ipsum' stands in it",
        ),
        (faq(f"<p>{WORDS} of [Your Company Name], Inc.</p>"), "is not finished: '[Your Company Name]'"),
        (faq(f"<nav>{WORDS}</nav><footer>{WORDS}</footer><!-- {WORDS} -->"), "the page has 0 characters of text"),
        (faq(f"<form><p>{WORDS}</p><input type=password></form>"), "has 0 characters of text beside a login form"),
        (faq(f"<p>{WORDS.replace('cancel', 'move')}</p>"), "'cancel a  booking' does not stand in the text"),
        (Reply(200, WORDS.encode(), {"Content-Type": "text/plain"}), "an HTML page is expected, not 'text/plain'"),
        (PRODUCTS, "an HTML page is expected, not 'application/json'"),
        (faq(age=timedelta(days=400)), "ago, and 90 d at most are declared"),
    ],
)
def test_what_is_no_page_that_somebody_keeps_up_to_date(reply: Reply, message: str) -> None:
    """A login, an empty page, a page of last year: people find no answer there."""
    site = shop(faq=reply, login=Reply(200, b"<form><input type=password></form>", HTML), **{"sso/start": faq()})
    told = asked(site, get="/faq", page=PAGE, fresh="90 d")
    assert told.startswith("FAIL GET https://")
    assert message in told


@pytest.mark.parametrize(
    ("dated", "reason"),
    [
        ({}, "it does not tell how old it is: there is no Last-Modified"),
        ({"Last-Modified": "last week"}, "its Last-Modified is no date: 'last week'"),
        ({"Last-Modified": format_datetime(NOW + timedelta(days=2), usegmt=True)}, "lies in the future"),
        (
            dict.fromkeys(("Last-Modified", "Date"), format_datetime(NOW - timedelta(hours=1), usegmt=True)),
            "is the moment of the answer",
        ),
    ],
)
def test_a_page_of_unknown_age_is_neither_fresh_nor_old(dated: Mapping[str, str], reason: str) -> None:
    """Whoever made the page up at the moment of asking knows nothing of its text."""
    told = asked(shop(faq=Reply(200, faq().body, {**HTML, **dated})), get="/faq", page=PAGE, fresh="30000 d")
    assert told.startswith("ERROR GET")
    assert reason in told


def test_the_title_of_a_page_holds_what_decides() -> None:
    """Nobody has to open the environment file to see what was asked for."""
    entry = _environment(1, {"get": "/faq", "page": PAGE, "fresh": "90 d"}).requests["catalog"]
    assert entry.words == "GET /faq is answered with 2xx and the page 'Questions', at most 90 d old"


def test_a_page_that_scripts_write_is_not_read() -> None:
    """Only a browser sees it: neither too short nor long enough."""
    told = asked(
        shop(faq=faq("<div id=app></div><script src=app.js></script>")), get="/faq", page={"title": "Questions"}
    )
    assert told.startswith("ERROR GET")
    assert "written by scripts" in told


def test_a_page_that_every_path_shows_proves_nothing() -> None:
    """A front page that answers for all paths, under a title that all pages have."""
    told = asked(lambda _asked: faq(), get="/faq", page=PAGE)
    assert "an invented path, gives the same answer" in told


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "<script>", "</", "<title>", "<nav>", "&#", "<!", "<svg/>"])
def test_a_hostile_page_costs_time_in_proportion_to_its_length(piece: str) -> None:
    """The reader of the standard library needs minutes for a part of it, and nobody else is asked meanwhile."""
    page = read_page(f"<title>Questions</title><p>Answers</p>{piece * (1024 * 1024 // len(piece))}")
    assert (page.title, page.text[:7]) == ("Questions", "Answers")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"head": "/a", "fresh": "1 d"}, "fresh: a page is read with get, not with head"),
        ({"post": "/a", "page": {"title": "A"}}, "page: a page is read with get, not with post"),
        ({"get": "/a", "page": {"characters": 5}}, "title"),
        ({}, "exactly one of get, head"),
        ({"get": "/a", "post": "/b"}, "there is get and post"),
        ({"get": "/a", "send": {}}, "send: a get has no body"),
        ({"post": "/a", "follow": True}, "follow: a post is not sent twice"),
        ({"get": "/a", "json": "length(items >= `1`"}, "not a JMESPath expression"),
        ({"get": "/a", "status": 99}, "greater than or equal to 100"),
        ({"get": "/a", "within": "800"}, "is not a duration; write a number and one of"),
        ({"get": "/a", "line": "x.y", "supports": "x.y"}, "line and supports both name x.y"),
        ({"get": "/a", "header": {"bad name": "x"}}, "should match pattern"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(entry: Mapping[str, Any], message: str) -> None:
    """Before anything is asked, with the key that is wrong."""
    with pytest.raises(ValidationError, match=message.replace("(", r"\(")):
        _environment(1, entry)


def test_asking_writes_unless_the_method_reads() -> None:
    """What an environment does not permit is not sent there."""
    entry = _environment(1, {"post": "/search", "send": {}}).requests["catalog"]
    assert entry.effect_on_target == "write"
    assert _environment(1, {"get": "/a"}).requests["catalog"].effect_on_target == "read"
    assert _environment(1, {"post": "/search", "effect": "read"}).requests["catalog"].effect_on_target == "read"
