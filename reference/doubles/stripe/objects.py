"""Stripe's objects, in the shapes that the SDK's own annotations declare."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
API_VERSION = "2026-10-28.endive"
_CODE_IMAGES = "https://qr.stripe.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """The account. The defaults are healthy."""

    running: bool = True
    details_submitted: bool = True
    charges_enabled: bool = True
    payouts_enabled: bool = True
    currently_due: tuple[str, ...] = ()
    country: str = "BR"
    default_currency: str = "brl"
    livemode: bool = False
    rolled_key: bool = False
    """The secret key that everybody has is not valid any more."""
    pix_capability: str = "active"
    pix_available: bool = True
    webhook_registered: bool = True
    webhook_path: str = "/api/payment/stripe/webhook"
    webhook_status: str = "enabled"
    webhook_events: tuple[str, ...] = (
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "charge.refunded",
        "charge.dispute.created",
    )
    delivers: bool = True
    """Whether events reach the endpoint at all."""


def new_id(prefix: str) -> str:
    """``pi_…``: as long and as random as Stripe's."""
    return f"{prefix}_{secrets.token_hex(12)}"


def listed(items: list[Object], url: str) -> Object:
    """One page that holds everything."""
    return {"object": "list", "data": items, "has_more": False, "url": url}


def account(settings: StripeSettings) -> Object:
    """``/v1/account``."""
    due = list(settings.currently_due)
    return {
        "id": "acct_1WorkMeReference",
        "object": "account",
        "type": "standard",
        "country": settings.country,
        "default_currency": settings.default_currency,
        "details_submitted": settings.details_submitted,
        "charges_enabled": settings.charges_enabled,
        "payouts_enabled": settings.payouts_enabled,
        "email": "finance@workme.test",
        "capabilities": {"card_payments": "active", "transfers": "active", "pix_payments": settings.pix_capability},
        "requirements": {
            "alternatives": [],
            "current_deadline": None,
            "currently_due": due,
            "disabled_reason": None,
            "errors": [],
            "eventually_due": due,
            "past_due": [],
            "pending_verification": [],
        },
        "metadata": {},
    }


def balance(settings: StripeSettings) -> Object:
    """``/v1/balance``."""
    money = {"amount": 0, "currency": settings.default_currency, "source_types": {"card": 0}}
    return {"object": "balance", "available": [money], "pending": [money], "livemode": settings.livemode}


def method_configuration(settings: StripeSettings) -> Object:
    """What a till may offer."""
    on = {"available": True, "display_preference": {"overridable": None, "preference": "on", "value": "on"}}
    value = "on" if settings.pix_available else "off"
    preference = {"overridable": None, "preference": value, "value": value}
    return {
        "id": "pmc_1WorkMeReference",
        "object": "payment_method_configuration",
        "active": True,
        "application": None,
        "card": on,
        "is_default": True,
        "livemode": settings.livemode,
        "name": "Default",
        "parent": None,
        "pix": {"available": settings.pix_available, "display_preference": preference},
    }


def endpoint(settings: StripeSettings, url: str) -> Object:
    """Where events go."""
    return {
        "id": "we_1WorkMeReference",
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": int(time.time()),
        "description": None,
        "enabled_events": list(settings.webhook_events),
        "livemode": settings.livemode,
        "metadata": {},
        "status": settings.webhook_status,
        "url": url,
    }


def payment_intent(settings: StripeSettings, form: Object, amount: int) -> Object:
    """A new one, before anything was tried."""
    identifier = new_id("pi")
    return {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{identifier}_secret_{secrets.token_hex(10)}",
        "confirmation_method": "automatic",
        "created": int(time.time()),
        "currency": form.get("currency", ""),
        "description": form.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": settings.livemode,
        "metadata": form.get("metadata") or {},
        "next_action": None,
        "payment_method": None,
        "payment_method_types": form.get("allowed_payment_method_types") or ["card"],
        "receipt_email": None,
        "status": "requires_payment_method",
    }


def charge(intent: Object) -> Object:
    """The money that moved for an intent."""
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "captured": True,
        "created": int(time.time()),
        "currency": intent["currency"],
        "disputed": False,
        "livemode": intent["livemode"],
        "metadata": dict(intent["metadata"]),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "refunded": False,
        "status": "succeeded",
    }


def refund(paid: Object, amount: int) -> Object:
    """Money on its way back."""
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": paid["id"],
        "created": int(time.time()),
        "currency": paid["currency"],
        "metadata": {},
        "payment_intent": paid["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "status": "succeeded",
    }


def event(kind: str, subject: Object) -> Object:
    """What happened, with the object as it was then."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": dict(subject)},
        "livemode": subject.get("livemode", False),
        "pending_webhooks": 1,
        "request": {"id": new_id("req"), "idempotency_key": None},
        "type": kind,
    }


def pix_code(intent: Object, expires_at: int) -> Object:
    """The next action of somebody who pays by PIX."""
    return {
        "type": "pix_display_qr_code",
        "pix_display_qr_code": {
            "data": f"00020126{secrets.token_hex(24)}6304{secrets.token_hex(2)}",
            "expires_at": expires_at,
            "hosted_instructions_url": f"https://payments.stripe.com/pix/instructions/{intent['id']}",
            "image_url_png": f"{_CODE_IMAGES}{intent['id']}.png",
            "image_url_svg": f"{_CODE_IMAGES}{intent['id']}.svg",
        },
    }
