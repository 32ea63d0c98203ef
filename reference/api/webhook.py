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
        status = _MEANING.get(str(event.get("type")))
        payment = await self._payment(event, stores) if status else None
        if status is None or payment is None or not await self.claim(event["id"], payment):
            return
        try:
            await stores.ledger.advance(payment["_id"], status)
        except BaseException:
            await self.forget(event["id"])  # not handled after all: Stripe delivers it again
            raise
        if not await stores.ledger.exists(payment["_id"]):
            await self.forget(event["id"])  # its user was erased meanwhile, and so is what is known of them

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

    async def _payment(self, event: Mapping[str, Any], stores: CurrentStores) -> Document | None:
        data = event.get("data")
        subject = data.get("object") if isinstance(data, dict) else None
        if not isinstance(subject, dict):
            return None
        metadata = subject.get("metadata")
        ours = str(metadata.get("payment_id", "")) if isinstance(metadata, dict) else ""
        intent = subject.get("payment_intent") if subject.get("object") == "charge" else subject.get("id")
        return await stores.ledger.by_intent(str(intent), ours)


@router.post("/webhook", responses={400: {}, 413: {}})
async def receive(request: Request, stores: CurrentStores) -> dict[str, bool]:
    """Take one event. 2xx is a promise to Stripe that it need not come again."""
    header = request.headers.get("stripe-signature", "")
    event = stores.receiver.verified(await request.body(), header)
    await stores.receiver.handle(event, stores)
    return {"received": True}
