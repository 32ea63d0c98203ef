"""Users: registration with the beta code, login, the caller's own profile, and the way out."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

from argon2.exceptions import VerifyMismatchError
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field
from pymongo.errors import DuplicateKeyError

from reference.api.attempts import errors_counted
from reference.api.limits import forgive, limit, limit_user
from reference.api.passwords import PASSWORDS, hashing
from reference.api.requests import Body, Email, Role, Words
from reference.api.service import CurrentService, Document, Service
from reference.api.stores import CurrentStores
from reference.api.tokens import LIFETIME, CurrentUser, issue_token

router = APIRouter(prefix="/api", tags=["accounts"])
_LOGINS_PER_MINUTE = 10
_NOBODY = PASSWORDS.hash(secrets.token_hex(16))
_PROFILE = ("name", "role", "phone", "city", "about")


class Registration(Body):
    """What a newcomer sends."""

    email: Email
    password: Annotated[str, Field(min_length=10, max_length=200)]
    name: Words
    role: Literal["client", "professional"] = "client"
    beta_code: Annotated[str, Field(max_length=100)]


class Login(Body):
    """What a returning user sends."""

    email: Email
    password: Annotated[str, Field(max_length=200)]


class Details(Body):
    """What completes a profile."""

    name: Words
    phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{7,14}$")]
    city: Words
    about: Annotated[str, Field(max_length=1000)] = ""


class Profile(BaseModel):
    """A user, as that user sees it."""

    id: str
    email: str
    name: str
    role: Role
    phone: str = ""
    city: str = ""
    about: str = ""
    complete: bool = False


class Token(BaseModel):
    """Proof of a login."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: int


@router.post(
    "/auth/register",
    status_code=201,
    responses={403: {}, 409: {}, 429: {}},
    dependencies=[errors_counted("registrations")],
)
async def register(wanted: Registration, service: CurrentService) -> Profile:
    """Create an account while the beta has a seat."""
    await limit_user(service, "register", wanted.email)
    try:
        profile = await _create(service, wanted)
    except HTTPException:
        service.metrics.registrations.labels("refused").inc()
        raise
    service.metrics.registrations.labels("accepted").inc()
    service.later(service.mailer.send(profile.email, "Welcome to WorkMe", f"Welcome, {profile.name}!"))
    return profile


@router.post("/auth/login", responses={401: {}, 429: {}})
async def login(presented: Login, service: CurrentService) -> Token:
    """Exchange e-mail and password for a token; a stranger and a wrong password look alike."""
    await limit(service, "login", presented.email, per_minute=_LOGINS_PER_MINUTE)
    user = await service.collection("users").find_one({"email": presented.email})
    # Somebody's hash is verified even when there is no such user, so that the time taken does not tell.
    stored = user["password"] if user else _NOBODY
    try:
        await hashing(service.passwords.verify, stored, presented.password)
    except VerifyMismatchError:
        user = None
    if user is None:
        service.metrics.logins.labels("refused").inc()
        raise HTTPException(401, "e-mail or password is wrong")
    await forgive(service, "login", presented.email)
    service.metrics.logins.labels("accepted").inc()
    token = issue_token(user["_id"], service.config.secret_key)
    return Token(access_token=token, expires_in=int(LIFETIME.total_seconds()))


@router.get("/profile", responses={401: {}})
async def profile(user: CurrentUser) -> Profile:
    """The caller's own."""
    return _shown(user)


@router.put("/profile", responses={401: {}})
async def complete(details: Details, user: CurrentUser, service: CurrentService) -> Profile:
    """Replace the caller's details; with all of them the profile is complete."""
    changes = {**details.model_dump(), "complete": True}
    await service.collection("users").update_one({"_id": user["_id"]}, {"$set": changes})
    if not user.get("complete"):
        service.metrics.profiles.inc()
    return _shown({**user, **changes})


@router.delete("/profile", status_code=204, responses={401: {}})
async def leave(user: CurrentUser, stores: CurrentStores) -> None:
    """Erase the caller and all that belongs to them (LGPD, article 18)."""
    await stores.erasure.erase(user)


async def ensure_admin(service: Service) -> None:
    """The administrator comes from the configuration, and takes no seat."""
    config, users = service.config, service.collection("users")
    if await users.find_one({"email": config.admin_email}) is not None:
        return
    document = {
        "_id": secrets.token_hex(12),
        "name": "Administrator",
        "role": "admin",
        "password": await hashing(service.passwords.hash, config.admin_password),
        "created_at": datetime.now(UTC),
    }
    await users.update_one({"email": config.admin_email}, {"$setOnInsert": document}, upsert=True)


async def _create(service: Service, wanted: Registration) -> Profile:
    if not secrets.compare_digest(wanted.beta_code.encode(), service.config.beta_code.encode()):
        raise HTTPException(403, "this beta code is not valid")
    if not await _take_seat(service):
        raise HTTPException(403, "the beta is full")
    profile = Profile(id=secrets.token_hex(12), email=wanted.email, name=wanted.name, role=wanted.role)
    document = {
        "_id": profile.id,
        "email": profile.email,
        "name": profile.name,
        "role": profile.role,
        "password": await hashing(service.passwords.hash, wanted.password),
        "created_at": datetime.now(UTC),
    }
    try:
        await service.collection("users").insert_one(document)
    except DuplicateKeyError:
        await service.collection("beta").update_one({"_id": "seats"}, {"$inc": {"taken": -1}})
        raise HTTPException(409, "this e-mail address has an account already") from None
    return profile


async def _take_seat(service: Service) -> bool:
    """One atomic step, so that two newcomers never share the last seat."""
    seats = service.collection("beta")
    await seats.update_one({"_id": "seats"}, {"$setOnInsert": {"taken": 0}}, upsert=True)
    free = {"_id": "seats", "taken": {"$lt": service.config.beta_seats}}
    taken = await seats.update_one(free, {"$inc": {"taken": 1}})
    return taken.modified_count == 1


def _shown(user: Document) -> Profile:
    fields = {key: user[key] for key in (*_PROFILE, "complete") if key in user}
    return Profile(id=user["_id"], email=user["email"], **fields)
