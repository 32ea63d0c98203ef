"""Access tokens: short-lived, for this service only, and refused unless everything about them is right."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reference.api.service import CurrentService

LIFETIME = timedelta(minutes=15)
_ALGORITHM = "HS256"
_PARTY = "workme"
_bearer = HTTPBearer(auto_error=False)


def issue_token(user_id: str, secret_key: str) -> str:
    """A token that proves to be this user until it expires."""
    now = datetime.now(UTC)
    claims = {"sub": user_id, "iat": now, "exp": now + LIFETIME, "aud": _PARTY, "iss": _PARTY}
    return jwt.encode(claims, secret_key, algorithm=_ALGORITHM)


def _user_id(
    service: CurrentService, presented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    refusal = HTTPException(401, "a valid token is needed", headers={"WWW-Authenticate": "Bearer"})
    if presented is None:
        raise refusal
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
        raise refusal from None
    return str(claims["sub"])


CurrentUserId = Annotated[str, Depends(_user_id)]
