"""Genuine events at Stripe's webhook: each is accepted, and moves the payment that it is about, once and in any order."""

import time
from collections.abc import Callable

import pytest

from gonogo.base.comparing import so
from gonogo.clients.replies import Reply
from smoke.payments import TAKEN, moves_nothing, open_payment, paid_of, payable, taken, victim_of
from smoke.people import WorkMe

FAMILY = "webhook"


@pytest.mark.check("webhook-unknown-type")
def test_unknown_types_are_taken_and_ignored(walk: WorkMe) -> None:
    """Stripe adds types; an endpoint that refuses them is switched off after some days.

    Fix: answer 2xx to a genuine event of a type that is not handled; verify the raw bytes.
    """
    victim = victim_of(walk)
    victim.sender.send(victim.sender.unknown()).answers(*TAKEN)
    victim.stays("requires_action", "an event of an unknown type")


@pytest.mark.check("webhook-two-signatures")
def test_any_of_two_signatures_counts(walk: WorkMe) -> None:
    """While a secret is rolled, Stripe signs with both: a service that reads only one loses every event of that day.

    Fix: accept an event if any of its v1 signatures is right; the SDK does.
    """
    sender = victim_of(walk).sender
    body = sender.unknown()
    timestamp, _, right = sender.signed(body).partition(",")
    wrong = f"v1={'0' * 64}"
    for header in (f"{timestamp},{wrong},{right}", f"{timestamp},{right},{wrong}"):
        sender.send(body, header=header).answers(*TAKEN)


@pytest.mark.check("webhook-almost-stale")
def test_slow_events_are_taken(walk: WorkMe) -> None:
    """Stripe's clock and ours differ, and queues are slow: 290 s are still within the tolerance.

    Fix: keep Stripe's tolerance of 300 s.
    """
    if walk.stripe.live:  # an event that pays would be income that nobody paid
        sender = victim_of(walk).sender
        body = sender.unknown()
        sender.send(body, header=sender.signed(body, at=time.time() - 290)).answers(*TAKEN)
        return
    payment = payable(walk, 2)
    body = payment.sender.succeeded()
    payment.sender.send(body, header=payment.sender.signed(body, at=time.time() - 290)).answers(*TAKEN)
    payment.succeeds_once("an event of 290 s ago")


@pytest.mark.check("webhook-foreign")
def test_events_about_other_payments_are_taken(walk: WorkMe) -> None:
    """Several programs share an account: an endpoint that refuses their events is switched off after some days.

    Fix: answer 2xx to a genuine event about a payment that is not known, and do nothing.
    """
    victim = victim_of(walk)
    taken(victim, victim.sender.foreign())
    victim.stays("requires_action", "an event about another payment")


@pytest.mark.check("webhook-account")
def test_events_of_connected_accounts_are_taken(walk: WorkMe) -> None:
    """Accounts that are connected later send their events as well, each with its account's id.

    Fix: answer 2xx, and do nothing, if an event's account is not this service's.
    """
    victim = victim_of(walk)
    taken(victim, {"an event of a connected account": victim.sender.connected()})


@pytest.mark.check("webhook-dispute")
def test_disputes_are_taken(walk: WorkMe) -> None:
    """In a dispute the bank takes a charge back: an answer 500 to its event hides it for days.

    Fix: handle charge.dispute.created, or answer 2xx and leave it to the dashboard's mail.
    """
    victim = victim_of(walk)
    taken(victim, {"a dispute": victim.sender.disputed()})


@pytest.mark.check("webhook-thin")
def test_thin_events_are_taken(walk: WorkMe) -> None:
    """Thin events name their object and do not contain it: a service that expects the object fails.

    Fix: look at "object" first; answer 2xx to "v2.core.event" if nothing here needs it.
    """
    victim = victim_of(walk)
    taken(victim, {"a thin event": victim.sender.thin()})


@pytest.mark.check("webhook-amount")
def test_another_amount_does_not_pay(walk: WorkMe) -> None:
    """If a payment of one cent, or in another currency, completes a booking, the booking is almost free.

    Fix: compare amount_received and currency with the payment's own before it is marked as paid.
    """
    victim = open_payment(walk, 7)
    sender, amount = victim.sender, victim.sender.intent["amount"]
    other = "usd" if sender.intent["currency"] != "usd" else "eur"
    wrong: dict[str, dict[str, object]] = {
        "an event about 1 in another currency": {"amount": 1, "amount_received": 1, "currency": other},
        "an event in another currency": {"currency": other},
        "an event about less": {"amount": amount - 1, "amount_received": amount - 1},
        "an event about less received": {"amount_received": amount - 1},
    }
    for event, changes in wrong.items():
        moves_nothing(victim, sender.succeeded(**changes), event)


@pytest.mark.check("webhook-mode")
def test_another_mode_does_not_pay(walk: WorkMe) -> None:
    """If an event of test mode completes a real booking, nobody pays for it.

    Fix: compare the event's livemode with that of the service's own key.
    """
    victim = open_payment(walk, 8)
    moves_nothing(victim, victim.sender.in_other_mode(), "an event of the other mode")


@pytest.mark.check("webhook-crossed")
def test_one_payment_does_not_pay_for_another(walk: WorkMe) -> None:
    """If a service reads only the metadata or only the intent's id, it may mark the wrong payment as paid.

    Fix: look the payment up by the intent's id, and compare the metadata with it.
    """
    victim, other = open_payment(walk, 10), open_payment(walk, 11)
    metadata = victim.sender.intent.get("metadata") or {}
    moves_nothing(victim, other.sender.succeeded(metadata=metadata), "another payment's event with its metadata")
    other.stays("requires_action", "an event with another payment's metadata")


@pytest.mark.check("webhook-again")
def test_same_event_again_changes_nothing(walk: WorkMe) -> None:
    """Stripe delivers at least once: an event that is handled twice pays out twice.

    Fix: keep the ids of handled events under a unique index, and answer 2xx without an effect the second time.
    """
    paid = paid_of(walk)
    paid.sender.send(walk.keep["event"]).answers(*TAKEN)
    paid.succeeds_once("the same event twice")


@pytest.mark.check("webhook-duplicate")
def test_second_event_about_one_change_counts_once(walk: WorkMe) -> None:
    """Stripe may send two events, with two ids, about one change: their ids alone do not show that.

    Fix: compare the type of the event and the id of its object as well; let a payment succeed once.
    """
    paid = paid_of(walk)
    paid.sender.send(paid.sender.succeeded()).answers(*TAKEN)
    paid.succeeds_once("a second event about the same change")


@pytest.mark.check("webhook-twice-at-once")
def test_same_event_twice_at_once_counts_once(walk: WorkMe) -> None:
    """With two workers and no lock, one event may count twice; this race shows only under load.

    Fix: claim the event's id in one atomic insert before acting on it.
    """
    payment = payable(walk, 4)
    body = payment.sender.succeeded()
    sending: Callable[[], Reply] = lambda: payment.sender.send(body)  # noqa: E731 - the same, several times
    for reply in walk.at_once([sending] * 4):
        reply.answers(*TAKEN, 409)
    payment.succeeds_once("the same event four times at once")


@pytest.mark.check("webhook-partial-refund")
def test_refund_of_a_part_is_not_a_refund_of_all(walk: WorkMe) -> None:
    """Stripe sends charge.refunded for every refund: the booking of a client who got a discount would be canceled.

    Fix: look at the charge's refunded, which is true for a whole refund only, or at amount_refunded.
    """
    payment = payable(walk, 5)
    payment.sender.send(payment.sender.succeeded()).answers(*TAKEN)
    payment.succeeds_once("a genuine event")
    part = max(payment.sender.intent["amount"] // 10, 1)
    payment.is_given_back(part).answers(*TAKEN)
    payment.stays("succeeded", f"a refund of {part} of {payment.sender.intent['amount']}")


@pytest.mark.check("webhook-order")
def test_late_events_undo_nothing(walk: WorkMe) -> None:
    """Events come in any order: a late failure, or a late success after the refund, must not change a newer state.

    Fix: let a payment only move forward, whatever order its events come in.
    """
    paid, sender = paid_of(walk), paid_of(walk).sender
    for event, late in {"a late failure": sender.failed(), "a late requires_action": sender.waiting()}.items():
        sender.send(late).answers(*TAKEN)
        paid.stays("succeeded", f"{event} undid a success: it")
    paid.is_given_back().answers(*TAKEN)
    assert so(paid.becomes("refunded"), "payment", "refunded", "not refunded"), (
        f"a refund was reported; the payment's states: {paid.history()}"
    )
    sender.send(sender.succeeded()).answers(*TAKEN)
    paid.stays("refunded", "a success that came after the refund undid it: it")


@pytest.mark.check("webhook-reverse-order")
def test_refund_before_its_success_is_not_lost(walk: WorkMe) -> None:
    """The event of a refund may overtake the payment's: a service that ignores it keeps a refunded booking as paid.

    Fix: keep the early event, or answer 4xx or 5xx so that Stripe sends it again.
    """
    payment = payable(walk, 6)
    early = payment.is_given_back()
    payment.sender.send(payment.sender.succeeded()).answers(*TAKEN)
    if early.status not in TAKEN:  # Stripe sends again what was not taken
        payment.sender.send(payment.sender.refunded()).answers(*TAKEN)
    assert so(payment.becomes("refunded"), "payment", "refunded", "not refunded"), (
        f"a refund that came before its success was lost; the payment's states: {payment.history()}"
    )
