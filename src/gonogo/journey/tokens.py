"""An access token as its bearer may read it (RFC 7519), and as those would write it who have no key (RFC 8725)."""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gonogo.base.errors import Unobserved

_PARTS = 3
_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_NO_ALGORITHM = ("none", "None", "NONE", "nOnE")
GUESSES = (
    *("secret", "Secret", "SECRET", "secretkey", "secret_key", "secret-key", "mysecret", "my-secret", "supersecret"),
    *("super-secret", "super_secret", "jwt", "jwtsecret", "jwt_secret", "jwt-secret", "JWT_SECRET", "key", "token"),
    *("changeme", "change-me", "change_me", "changeit", "password", "admin", "test", "dev", "development", "staging"),
    *("production", "example", "default", "insecure", "none", "null", "undefined", "123456", "12345678", "qwerty"),
    *("your-secret-key", "your_secret_key", "your-256-bit-secret", "your-secret", "your_jwt_secret", "SECRET_KEY"),
    *("django-insecure", "a-string-secret-at-least-256-bits-long", ""),
)
"""What keys are before somebody replaces them: of tutorials, frameworks, and the page where tokens are pasted."""


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

    def key(self, guesses: tuple[str, ...]) -> str | None:
        """The one of these that it is signed with; None: none of them, or no shared key at all."""
        digest = _DIGESTS.get(self.algorithm)
        signed, _, signature = self.text.rpartition(".")
        if digest is None:
            return None
        return next((guess for guess in guesses if _signature(signed, guess, digest) == signature), None)

    def forged(self, other: str) -> Mapping[str, str]:
        """Forged tokens that must be refused, by the fault of each; ``other`` is the subject of somebody else."""
        head, body, signature = self.text.split(".")
        stolen = _encoded({**self.claims, "sub": other})
        forged = {f"alg {name}": f"{_encoded({**self.header, 'alg': name})}.{body}." for name in _NO_ALGORITHM}
        forged["no signature"] = f"{head}.{body}."
        forged["another subject, the old signature"] = f"{head}.{stolen}.{signature}"
        foreign = f"{_encoded({**self.header, 'alg': 'HS256'})}.{body}"
        forged["signed with a foreign key"] = f"{foreign}.{_signature(foreign, secrets.token_hex(32), 'sha256')}"
        return forged


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
        hint="let a person attest the line, and waive this check",
    )


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(value: Mapping[str, Any]) -> str:
    return _stripped(json.dumps(value, separators=(",", ":")).encode())


def _signature(signed: str, key: str, digest: str) -> str:
    return _stripped(hmac.digest(key.encode(), signed.encode(), digest))


def _stripped(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
