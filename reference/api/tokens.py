"""Access tokens: short-lived, for this service only, and refused unless everything about them is right."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reference.api.service import CurrentService, Document

LIFETIME = timedelta(minutes=15)
_ALGORITHM = "HS256"
_PARTY = "workme"
_bearer = HTTPBearer(auto_error=False)


def issue_token(user_id: str, secret_key: str) -> str:
    """A token that proves to be this user until it expires."""
    now = datetime.now(UTC)
    claims = {"sub": user_id, "iat": now, "exp": now + LIFETIME, "aud": _PARTY, "iss": _PARTY}
    return jwt.encode(claims, secret_key, algorithm=_ALGORITHM)


_REFUSAL = HTTPException(401, "a valid token is needed", headers={"WWW-Authenticate": "Bearer"})


def _user_id(
    service: CurrentService, presented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    if presented is None:
        raise _REFUSAL
    try:
        claims = jwt.decode(
            presented.credentials,
            service.config.secret_key,
            algorithms=[_ALGORITHM],
            audience=_PARTY,
            issuer=_PARTY,
            options={"require": ["exp", "sub", "aud", "iss"]},
        )
    except jwt.InvalidTokenError:
        raise _REFUSAL from None
    return str(claims["sub"])


async def _user(service: CurrentService, user_id: Annotated[str, Depends(_user_id)]) -> Document:
    user = await service.collection("users").find_one({"_id": user_id})
    if user is None:  # the account was closed after the token was issued
        raise _REFUSAL
    return user


CurrentUser = Annotated[Document, Depends(_user)]


def _only(role: str) -> Callable[[Document], Document]:
    def permitted(user: CurrentUser) -> Document:
        if user["role"] != role:
            raise HTTPException(403, f"this is for a {role}")
        return user

    return permitted


CurrentClient = Annotated[Document, Depends(_only("client"))]
CurrentProfessional = Annotated[Document, Depends(_only("professional"))]
admin_only = _only("admin")
CurrentAdmin = Annotated[Document, Depends(admin_only)]
