"""Tokens as those write them who have no key: what RFC 8725 (JWT Best Current Practices) warns of."""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from gonogo.base.errors import Unobserved
from gonogo.families.api.tokens import AccessToken, encoded, signature_of, stripped

_NO_ALGORITHM = ("none", "None", "NONE", "nOnE", "nonE", "NoNe", "noNE", "")
_EXPONENT, _KEY_BITS = 65537, 2048
_SHOWN = 12
_ECDSA_BYTES = {"ES256": 64, "ES384": 96, "ES512": 132}
_KID_TRICKS: Sequence[tuple[str, str, bytes]] = (
    ("a kid that leads to an empty file", "../../../../../../../../dev/null", b""),
    ("a kid that leads to /dev/null", "/dev/null", b""),
    ("a kid that is SQL", "none' UNION SELECT 'gonogo' -- ", b"gonogo"),
    ("a kid that is another SQL", "none' UNION SELECT 'gonogo';--", b"gonogo"),
)


def forgeries(token: AccessToken, other: Mapping[str, Any], keys: Sequence[bytes] = ()) -> Iterator[tuple[str, str]]:
    """Yield tokens, each with what is wrong with it. ``other``: the claims of somebody else; ``keys``: public ones, as PEM.

    Those that could be taken for the good one by their claims have the claims of the good one: whoever is let in at
    all was not verified.
    """
    head, body, signature = token.text.split(".")
    for name in _NO_ALGORITHM:
        unsigned = f"{encoded({**token.header, 'alg': name})}.{body}"
        yield f"alg {name or '(empty)'} and no signature", f"{unsigned}."
        yield f"alg {name or '(empty)'} and the old signature", f"{unsigned}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "no signature, and no dot for one", f"{head}.{body}"
    yield "a signature that is cut off", f"{head}.{body}.{signature[: len(signature) // 8 * 4]}"
    yield "another user's claims, the old signature", f"{head}.{encoded({**token.claims, **other})}.{signature}"
    later = int((datetime.now(UTC) + timedelta(days=3650)).timestamp())
    yield "a later end, the old signature", f"{head}.{encoded({**token.claims, 'exp': later})}.{signature}"
    endless = {name: value for name, value in token.claims.items() if name != "exp"}
    yield "no end, the old signature", f"{head}.{encoded(endless)}.{signature}"
    yield "an empty key", _shared(token, {}, b"")
    yield "a foreign key", _shared(token, {}, secrets.token_bytes(32))
    for wrong, kid, key in _KID_TRICKS:
        yield wrong, _shared(token, {"kid": kid}, key)
    yield from _embedded(token)
    for algorithm, length in _ECDSA_BYTES.items():
        yield f"{algorithm} and a signature of zeros", f"{_head(token, alg=algorithm)}.{body}.{stripped(bytes(length))}"
    for key in keys:
        yield "the public key taken for a shared one", _shared(token, {}, key)


def altered(text: str) -> Iterator[tuple[str, str]]:
    """Opaque tokens that nobody was given, each with what is wrong with it."""
    yield "another end", f"{text[:-4]}{'aaaa' if text[-4:] != 'aaaa' else 'bbbb'}"
    yield "half of its length", text[: len(text) // 2]
    yield "other characters of the same number", secrets.token_hex(len(text))[: len(text)]


def some_of(kinds: Sequence[str]) -> str:
    """What is wrong with several, for a message that begins with one, and how many more there are."""
    more = len(kinds) - _SHOWN
    return "; with ".join([*kinds[:_SHOWN], *([f"{more} others"] if more > 0 else [])])


def claims_of_key(token: AccessToken, key: bytes, **changed: Any) -> str:  # noqa: ANN401 - claims
    """A token with other claims, signed with a key that was guessed."""
    claims = {name: value for name, value in {**token.claims, **changed}.items() if value is not None}
    signed = f"{encoded(token.header)}.{encoded(claims)}"
    return f"{signed}.{signature_of(signed, key, f'sha{token.algorithm[2:]}')}"


def public_keys(published: bytes) -> Sequence[bytes]:
    """The keys of a JWKS or of a PEM, in the spellings in which services hold them. Raises Unobserved for neither."""
    spelled: list[bytes] = []
    for pem in _pems(published):
        spelled += [pem, pem.rstrip(b"\n"), pem.replace(b"\n", b"\r\n")]
    return list(dict.fromkeys(spelled))


def _pems(published: bytes) -> Iterator[bytes]:
    try:
        if published.lstrip().startswith(b"-----BEGIN"):
            yield published
            keys = [load_pem_public_key(published)]
        else:
            listed = [key for key in json.loads(published)["keys"] if key.get("kty") == "RSA"]
            keys = [rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key() for key in listed]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unobserved(
            f"the public keys cannot be read: {type(error).__name__}", hint="are jwks and public_key of [api] right?"
        ) from None
    for key in keys:
        yield key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if isinstance(key, rsa.RSAPublicKey):
            yield key.public_bytes(Encoding.PEM, PublicFormat.PKCS1)


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _head(token: AccessToken, **changed: Any) -> str:  # noqa: ANN401 - of a header
    return encoded({**token.header, **changed})


def _shared(token: AccessToken, header: Mapping[str, Any], key: bytes) -> str:
    signed = f"{_head(token, **{'alg': 'HS256', **header})}.{encoded(token.claims)}"
    return f"{signed}.{signature_of(signed, key, 'sha256')}"


def _embedded(token: AccessToken) -> Iterator[tuple[str, str]]:
    """Signed rightly, with a key that the token itself brings (CVE-2018-0114)."""
    key = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_KEY_BITS)
    numbers = key.public_key().public_numbers()
    jwk = {
        "kty": "RSA",
        "e": stripped(_EXPONENT.to_bytes(3)),
        "n": stripped(numbers.n.to_bytes(_KEY_BITS // 8)),
        "kid": "gonogo",
        "use": "sig",
    }
    for wrong, header in (
        ("a key of its own in the header (jwk)", {"alg": "RS256", "jwk": jwk, "kid": "gonogo"}),
        ("a foreign RSA key", {"alg": "RS256"}),
    ):
        signed = f"{_head(token, **header)}.{encoded(token.claims)}"
        yield wrong, f"{signed}.{stripped(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"
