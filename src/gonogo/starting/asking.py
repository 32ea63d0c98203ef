"""Asks one address for many paths, and once more for what gave no answer."""

import asyncio
import secrets as entropy
from collections.abc import Iterable, Mapping
from typing import Any

from gonogo.clients.exchanges import Body
from gonogo.clients.http import AddressClient

_BUSY_TRIES, _PAUSE_SECONDS = 8, 0.2
"""A try that gets no answer takes the seconds that the client waits."""


class Asking:
    """One address, and the paths that it left without an answer."""

    def __init__(self, client: AddressClient) -> None:
        self._client = client
        self._gone = False
        self.silent: set[str] = set()

    async def get(self, path: str) -> Body:
        """One GET."""
        return await self._client.get(path)

    async def ask(self, prefix: str, paths: Iterable[str]) -> Mapping[str, Body]:
        """All of them at once, below the path of the base URL as well if it has one.

        A service that does one thing at a time may be kept busy by one of them, as by the first making of its OpenAPI
        document: those that got no answer are asked once more when it answers again.
        """
        wanted = dict.fromkeys(f"{start}{path}" for start in dict.fromkeys((prefix, "")) for path in paths)
        replies = await self._together(wanted)
        unanswered = _unanswered(replies)
        if unanswered and await self._answers_again():
            replies |= await self._together(unanswered)
        self.silent |= set(_unanswered(replies))
        return replies

    async def _together(self, paths: Iterable[str]) -> dict[str, Body]:
        wanted = list(paths)
        replies: Any = await asyncio.gather(*(self._client.get(path) for path in wanted))
        return dict(zip(wanted, replies, strict=True))

    async def _answers_again(self) -> bool:
        """Whether a path that nobody made is answered; one that once was not for so long is not waited for again."""
        for _ in range(0 if self._gone else _BUSY_TRIES):
            if (await self._client.get(made_up_path())).exchange.status is not None:
                return True
            await asyncio.sleep(_PAUSE_SECONDS)
        self._gone = True
        return False


def made_up_path() -> str:
    """A path that nobody made, which is another one each time."""
    return f"/gonogo-{entropy.token_hex(8)}"


def _unanswered(replies: Mapping[str, Body]) -> list[str]:
    return [path for path, body in replies.items() if body.exchange.status is None]
