"""The objects of a payment, in the shapes that the SDK's own annotations declare."""

import secrets
import time
from typing import Any

Object = dict[str, Any]
API_VERSION = "2026-10-28.endive"
_UNSET = (
    "application",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "last_payment_error",
    "latest_charge",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)
"""Keys of a payment intent that are null until something happens to it."""
_CODE_IMAGES = "https://qr.stripe.com/"


def new_id(prefix: str) -> str:
    """``pi_…``: as long and as random as Stripe's."""
    return f"{prefix}_{secrets.token_hex(12)}"


def listed(items: list[Object], url: str) -> Object:
    """One page that holds everything."""
    return {"object": "list", "data": items, "has_more": False, "url": url}


def payment_intent(form: Object, amount: int, *, livemode: bool) -> Object:
    """A new one, before anything was tried."""
    identifier = new_id("pi")
    return {
        **dict.fromkeys(_UNSET),
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{identifier}_secret_{secrets.token_hex(10)}",
        "confirmation_method": "automatic",
        "created": int(time.time()),
        "currency": form.get("currency", ""),
        "customer": form.get("customer"),
        "description": form.get("description"),
        "livemode": livemode,
        "metadata": form.get("metadata") or {},
        "payment_method_options": {},
        "payment_method_types": form.get("allowed_payment_method_types") or ["card"],
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
        "application": None,
        "application_fee": None,
        "balance_transaction": new_id("txn"),
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "captured": True,
        "created": int(time.time()),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": intent["livemode"],
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "receipt_email": None,
        "refunded": False,
        "review": None,
        "source": None,
        "source_transfer": None,
        "status": "succeeded",
        "transfer": None,
    }


def refund(paid: Object, amount: int) -> Object:
    """Money on its way back."""
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "charge": paid["id"],
        "created": int(time.time()),
        "currency": paid["currency"],
        "metadata": {},
        "payment_intent": paid["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def event(kind: str, subject: Object, *, endpoints: int = 0) -> Object:
    """Describe what happened, with the object as it was then, and how many endpoints have not taken it."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": dict(subject)},
        "livemode": subject.get("livemode", False),
        "pending_webhooks": endpoints,
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


def payment_method(identifier: str, *, customer: str | None) -> Object:
    """A card, as Stripe keeps it."""
    return {
        "id": identifier,
        "object": "payment_method",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "created": int(time.time()),
        "customer": customer,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
