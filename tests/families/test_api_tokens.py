"""Access tokens, read and forged, held against the library that services use."""

import secrets
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from gonogo.base.errors import Unobserved
from gonogo.journey.tokens import GUESSES, read_token

KEY = secrets.token_hex(64)
CLAIMS = {"sub": "somebody", "exp": datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=15)}


def test_forgeries_are_refused_by_who_verifies() -> None:
    """And the token itself is taken, or that would mean nothing."""
    token = jwt.encode(CLAIMS, KEY, algorithm="HS256")
    assert jwt.decode(token, KEY, algorithms=["HS256"])["sub"] == "somebody"
    forged = read_token(token).forged("somebody-else")
    assert len(set(forged.values()) - {token}) == len(forged) == 7
    for wrong in forged.values():
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(wrong, KEY, algorithms=["HS256"])


def test_forgeries_are_what_a_trusting_service_would_take() -> None:
    """Whole tokens, with the claims that they pretend."""
    forged = read_token(jwt.encode(CLAIMS, KEY, algorithm="HS256")).forged("somebody-else")
    believed = {name: jwt.decode(one, options={"verify_signature": False})["sub"] for name, one in forged.items()}
    assert believed.pop("another subject, the old signature") == "somebody-else"
    assert set(believed.values()) == {"somebody"}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_keys_are_guessed(algorithm: str) -> None:
    """Whichever of the shared-key algorithms it is; a random key is not guessed."""
    assert (
        read_token(jwt.encode(CLAIMS, "your-256-bit-secret", algorithm=algorithm)).key(GUESSES) == "your-256-bit-secret"
    )
    assert read_token(jwt.encode(CLAIMS, KEY, algorithm=algorithm)).key(GUESSES) is None


def test_key_that_is_not_shared_is_not_guessed() -> None:
    """There is nothing to guess offline."""
    token = read_token(jwt.encode(CLAIMS, "secret" * 8, algorithm="HS256"))
    header = jwt.encode(CLAIMS, "", algorithm="none")
    assert token.key(("secret" * 8,)) is not None
    assert read_token(header).key(GUESSES) is None


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
