"""The money: cards that are taken or declined, PIX codes that are paid or run out, and refunds."""

import asyncio
import time
from typing import Any

from reference.doubles.stripe.account import StripeSettings
from reference.doubles.stripe.deliveries import Deliveries
from reference.doubles.stripe.forms import Form
from reference.doubles.stripe.objects import (
    Object,
    charge,
    event,
    new_id,
    payment_intent,
    payment_method,
    pix_code,
    refund,
)

_LEAST_CENTS = 50
_DECLINES = {
    "pm_card_visa_chargeDeclined": "generic_decline",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
}
_AUTHENTICATED = ("pm_card_threeDSecure2Required", "pm_card_authenticationRequired")
_ACCEPTED = ("pm_card_visa", "pm_card_mastercard")
_REAL_CARD = "pm_1"
"""Real cards have ids like this one; the names in words are for tests, and good for ever."""
_CARD_OF_CUSTOMER = "pm_1OfCustomer"
_PIX_SECONDS = 86_400
_HOUR_SECONDS = 3600
_SOON_SECONDS = 0.02
"""A payer in a test is fast."""
_ENDED = ("succeeded", "canceled")


class Problem(Exception):
    """An error of the API, with its status and its envelope."""

    def __init__(self, status: int, **error: Any) -> None:  # noqa: ANN401 - JSON values
        self.status = status
        self.error = error
        super().__init__(error.get("message", ""))


def no_such(kind: str, identifier: str) -> Problem:
    """There is no such object."""
    text = f"No such {kind}: '{identifier}'"
    return Problem(404, type="invalid_request_error", code="resource_missing", param="id", message=text)


class Payments:
    """Payment intents, charges, refunds, and the events about them."""

    def __init__(
        self, settings: StripeSettings, deliveries: Deliveries, endpoints: list[Object], webhook_secret: str
    ) -> None:
        self.intents: dict[str, Object] = {}
        self.charges: dict[str, Object] = {}
        self.refunds: dict[str, Object] = {}
        self.events: dict[str, Object] = {}
        self._settings = settings
        self._deliveries = deliveries
        self._endpoints = endpoints
        self._secrets = {place["id"]: new_id("whsec") for place in endpoints[1:]}
        self._webhook_secret = webhook_secret
        self._used: set[str] = set()
        for number in range(settings.undelivered):
            self._record_undelivered(hours_ago=number + 1)

    async def create(self, form: Form) -> Object:
        """A payment intent, confirmed at once if asked."""
        amount = str(form.get("amount", ""))
        if not amount.isdecimal() or int(amount) < _LEAST_CENTS:
            text = f"Amount must be at least {_LEAST_CENTS} centavos"
            raise Problem(400, type="invalid_request_error", code="amount_too_small", param="amount", message=text)
        intent = payment_intent(form, int(amount), livemode=self._settings.livemode)
        self.intents[intent["id"]] = intent
        self._emit("payment_intent.created", intent)
        return await self.confirm(intent["id"], form) if form.get("confirm") == "true" else intent

    async def confirm(self, identifier: str, form: Form) -> Object:
        """Try to take the money."""
        intent = self._intent(identifier)
        if (form.get("payment_method_data") or {}).get("type") == "pix":
            self._show_pix_code(intent, form)
        else:
            self._charge(intent, str(form.get("payment_method")), form.get("return_url"))
        return intent

    async def cancel(self, identifier: str) -> Object:
        """Give it up."""
        intent = self._intent(identifier)
        if intent["status"] in _ENDED:
            text = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
            code = "payment_intent_unexpected_state"
            raise Problem(400, type="invalid_request_error", code=code, message=text)
        intent.update(status="canceled", canceled_at=int(time.time()), next_action=None)
        self._emit("payment_intent.canceled", intent)
        return intent

    async def refund_payment(self, form: Form) -> Object:
        """All of it, or the amount that is given."""
        intent = self._intent(str(form.get("payment_intent")))
        paid = self.charges.get(str(intent["latest_charge"]))
        left = paid["amount"] - paid["amount_refunded"] if paid else 0
        amount = int(form.get("amount", left))
        if paid is None or amount > left or not amount:
            code = "charge_already_refunded" if paid else "charge_not_found"
            raise Problem(400, type="invalid_request_error", code=code, message="There is nothing left to refund.")
        given = refund(paid, amount)
        self.refunds[given["id"]] = given
        paid["amount_refunded"] += amount
        paid["refunded"] = paid["amount_refunded"] == paid["amount"]
        self._emit("charge.refunded", paid)
        return given

    def expanded(self, intent: Object) -> Object:
        """The intent with its charge in place of the charge's id, as ``expand`` asks for."""
        return {**intent, "latest_charge": self.charges.get(str(intent.get("latest_charge")))}

    def _intent(self, identifier: str) -> Object:
        if identifier not in self.intents:
            raise no_such("payment_intent", identifier)
        return self.intents[identifier]

    def _charge(self, intent: Object, method: str, return_url: str | None) -> None:
        intent["payment_method"] = method
        if method in _DECLINES or self._settings.declines:
            self._decline(intent, _DECLINES.get(method, "generic_decline"))
        elif method in _AUTHENTICATED:
            url = f"https://hooks.stripe.com/3d_secure_2/{intent['id']}"
            action = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": return_url}}
            intent.update(status="requires_action", next_action=action)
            self._emit("payment_intent.requires_action", intent)
        elif method in _ACCEPTED or method.startswith(_REAL_CARD):
            self._use(method, intent)
            self._succeed(intent)
        else:
            text = f"No such PaymentMethod: '{method}'"
            raise Problem(
                400, type="invalid_request_error", code="resource_missing", param="payment_method", message=text
            )

    def method(self, identifier: str) -> Object:
        """A card of ours. Raises Problem for any other."""
        if not identifier.startswith(_REAL_CARD):
            raise no_such("PaymentMethod", identifier)
        return payment_method(identifier, customer="cus_1WorkMe" if identifier.startswith(_CARD_OF_CUSTOMER) else None)

    def _use(self, method: str, intent: Object) -> None:
        """A card without a customer is good for one payment; one with a customer only together with it."""
        owner = self.method(method)["customer"] if method.startswith(_REAL_CARD) else None
        if owner is not None and intent["customer"] != owner:
            text = f"The payment method '{method}' belongs to a customer, who must be named with it."
        elif owner is None and method in self._used:
            text = f"The payment method '{method}' was used before without a customer; it may not be used again."
        else:
            self._used.update({method} if method.startswith(_REAL_CARD) else ())
            return
        raise Problem(400, type="invalid_request_error", message=text)

    def _decline(self, intent: Object, reason: str) -> None:
        error = {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": reason,
            "message": "Your card was declined.",
        }
        intent.update(status="requires_payment_method", last_payment_error=error)
        self._emit("payment_intent.payment_failed", intent)
        raise Problem(402, **error, payment_intent=dict(intent))

    def _succeed(self, intent: Object) -> None:
        paid = charge(intent)
        self.charges[paid["id"]] = paid
        intent.update(status="succeeded", latest_charge=paid["id"], amount_received=intent["amount"], next_action=None)
        self._emit("charge.succeeded", paid)
        self._emit("payment_intent.succeeded", intent)

    def _show_pix_code(self, intent: Object, form: Form) -> None:
        settings = self._settings
        if settings.pix_capability != "active" or not settings.pix_available:
            text = 'The payment method type "pix" is invalid. Please ensure the provided type is activated in your dashboard.'
            raise Problem(400, type="invalid_request_error", param="payment_method_types", message=text)
        options = (form.get("payment_method_options") or {}).get("pix") or {}
        seconds = int(options.get("expires_after_seconds", _PIX_SECONDS))
        intent.update(status="requires_action", next_action=pix_code(intent, int(time.time()) + seconds))
        self._emit("payment_intent.requires_action", intent)
        email = str(form["payment_method_data"].get("billing_details", {}).get("email", ""))
        self._deliveries.later(self._settle_pix(intent, email.partition("@")[0], seconds))

    async def _settle_pix(self, intent: Object, payer: str, seconds: float) -> None:
        """In Stripe's sandbox the payer's address decides (https://docs.stripe.com/payments/pix/accept-a-payment)."""
        at_once = payer.endswith(("succeed_immediately", "expire_immediately"))
        await asyncio.sleep(_SOON_SECONDS if at_once else seconds)
        if intent["status"] != "requires_action":
            return
        if payer.endswith("succeed_immediately"):
            self._succeed(intent)
            return
        error = {"type": "invalid_request_error", "code": "payment_intent_payment_attempt_expired"}
        intent.update(status="requires_payment_method", last_payment_error=error, next_action=None)
        self._emit("payment_intent.payment_failed", intent)

    def _record_undelivered(self, hours_ago: int) -> None:
        intent = payment_intent({"currency": "brl"}, 100, livemode=self._settings.livemode)
        lost = event("payment_intent.succeeded", {**intent, "status": "succeeded"}, endpoints=1)
        self.events[lost["id"]] = {**lost, "created": lost["created"] - hours_ago * _HOUR_SECONDS}

    def _emit(self, kind: str, subject: Object) -> None:
        wanted = [
            place
            for place in self._endpoints
            if place["status"] == "enabled" and {kind, "*"}.intersection(place["enabled_events"])
        ]
        emitted = event(kind, subject, endpoints=len(wanted))
        self.events[emitted["id"]] = emitted
        for place in wanted if self._settings.delivers else ():
            sent = {**emitted, "pending_webhooks": 1, "api_version": place["api_version"] or emitted["api_version"]}
            secret = self._secrets.get(place["id"], self._webhook_secret)
            self._deliveries.send(place["url"], sent, secret, lambda: _delivered(emitted))


def _delivered(delivered_event: Object) -> None:
    """One endpoint less that has not taken it."""
    delivered_event["pending_webhooks"] -= 1
