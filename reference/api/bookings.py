"""A booking from request to completion: who may move it, and from where to where."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Response
from pydantic import AwareDatetime, BaseModel, Field
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from reference.api.requests import Body, Id
from reference.api.service import CurrentService, Document, Service
from reference.api.stores import CurrentStores
from reference.api.tokens import CurrentClient, CurrentUser

router = APIRouter(prefix="/api/bookings", tags=["bookings"])
State = Literal["requested", "accepted", "declined", "canceled", "in_progress", "completed"]
Step = Literal["accept", "decline", "cancel", "start", "complete"]
_STEPS: dict[Step, tuple[str, tuple[State, ...], State]] = {
    "accept": ("professional_id", ("requested",), "accepted"),
    "decline": ("professional_id", ("requested",), "declined"),
    "cancel": ("client_id", ("requested", "accepted"), "canceled"),
    "start": ("professional_id", ("accepted",), "in_progress"),
    "complete": ("professional_id", ("in_progress",), "completed"),
}
"""Whose step it is, from where, and to where."""
_SLOT_IS_FREE = ("declined", "canceled")


class Wish(Body):
    """What a client asks for."""

    service_id: Id
    starts_at: Annotated[AwareDatetime, Field(strict=False)]
    note: Annotated[str, Field(max_length=500)] = ""


class Booking(BaseModel):
    """As both parties see it."""

    id: str
    service_id: str
    client_id: str
    professional_id: str
    starts_at: datetime
    note: str
    price_cents: int
    state: State
    payment: Literal["unpaid", "paid", "refunded"]


class Bookings:
    """Keeps them and moves them."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def request(self, client: Document, wish: Wish) -> tuple[Document, bool]:
        """The booking, and whether it is new: asking twice for the same hour is one booking, a double click or not."""
        listing = await self.service.collection("services").find_one({"_id": wish.service_id})
        if listing is None:
            raise HTTPException(404, "no such service")
        booking = {
            "_id": secrets.token_hex(12),
            **wish.model_dump(),
            "client_id": client["_id"],
            "professional_id": listing["professional_id"],
            "price_cents": listing["price_cents"],
            "state": "requested",
            "payment": "unpaid",
            "created_at": datetime.now(UTC),
            "slot": self.slot(client, wish),
        }
        bookings = self.service.collection("bookings")
        try:
            await bookings.insert_one(booking)
        except DuplicateKeyError:
            existing = await bookings.find_one({"slot": booking["slot"]})
            if existing is None:  # erased in the same instant
                raise HTTPException(409, "try again") from None
            return existing, False
        return booking, True

    def slot(self, client: Document, wish: Wish) -> str:
        """What may exist once only; a unique index sees to it."""
        return f"{client['_id']}:{wish.service_id}:{wish.starts_at.isoformat()}"

    async def find(self, user: Document, booking_id: str) -> Document:
        """One of the caller's, as client or professional. Raises 404."""
        booking = await self.service.collection("bookings").find_one({"_id": booking_id, **self.visible_to(user)})
        if booking is None:
            raise HTTPException(404, "no such booking")
        return booking

    def visible_to(self, user: Document) -> Document:
        """The filter for what this user may see."""
        return {"$or": [{"client_id": user["_id"]}, {"professional_id": user["_id"]}]}

    async def move(self, user: Document, booking_id: str, step: Step) -> Document:
        """Take one step. Raises 403 for the other party's, 404, and 409 for one that is not due."""
        booking = await self.find(user, booking_id)
        party, sources, target = _STEPS[step]
        if booking[party] != user["_id"]:
            raise HTTPException(403, "this is for the other party")
        moved = await self.service.collection("bookings").find_one_and_update(
            {"_id": booking_id, **self.due(sources)},
            {"$set": {"state": target}, **({"$unset": {"slot": ""}} if target in _SLOT_IS_FREE else {})},
            return_document=ReturnDocument.AFTER,
        )
        if moved is None:
            raise HTTPException(409, f"a booking that is {booking['state']} cannot be {target}")
        return moved

    def due(self, sources: tuple[State, ...]) -> Document:
        """The filter for a booking that this step may be taken with."""
        return {"state": {"$in": sources}}


@router.post("", status_code=201, responses={200: {"model": Booking}, 401: {}, 403: {}, 404: {}})
async def request(
    wish: Wish, user: CurrentClient, stores: CurrentStores, service: CurrentService, response: Response
) -> Booking:
    """Ask a professional for an hour."""
    booking, new = await stores.bookings.request(user, wish)
    if not new:
        response.status_code = 200
        return _shown(booking)
    service.metrics.bookings.labels("requested").inc()
    professional = await service.collection("users").find_one({"_id": booking["professional_id"]})
    if professional is not None:
        service.later(service.mailer.send(professional["email"], "A new booking", f"{user['name']} asks for you."))
    return _shown(booking)


@router.get("", responses={401: {}})
async def own(user: CurrentUser, stores: CurrentStores, service: CurrentService) -> list[Booking]:
    """All that the caller is a party of."""
    bookings = service.collection("bookings").find(stores.bookings.visible_to(user)).sort("created_at", -1).limit(100)
    return [_shown(booking) async for booking in bookings]


@router.get("/{booking_id}", responses={401: {}, 404: {}})
async def one(booking_id: Id, user: CurrentUser, stores: CurrentStores) -> Booking:
    """One of them."""
    return _shown(await stores.bookings.find(user, booking_id))


@router.post("/{booking_id}/{step}", responses={401: {}, 403: {}, 404: {}, 409: {}})
async def move(
    booking_id: Id, step: Step, user: CurrentUser, stores: CurrentStores, service: CurrentService
) -> Booking:
    """Accept, decline, cancel, start or complete."""
    moved = await stores.bookings.move(user, booking_id, step)
    service.metrics.bookings.labels(moved["state"]).inc()
    return _shown(moved)


def _shown(booking: Document) -> Booking:
    fields: dict[str, Any] = {key: booking[key] for key in Booking.model_fields if key != "id"}
    return Booking(id=booking["_id"], **fields)
