"""The service's own metrics, looked at while it is under load."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

import pytest

from gonogo.base.errors import Unobserved
from gonogo.clients.exchanges import Body
from gonogo.clients.http import AddressClient
from gonogo.evidence.http import Exchange
from gonogo.evidence.load import ServerSecond
from gonogo.families.load.section import LoadMetrics
from gonogo.load.server_side import ServerSide

_GOOD = b"process_resident_memory_bytes 4096\n"


class Scraped:
    """A service whose metrics are these, one scrape after another; None for what is no answer of it."""

    def __init__(self, *bodies: bytes | None) -> None:
        self._bodies = list(bodies)
        self.heard: list[Mapping[str, str]] = []
        self.ended = asyncio.Event()

    async def get(self, path: str, headers: Mapping[str, str]) -> Body:
        """Its next answer."""
        self.heard.append(headers)
        body = self._bodies.pop(0)
        if not self._bodies:
            self.ended.set()
        if body is None:
            raise Unobserved("nothing came back")
        return Body(exchange=Exchange(url=path, status=200, elapsed=timedelta()), content=body)


def watched(scraped: Scraped, token: str = "") -> tuple[Sequence[ServerSecond], str]:
    """What was seen at all its scrapes, and the last problem."""
    metrics = LoadMetrics.model_validate({"requests": "requests_total"})
    side = ServerSide(client=cast("AddressClient", scraped), path="/metrics", token=token, metrics=metrics)

    async def main() -> None:
        watching = asyncio.create_task(side.watch())
        await scraped.ended.wait()
        watching.cancel()

    asyncio.run(main())
    return side.since(0, 1e12), side.problem


@pytest.mark.parametrize(("token", "sent"), [("", {}), ("t0ken", {"Authorization": "Bearer t0ken"})])
def test_token_is_sent_where_there_is_one(token: str, sent: Mapping[str, str]) -> None:
    """A header without a value is none that may be sent."""
    scraped = Scraped(_GOOD)
    seen, problem = watched(scraped, token)
    assert scraped.heard == [sent]
    assert ([second.memory for second in seen], problem) == ([4096.0], "")


@pytest.mark.parametrize(
    ("body", "problem"), [(None, "nothing came back"), (b"<html>", "not in the exposition format")]
)
def test_second_that_tells_nothing_is_not_the_last(body: bytes | None, problem: str) -> None:
    """It is named, and looked at again."""
    seen, said = watched(Scraped(body, _GOOD))
    assert [second.memory for second in seen] == [4096.0]
    assert problem in said
