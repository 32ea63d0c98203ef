"""Money, in Stripe's test mode: taken when it should be, not taken when it should not, and given back."""

from datetime import timedelta

import pytest

from gonogo.base.comparing import above, equal, so
from gonogo.base.durations import format_duration
from gonogo.clients.replies import ReplyDocument
from gonogo.journey.people import Person
from smoke.people import WorkMe


@pytest.mark.check("payment-card")
def test_card_is_charged(walk: WorkMe) -> None:
    """The first payment of the launch, rehearsed: the service and Stripe must agree on it.

    Fix: read the service's log of POST /api/payment/card, and Stripe's log of the request at dashboard.stripe.com.
    """
    walk.keep["professional"] = walk.join("professional", "professional")
    walk.keep["client"] = walk.join("client", "client")
    booking = walk.keep["booking"] = _booking(walk, walk.keep["client"], 1)
    paid = _by_card(walk, walk.keep["client"], booking, "pm_card_visa")
    walk.keep["payment"], walk.keep["intent"] = paid.text("id"), paid.text("intent_id")
    assert so(_becomes(walk, paid.text("id"), "succeeded"), "payment", "succeeded", "not yet"), (
        f"a card was charged, but the payment did not succeed: {paid.said}"
    )
    intent = walk.stripe.intent(paid.text("intent_id"))
    assert equal(intent["status"], "succeeded", "payment at Stripe"), (
        f"the service reports a payment, but at Stripe it is {intent['status']}"
    )
    price = walk.settings.most_money_cents
    assert equal(intent["amount"], price, "centavos charged"), (
        f"the booking costs {price} centavos; Stripe charged {intent['amount']}"
    )
    currency = walk.stripe.currency
    assert equal(intent["currency"], currency, "currency charged"), (
        f"the booking is paid in {currency}, Stripe charged {intent['amount']} in {intent['currency']}"
    )
    assert equal(_booked_as(walk, booking), "paid", "booking"), "the payment succeeded, and the booking is not paid"


@pytest.mark.check("payment-receipt")
def test_receipt_arrives(walk: WorkMe) -> None:
    """Users who pay and get no receipt pay again, or call the bank.

    Fix: look at the service's connection to the mail relay; send a receipt when a payment succeeds.
    """
    client, delivery = walk.keep["client"], walk.mail.delivery
    arrived = walk.until(lambda: walk.mail.received(client.email, "Payment"), delivery)
    assert so(arrived, f"receipt, within {format_duration(delivery)}", "arrived", "missing"), walk.waited(
        "no receipt arrived", delivery
    )


@pytest.mark.check("payment-refund")
def test_refund_gives_the_money_back(walk: WorkMe) -> None:
    """A refund that exists only in our own database becomes a dispute, with a fee.

    Fix: create the refund at Stripe before the payment is marked as refunded.
    """
    payment = walk.keep["payment"]
    reply = walk.keep["professional"].post(f"/api/payment/{payment}/refund").document(200)
    assert so(_becomes(walk, payment, "refunded"), "payment", "refunded", "not yet"), (
        f"the refund was accepted, but the payment is not refunded: {reply.said}"
    )
    given = walk.stripe.refunded(reply.text("intent_id"))
    price = walk.settings.most_money_cents
    assert equal(given, price, "centavos given back"), (
        f"the service reports a refund, but Stripe gave back {given} of {price} centavos"
    )


@pytest.mark.check("payment-delivered")
def test_stripe_delivers_the_events_of_a_payment(walk: WorkMe) -> None:
    """Events that gonogo signs prove gonogo's copy of the secret; only Stripe's own delivery proves the service's.

    Fix: https://dashboard.stripe.com/webhooks → the endpoint → Event deliveries shows what the service answered.
    """
    for kind in ("payment_intent.succeeded", "charge.refunded"):
        problem = walk.stripe.delivered(walk.keep["intent"], kind)
        assert so(not problem, kind, "delivered", "not delivered"), problem


@pytest.mark.check("payment-declined")
def test_declined_card_is_not_a_payment(walk: WorkMe) -> None:
    """If a declined card counts as paid, professionals work for nothing.

    Fix: treat Stripe's card_error as a failed payment: 402 for the caller, and the booking stays unpaid.
    """
    booking = _booking(walk, walk.keep["client"], 2)
    card = {"booking_id": booking, "payment_method": "pm_card_visa_chargeDeclined"}
    walk.keep["client"].post("/api/payment/card", **card).refuses(402)
    assert equal(_booked_as(walk, booking), "unpaid", "booking"), (
        f"the card was declined, but the booking is {_booked_as(walk, booking)}"
    )


@pytest.mark.check("payment-3ds")
def test_card_that_asks_for_its_owner_is_not_charged_yet(walk: WorkMe) -> None:
    """Most Brazilian debit cards ask their owner: before the answer, nobody has paid.

    Fix: pass Stripe's next_action on to the app, and wait for payment_intent.succeeded.
    """
    client, booking = walk.keep["client"], _booking(walk, walk.keep["client"], 3)
    asked = _by_card(walk, client, booking, "pm_card_threeDSecure2Required")
    assert equal(asked.text("status"), "requires_action", "payment"), (
        f"3-D Secure is required, but the payment is {asked.text('status')}"
    )
    asked.text("next_action_url")
    assert equal(_booked_as(walk, booking), "unpaid", "booking"), (
        "3-D Secure is not answered yet, but the booking counts as paid"
    )
    client.post(f"/api/payment/{asked.text('id')}/cancel").answers(200)
    assert so(walk.stripe.canceled(asked.text("intent_id")), "payment given up, at Stripe", "canceled", "still open"), (
        "a payment was canceled, but at Stripe it can still be completed"
    )


@pytest.mark.check("payment-pix")
def test_pix_is_paid(walk: WorkMe) -> None:
    """Brazil pays with PIX; its confirmation comes only by webhook, so this proves both.

    Fix: look at Stripe's webhook deliveries at dashboard.stripe.com/webhooks, then at the service's log of them.
    """
    payer = walk.join("payer", "client", ending="-succeed_immediately")
    booking = _booking(walk, payer, 4)
    code = payer.post("/api/payment/pix", booking_id=booking).document(201)
    assert so(code.text("pix_code"), "PIX code", "there", "missing"), "no PIX code came"
    left = code.number("expires_at") - walk.began.timestamp()
    assert above(left, 0, "PIX code expires in", "s"), f"the PIX code has expired already: {code.said}"
    paid = _becomes(walk, code.text("id"), "succeeded", payer)
    assert so(paid, f"PIX, within {format_duration(walk.stripe.delivery)}", "paid", "not yet"), walk.waited(
        "a PIX code was paid at Stripe, but the service does not know it", walk.stripe.delivery
    )
    assert equal(_booked_as(walk, booking, payer), "paid", "booking"), "PIX was paid, and the booking is not"


@pytest.mark.check("payment-pix-expires")
def test_expired_pix_is_not_paid(walk: WorkMe) -> None:
    """After a code expired, its booking is unpaid; users must see that, and must be able to pay again.

    Fix: handle payment_intent.payment_failed, and let the client ask for another code.
    """
    payer = walk.join("late", "client", ending="-expire_immediately")
    booking = _booking(walk, payer, 5)
    code = payer.post("/api/payment/pix", booking_id=booking).document(201)
    failed = _becomes(walk, code.text("id"), "failed", payer)
    assert so(failed, f"PIX, within {format_duration(walk.stripe.delivery)}", "failed", "not yet"), walk.waited(
        "a PIX code expired at Stripe, but the service does not know it", walk.stripe.delivery
    )
    assert equal(_booked_as(walk, booking, payer), "unpaid", "booking"), (
        "the PIX code expired, but the booking counts as paid"
    )


def _booking(walk: WorkMe, client: Person, day: int) -> str:
    if "service" not in walk.keep:
        walk.keep["service"] = walk.offer(walk.keep["professional"])
    return walk.book(client, walk.keep["service"], ahead=timedelta(days=day)).document(201).text("id")


def _by_card(walk: WorkMe, client: Person, booking: str, method: str) -> ReplyDocument:
    del walk
    return client.post("/api/payment/card", booking_id=booking, payment_method=method).document(201)


def _becomes(walk: WorkMe, payment: str, status: str, payer: Person | None = None) -> bool:
    payer = payer or walk.keep["client"]
    path = f"/api/payment/{payment}"
    return bool(walk.until(lambda: payer.get(path).document(200).text("status") == status, walk.stripe.delivery))


def _booked_as(walk: WorkMe, booking: str, client: Person | None = None) -> str:
    client = client or walk.keep["client"]
    return client.get(f"/api/bookings/{booking}").document(200).text("payment")
