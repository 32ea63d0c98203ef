"""Whatever a service answers, a step ends in words: never in a traceback."""

import json
from datetime import timedelta

import pytest

from gonogo.base.redaction import Redactor
from gonogo.clients.exchanges import Body
from gonogo.clients.replies import Reply, masked
from gonogo.evidence.http import Exchange


def reply(body: bytes, status: int | None = 200, *, truncated: bool = False) -> Reply:
    """One request, answered like this."""
    exchange = Exchange(
        url="https://a.test/x",
        status=status,
        problem="" if status else "nobody answered",
        elapsed=timedelta(),
        truncated=truncated,
    )
    return Reply("GET /x", Body(exchange=exchange, content=body, redactor=Redactor({})))


@pytest.mark.parametrize(
    "body",
    [b"", b"<!doctype html><title>Bad Gateway</title>", b"[]", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b"{"],
    ids=["empty", "html", "list", "null", "number", "no text", "deep", "cut off"],
)
def test_what_is_no_object_fails_the_step(body: bytes) -> None:
    """With the request, the status and the beginning of the body in one line."""
    with pytest.raises(AssertionError, match="GET /x answered 200") as failed:
        reply(body).document(200)
    assert len(str(failed.value)) < 500


@pytest.mark.parametrize("value", [None, 7, [], {}, "", True])
def test_wrong_type_fails_the_step(value: object) -> None:
    """A KeyError would be our bug, and a wrong type passed on somebody else's."""
    with pytest.raises(AssertionError, match="'id'"):
        reply(json.dumps({"id": value}).encode()).document(200).text("id")
    if value is not None and not isinstance(value, int):
        with pytest.raises(AssertionError, match="'id' should be of type integer"):
            reply(json.dumps({"id": value}).encode()).document(200).number("id")


def test_object_within_another() -> None:
    """Many APIs wrap every answer; what is no object fails the step."""
    wrapped = reply(b'{"data": {"id": "7"}, "items": []}').document(200)
    assert wrapped.nested("data").text("id") == "7"
    for key in ("items", "absent"):
        with pytest.raises(AssertionError, match=f"'{key}' should be of type object"):
            wrapped.nested(key)


def test_true_is_no_number() -> None:
    """Python thinks otherwise."""
    with pytest.raises(AssertionError, match="integer"):
        reply(b'{"n": true}').document(200).number("n")


@pytest.mark.parametrize("status", [500, 502, 302, None])
def test_unexpected_status_is_no_refusal(status: int | None) -> None:
    """A service that crashes has not refused."""
    with pytest.raises(AssertionError, match="GET /x"):
        reply(b"{}", status).refuses(401, 403)


def test_truncated_reply_is_not_read() -> None:
    """50 MB where an object should be."""
    with pytest.raises(AssertionError, match="GET /x"):
        reply(b"{}", truncated=True).document(200)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (str({"client_secret": "pi_1_secret_2", "id": "pi_1"}), "{'client_secret': '***', 'id': 'pi_1'}"),
        (str({"password": "it's-7", "id": 1}), """{'password': "***", 'id': 1}"""),
        ('{"access_token": "eyJhbGciOi', '{"access_token": "***'),
    ],
    ids=["Python's own spelling", "an apostrophe", "cut off"],
)
def test_secrets_of_a_step_are_masked(text: str, shown: str) -> None:
    """What a database or Stripe returned is recorded as Python spells it, and in no case with a secret."""
    assert masked(text) == shown


def test_tokens_do_not_reach_a_message() -> None:
    """Synthetic or not."""
    with pytest.raises(AssertionError) as failed:
        reply(b'{"access_token": "eyJhbGciOi"}', 500).document(200)
    assert "eyJhbGciOi" not in str(failed.value)
