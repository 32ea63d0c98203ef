"""What strangers try first: origins of other pages, operators and quotes in place of values, and requests that nobody means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gonogo.families.api.placeholders import looked_up

if TYPE_CHECKING:
    from gonogo.clients.replies import Reply
    from gonogo.families.api.callers import Caller
    from gonogo.families.api.journey import ApiVerbs

OPERATORS = ({"$ne": None}, {"$gt": ""}, {"$regex": ".*"}, ["a", "b"])
QUOTES = ("' OR '1'='1' -- ", '" OR "1"="1" -- ', "') OR ('1'='1' -- ", "' OR 1=1#")
_ELSEWHERE = "198.51.100.7"
_ADDRESS_HEADERS = ("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Client-IP")
OTHER_ADDRESS = {**dict.fromkeys(_ADDRESS_HEADERS, _ELSEWHERE), "Forwarded": f"for={_ELSEWHERE}"}
NOTHING = "/gonogo-there-is-nothing-here"
"""A path that no service has."""


_STRANGER = "https://evil.example"
_MOST_PATHS = 10


def foreign_origins(own: Sequence[str]) -> Sequence[str]:
    """Origins of strangers, and those that careless patterns take for one's own."""
    origins = ["null", _STRANGER, "http://localhost:3000", "https://localhost"]
    for origin in own:
        scheme, _, host = origin.partition("://")
        origins += [f"{origin}.evil.example", f"{scheme}://evil{host}", f"http://{host}"]
    return [origin for origin in origins if origin not in own]


def foreign_reads(me: str, others: Sequence[str], own: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Paths, each with a foreign origin to ask from: all of them at one path, and a stranger's at some others."""
    for origin in foreign_origins(own):
        yield me, origin
    for path in others[:_MOST_PATHS]:
        if path != me:
            yield path, _STRANGER


def provoked(api: ApiVerbs, caller: Caller) -> Iterator[Reply]:
    """Replies to what no client sends on purpose."""
    login, stranger, json = api.login, api.stranger, {"Content-Type": "application/json"}
    nobody = api.nobody("wrong")
    yield stranger.send(login.method, login.path, json, b'{"email": ')
    yield stranger.send(login.method, login.path, json, b'["a", {"b": []}]')
    yield stranger.send(login.method, login.path, {"Content-Type": "application/xml"}, b"<a>&b;</a>")
    yield stranger.send(login.method, login.path, json, b'{"email": "\\u0000", "password": {"$where": "x("}}')
    yield nobody.call(login, email={"$where": "x("}, user={"$where": "x("})
    yield nobody.call(login, email="'\"`\\", user="'\"`\\")
    yield api.bearer("e30.e30.'").get(api.me(caller))
    for path in api.section.lookups:
        yield caller.get(looked_up(path, caller.known, "'"))
    yield stranger.get(NOTHING)
