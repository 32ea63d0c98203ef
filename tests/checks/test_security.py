"""Steps of the security journey, judged against services of a few lines."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from gonogo.base.errors import Unobserved
from gonogo.clients.exchanges import Body
from gonogo.clients.replies import Reply
from gonogo.evidence.http import Exchange
from gonogo.families.api.callers import Caller
from gonogo.families.api.keys import spelled
from gonogo.families.api.section import SentToken, SigningKey, Upload
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge

LIMIT = 1024
KEY = "k" * 48
Sent = bytes | AsyncIterator[bytes]


def reply(method: str, path: str, status: int | None, document: object = None) -> Reply:
    """What a service said, or None: nothing."""
    exchange = Exchange(url=path, status=status, problem="cut off" if status is None else "", elapsed=timedelta())
    return Reply(f"{method} {path}", Body(exchange=exchange, content=json.dumps(document).encode()))


async def joined(parts: AsyncIterator[bytes]) -> bytes:
    """All of them."""
    return b"".join([part async for part in parts])


@dataclass
class Shelf:
    """Takes files up to a size, and lists their names."""

    limit: int = LIMIT
    counts: str = "file"
    by_length: bool = False
    keeps_refused: bool = False
    renames: bool = False
    refusal: int | None = 413
    most: int = 9
    names: list[str] = field(default_factory=list)

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: Sent) -> Reply:
        """One request."""
        del headers
        if method == "GET":
            return reply(method, path, 200, self.names)
        whole = body if isinstance(body, bytes) else asyncio.run(joined(body))
        head, _, content = whole.partition(b"\r\n\r\n")
        size = len(whole if self.counts == "body" else content[: content.rindex(b"\r\n--")])
        unseen = self.by_length and not isinstance(body, bytes)
        taken = (size <= self.limit or unseen) and len(self.names) < self.most
        if taken or self.keeps_refused:
            self.names.append(
                "renamed" if self.renames else head.partition(b'filename="')[2].partition(b'"')[0].decode()
            )
        return reply(method, path, 201 if taken else self.refusal)


def walk_to(shelf: Shelf, **declared: Any) -> Any:  # noqa: ANN401 - as much of a walk as the step needs
    """A journey of one user."""
    upload = Upload.model_validate(
        {"post": "/files", "file": {"content": "%PDF-1.4"}, "limit": "1 KiB", "listed": "/files", **declared}
    )
    return SimpleNamespace(
        api=SimpleNamespace(section=SimpleNamespace(upload=upload)),
        keep={"caller": Caller(shelf, SentToken())},
        world=SimpleNamespace(mark="gonogo-1"),
    )


@pytest.mark.parametrize("counts", ["file", "body"])
def test_limit_that_is_kept_to_the_byte_is_green(judge: Judge, counts: str) -> None:
    """Whether the file or the whole request around it is counted."""
    shelf = Shelf(counts=counts)
    assert judge("security-upload-limit", walk=walk_to(shelf, counts=counts)) is None
    assert shelf.names == ["gonogo-1-within-gonogo.txt"]


def test_refusal_by_another_word_is_one_where_a_smaller_file_is_taken_after_it(judge: Judge) -> None:
    """A firewall before the service says 403 of a large body; a quota of one file says it of every second one."""
    assert judge("security-upload-limit", walk=walk_to(Shelf(refusal=403))) is None


@pytest.mark.parametrize(
    ("shelf", "said"),
    [
        (Shelf(limit=LIMIT + 1), "a file one byte larger than 1024 is not refused: POST /files answered 201"),
        (Shelf(by_length=True), "a file one byte larger than 1024, sent without its length, is not refused"),
        (Shelf(keeps_refused=True), "a file that was refused is stored: GET /files shows it"),
        (Shelf(refusal=500), "is not refused: POST /files answered 500"),
    ],
)
def test_limit_that_is_none_is_told(judge: Judge, shelf: Shelf, said: str) -> None:
    """One byte is enough to tell."""
    assert said in str(judge("security-upload-limit", walk=walk_to(shelf)))


@pytest.mark.parametrize(
    ("shelf", "said"),
    [
        (Shelf(limit=10), "not even users are answered"),
        (Shelf(refusal=None), "it is not known whether"),
        (Shelf(refusal=429), "it is not known whether"),
        (Shelf(refusal=403, most=1), "not even users with a file within the limit are answered"),
        (Shelf(renames=True), "does not show the name of a file that was accepted"),
    ],
)
def test_limit_that_cannot_be_seen_is_no_finding(judge: Judge, shelf: Shelf, said: str) -> None:
    """The control failed, or the service said nothing, or something else."""
    with pytest.raises(Unobserved, match=said):
        judge("security-upload-limit", walk=walk_to(shelf))


def walk_with(token: str, key: str) -> Any:  # noqa: ANN401 - as above
    """A journey whose user has this token, in an environment whose file has this key."""
    section = SimpleNamespace(signed_with=SigningKey(file="staging"))
    api = SimpleNamespace(section=section, signing_key=lambda: list(spelled(key)))
    return SimpleNamespace(api=api, keep={"caller": SimpleNamespace(token=token)})


@pytest.mark.parametrize("key", [KEY, KEY.encode().hex()])
def test_key_of_the_file_signs(judge: Judge, key: str) -> None:
    """As characters, or as digits that stand for them."""
    token = jwt.encode({"sub": "ann"}, KEY, algorithm="HS256")
    assert judge("security-tokens-of-file", walk=walk_with(token, key)) is None


def test_another_key_than_that_of_the_file_is_told(judge: Judge) -> None:
    """The file is right, and the service was started with something else; neither key is shown."""
    token = jwt.encode({"sub": "ann"}, "o" * 48, algorithm="HS256")
    said = judge("security-tokens-of-file", walk=walk_with(token, KEY))
    assert said == "tokens are signed with another key than SECRET_KEY of [variables.files.staging]"


def walk_to_paths(open_path: str) -> Any:  # noqa: ANN401 - as above
    """A journey to a service that lets every page read what is at one path."""

    def speak(method: str, path: str, headers: Mapping[str, str], body: Sent) -> Reply:
        del body
        allowed = {"access-control-allow-origin": headers["Origin"]} if path == open_path else {}
        exchange = Exchange(url=path, status=200, headers=allowed, elapsed=timedelta())
        return Reply(f"{method} {path}", Body(exchange=exchange, content=b"{}"))

    caller = Caller(speak, SentToken())
    section = SimpleNamespace(closed=["/me", "/bookings", "/documents"])
    api = SimpleNamespace(section=section, me=lambda _: "/me", stranger=caller)
    return SimpleNamespace(api=api, keep={"caller": caller})


@pytest.mark.parametrize("path", ["/me", "/documents"])
def test_foreign_pages_may_read_at_no_closed_path(judge: Judge, path: str) -> None:
    """A permission that stands at one route is as good as one for all."""
    declared = environment_from({"service": {"name": "S", "base_url": "https://a.test"}})
    said = judge("security-cors-strangers", walk=walk_to_paths(path), environment=declared)
    assert said is not None
    assert f"GET {path} from" in said
    assert judge("security-cors-strangers", walk=walk_to_paths("/elsewhere"), environment=declared) is None
