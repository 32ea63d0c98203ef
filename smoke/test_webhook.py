"""Stripe's webhook: one payment that waits for its event, and what is forged, stale or malformed, which moves no money.

What is genuine is sent in test_webhook_genuine.py, in the same journey.
"""

import json
import time

import pytest

from gonogo.base.comparing import equal
from gonogo.base.errors import Unobserved
from gonogo.clients.replies import Reply
from gonogo.families.stripe.webhook import only_v0
from gonogo.policy.catalogue import Policy
from smoke.payments import TAKEN, first_success, open_payment, refused, victim_of
from smoke.people import WorkMe

_REFUSED = (400, 401, 403)
_MIB = 1024 * 1024
_READ_ON = "answer 413, and read on for a while before closing: a sender that is cut off sees no answer"


@pytest.mark.check("webhook-payment")
def test_open_payment_waits_for_its_event(walk: WorkMe) -> None:
    """This is the control: on a payment that is not complete, every effect of an event shows.

    Fix: see the journey of payment; PIX fails there as well.
    """
    walk.keep["professional"] = walk.join("professional", "professional")
    walk.keep["client"] = walk.join("client", "client")
    walk.keep["service"] = walk.offer(walk.keep["professional"])
    payment = walk.keep["victim"] = open_payment(walk, 1)
    assert equal(payment.history()[-1], "requires_action", "new payment"), (
        f"a new payment has the states {payment.history()}"
    )


@pytest.mark.check("webhook-valid")
def test_genuine_event_completes_the_payment(walk: WorkMe) -> None:
    """Only an event confirms PIX, and every card that asks its owner.

    Fix: compare STRIPE_WEBHOOK_SECRET with the endpoint's signing secret at dashboard.stripe.com/webhooks; verify the
    raw bytes, never JSON that was parsed and written again.
    """
    payment = open_payment(walk, 3)
    body = payment.sender.succeeded()
    paid = walk.keep["paid"] = first_success(walk, payment, body)
    walk.keep["event"] = body if paid is payment else paid.sender.succeeded()
    paid.succeeds_once("a genuine event")


@pytest.mark.check("webhook-quick")
def test_events_are_answered_quickly(walk: WorkMe, policy: Policy) -> None:
    """If an answer takes more than some seconds, Stripe repeats the event: slow answers cause more events.

    Fix: verify the signature, keep the event, answer 2xx; do the work afterwards.
    """
    sender = victim_of(walk).sender
    sender.send(sender.unknown()).answers(*TAKEN)
    most = policy.duration("max_answer")
    assert not sender.slower_than(most), (
        f"an event was answered after {sender.slowest.total_seconds():.1f} s; "
        f"at most {most.total_seconds():g} s are expected"
    )


@pytest.mark.check("webhook-unsigned")
def test_unsigned_events_are_refused(walk: WorkMe) -> None:
    """Anybody who knows the address could mark bookings as paid.

    Fix: verify Stripe-Signature over the raw body with the endpoint's secret, before anything else; answer 400.
    """
    sender = victim_of(walk).sender
    headers = {"no signature": None, "an empty one": "", "garbage": "garbage", "a t that is no number": "t=now,v1=00"}
    for signature, header in headers.items():
        _refused(walk, sender.send(sender.succeeded(), header=header), signature)


@pytest.mark.check("webhook-wrong-secret")
def test_events_signed_by_others_are_refused(walk: WorkMe) -> None:
    """Only the signature distinguishes Stripe from everybody else.

    Fix: compare in constant time with the HMAC of this endpoint's own secret.
    """
    sender = victim_of(walk).sender
    body = sender.succeeded()
    _refused(walk, sender.send(body, header=sender.signed(body, secret="whsec_of_somebody_else")), "a foreign secret")  # noqa: S106 - not one


@pytest.mark.check("webhook-tampered")
def test_tampered_events_are_refused(walk: WorkMe) -> None:
    """With another payment's id in a genuine event, one payment would pay for two bookings.

    Fix: verify the signature over the raw bytes, never over parsed and rebuilt JSON.
    """
    sender = victim_of(walk).sender
    header = sender.signed(sender.event("payment_intent.created", sender.intent))
    _refused(walk, sender.send(sender.succeeded(), header=header), "a tampered body")


@pytest.mark.check("webhook-old-scheme")
def test_test_scheme_is_no_signature(walk: WorkMe) -> None:
    """v0 signatures are made for test events, and prove nothing.

    Fix: accept only v1.
    """
    sender = victim_of(walk).sender
    body = sender.succeeded()
    _refused(walk, sender.send(body, header=only_v0(sender.signed(body))), "a v0 signature alone")


@pytest.mark.check("webhook-stale")
def test_stale_events_are_refused(walk: WorkMe) -> None:
    """Without a time limit, somebody who recorded an event could send it again for ever.

    Fix: refuse events that were signed more than 300 s ago; the SDK does so by default (tolerance).
    """
    sender = victim_of(walk).sender
    body = sender.succeeded()
    _refused(walk, sender.send(body, header=sender.signed(body, at=time.time() - 301)), "an event of 301 s ago")


@pytest.mark.check("webhook-future")
def test_events_from_the_future_are_refused(walk: WorkMe) -> None:
    """An event that is dated in the future stays valid until then; the SDK by itself accepts it.

    Fix: after the SDK's own check, compare t with the clock once more, in the other direction.
    """
    sender = victim_of(walk).sender
    body = sender.succeeded()
    _refused(walk, sender.send(body, header=sender.signed(body, at=time.time() + 3600)), "an event an hour ahead")


@pytest.mark.check("webhook-malformed")
def test_malformed_bodies_are_refused(walk: WorkMe) -> None:
    """If a bad body is answered with 200, Stripe never sends that event again.

    Fix: answer 400 to everything that is not an event object in UTF-8, signed or not.
    """
    sender = victim_of(walk).sender
    for kind, body in {
        "malformed JSON": b'{"id":',
        "an empty body": b"",
        "bytes that are not UTF-8": b"\xff\xfe{",
    }.items():
        _refused(walk, sender.send(body), f"{kind}, signed", *_REFUSED)


@pytest.mark.check("webhook-odd-shapes")
def test_lists_and_nulls_are_refused(walk: WorkMe) -> None:
    """SDK and handler raise on a signed list: a 500, which Stripe retries for three days, with an alert each time.

    Fix: check that the body is an object with an id before it is handled; answer 400.
    """
    sender = victim_of(walk).sender
    without_id = json.dumps({"object": "event", "type": "payment_intent.succeeded", "data": {"object": {}}}).encode()
    for kind, body in {"[]": b"[]", "null": b"null", "an event without an id": without_id}.items():
        _refused(walk, sender.send(body), f"{kind}, signed", 400)


@pytest.mark.check("webhook-large")
def test_large_bodies_are_refused(walk: WorkMe) -> None:
    """Verifying the signature of a large body costs time, and anybody can send one.

    Fix: limit the body of this route, and answer 413 before reading on.
    """
    sender = victim_of(walk).sender
    body = sender.unknown(description="x" * _MIB)
    for kind, header in {"unsigned": None, "signed": sender.signed(body)}.items():
        reply = sender.send(body, header=header)
        if reply.exchange.status is None:
            raise Unobserved(f"a body of 1 MiB, {kind}: {reply.exchange.problem}; refused, or broken?", hint=_READ_ON)
        _refused(walk, reply, f"a body of 1 MiB, {kind}", 413)


@pytest.mark.check("webhook-get")
def test_webhook_takes_post_only(walk: WorkMe) -> None:
    """A link checker or a prefetch must not look like an event.

    Fix: route POST only; the framework answers 405 for the rest.
    """
    walk.stranger.get(victim_of(walk).sender.path).refuses(405, 404)


def _refused(walk: WorkMe, reply: Reply, event: str, *statuses: int) -> None:
    refused(victim_of(walk), reply, event, statuses or _REFUSED)
