"""Real money, once, on launch day: opt-in (--allow-money), capped, given back, and the refund is proved."""

import pytest

from gonogo.base.comparing import at_most, equal, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.clients.replies import Reply
from smoke.people import WorkMe

_REFUSED = (400, 404, 409, 422)
"""What a service answers to a payment method that Stripe does not take; 402 is the bank's refusal."""


@pytest.mark.check("money-charged-and-refunded")
def test_real_card_is_charged_and_refunded(walk: WorkMe) -> None:
    """Live keys, live webhook, live bank: only a real payment can prove them.

    Fix: read Stripe's log of the request at dashboard.stripe.com; refund by hand there if the message says so.
    """
    smoke = walk.settings
    if smoke.card is None:
        raise Unobserved("no card to pay with", hint="name the secret with your own payment method in smoke.card")
    professional, client = walk.join("professional", "professional"), walk.join("client", "client")
    booking = walk.book(client, walk.offer(professional)).document(201)
    price = booking.number("price_cents")
    assert at_most(price, smoke.most_money_cents, "price", "centavos"), (
        f"the booking costs {price} centavos; at most {smoke.most_money_cents} are allowed"
    )
    method = walk.world.secrets[smoke.card]
    reply = client.post("/api/payment/card", booking_id=booking.text("id"), payment_method=method)
    _not_used_up(walk, reply, method)
    paid = reply.document(201)
    charged = walk.stripe.intent(paid.text("intent_id"))
    assert at_most(charged["amount"], smoke.most_money_cents, "charged", "centavos"), (
        f"Stripe charged {charged['amount']} centavos: refund it"
    )
    assert equal(charged["currency"], walk.stripe.currency, "currency charged"), (
        f"Stripe charged {charged['amount']} in {charged['currency']}: refund it"
    )
    path = f"/api/payment/{paid.text('id')}"
    succeeded = walk.until(lambda: client.get(path).document(200).text("status") == "succeeded", walk.stripe.delivery)
    assert so(succeeded, f"payment, within {format_duration(walk.stripe.delivery)}", "succeeded", "not yet"), (
        walk.waited(f"{paid.text('intent_id')} did not succeed", walk.stripe.delivery)
    )
    professional.post(f"{path}/refund").answers(200)
    given = walk.until(lambda: walk.stripe.refunded(paid.text("intent_id")) >= price, walk.stripe.delivery)
    assert so(given, f"refund, within {format_duration(walk.stripe.delivery)}", "at Stripe", "missing"), walk.waited(
        f"{paid.text('intent_id')} is not refunded at Stripe: refund it by hand", walk.stripe.delivery
    )
    for kind in ("payment_intent.succeeded", "charge.refunded"):
        problem = walk.stripe.delivered(paid.text("intent_id"), kind)
        assert so(not problem, kind, "delivered", "not delivered"), problem


def _not_used_up(walk: WorkMe, reply: Reply, method: str) -> None:
    """Raise Unobserved if Stripe may have refused the payment method for what it is, and not the service."""
    if reply.status not in _REFUSED:
        return
    owner = walk.stripe.owner_of(method)
    belongs = (
        "to a customer, who must be named with it" if owner else "to no customer, and is good for one payment only"
    )
    raise Unobserved(
        f"the real card was not charged: {reply.said}; the payment method of smoke.card belongs {belongs}",
        hint="create a payment method for each run, or attach it to a customer that the service names at the payment",
    )
