"""What Stripe answers, and what the probe makes of it: one refusal, one slow list, one odd shape is one fact."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gonogo.evidence.stripe import StripeEvidence
from gonogo.evidence.stripe_names import age_of, same_address, same_release
from gonogo.families.stripe.probe import StripeQuestion, probe_stripe
from reference.doubles.stripe.account import (
    StripeSettings,
    account,
    balance,
    destination,
    endpoint,
    method_configurations,
    payouts,
    refusal,
)
from reference.doubles.stripe.objects import event, listed, payment_intent
from tests.support.doubles import serving
from tests.support.http_doubles import http_server

SETTINGS = StripeSettings()
HOOK = endpoint(SETTINGS, "https://api.workme.test/hook")
Reply = tuple[int, Any]
Answers = Mapping[str, Callable[[str, Mapping[str, str]], Reply]]


def healthy() -> dict[str, Callable[[str, Mapping[str, str]], Reply]]:
    """By path: the query and the headers in, status and document out."""
    return {
        "/v1/account": lambda _query, _headers: (200, account(SETTINGS)),
        "/v1/balance": lambda _query, _headers: (200, balance(SETTINGS)),
        "/v1/payment_method_configurations": lambda _query, _headers: (
            200,
            listed(method_configurations(SETTINGS), "/v1/payment_method_configurations"),
        ),
        "/v1/webhook_endpoints": lambda _query, _headers: (200, listed([HOOK], "/v1/webhook_endpoints")),
        "/v2/core/event_destinations": lambda _query, _headers: (200, page_of_v2([])),
        "/v1/payouts": lambda _query, _headers: (200, listed(payouts(SETTINGS), "/v1/payouts")),
        "/v1/events": lambda _query, _headers: (200, listed([], "/v1/events")),
    }


def page_of_v2(items: list[dict[str, Any]], following: str | None = None) -> dict[str, Any]:
    """A list of Stripe's second API."""
    return {"data": items, "next_page_url": following, "previous_page_url": None}


def observed(answers: Answers, **question: Any) -> StripeEvidence:  # noqa: ANN401 - fields of the question
    """What the probe says of a Stripe that answers like this."""

    def answer(target: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(target)
        status, document = answers[parts.path](parts.query, headers)
        return status, document if isinstance(document, bytes) else json.dumps(document).encode()

    async def ask() -> StripeEvidence:
        async with serving(http_server(answer, "Stripe-Version: 2024-06-20\r\n")) as port:
            asked = {"secret_key": "sk_test_abcdefgh", "events": ("charge.refunded",), **question}
            return await probe_stripe(StripeQuestion(api=f"http://127.0.0.1:{port}", **asked))

    return asyncio.run(ask())


def test_healthy_account_has_every_fact() -> None:
    """The control of all that follows."""
    seen = observed(healthy())
    assert seen.accepted
    assert seen.unread == ()
    assert (seen.live, seen.country, seen.payout_interval) == (False, "BR", "daily")
    assert seen.capabilities == {"card_payments": "active", "pix_payments": "active", "transfers": "active"}
    assert seen.configurations[0].default
    assert seen.configurations[0].available == ("card", "pix")
    assert [hook.url for hook in seen.webhooks] == ["https://api.workme.test/hook"]
    assert [payout.status for payout in seen.payouts] == ["in_transit", "paid"]


def test_account_that_shows_the_least() -> None:
    """Stripe's specification requires ``id`` and ``object`` only; null is as good as missing."""
    bare = {"id": "acct_1", "object": "account", "requirements": None, "settings": None, "charges_enabled": None}
    seen = observed({**healthy(), "/v1/account": lambda _query, _headers: (200, bare)})
    assert seen.unread == ()
    assert seen.requirements is None
    assert (seen.charges_enabled, seen.payouts_enabled, seen.details_submitted) == (None, None, None)
    assert (seen.country, seen.payout_interval) == ("", "")


def test_the_last_payout_is_the_one_that_was_made_last() -> None:
    """In whatever order they are listed: the check looks at the last one that ended."""
    made = payouts(SETTINGS)
    backwards = listed(sorted(made, key=lambda payout: payout["created"]), "/v1/payouts")
    seen = observed({**healthy(), "/v1/payouts": lambda _query, _headers: (200, backwards)})
    assert [payout.id for payout in seen.payouts] == [payout["id"] for payout in made]


FACTS = {
    "/v1/account": "account",
    "/v1/balance": "balance",
    "/v1/payment_method_configurations": "methods",
    "/v1/webhook_endpoints": "webhooks",
    "/v2/core/event_destinations": "destinations",
    "/v1/payouts": "payouts",
    "/v1/events": "deliveries",
}


@pytest.mark.parametrize(("path", "fact"), FACTS.items())
def test_refused_list_is_one_unread_fact(path: str, fact: str) -> None:
    """A restricted key is no wrong key: the reader learns which permission to add."""
    error = refusal(path, "rk_test_abcdefgh")
    seen = observed({**healthy(), path: lambda _query, _headers: (403, {"error": error})})
    assert seen.accepted
    assert [(one.fact, one.permission.startswith("rak_")) for one in seen.unread] == [(fact, True)]


@pytest.mark.parametrize(("path", "fact"), FACTS.items())
@pytest.mark.parametrize(
    "reply",
    [
        (200, {"detail": "maintenance"}),
        (200, {"object": "list"}),
        (200, {"object": "list", "data": [{"id": "x", "object": "x"}], "has_more": False, "url": "/v1"}),
        (200, []),
        (200, b"<html>"),
        (404, {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}}),
        (503, b""),
    ],
    ids=["another object", "a list of nothing", "a list of something else", "a bare list", "HTML", "404", "503"],
)
def test_odd_answer_is_one_unread_fact(path: str, fact: str, reply: Reply) -> None:
    """An answer of another shape is no absence, and takes nothing else with it."""
    seen = observed({**healthy(), path: lambda _query, _headers: reply})
    assert seen.accepted
    assert [one.fact for one in seen.unread] == [fact]
    assert not seen.unread[0].permission


def test_refused_permission_without_a_name_has_ours() -> None:
    """Stripe does not always name the permission."""
    error = {"type": "invalid_request_error", "message": "This is a restricted API key."}
    seen = observed({**healthy(), "/v1/payouts": lambda _query, _headers: (403, {"error": error})})
    assert seen.unread[0].permission == "read access to Payouts"
    assert "restricted API key" in seen.unread[0].reason


def test_mode_is_told_by_the_endpoints_where_the_balance_may_not_be_read() -> None:
    """A key sees the objects of its own mode only."""
    error = refusal("/v1/balance", "rk_test_abcdefgh")
    assert observed({**healthy(), "/v1/balance": lambda _query, _headers: (403, {"error": error})}).live is False


def test_rate_limited_list_is_asked_again() -> None:
    """Stripe says how long to wait: a busy account is not a broken one."""
    asked: list[float] = []

    def limited(_query: str, _headers: Mapping[str, str]) -> Reply:
        asked.append(time.monotonic())
        error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}
        return (429, {"error": error}) if len(asked) == 1 else (200, listed(payouts(SETTINGS), "/v1/payouts"))

    async def ask() -> StripeEvidence:
        def answer(target: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
            parts = urlsplit(target)
            status, document = {**healthy(), "/v1/payouts": limited}[parts.path](parts.query, headers)
            return status, json.dumps(document).encode()

        async with serving(http_server(answer, "Retry-After: 0\r\n")) as port:
            return await probe_stripe(StripeQuestion(secret_key="sk_test_a", api=f"http://127.0.0.1:{port}"))

    assert asyncio.run(ask()).unread == ()
    assert len(asked) == 2


def test_refused_monitoring_key_is_not_the_services() -> None:
    """The two keys fail apart: the service may take money while nobody can look."""

    def by_key(query: str, headers: Mapping[str, str]) -> Reply:
        del query
        error = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: rk_test"}}
        return (401, error) if "rk_test" in headers["authorization"] else (200, account(SETTINGS))

    seen = observed({**healthy(), "/v1/account": by_key}, monitor_key="rk_test_abcdefgh")
    assert seen.accepted
    assert [one.fact for one in seen.unread] == ["account"]
    assert "refuses the key" in seen.unread[0].reason


def test_two_keys_of_two_accounts_are_seen() -> None:
    """Facts of another account say nothing about the one that takes the money."""

    def by_key(query: str, headers: Mapping[str, str]) -> Reply:
        del query
        own = "sk_test" in headers["authorization"]
        return 200, {**account(SETTINGS), "id": "acct_1" if own else "acct_2"}

    seen = observed({**healthy(), "/v1/account": by_key}, monitor_key="rk_test_abcdefgh")
    assert (seen.service_account, seen.account) == ("acct_1", "acct_2")


def test_endpoints_are_asked_for_in_the_accounts_own_version() -> None:
    """An endpoint without a version has the account's, which Stripe tells only to who asks for none."""
    versions: list[str | None] = []

    def note(_query: str, headers: Mapping[str, str]) -> Reply:
        versions.append(headers.get("stripe-version"))
        return 200, listed([HOOK], "/v1/webhook_endpoints")

    seen = observed({**healthy(), "/v1/webhook_endpoints": note})
    assert versions == [None]
    assert seen.default_version == "2024-06-20"


def test_second_page_of_endpoints_is_read() -> None:
    """An account of many programs has more endpoints than a page holds."""
    second = {**HOOK, "id": "we_2", "url": "https://b.test/"}

    def pages(query: str, _headers: Mapping[str, str]) -> Reply:
        first = "starting_after" not in parse_qs(query)
        return 200, {**listed([HOOK if first else second], "/v1/webhook_endpoints"), "has_more": first}

    assert [hook.id for hook in observed({**healthy(), "/v1/webhook_endpoints": pages}).webhooks] == [
        HOOK["id"],
        "we_2",
    ]


@pytest.mark.parametrize(
    ("card", "offered"),
    [
        ({"available": True, "display_preference": {"value": "on"}}, (True, False)),
        ({"available": False, "display_preference": {"value": "on"}}, (False, False)),
        ({"available": False, "display_preference": {"value": "off"}}, (False, True)),
        ({"available": True, "display_preference": {"value": "off"}}, (False, True)),
        (None, (False, False)),
    ],
)
def test_method_is_read_with_its_display_preference(card: object, offered: tuple[bool, bool]) -> None:
    """What is switched off, and what Stripe does not allow yet, are two things to repair."""
    configuration = {**method_configurations(SETTINGS)[0], "card": card}
    path = "/v1/payment_method_configurations"
    (read,) = observed(
        {**healthy(), path: lambda _query, _headers: (200, listed([configuration], path))}
    ).configurations
    assert ("card" in read.available, "card" in read.switched_off) == offered


def test_destinations_of_the_second_api_are_read_with_their_address() -> None:
    """Page after page; an address is shown only to who asks for it, and buses have none."""
    bus = destination(SETTINGS, "", id="ed_2", type="amazon_eventbridge", webhook_endpoint=None)
    accounts = destination(SETTINGS, "https://a.test/", id="ed_3", events_from=["@accounts"])

    def pages(query: str, _headers: Mapping[str, str]) -> Reply:
        asked = parse_qs(query)
        if "page" in asked:
            return 200, page_of_v2([bus, accounts])
        shown = "webhook_endpoint.url" in asked.get("include[0]", ())
        place = destination(SETTINGS, "https://a.test/hook") if shown else destination(SETTINGS, "")
        return 200, page_of_v2([place], "/v2/core/event_destinations?page=2")

    read = observed({**healthy(), "/v2/core/event_destinations": pages})
    assert read.unread == ()
    assert [(one.url, one.thin, one.application) for one in read.destinations] == [
        ("https://a.test/hook", True, ""),
        ("https://a.test/", True, "@accounts"),
    ]
    assert read.buses == ("amazon_eventbridge ed_2",)
    assert read.destinations[0].created is not None


def test_thin_events_only_have_no_deliveries_to_look_at() -> None:
    """Stripe's list holds events of the first kind: to ask it for the others would be an error of ours."""
    read = observed(healthy(), events=("v1.charge.refunded",))
    assert [one.fact for one in read.unread] == ["deliveries"]
    assert "no deliveries of thin events" in read.unread[0].reason


def test_deliveries_are_those_of_declared_types_in_the_last_day() -> None:
    """Types that nobody declared may fail as they like."""
    queries: list[dict[str, list[str]]] = []
    intent = payment_intent({"currency": "brl"}, 100, livemode=False)
    lost = event("payment_intent.succeeded", intent, endpoints=1)

    def events(query: str, _headers: Mapping[str, str]) -> Reply:
        queries.append(parse_qs(query))
        failed = queries[-1]["delivery_success"] == ["false"]
        return 200, listed([lost if failed else {**lost, "pending_webhooks": 0}], "/v1/events")

    seen = observed({**healthy(), "/v1/events": events})
    assert [(one.id, one.pending) for one in seen.undelivered] == [(lost["id"], 1)]
    assert seen.newest_delivered is not None
    assert all(query["types[0]"] == ["charge.refunded"] and "created[gte]" in query for query in queries)


SAME = [
    ("https://a.test/h", "https://A.test:443/h"),
    ("https://a.test", "https://a.test/"),
    ("https://a.test/h?x=1", "https://a.test/h"),
    ("https://bücher.test/h", "https://xn--bcher-kva.test/h"),
    ("https://a.test/%7Eh", "https://a.test/~h"),
    ("https://a.test/%c3%a9", "https://a.test/%C3%A9"),
]
OTHER = [
    ("https://a.test/h", "http://a.test/h"),
    ("https://a.test/h", "https://a.test/h/"),
    ("https://a.test/h", "https://a.test/H"),
    ("https://a.test/h", "https://a.test:8443/h"),
    ("https://a.test/h", "https://b.a.test/h"),
    ("https://a.test/h?x=1", "https://a.test/h?x=2"),
    ("https://a.test/a/h", "https://a.test/a%2Fh"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_address_in_two_spellings(one: str, other: str) -> None:
    """Whoever registered it by hand wrote it as they liked."""
    assert same_address(one, other)
    assert same_address(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_address(one: str, other: str) -> None:
    """Stripe would send to somebody else."""
    assert not same_address(one, other)


def test_releases() -> None:
    """Versions of one train are compatible; those before the trains are what they are."""
    assert same_release("2026-10-28.endive", "2026-11-25.endive")
    assert same_release("2024-06-20", "2024-06-20")
    assert not same_release("2024-06-20", "2024-04-10")
    assert not same_release("2026-10-28.endive", "2026-10-28.acacia")
    assert not same_release("2024-06-20", "2024-06-20.acacia")
    assert age_of("beta", observed(healthy()).taken_at) is None
    assert age_of("2024-13-45", observed(healthy()).taken_at) is None


def test_many_types_are_asked_for_in_several_questions() -> None:
    """Stripe takes twenty at once: an event of the twenty-first that nobody took would not be known."""

    def undelivered(query: str, _headers: Mapping[str, str]) -> Reply:
        types = [values[0] for name, values in parse_qs(query).items() if name.startswith("types")]
        if len(types) > 20:
            return 400, {"error": {"type": "invalid_request_error", "message": "Array types exceeded maximum 20"}}
        lost = {**event("charge.refunded", {"id": "ch_1", "object": "charge"}), "pending_webhooks": 1}
        matching = "charge.refunded" in types and "delivery_success=false" in query.lower()
        return 200, listed([lost] if matching else [], "/v1/events")

    types = (*(f"customer.made_up_{number}" for number in range(25)), "charge.refunded")
    seen = observed({**healthy(), "/v1/events": undelivered}, events=types)
    assert seen.unread == ()
    assert [lost.type for lost in seen.undelivered] == ["charge.refunded"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.workme.test/hook", "https://api.workme.test/hook"),
        ("https://api.workme.test:443/hook?", "https://api.workme.test:443/hook?"),
        (
            "https://u:Kestrel-41@api.workme.test/a@b?token=Kestrel-42&plain",
            "https://api.workme.test/a@b?token=…&plain",
        ),
    ],
)
def test_address_of_an_endpoint_shows_no_password(url: str, shown: str) -> None:
    """It stands in the report, and nobody declared it as a secret."""
    hook = {**HOOK, "url": url}
    seen = observed({**healthy(), "/v1/webhook_endpoints": lambda _query, _headers: (200, listed([hook], "/v1"))})
    assert [endpoint.url for endpoint in seen.webhooks] == [shown]
