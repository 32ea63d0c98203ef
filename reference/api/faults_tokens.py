"""The faults of access tokens: a service that believes what it should verify."""

from collections.abc import Mapping
from typing import Any

import jwt
from jwt.types import Options

_ALGORITHM = "HS256"
_BRIEF_SECONDS = 10
_UNVERIFIED: Options = {"verify_signature": False}
TOKEN_FAULTS = ("token-unsigned", "token-unverified", "token-eternal")


def trusting(faults: frozenset[str], scope: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The request as a service would understand it that trusts the token: signed anew with the good key."""
    if not faults & {"token-unsigned", "token-unverified"}:
        return dict(scope)
    return {**scope, "headers": [(name, _believed(faults, name, value, key)) for name, value in scope["headers"]]}


def eternal(token: str, key: str) -> str:
    """A copy of the token whose end nobody will live to see."""
    claims = jwt.decode(token, options=_UNVERIFIED)
    return jwt.encode({**claims, "exp": claims["exp"] + 10 * 365 * 24 * 3600}, key, algorithm=_ALGORITHM)


def brief(token: str, key: str) -> Mapping[str, Any]:
    """A login that ends soon, and says so: strict, and no fault."""
    claims = jwt.decode(token, options=_UNVERIFIED)
    ending = jwt.encode({**claims, "exp": claims["iat"] + _BRIEF_SECONDS}, key, algorithm=_ALGORITHM)
    return {"access_token": ending, "expires_in": _BRIEF_SECONDS}


def _believed(faults: frozenset[str], name: bytes, value: bytes, key: str) -> bytes:
    scheme, _, token = value.partition(b" ")
    if name != b"authorization" or token.count(b".") != 2:  # noqa: PLR2004 - a JWT has three parts
        return value
    try:
        algorithm = str(jwt.get_unverified_header(token).get("alg"))
        claims = jwt.decode(token, options=_UNVERIFIED)
    except jwt.InvalidTokenError:
        return value
    if "token-unverified" not in faults and algorithm.lower() != "none":
        return value
    return scheme + b" " + jwt.encode(claims, key, algorithm=_ALGORITHM).encode()
