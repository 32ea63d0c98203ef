"""Registration with the beta code, login, and the caller's own profile."""

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pymongo.errors import DuplicateKeyError

from reference.api.service import KEY_PREFIX, CurrentService, Service
from reference.api.tokens import LIFETIME, CurrentUserId, issue_token

router = APIRouter(prefix="/api", tags=["accounts"])
_hasher = PasswordHasher()
_LOGINS_PER_MINUTE = 10
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, to_lower=True, strip_whitespace=True)
]
Role = Literal["client", "professional"]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Registration(_Request):
    """What a newcomer sends."""

    email: Email
    password: Annotated[str, Field(min_length=10, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    role: Role = "client"
    beta_code: Annotated[str, Field(max_length=100)]


class Login(_Request):
    """What a returning user sends."""

    email: Email
    password: Annotated[str, Field(max_length=200)]


class Profile(BaseModel):
    """A user, as that user sees it."""

    id: str
    email: str
    name: str
    role: Role


class Token(BaseModel):
    """Proof of a login."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: int


@router.post("/auth/register", status_code=201, responses={403: {}, 409: {}})
async def register(wanted: Registration, service: CurrentService) -> Profile:
    """Create an account while the beta has a seat."""
    if not secrets.compare_digest(wanted.beta_code.encode(), service.config.beta_code.encode()):
        raise HTTPException(403, "this beta code is not valid")
    if not await _take_seat(service):
        raise HTTPException(403, "the beta is full")
    profile = Profile(id=secrets.token_hex(12), email=wanted.email, name=wanted.name, role=wanted.role)
    document = {
        "_id": profile.id,
        **profile.model_dump(exclude={"id"}),
        "password": await asyncio.to_thread(_hasher.hash, wanted.password),
        "created_at": datetime.now(UTC),
    }
    try:
        await service.database["users"].insert_one(document)
    except DuplicateKeyError:
        await service.database["beta"].update_one({"_id": "seats"}, {"$inc": {"taken": -1}})
        raise HTTPException(409, "this e-mail address has an account already") from None
    service.metrics.registrations.inc()
    return profile


@router.post("/auth/login", responses={401: {}, 429: {}})
async def login(presented: Login, service: CurrentService) -> Token:
    """Exchange e-mail and password for a token; a stranger and a wrong password look alike."""
    await _limit(service, presented.email)
    user = await service.database["users"].find_one({"email": presented.email})
    stored = user["password"] if user else _NOBODY
    try:
        await asyncio.to_thread(_hasher.verify, stored, presented.password)
    except VerifyMismatchError:
        user = None
    if user is None:
        service.metrics.logins.labels("refused").inc()
        raise HTTPException(401, "e-mail or password is wrong")
    service.metrics.logins.labels("accepted").inc()
    token = issue_token(user["_id"], service.config.secret_key)
    return Token(access_token=token, expires_in=int(LIFETIME.total_seconds()))


@router.get("/profile", responses={401: {}})
async def profile(user_id: CurrentUserId, service: CurrentService) -> Profile:
    """The caller's own."""
    user = await service.database["users"].find_one({"_id": user_id})
    if user is None:
        raise HTTPException(401, "this account is gone")
    return Profile(id=user["_id"], email=user["email"], name=user["name"], role=user["role"])


_NOBODY = _hasher.hash(secrets.token_hex(16))
"""Verified against when there is no such user, so that the time taken does not tell."""


async def _take_seat(service: Service) -> bool:
    """One atomic step, so that two newcomers never share the last seat."""
    seats = service.database["beta"]
    await seats.update_one({"_id": "seats"}, {"$setOnInsert": {"taken": 0}}, upsert=True)
    free = {"_id": "seats", "taken": {"$lt": service.config.beta_seats}}
    taken = await seats.update_one(free, {"$inc": {"taken": 1}})
    return taken.modified_count == 1


async def _limit(service: Service, email: str) -> None:
    """Per account and minute, whatever address it comes from."""
    account = hashlib.sha256(email.encode()).hexdigest()[:32]
    key = f"{KEY_PREFIX}login:{account}"
    # Created with its end: a counter that lost its expiry to a crash would lock the account for good.
    async with service.redis.pipeline() as commands:
        commands.set(key, 0, ex=60, nx=True)
        commands.incr(key)
        _, attempts = await commands.execute()
    if attempts > _LOGINS_PER_MINUTE:
        raise HTTPException(429, "too many logins; wait a minute", headers={"Retry-After": "60"})
