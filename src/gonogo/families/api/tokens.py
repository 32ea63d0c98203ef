"""An access token as its bearer may read it (RFC 7519)."""

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gonogo.base.errors import Unobserved

_PARTS = 3
DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed JWT."""

    text: str = field(repr=False)
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        """The algorithm that the token's header names."""
        return str(self.header.get("alg"))

    @property
    def ends(self) -> datetime | None:
        """When it expires; None if it never does. Milliseconds in place of seconds are the end of all time."""
        moment = self.claims.get("exp")
        if not isinstance(moment, int | float):
            return None
        try:
            return datetime.fromtimestamp(moment, UTC)
        except (ValueError, OverflowError, OSError):
            return datetime.max.replace(tzinfo=UTC)

    def key(self, guesses: Iterable[bytes]) -> bytes | None:
        """The one of these that it is signed with; None: none of them, or no shared key at all."""
        digest = DIGESTS.get(self.algorithm)
        signed, _, signature = self.text.rpartition(".")
        if digest is None:
            return None
        return next((guess for guess in guesses if signature_of(signed, guess, digest) == signature), None)


def read_token(text: str) -> AccessToken:
    """Read it without verifying anything. Raises Unobserved if it is no JWT: nothing is known of others."""
    try:
        parts = text.split(".")
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        if len(parts) == _PARTS and isinstance(header, dict) and isinstance(claims, dict):
            return AccessToken(text, header, claims)
    except (ValueError, RecursionError):
        pass
    raise Unobserved(
        "the access token is no signed JWT; gonogo cannot judge tokens of another kind",
        hint="declare opaque = true in [api]: then only what can be asked of such tokens is asked",
    )


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(value: Mapping[str, Any]) -> str:
    """A part of a token: JSON in base64url (RFC 7515)."""
    return stripped(json.dumps(value, separators=(",", ":")).encode())


def signature_of(signed: str, key: bytes, digest: str) -> str:
    """The signature with a shared key, by the name of its digest (RFC 7518, 3.2)."""
    return stripped(hmac.digest(key, signed.encode(), digest))


def stripped(content: bytes) -> str:
    """Base64url without its padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
