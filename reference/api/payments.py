"""Payments by card and PIX through Stripe: who may pay what, and how a payment moves."""

from datetime import datetime
from typing import Annotated, Any, Literal

import stripe
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from reference.api.attempts import errors_counted
from reference.api.requests import Body, Id
from reference.api.service import CurrentService, Document
from reference.api.stores import CurrentStores
from reference.api.tokens import CurrentClient, CurrentUser

router = APIRouter(prefix="/api/payment", tags=["payments"])
Status = Literal["pending", "requires_action", "failed", "canceled", "succeeded", "refunded"]
_FROM_STRIPE: dict[str, Status] = {
    "succeeded": "succeeded",
    "requires_action": "requires_action",
    "requires_payment_method": "failed",
    "canceled": "canceled",
}


class CardPayment(Body):
    """The card comes as Stripe's id of it: its number never reaches this service."""

    booking_id: Id
    payment_method: Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$")]


class PixPayment(Body):
    """A PIX code for a booking."""

    booking_id: Id
    expires_after_seconds: Annotated[int, Field(ge=10, le=86_400)] = 3600


class Change(BaseModel):
    """One step in a payment's life."""

    status: Status
    at: datetime


class Payment(BaseModel):
    """As both parties of its booking see it. Amounts are in centavos."""

    id: str
    booking_id: str
    method: Literal["card", "pix"]
    amount_cents: int
    currency: str
    status: Status
    history: list[Change]
    intent_id: str = ""
    """Stripe's."""
    next_action_url: str = ""
    """Where the payer goes to confirm, or sees the code."""
    pix_code: str = ""
    expires_at: int | None = None
    """Unix time at which a PIX code expires."""


class Configuration(BaseModel):
    """What an app needs to ask for a card."""

    publishable_key: str


@router.get("/config")
async def configuration(service: CurrentService) -> Configuration:
    """Public by nature."""
    return Configuration(publishable_key=service.config.stripe.publishable_key)


@router.post(
    "/card",
    status_code=201,
    responses={401: {}, 402: {}, 403: {}, 404: {}, 409: {}},
    dependencies=[errors_counted("payments")],
)
async def by_card(wanted: CardPayment, user: CurrentClient, stores: CurrentStores, service: CurrentService) -> Payment:
    """Charge a card. 402 if the bank declines it."""
    payment = await stores.payments.open(user, wanted.booking_id, "card")
    try:
        intent = await service.stripe.v1.payment_intents.create_async(
            {
                "amount": payment["amount_cents"],
                "currency": payment["currency"],
                "allowed_payment_method_types": ["card"],
                "payment_method": wanted.payment_method,
                "confirm": True,
                "return_url": f"https://{service.config.host}/",
                "metadata": _metadata(payment, user),
            },
            {"idempotency_key": payment["_id"]},
        )
    except stripe.CardError as declined:
        await stores.payments.advance(payment["_id"], "failed")
        raise HTTPException(402, declined.user_message or "the card was declined") from None
    except stripe.InvalidRequestError as refused:
        await stores.payments.advance(payment["_id"], "failed")
        raise HTTPException(422, refused.user_message or "this card cannot be charged") from None
    return await _settle(stores, payment, intent)


@router.post(
    "/pix", status_code=201, responses={401: {}, 403: {}, 404: {}, 409: {}}, dependencies=[errors_counted("payments")]
)
async def by_pix(wanted: PixPayment, user: CurrentClient, stores: CurrentStores, service: CurrentService) -> Payment:
    """Make a PIX code; the payment is complete when Stripe says so."""
    payment = await stores.payments.open(user, wanted.booking_id, "pix")
    try:
        intent = await service.stripe.v1.payment_intents.create_async(
            {
                "amount": payment["amount_cents"],
                "currency": "brl",
                "allowed_payment_method_types": ["pix"],
                "payment_method_data": {
                    "type": "pix",
                    "billing_details": {"email": user["email"], "name": user["name"]},
                },
                "payment_method_options": {"pix": {"expires_after_seconds": wanted.expires_after_seconds}},
                "confirm": True,
                "metadata": _metadata(payment, user),
            },
            {"idempotency_key": payment["_id"]},
        )
    except stripe.InvalidRequestError as refused:
        await stores.payments.advance(payment["_id"], "failed")
        raise HTTPException(422, refused.user_message or "PIX is not available") from None
    return await _settle(stores, payment, intent)


@router.get("/{payment_id}", responses={401: {}, 404: {}})
async def one(payment_id: Id, user: CurrentUser, stores: CurrentStores) -> Payment:
    """One of the caller's, as client or professional."""
    return _shown(await stores.payments.find(user, payment_id))


@router.post("/{payment_id}/refund", responses={401: {}, 403: {}, 404: {}, 409: {}})
async def refund(payment_id: Id, user: CurrentUser, stores: CurrentStores) -> Payment:
    """Give everything back: the professional's decision."""
    payment = await stores.payments.find(user, payment_id)
    if payment["professional_id"] != user["_id"]:
        raise HTTPException(403, "this is for the professional")
    if payment["status"] != "succeeded":
        raise HTTPException(409, f"a payment that is {payment['status']} cannot be refunded")
    await stores.payments.refund(payment)
    return _shown(await stores.payments.find(user, payment_id))


@router.post("/{payment_id}/cancel", responses={401: {}, 403: {}, 404: {}, 409: {}})
async def cancel(payment_id: Id, user: CurrentClient, stores: CurrentStores) -> Payment:
    """Give up a payment that is not complete."""
    payment = await stores.payments.find(user, payment_id)
    if not await stores.payments.cancel(payment):
        raise HTTPException(409, f"a payment that is {payment['status']} cannot be canceled")
    return _shown(await stores.payments.find(user, payment_id))


def _metadata(payment: Document, user: Document) -> dict[str, str]:
    """Return what Stripe keeps beside the money, so that both sides find each other."""
    return {"payment_id": payment["_id"], "booking_id": payment["booking_id"], "payer": user["email"]}


async def _settle(stores: CurrentStores, payment: Document, intent: stripe.PaymentIntent) -> Payment:
    details = {"intent_id": intent.id, "livemode": intent.livemode, **_next_action(intent)}
    await stores.payments.note(payment["_id"], details)
    await stores.payments.advance(payment["_id"], _FROM_STRIPE.get(intent.status, "pending"))
    return _shown(await stores.payments.get(payment["_id"]))


def _next_action(intent: stripe.PaymentIntent) -> dict[str, Any]:
    action: dict[str, Any] = intent.next_action.to_dict() if intent.next_action else {}
    if code := action.get("pix_display_qr_code"):
        url = code.get("hosted_instructions_url")
        return {"pix_code": code.get("data"), "expires_at": code.get("expires_at"), "next_action_url": url}
    if redirect := action.get("redirect_to_url"):
        return {"next_action_url": redirect.get("url")}
    return {}


def _shown(payment: Document) -> Payment:
    return Payment(id=payment["_id"], **{key: payment[key] for key in Payment.model_fields if key in payment})
