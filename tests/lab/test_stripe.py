"""Stripe's checks and verbs against another implementation of Stripe's protocol, which nobody here wrote."""

import asyncio
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any, cast

import pytest
import stripe

from gonogo.base.errors import Unobserved
from gonogo.base.marks import Marks
from gonogo.evidence.stripe import StripeEvidence
from gonogo.families.stripe.journey import StripeVerbs
from gonogo.families.stripe.probe import StripeQuestion, probe_stripe
from gonogo.families.stripe.webhook import signature
from gonogo.families.verbs import Journey
from tests.checks.conftest import Judge
from tests.checks.test_stripe import environment
from tests.lab import table
from tests.lab.localstripe import SECRET_KEY, Localstripe, localstripe
from tests.lab.verdicts import verdict

pytestmark = pytest.mark.whole

DECLARED = environment(mode="test", country="FR", currency="eur", methods=["card"])
VERDICTS = {
    "stripe-keys": "PASS",
    "stripe-mode": "ERROR balance could not be read",
    "stripe-business": "ERROR account could not be read",
    "stripe-requirements": "ERROR account could not be read",
    "stripe-payouts": "ERROR account could not be read",
    "stripe-payout-arrives": "PASS",
    "stripe-brazil": "ERROR account could not be read",
    "stripe-methods": "ERROR methods could not be read",
    "stripe-webhook": "ERROR webhooks could not be read",
    "stripe-webhook-events": "ERROR webhooks could not be read",
    "stripe-webhook-single": "ERROR webhooks could not be read",
    "stripe-webhook-version": "ERROR webhooks could not be read",
    "stripe-webhook-age": "ERROR webhooks could not be read",
    "stripe-deliveries": "ERROR deliveries could not be read",
    "stripe-undelivered": "ERROR deliveries could not be read",
}
"""By check. Its balance is none by the specification (it has no ``object``). It has no account, configurations, endpoints
or destinations, and its events tell nothing of deliveries."""
CARDS = {"4242424242424242": "succeeded", "4000000000003220": "requires_action"}
"""Stripe's own test cards, and what becomes of a payment with each."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localstripe]:
    """One for all."""
    with localstripe(tmp_path_factory.mktemp("localstripe")) as running:
        yield running


def observed(server: Localstripe, key: str = SECRET_KEY) -> StripeEvidence:
    """What the probe makes of it."""
    question = StripeQuestion(secret_key=key, api=server.base, events=("charge.refunded",), patience_seconds=60)
    return asyncio.run(probe_stripe(question))


@pytest.fixture
def verbs(server: Localstripe) -> StripeVerbs:
    """As a step of a journey has them."""

    def looked(_subject: str, look: Callable[[], object], **_: object) -> object:
        return look()

    world = SimpleNamespace(
        environment=environment(api=server.base),
        secrets={"A_KEY": SECRET_KEY},
        run=lambda ask, work: asyncio.run(ask(work)),
    )
    return StripeVerbs(cast("Journey", SimpleNamespace(world=world, looked=looked)))


def paid_with(server: Localstripe, number: str, **fields: object) -> dict[str, Any]:
    """A payment of 20 euros by this card."""
    card = {"type": "card", "card[number]": number, "card[exp_month]": 12, "card[exp_year]": 2034, "card[cvc]": 123}
    method = server.post("/v1/payment_methods", card)["id"]
    payment = {"amount": 2000, "currency": "eur", "payment_method": method, "confirm": "true", **fields}
    return server.post("/v1/payment_intents", payment)


@pytest.mark.parametrize(("check", "expected"), VERDICTS.items())
def test_what_it_does_not_implement_is_unknown_for_that_fact_alone(
    judge: Judge, server: Localstripe, check: str, expected: str
) -> None:
    """Nothing is red, and nothing takes another check along."""
    answer = verdict(judge, check, {"stripe": observed(server)}, DECLARED)
    table.found({} if answer == "PASS" else {check: answer})
    outcome, _, reason = expected.partition(" ")
    assert answer.startswith(outcome), answer
    assert reason in answer


def test_a_key_that_it_refuses_is_refused(server: Localstripe) -> None:
    """It takes nothing but secret keys."""
    assert not observed(server, key="rk_test_localstripe").accepted


def test_the_last_payout_decides_in_whatever_order_they_are_listed(judge: Judge, server: Localstripe) -> None:
    """Stripe lists the newest first, this one the oldest: the bank gave the last one back."""
    verdicts = []
    for status in ("paid", "failed", "paid"):
        made = server.post("/v1/payouts", {"amount": 100, "currency": "eur", "status": status})
        while int(time.time()) <= made["created"]:
            time.sleep(0.05)  # the next one is created in another second
        verdicts.append(verdict(judge, "stripe-payout-arrives", {"stripe": observed(server)}, DECLARED))
    assert (verdicts[0], verdicts[2]) == ("PASS", "PASS")
    assert "failed: The bank could not process this payout" in verdicts[1]


@pytest.mark.parametrize(("number", "status"), CARDS.items())
def test_payments_are_seen_as_they_ended(server: Localstripe, verbs: StripeVerbs, number: str, status: str) -> None:
    """Paid, or waiting for the payer."""
    assert verbs.intent(paid_with(server, number)["id"])["status"] == status


def test_money_is_given_back_in_parts(server: Localstripe, verbs: StripeVerbs) -> None:
    """What was given back is what the refunds of the payment add up to."""
    payment = paid_with(server, "4242424242424242")["id"]
    verbs.give_back(payment, 500)
    assert verbs.refunded(payment) == 500
    verbs.give_back(payment, 1500)
    assert verbs.refunded(payment) == 2000


def test_open_payments_are_closed_and_unknown_where_they_cannot_be_searched(
    server: Localstripe, verbs: StripeVerbs
) -> None:
    """It lists payments by no time: whether the run left any is not known, and not "none"."""
    opened = paid_with(server, "4000000000003220")["id"]
    (leftovers,) = verbs.test_data(Marks("20261126-120000-abcdef"))
    with pytest.raises(Unobserved, match="Unexpected created"):
        leftovers.find()
    leftovers.remove([opened])
    assert verbs.canceled(opened)


def test_deliveries_are_unknown_where_endpoints_cannot_be_listed(server: Localstripe, verbs: StripeVerbs) -> None:
    """Neither "not sent to this service" nor "delivered"."""
    payment = paid_with(server, "4242424242424242")["id"]
    with pytest.raises(Unobserved, match="404"):
        verbs.delivered(payment, "payment_intent.succeeded")


def test_what_it_signs_is_signed_as_our_sender_does(server: Localstripe) -> None:
    """A webhook that takes ours takes those of an implementation that is none of ours, and Stripe's SDK takes both."""
    arrived: list[tuple[bytes, str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((body, self.headers["Stripe-Signature"], self.headers["Content-Type"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    secret = "whsec_localstripe"
    with HTTPServer(("127.0.0.1", 0), Hook) as hook:
        hook.timeout = 60
        server.send_events_to(f"http://127.0.0.1:{hook.server_port}/hook", secret)
        paid_with(server, "4242424242424242")
        hook.handle_request()
    (body, header, kind), *_ = arrived
    at = int(header.partition(",")[0].removeprefix("t="))
    assert header == f"t={at},v1={signature(body, secret, at)}"
    assert kind == "application/json; charset=utf-8"
    assert stripe.Webhook.construct_event(body, header, secret).type.startswith("p")
