"""Keys of DKIM as they stand in the DNS (RFC 6376, RFC 8301, RFC 8463)."""

import base64
import binascii
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

_SMALLEST_RSA = 1024
"""RFC 8301, 3.2: verifiers take no signature by a shorter key."""
_ED25519_BYTES = 32


def tags_of(text: str) -> Mapping[str, str]:
    """``v=DMARC1; p=none`` as a mapping (RFC 6376, 3.2)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def key_problem(text: str) -> str:
    """Why no receiver would believe a signature by the key in this record; empty if one would."""
    tags = tags_of(text)
    flags = {flag.strip() for flag in tags.get("t", "").split(":")}
    services = {service.strip() for service in tags.get("s", "*").split(":")}
    hashes = {name.strip() for name in tags.get("h", "sha256").split(":")}
    if not tags.get("p"):
        return "it holds no key, which withdraws it"
    if tags.get("v", "DKIM1") != "DKIM1":
        return f"its version is {tags['v']}, and not DKIM1"
    if not services & {"*", "email"}:
        return f"it is for {', '.join(sorted(services))} and not for mail (s=)"
    if "sha256" not in hashes:
        return f"it allows signatures with {', '.join(sorted(hashes))} only (h=), which receivers refuse (RFC 8301)"
    if "y" in flags:
        return "it says that the domain is testing (t=y), so that receivers take its mail for unsigned"
    return _unreadable(tags.get("k", "rsa").lower(), "".join(tags["p"].split()))


def _unreadable(kind: str, encoded: str) -> str:
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "its key cannot be read: it is cut off, or has signs in it that are none of base64"
    match kind:
        case "ed25519":
            return "" if len(content) == _ED25519_BYTES else f"its key has {len(content)} bytes, and not 32"
        case "rsa":
            return _unsound(content)
        case _:
            return f"it is of the kind {kind}, which receivers do not know"


def _unsound(content: bytes) -> str:
    try:
        key = load_der_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        return "its key cannot be read: it is cut off"
    if not isinstance(key, RSAPublicKey):
        return "its key is none of RSA"
    return (
        f"its key has {key.key_size} bits, and receivers want {_SMALLEST_RSA}" if key.key_size < _SMALLEST_RSA else ""
    )
