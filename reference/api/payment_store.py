"""How payments are kept: every change once, in whatever order and however often it is reported."""

import secrets
from datetime import UTC, datetime

import stripe
from fastapi import HTTPException
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from reference.api.service import Document, Service

_RANK = {"pending": 0, "requires_action": 1, "failed": 2, "canceled": 3, "succeeded": 4, "refunded": 5}
"""A payment only ever climbs: a report that comes late, or twice, changes nothing."""
_OPEN = ("pending", "requires_action")
_BOOKED_AS = {"succeeded": "paid", "refunded": "refunded"}


class PaymentStore:
    """The service's own record of payments, in MongoDB."""

    card_currency = "brl"

    def __init__(self, service: Service) -> None:
        self.service = service

    async def open(self, client: Document, booking_id: str, method: str) -> Document:
        """A new payment for a booking of this client. Raises 404 and 409."""
        booking = await self.service.collection("bookings").find_one({"_id": booking_id, "client_id": client["_id"]})
        if booking is None:
            raise HTTPException(404, "no such booking")
        if booking["payment"] != "unpaid" or booking["state"] in {"declined", "canceled"}:
            raise HTTPException(409, f"a booking that is {booking['state']} and {booking['payment']} cannot be paid")
        payment = {
            "_id": secrets.token_hex(12),
            "booking_id": booking_id,
            "client_id": client["_id"],
            "professional_id": booking["professional_id"],
            "method": method,
            "amount_cents": booking["price_cents"],
            "currency": self.card_currency if method == "card" else "brl",
            "status": "pending",
            "history": [{"status": "pending", "at": datetime.now(UTC)}],
            "under_way": booking_id,
        }
        try:
            await self.service.collection("payments").insert_one(payment)
        except DuplicateKeyError:
            raise HTTPException(409, "a payment for this booking is under way") from None
        return payment

    async def get(self, payment_id: str) -> Document:
        """The payment of this id, which was just written. Raises 404."""
        payment = await self.service.collection("payments").find_one({"_id": payment_id})
        if payment is None:
            raise HTTPException(404, "no such payment")
        return payment

    async def find(self, user: Document, payment_id: str) -> Document:
        """One of the caller's, as client or professional. Raises 404."""
        wanted = {"_id": payment_id, **self.visible_to(user)}
        payment = await self.service.collection("payments").find_one(wanted)
        if payment is None:
            raise HTTPException(404, "no such payment")
        return payment

    def visible_to(self, user: Document) -> Document:
        """The filter for what this user may see."""
        return {"$or": [{"client_id": user["_id"]}, {"professional_id": user["_id"]}]}

    async def by_intent(self, intent_id: str, payment_id: str) -> Document | None:
        """The payment by our own id, which Stripe carries, and by Stripe's: neither may be another payment's."""
        payments = self.service.collection("payments")
        payment = await payments.find_one({"_id": payment_id}) or await payments.find_one({"intent_id": intent_id})
        if payment is None or payment.get("intent_id", intent_id) != intent_id:
            return None
        return payment if payment_id in {"", payment["_id"]} else None

    async def note(self, payment_id: str, details: Document) -> None:
        """Keep what Stripe said about it."""
        await self.service.collection("payments").update_one({"_id": payment_id}, {"$set": details})

    def movable(self, status: str) -> Document:
        """The filter for payments that may move to this status."""
        return {"status": {"$in": [lower for lower, rank in _RANK.items() if rank < _RANK[status]]}}

    async def advance(self, payment_id: str, status: str) -> bool:
        """Move a payment up. False if that is no news."""
        change: Document = {
            "$set": {"status": status},
            "$push": {"history": {"status": status, "at": datetime.now(UTC)}},
        }
        if status not in _OPEN:
            change["$unset"] = {"under_way": ""}
        payment = await self.service.collection("payments").find_one_and_update(
            {"_id": payment_id, **self.movable(status)}, change, return_document=ReturnDocument.AFTER
        )
        if payment is None:
            return False
        await self._announce(payment)
        return True

    async def exists(self, payment_id: str) -> bool:
        """Whether the payment is still kept."""
        return await self.service.collection("payments").count_documents({"_id": payment_id}, limit=1) > 0

    async def refund(self, payment: Document) -> None:
        """Give the money back at Stripe, then record it. Stripe knows the key: twice is once."""
        await self.service.stripe.v1.refunds.create_async(
            {"payment_intent": payment["intent_id"]}, {"idempotency_key": f"refund-{payment['_id']}"}
        )
        await self.advance(payment["_id"], "refunded")

    async def cancel(self, payment: Document) -> bool:
        """Give it up at Stripe, then record it. False if it was complete already."""
        if payment["status"] not in _OPEN:
            return False
        if payment.get("intent_id"):
            try:
                await self.service.stripe.v1.payment_intents.cancel_async(payment["intent_id"])
            except stripe.InvalidRequestError:
                return False
        return await self.advance(payment["_id"], "canceled")

    async def _announce(self, payment: Document) -> None:
        status = payment["status"]
        if status in _BOOKED_AS:
            booked = {"$set": {"payment": _BOOKED_AS[status]}}
            await self.service.collection("bookings").update_one({"_id": payment["booking_id"]}, booked)
        if status in {"succeeded", "failed", "refunded"}:
            self.service.metrics.payments.labels(status).inc()
        client = await self.service.collection("users").find_one({"_id": payment["client_id"]})
        if status == "succeeded" and client is not None:
            amount = f"R$ {payment['amount_cents'] / 100:.2f}"
            text = f"We received {amount} for booking {payment['booking_id']}."
            self.service.later(self.service.mailer.send(client["email"], "Payment received", text))
