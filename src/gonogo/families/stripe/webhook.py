"""Speaks to a webhook as Stripe would, and as those would who pretend to be Stripe."""

import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gonogo.base.wakefulness import too_slow
from gonogo.clients.replies import Reply
from gonogo.families.stripe.section import Stripe
from gonogo.families.verbs import Journey

_SIGN: Any = object()
_SLOWEST = "slowest answer to Stripe"
_AS_STRIPE = {
    "Accept": "*/*; q=0.5, application/xml",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}
_WITH_TEXT = ("payment_intent", "charge")
_DESCRIPTION = "Sessão de avaliação"
"""Letters outside of ASCII: who writes JSON again has other bytes."""
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sender:
    """Events about one payment, in Stripe's own layout: indented, letters outside of ASCII as they are."""

    walk: Journey
    intent: Object
    """The payment intent as it is at Stripe."""
    api_version: str
    """The version that Stripe renders this endpoint's events in."""

    @property
    def path(self) -> str:
        """The path of the service's webhook."""
        return self._section.webhook

    def succeeded(self, **changes: Any) -> bytes:  # noqa: ANN401 - fields of a Stripe object
        """The event by which Stripe says that it was paid."""
        paid = {
            "status": "succeeded",
            "amount_received": self.intent["amount"],
            "next_action": None,
            "latest_charge": self._id("ch"),
        }
        return self.event("payment_intent.succeeded", {**self.intent, **paid, **changes})

    def failed(self) -> bytes:
        """The event by which Stripe says that an attempt to pay failed."""
        error = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
        failed = {"status": "requires_payment_method", "last_payment_error": error, "next_action": None}
        return self.event("payment_intent.payment_failed", {**self.intent, **failed})

    def waiting(self) -> bytes:
        """The event by which Stripe says that the payer has to act."""
        return self.event("payment_intent.requires_action", {**self.intent, "status": "requires_action"})

    def refunded(self, amount: int | None = None) -> bytes:
        """The event by which Stripe says that everything, or this much, was given back."""
        charged = self.intent["amount"] if amount is None else amount
        whole = charged == self.intent["amount"]
        return self.event("charge.refunded", {**self._charge(), "amount_refunded": charged, "refunded": whole})

    def disputed(self) -> bytes:
        """The event by which Stripe says that the payer's bank wants the money back."""
        dispute = {
            "id": self._id("dp"),
            "object": "dispute",
            "amount": self.intent["amount"],
            "balance_transactions": [],
            "charge": self._id("ch"),
            "created": int(time.time()),
            "currency": self.intent["currency"],
            "evidence": {},
            "evidence_details": {"due_by": None, "has_evidence": False, "past_due": False, "submission_count": 0},
            "is_charge_refundable": True,
            "livemode": self._live,
            "metadata": {},
            "payment_intent": self.intent["id"],
            "reason": "fraudulent",
            "status": "needs_response",
        }
        return self.event("charge.dispute.created", dispute)

    def unknown(self, **more: Any) -> bytes:  # noqa: ANN401 - fields of a Stripe object
        """An event of a type that nobody handles."""
        return self.event("customer.gonogo.unknown", {**self.intent, **more})

    def thin(self) -> bytes:
        """An event of Stripe's second kind, which names its object and does not hold it."""
        event = {
            "id": self._id("evt_test"),
            "object": "v2.core.event",
            "type": "v1.billing.meter.no_meter_found",
            "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "livemode": self._live,
            "context": None,
            "related_object": None,
        }
        return _rendered(event)

    def foreign(self) -> Mapping[str, bytes]:
        """Events about payments that are not this service's, with what each is."""
        other = {"id": "pi_3GonogoOfAnotherProgram", "metadata": {}}
        marked = {**other, "metadata": {"order_id": "1042", "shop": "another program of this account"}}
        charge = {**self._charge(), "payment_intent": None, "metadata": {}}
        failed = {**self.intent, **other, "status": "requires_payment_method"}
        return {
            "a payment of another program": self.succeeded(**other),
            "a payment with another program's metadata": self.succeeded(**marked),
            "a refund of a charge without an intent": self.event("charge.refunded", charge),
            "a failure of another program's payment": self.event("payment_intent.payment_failed", failed),
        }

    def connected(self) -> bytes:
        """The event about a payment of an account that is connected to this one."""
        other = {**self.intent, "id": "pi_3GonogoOfAnotherAccount", "metadata": {}, "status": "succeeded"}
        return self.event("payment_intent.succeeded", other, account="acct_1GonogoConnected")

    def in_other_mode(self) -> bytes:
        """The event that it was paid, of test mode where money is real, and the reverse."""
        live = not self._live
        paid = {"status": "succeeded", "amount_received": self.intent["amount"], "livemode": live}
        return self.event("payment_intent.succeeded", {**self.intent, **paid}, livemode=live)

    def event(self, kind: str, about: Object, **envelope: Any) -> bytes:  # noqa: ANN401 - fields of an event
        """Any event about any object. Its id carries the run's mark."""
        event = {
            "id": self._id("evt"),
            "object": "event",
            "api_version": self.api_version,
            "created": int(time.time()),
            "data": {"object": _described(about)},
            "livemode": self._live,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
            **envelope,
        }
        return _rendered(event)

    def signed(self, body: bytes, *, secret: str | None = None, at: float | None = None) -> str:
        """The header by which Stripe signs; with another secret, or at another time, if one is given.

        In test mode a ``v0`` that proves nothing stands beside the ``v1``, as Stripe has it.
        """
        secret = self.walk.world.secrets[self._section.webhook_secret] if secret is None else secret
        timestamp = int(time.time() if at is None else at)
        fake = "" if self._live else f",v0={sha256(body).hexdigest()}"
        return f"t={timestamp},v1={signature(body, secret, timestamp)}{fake}"

    def send(self, body: bytes, *, header: str | None = _SIGN) -> Reply:
        """POST it, rightly signed unless a header, or None for no header at all, is given."""
        header = self.signed(body) if header is _SIGN else header
        own = {} if header is None else {"Stripe-Signature": header}
        reply = self.walk.speak("POST", self.path, {**_AS_STRIPE, **own}, body)
        self.walk.keep[_SLOWEST] = max(self._slowest, (reply.exchange.elapsed, reply.exchange.own))
        return reply

    @property
    def slowest(self) -> timedelta:
        """The longest time that an answer took, of all that were sent in this journey."""
        return self._slowest[0]

    def slower_than(self, limit: timedelta) -> bool:
        """Whether an answer took longer. Raises Unobserved when it was this machine that was slow."""
        return too_slow(*self._slowest, limit, "slowest answer to an event")

    @property
    def _slowest(self) -> tuple[timedelta, timedelta]:
        slowest: tuple[timedelta, timedelta] = self.walk.keep.get(_SLOWEST, (timedelta(), timedelta()))
        return slowest

    def _charge(self) -> Object:
        return {
            "id": self._id("ch"),
            "object": "charge",
            "amount": self.intent["amount"],
            "amount_captured": self.intent["amount"],
            "captured": True,
            "created": int(time.time()),
            "currency": self.intent["currency"],
            "disputed": False,
            "livemode": self._live,
            "metadata": self.intent.get("metadata") or {},
            "paid": True,
            "payment_intent": self.intent["id"],
            "status": "succeeded",
        }

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self.walk.world.mark.replace('-', '')}{secrets.token_hex(6)}"

    @property
    def _live(self) -> bool:
        return self._section.live

    @property
    def _section(self) -> Stripe:
        return self.walk.world.environment.require(Stripe)


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The ``v1`` over the raw bytes, which need not be text, as the SDK wants them. See https://docs.stripe.com/webhooks#verify-manually."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()


def only_v0(header: str) -> str:
    """The header with the right signature under the name of the scheme that proves nothing."""
    return ",".join(part for part in header.split(",") if not part.startswith("v0=")).replace("v1=", "v0=")


def _described(about: Object) -> Object:
    """Adds a description, where the object may have one and has none."""
    if about.get("object") not in _WITH_TEXT or about.get("description"):
        return about
    return {**about, "description": _DESCRIPTION}


def _rendered(event: Object) -> bytes:
    return json.dumps(event, indent=2, ensure_ascii=False).encode()
