"""Payments that wait for Stripe's word, and what the service says became of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from gonogo.base.comparing import equal, one_of, shown
from gonogo.base.errors import Unobserved
from gonogo.clients.replies import Reply, ReplyDocument, demand
from gonogo.families.stripe.webhook import Sender
from gonogo.journey.people import Person
from smoke.people import WorkMe

_PIX = "pix"
_SERVER_ERROR = 500
TAKEN = (200, 201, 202, 204)
_VERSION = "API version of events"
_ASKS = "asks Stripe"
_SETTLES = "time until an event has its effect"
_SETTLING_SECONDS = 1.0
_MOVED = "victim was moved"
_FIRST_FREE_DAY = 11
"""The last day ahead that a step of the journey books by itself."""
_METHODS_THAT_WAIT = "pm_card_threeDSecure2Required"


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment of a synthetic client, and whoever speaks of it as Stripe would."""

    walk: WorkMe
    id: str
    payer: Person
    sender: Sender

    def history(self) -> list[str]:
        """Every status that it had, by the service's own book."""
        document = self.payer.get(f"/api/payment/{self.id}").document(200)
        return [change.text("status") for change in document.objects("history")]

    def becomes(self, status: str) -> bool:
        """Whether its last status is this one, at once or within the time that a delivery may take."""
        delivery = self.walk.stripe.delivery
        return bool(self.walk.until(lambda: self.history()[-1] == status, delivery))

    def succeeds_once(self, event: str) -> None:
        """Fail the step unless it succeeded, and once."""
        self.becomes("succeeded")
        settle(self.walk)
        history = self.history()
        times = history.count("succeeded")
        demand(
            equal(times, 1, f"successes after {event}"),
            f"after {event} the payment succeeded {times} times; its states: {history}",
        )

    def stays(self, status: str, event: str) -> None:
        """Fail the step if an event changed it."""
        settle(self.walk)
        history = self.history()
        self.walk.keep[_MOVED] = self.walk.keep.get("victim") is self and history[-1] != status
        demand(
            equal(history[-1], status, f"payment after {event}"), f"{event} changed a payment; its states: {history}"
        )

    def is_given_back(self, amount: int | None = None) -> Reply:
        """Send the event about a refund; a service that asks Stripe gets a real one first."""
        if asks_stripe(self.walk):
            self.walk.stripe.give_back(self.sender.intent["id"], amount or self.sender.intent["amount"])
        return self.sender.send(self.sender.refunded(amount))


def victim_of(walk: WorkMe) -> OpenPayment:
    """The payment of this journey that no event may move; another one after an event that did.

    Otherwise every later step would find it moved, and fail for what it did not do.
    """
    if walk.keep.pop(_MOVED, False):
        walk.keep["victims"] = walk.keep.get("victims", 0) + 1
        walk.keep["victim"] = open_payment(walk, _FIRST_FREE_DAY + walk.keep["victims"])
    victim: OpenPayment = walk.keep["victim"]
    return victim


def paid_of(walk: WorkMe) -> OpenPayment:
    """The payment of this journey that a genuine event completed."""
    paid: OpenPayment = walk.keep["paid"]
    return paid


def open_payment(walk: WorkMe, day: int) -> OpenPayment:
    """A payment that nobody pays: by PIX, or where there is none by a card that asks for its owner."""
    return _opened(walk, walk.keep["client"], day)


def payable(walk: WorkMe, day: int) -> OpenPayment:
    """An open payment for events that must have an effect: paid at Stripe as well where the service asks Stripe."""
    return _paid_at_stripe(walk, day) if asks_stripe(walk) else open_payment(walk, day)


def asks_stripe(walk: WorkMe) -> bool:
    """Whether the service was seen to act on what Stripe says of a payment, and not on an event alone."""
    return bool(walk.keep.get(_ASKS))


def settle(walk: WorkMe) -> None:
    """Give an event that was answered before it was handled the time to have its effect."""
    default = _SETTLING_SECONDS if walk.stripe.live else 0.0
    seconds: float = walk.keep.get(_SETTLES, default)
    if seconds:
        walk.world.pause(seconds)


def first_success(walk: WorkMe, payment: OpenPayment, body: bytes) -> OpenPayment:
    """The payment that a genuine event completed: this one, or one that is paid at Stripe as well.

    A service may ask Stripe before it acts; an event about a payment that Stripe knows as open then has no effect.
    """
    began = time.monotonic()
    payment.sender.send(body).answers(*TAKEN)
    at_once = "succeeded" in payment.history()
    if at_once or payment.becomes("succeeded"):
        walk.keep[_SETTLES] = 0.0 if at_once else 2 * (time.monotonic() - began)
        return payment
    history = payment.history()
    if _PIX not in walk.stripe.section.payment_methods:
        raise Unobserved(
            f"a genuine event was accepted, and the payment's states are {history}; the service may ask Stripe, where it is open"
        )
    other = _paid_at_stripe(walk, 9)
    other.sender.send(other.sender.succeeded()).answers(*TAKEN)
    at_once = "succeeded" in other.history()
    demand(
        other.becomes("succeeded"),
        walk.waited(
            f"a genuine event was accepted, but had no effect; the payment's states: {history}", walk.stripe.delivery
        ),
    )
    walk.keep[_ASKS] = True
    walk.keep[_SETTLES] = 0.0 if at_once else _SETTLING_SECONDS
    return other


def refused(payment: OpenPayment, reply: Reply, event: str, statuses: Sequence[int]) -> None:
    """Fail the step unless the event was refused, and had no effect."""
    wanted = " or ".join(map(str, statuses))
    # What was taken may have its effect only later: nobody waits for it, as the step has failed.
    payment.walk.keep[_MOVED] = payment.walk.keep.get("victim") is payment and reply.status in TAKEN
    demand(
        one_of(reply.status, statuses, f"answer to {event}"),
        f"{event} was answered {reply.status}; {wanted} is expected, which refuses it",
    )
    payment.stays("requires_action", event)


def taken(payment: OpenPayment, events: Mapping[str, bytes]) -> None:
    """Fail the step unless each event is answered with 2xx."""
    sending = [partial(payment.sender.send, body) for body in events.values()]
    for event, reply in zip(events, payment.walk.at_once(sending), strict=True):
        demand(
            one_of(reply.status, TAKEN, f"answer to {event}"),
            f"{event} was answered {reply.status}: Stripe repeats it for days; answer 2xx",
        )


def moves_nothing(payment: OpenPayment, body: bytes, event: str) -> None:
    """Fail the step if the event pays, or is an error of the service."""
    reply = payment.sender.send(body)
    demand(
        shown(reply.status < _SERVER_ERROR, f"answer to {event}", reply.status, "no error"),
        f"{event} was answered {reply.status}",
    )
    payment.stays("requires_action", event)


def _paid_at_stripe(walk: WorkMe, day: int) -> OpenPayment:
    """The payer's address makes Stripe's test mode pay the PIX code at once."""
    payer = walk.join(f"payer-{day}", "client", ending="-succeed_immediately")
    payment = _opened(walk, payer, day)
    identifier = payment.sender.intent["id"]
    if not walk.until(lambda: walk.stripe.intent(identifier)["status"] == "succeeded", walk.stripe.delivery):
        raise Unobserved(walk.waited("Stripe's test mode did not pay a PIX code", walk.stripe.delivery))
    return payment


def _opened(walk: WorkMe, payer: Person, day: int) -> OpenPayment:
    booking = walk.book(payer, walk.keep["service"], ahead=timedelta(days=day)).document(201).text("id")
    made = _asked(walk, payer, booking)
    if _VERSION not in walk.keep:
        walk.keep[_VERSION] = walk.stripe.events_version()
    sender = walk.stripe.sender(walk.stripe.intent(made.text("intent_id")), walk.keep[_VERSION])
    return OpenPayment(walk, made.text("id"), payer, sender)


def _asked(walk: WorkMe, payer: Person, booking: str) -> ReplyDocument:
    if _PIX in walk.stripe.section.payment_methods:
        return payer.post("/api/payment/pix", booking_id=booking).document(201)
    if walk.stripe.live:
        raise Unobserved("without a real card, no declared payment method waits for an event")
    card = {"booking_id": booking, "payment_method": _METHODS_THAT_WAIT}
    return payer.post("/api/payment/card", **card).document(201)
