"""The way out: everything that belongs to a user goes with them."""

from reference.api.limits import rate_key
from reference.api.listings import Listings
from reference.api.payment_store import PaymentStore
from reference.api.service import Document, Service


class Erasure:
    """Erases users."""

    def __init__(self, service: Service, payments: PaymentStore, listings: Listings) -> None:
        self.service = service
        self.payments = payments
        self.listings = listings

    async def erase(self, user: Document) -> None:
        """Money first, the account last: what is interrupted can be done again."""
        identifier = user["_id"]
        party = {"$or": [{"client_id": identifier}, {"professional_id": identifier}]}
        await self._payments(party)
        async for listing in self.service.collection("services").find({"professional_id": identifier}):
            await self.service.collection("services").delete_one({"_id": listing["_id"]})
            await self.listings.forget(listing)
        await self.service.collection("bookings").delete_many(party)
        await self.service.collection("documents").delete_many({"owner_id": identifier})
        await self.service.collection("feedback").delete_many({"user_id": identifier})
        counted = [rate_key(action, identifier) for action in ("ai", "search", "upload")]
        counted += [rate_key(action, user["email"]) for action in ("login", "register")]
        await self.service.redis.delete(*counted)
        await self._account(identifier)

    async def _payments(self, party: Document) -> None:
        """What is open is given up, so that nobody pays for a booking that is gone."""
        payments = self.service.collection("payments")
        async for payment in payments.find(party):
            await self.payments.cancel(payment)
            await payments.delete_one({"_id": payment["_id"]})
            # An event that comes from now on finds no payment, and is not remembered.
            await self.service.collection("stripe_events").delete_many({"payment_id": payment["_id"]})

    async def _account(self, identifier: str) -> None:
        removed = await self.service.collection("users").delete_one({"_id": identifier})
        if removed.deleted_count:
            await self.service.collection("beta").update_one({"_id": "seats"}, {"$inc": {"taken": -1}})
