"""What professionals offer, and the search for it: answered from Redis for a minute, from MongoDB otherwise."""

import json
import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from reference.api.limits import limit_user
from reference.api.requests import Body, Words
from reference.api.service import KEY_PREFIX, CurrentService, Document, Service
from reference.api.stores import CurrentStores
from reference.api.tokens import CurrentClient, CurrentProfessional

router = APIRouter(prefix="/api/services", tags=["services"])
_CACHE_SECONDS = 60
_MOST = 50


class Offer(Body):
    """What a professional offers."""

    title: Words
    category: Words
    city: Words
    price_cents: Annotated[int, Field(ge=100, le=10_000_000)]


class Listing(BaseModel):
    """An offer, as everybody sees it. Prices are in centavos."""

    id: str
    title: str
    category: str
    city: str
    price_cents: int
    professional_id: str


class Listings:
    """Keeps them, and answers searches by city and category."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def add(self, owner: Document, offer: Offer) -> Document:
        """A new one; searches that should show it ask the database again."""
        listing = {
            "_id": secrets.token_hex(12),
            **offer.model_dump(),
            "professional_id": owner["_id"],
            "created_at": datetime.now(UTC),
        }
        await self.service.collection("services").insert_one(listing)
        await self.forget(listing)
        return listing

    async def search(self, user: Document, city: str, category: str) -> tuple[list[dict[str, Any]], bool]:
        """What matches, and whether it came from the cache. Raises 429 for who asks the database too often."""
        key = self.key(city, category)
        cached = await self.service.redis.get(key)
        if cached is not None:
            return json.loads(cached), True
        await limit_user(self.service, "search", user["_id"])
        wanted = {name: value for name, value in (("city", city), ("category", category)) if value}
        listings = self.service.collection("services").find(wanted).sort("created_at", -1).limit(_MOST)
        answer = [shown(listing).model_dump() async for listing in listings]
        await self.remember(key, json.dumps(answer))
        return answer, False

    async def remember(self, key: str, answer: str) -> None:
        """Keep an answer for a while."""
        await self.service.redis.set(key, answer, ex=_CACHE_SECONDS)

    async def forget(self, listing: Document) -> None:
        """Drop every answer that this listing belongs to."""
        cities, categories = (listing["city"], ""), (listing["category"], "")
        await self.service.redis.delete(*(self.key(city, kind) for city in cities for kind in categories))

    def key(self, city: str, category: str) -> str:
        """Where the answer is cached."""
        return f"{KEY_PREFIX}search:{city.lower()}:{category.lower()}"


@router.post("", status_code=201, responses={401: {}, 403: {}})
async def add(offer: Offer, user: CurrentProfessional, stores: CurrentStores) -> Listing:
    """Offer a service."""
    return shown(await stores.listings.add(user, offer))


@router.get("", responses={401: {}, 403: {}, 429: {}})
async def search(  # noqa: PLR0913, PLR0917 - who asks, for what, and what it takes to answer
    user: CurrentClient,
    stores: CurrentStores,
    service: CurrentService,
    response: Response,
    city: Annotated[str, Query(max_length=120)] = "",
    category: Annotated[str, Query(max_length=120)] = "",
) -> list[Listing]:
    """What is offered there."""
    listings, cached = await stores.listings.search(user, city, category)
    source = "cache" if cached else "database"
    service.metrics.searches.labels(source).inc()
    response.headers["x-cache"] = "hit" if cached else "miss"
    return [Listing(**listing) for listing in listings]


def shown(listing: Document) -> Listing:
    """Without what is nobody's business."""
    fields = ("title", "category", "city", "price_cents", "professional_id")
    return Listing(id=listing["_id"], **{key: listing[key] for key in fields})
