"""Access tokens, read and forged, held against the library that services use."""

import base64
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from gonogo.base.errors import Unobserved
from gonogo.families.api.forgeries import claims_of_key, forgeries, public_keys
from gonogo.families.api.keys import guesses
from gonogo.families.api.tokens import read_token

KEY = secrets.token_hex(64)
CLAIMS = {"sub": "somebody", "exp": datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)}


@cache
def guessed() -> frozenset[bytes]:
    """Every key that is tried for one service."""
    return frozenset(guesses("WorkMe", "api.workme.test"))


def forged_of(token: str, *keys: bytes) -> dict[str, str]:
    """By what is wrong with each."""
    return dict(forgeries(read_token(token), {"sub": "somebody-else"}, keys))


def test_forgeries_are_refused_by_who_verifies() -> None:
    """And the token itself is taken, or that would mean nothing."""
    token = jwt.encode(CLAIMS, KEY, algorithm="HS256")
    assert jwt.decode(token, KEY, algorithms=["HS256"])["sub"] == "somebody"
    forged = forged_of(token)
    assert token not in forged.values()
    assert len(set(forged.values())) == len(forged) > 30
    for wrong in forged.values():
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(wrong, KEY, algorithms=["HS256"])


def test_forgeries_are_what_a_trusting_service_would_take() -> None:
    """Whole tokens, with the claims that they pretend."""
    forged = forged_of(jwt.encode(CLAIMS, KEY, algorithm="HS256"))
    del forged["no signature, and no dot for one"]
    believed = {name: jwt.decode(one, options={"verify_signature": False}) for name, one in forged.items()}
    assert believed["another user's claims, the old signature"]["sub"] == "somebody-else"
    assert "exp" not in believed["no end, the old signature"]
    assert believed["a later end, the old signature"]["exp"] > datetime.now(UTC).timestamp() + 300 * 24 * 3600
    assert sum(claims["sub"] == "somebody" for claims in believed.values()) == len(believed) - 1


def test_every_named_form_is_what_it_says() -> None:
    """Each is taken by a verifier with exactly this weakness: its key, its algorithm."""
    forged = forged_of(jwt.encode(CLAIMS, KEY, algorithm="HS256"))
    for name, one in forged.items():
        if name.startswith("alg ") and "no signature" in name:
            assert one.endswith(".")
    nothing = jwt.decode(forged["alg none and no signature"], options={"verify_signature": False}, algorithms=["none"])
    assert nothing["sub"] == "somebody"
    assert _taken_with(forged["a kid that leads to /dev/null"], b"")
    assert _taken_with(forged["an empty key"], b"")
    assert _taken_with(forged["a kid that is SQL"], b"gonogo")
    embedded = forged["a key of its own in the header (jwk)"]
    own = jwt.PyJWK(jwt.get_unverified_header(embedded)["jwk"]).key
    assert jwt.decode(embedded, own, algorithms=["RS256"])["sub"] == "somebody"


def _taken_with(token: str, key: bytes) -> bool:
    signed, _, signature = token.rpartition(".")
    expected = hmac.digest(key, signed.encode(), "sha256")
    return base64.urlsafe_b64encode(expected).rstrip(b"=").decode() == signature


@pytest.mark.parametrize("published", ["jwks", "pem"])
def test_public_key_is_tried_as_a_shared_one(published: str) -> None:
    """In the spelling in which the service holds it, as it is published as a JWKS or as a PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwks = json.dumps({"keys": [json.loads(RSAAlgorithm.to_jwk(private.public_key()))]}).encode()
    token = jwt.encode(CLAIMS, private, algorithm="RS256")
    keys = public_keys(pem if published == "pem" else jwks)
    confused = [one for name, one in forgeries(read_token(token), {}, keys) if name.startswith("the public key")]
    assert len(confused) == len(keys)
    assert any(_taken_with(one, pem) for one in confused)
    for one in confused:
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(one, private.public_key(), algorithms=["RS256"])


@pytest.mark.parametrize(
    "published", [b"<html>", b"{}", b'{"keys": 1}', b'{"keys": [{"kty": "RSA"}]}', b"-----BEGIN X"]
)
def test_public_keys_that_cannot_be_read_are_an_error(published: bytes) -> None:
    """To try none in silence would be a success that nobody earned."""
    with pytest.raises(Unobserved, match="public keys cannot be read"):
        public_keys(published)


def test_token_of_a_guessed_key_is_a_good_one() -> None:
    """It is the proof of what a guessed key is worth."""
    forged = claims_of_key(read_token(jwt.encode(CLAIMS, KEY, algorithm="HS384")), KEY.encode(), sub="other", exp=None)
    assert jwt.decode(forged, KEY, algorithms=["HS384"]) == {"sub": "other"}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_keys_are_guessed(algorithm: str) -> None:
    """Whichever of the shared-key algorithms it is; a random key is not guessed."""
    token = read_token(jwt.encode(CLAIMS, "your-256-bit-secret", algorithm=algorithm))
    assert token.key(guesses("WorkMe")) == b"your-256-bit-secret"
    assert read_token(jwt.encode(CLAIMS, KEY, algorithm=algorithm)).key(guesses("WorkMe")) is None


@pytest.mark.parametrize(
    "key",
    [
        "workme-secret",
        "WorkMe2026",
        "workme-2025",
        "workme-jwt-2025",
        "workme_2026_secret",
        "work_me_key",
        "WORKME_JWT",
        "jwt-workme",
        "api.workme.test",
        "Secret",
        "secret123",
    ],
)
def test_keys_of_the_own_name_are_guessed(key: str) -> None:
    """What nobody else's list holds, and everybody tries."""
    assert key.encode() in guessed()


@pytest.mark.parametrize(
    "key",
    [
        b"This is a big secret. Shhhhh",
        b"myjwts3cr3t",
        b"\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
        base64.b64decode("SecretKey01234567890123456789012345678901234567890123456789012345678"),
        base64.b64decode("bezKoderSecretKe"),
    ],
    ids=["sanic-jwt", "LoopBack 4", "Superset", "Nacos, in base64", "a Java tutorial, in base64, cut off"],
)
def test_keys_that_products_come_with_are_guessed(key: bytes) -> None:
    """As their documentation has them, and as libraries read them that take each for base64."""
    assert key in guessed()


def test_guesses_are_many_and_each_is_made_once() -> None:
    """Thousands of words, most telling first."""
    made = list(guesses("WorkMe"))
    assert len(made) == len(set(made)) > 100_000
    assert made[1] == b"secret"


def test_key_that_is_not_shared_is_not_guessed() -> None:
    """There is nothing to guess offline."""
    token = read_token(jwt.encode(CLAIMS, "secret" * 8, algorithm="HS256"))
    header = jwt.encode(CLAIMS, "", algorithm="none")
    assert token.key([b"secret" * 8]) is not None
    assert read_token(header).key(guesses()) is None


def test_end() -> None:
    """As it is, or none at all."""
    assert read_token(jwt.encode(CLAIMS, KEY, algorithm="HS256")).ends == CLAIMS["exp"]
    assert read_token(jwt.encode({"sub": "x"}, KEY, algorithm="HS256")).ends is None
    milliseconds = read_token(jwt.encode({"exp": 1_800_000_000_000}, KEY, algorithm="HS256")).ends
    assert milliseconds is not None
    assert milliseconds.year == 9999


def test_token_does_not_show() -> None:
    """Not in a traceback either."""
    text = jwt.encode(CLAIMS, KEY, algorithm="HS256")
    assert text not in repr(read_token(text))


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "e30.e30", "e30.W10.x", "ü.ü.ü", "....", "e30.e30.x.y"])
def test_other_tokens_are_not_judged(text: str) -> None:
    """Nothing is known of them, which is no failure of the service."""
    with pytest.raises(Unobserved, match="no signed JWT"):
        read_token(text)
