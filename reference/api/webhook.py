"""What Stripe tells us: believed only if it is signed and fresh, and acted on once."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe
from fastapi import APIRouter, HTTPException, Request
from pymongo.errors import DuplicateKeyError

from reference.api.service import Document, Service
from reference.api.stores import CurrentStores

router = APIRouter(prefix="/api/payment/stripe", tags=["payments"])
_TOLERANCE_SECONDS = 300
_MEANING = {
    "payment_intent.succeeded": "succeeded",
    "payment_intent.payment_failed": "failed",
    "payment_intent.canceled": "canceled",
    "payment_intent.requires_action": "requires_action",
    "charge.refunded": "refunded",
}


class Receiver:
    """Verifies and handles events."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        """The event. Raises 400 for anything that is not one of ours, fresh and well-formed."""
        try:
            payload = body.decode("utf-8")
            secret = self.service.config.stripe.webhook_secret
            # Without a tolerance this one looks at no time at all.
            stripe.WebhookSignature.verify_header(payload, header, secret, _TOLERANCE_SECONDS)
            event = json.loads(payload)
        except (stripe.SignatureVerificationError, ValueError):
            raise HTTPException(400, "not a signed event") from None
        # The SDK refuses what is too old, and takes what comes from the future.
        sent_at = next(int(part[2:]) for part in header.split(",") if part.startswith("t="))
        if sent_at > time.time() + _TOLERANCE_SECONDS:
            raise HTTPException(400, "signed in the future")
        if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not event["id"]:
            raise HTTPException(400, "not an event")
        return event

    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        """Act on an event about a payment of ours. One that was handled before is not handled again."""
        subject = self.subject(event)
        status = self.meaning(str(event.get("type")), subject)
        payment = await self.payment(subject, stores) if status else None
        if status is None or payment is None or not self.fits(event, subject, status, payment):
            return
        if not await self.claim(event["id"], payment):
            return
        try:
            await stores.payments.advance(payment["_id"], status)
        except BaseException:
            await self.forget(event["id"])  # not handled after all: Stripe delivers it again
            raise
        if not await stores.payments.exists(payment["_id"]):
            await self.forget(event["id"])  # its user was erased meanwhile, and so is what is known of them

    def meaning(self, kind: str, subject: Mapping[str, Any]) -> str | None:
        """The status that a payment gets; None if the event is not about that. A part that is given back is no refund."""
        if kind == "charge.refunded" and subject.get("refunded") is not True:
            return None
        return _MEANING.get(kind)

    def fits(self, event: Mapping[str, Any], subject: Mapping[str, Any], status: str, payment: Document) -> bool:
        """Whether it is about this payment: its mode, and if it pays, the whole amount in its currency."""
        mode = payment.get("livemode", event.get("livemode"))  # not known yet while Stripe's answer is on its way
        if event.get("livemode") is not mode:
            return False
        whole = (payment["amount_cents"], payment["currency"])
        return status != "succeeded" or (subject.get("amount_received"), subject.get("currency")) == whole

    async def forget(self, event_id: str) -> None:
        """As if it had never come."""
        await self.service.collection("stripe_events").delete_one({"_id": event_id})

    async def claim(self, event_id: str, payment: Document) -> bool:
        """Whether this event is handled here and now, for the first time; two at once never both hear yes."""
        claim = {"_id": event_id, "payment_id": payment["_id"], "received_at": datetime.now(UTC)}
        try:
            await self.service.collection("stripe_events").insert_one(claim)
        except DuplicateKeyError:
            return False
        return True

    def subject(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object that the event is about; empty if it holds none."""
        data = event.get("data")
        subject = data.get("object") if isinstance(data, dict) else None
        return subject if isinstance(subject, dict) else {}

    async def payment(self, subject: Mapping[str, Any], stores: CurrentStores) -> Document | None:
        """The payment that it is about."""
        metadata = subject.get("metadata")
        ours = str(metadata.get("payment_id", "")) if isinstance(metadata, dict) else ""
        intent = subject.get("payment_intent") if subject.get("object") == "charge" else subject.get("id")
        return await stores.payments.by_intent(str(intent), ours)


@router.post("/webhook", responses={400: {}, 413: {}})
async def receive(request: Request, stores: CurrentStores) -> dict[str, bool]:
    """Take one event. 2xx is a promise to Stripe that it need not come again."""
    header = request.headers.get("stripe-signature", "")
    event = stores.receiver.verified(await request.body(), header)
    await stores.receiver.handle(event, stores)
    return {"received": True}
