"""The beta's administration: how full it is, who is in it, what they say; and whether errors are seen."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from reference.api.feedback import Given, shown
from reference.api.requests import Id, Role
from reference.api.service import CurrentService
from reference.api.stores import CurrentStores
from reference.api.tokens import CurrentAdmin

router = APIRouter(prefix="/api/beta", tags=["beta"])
_MOST = 200


class Seats(BaseModel):
    """How full the beta is."""

    limit: int
    taken: int


class Tester(BaseModel):
    """A user, as the administrator sees them."""

    id: str
    email: str
    name: str
    role: Role


@router.get("/status", responses={401: {}, 403: {}})
async def status(admin: CurrentAdmin, service: CurrentService) -> Seats:
    """The dashboard's first number."""
    del admin
    seats = await service.collection("beta").find_one({"_id": "seats"})
    return Seats(limit=service.config.beta_seats, taken=seats["taken"] if seats else 0)


@router.get("/users", responses={401: {}, 403: {}})
async def users(
    admin: CurrentAdmin, service: CurrentService, email: Annotated[str, Query(max_length=254)] = ""
) -> list[Tester]:
    """Testers whose e-mail starts like this."""
    del admin
    first = email.lower()
    # Not by a pattern: MongoDB takes none with a zero byte in it.
    wanted = {"role": {"$ne": "admin"}, "email": {"$gte": first, "$lt": f"{first}\U0010ffff"}}
    documents = service.collection("users").find(wanted).sort("created_at", 1).limit(_MOST)
    fields = ("email", "name", "role")
    return [Tester(id=user["_id"], **{key: user[key] for key in fields}) async for user in documents]


@router.delete("/users/{user_id}", status_code=204, responses={401: {}, 403: {}, 404: {}})
async def remove(user_id: Id, admin: CurrentAdmin, service: CurrentService, stores: CurrentStores) -> None:
    """Erase a tester, with all that belongs to them."""
    del admin
    user = await service.collection("users").find_one({"_id": user_id, "role": {"$ne": "admin"}})
    if user is None:
        raise HTTPException(404, "no such tester")
    await stores.erasure.erase(user)


@router.get("/feedback", responses={401: {}, 403: {}})
async def feedback(admin: CurrentAdmin, service: CurrentService) -> list[Given]:
    """List what testers said, newest first."""
    del admin
    documents = service.collection("feedback").find().sort("created_at", -1).limit(_MOST)
    return [shown(given) async for given in documents]


@router.post("/diagnostics/error", responses={401: {}, 403: {}, 500: {}})
async def provoke(admin: CurrentAdmin) -> None:
    """Fail on purpose, to see that failures are seen."""
    del admin
    message = "provoked by the administrator"
    raise RuntimeError(message)
