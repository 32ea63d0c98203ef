"""How fast an address may be asked, and how steadily it answers: shared by all who ask it at the same time."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from gonogo.evidence.http import Exchange

SPACED_SECONDS = 0.6
"""Between two requests, once an address has turned us away."""
_MOST_NOTED = 10
_PACES: MutableMapping[asyncio.AbstractEventLoop, dict[tuple[str, int], "Pace"]] = WeakKeyDictionary()


class Pace:
    """The turn-taking of all who ask one address at the same time."""

    def __init__(self) -> None:
        self._slow = False
        self._next = 0.0
        self._turn = asyncio.Lock()
        self._again: list[Exchange] = []
        self._slowest: Exchange | None = None
        self._open = 0
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        """One connection beside others. It is not opened while somebody is alone with the address."""
        async with self._alone:
            pass
        self.opened()
        try:
            yield
        finally:
            self.closed()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until all other connections are closed, and keep new ones waiting."""
        async with self._alone:
            await self._none_open.wait()
            yield

    def opened(self) -> None:
        """Count a connection."""
        self._open += 1
        self._none_open.clear()

    def closed(self) -> None:
        """Count it no more."""
        self._open -= 1
        if not self._open:
            self._none_open.set()

    @property
    def slow(self) -> bool:
        """Whether the address has turned us away."""
        return self._slow

    @property
    def again(self) -> tuple[Exchange, ...]:
        """Answers that came at a further time of asking only; and connections that were cut off among others."""
        return tuple(self._again)

    @property
    def slowest(self) -> Exchange | None:
        """The answer that took longest."""
        return self._slowest

    def note(self, exchange: Exchange, *, timed: bool) -> None:
        """Remember an answer that was late, if its time counts, or that had to be asked for again."""
        if (exchange.earlier or exchange.cut) and len(self._again) < _MOST_NOTED:
            self._again.append(exchange)
        if (
            timed
            and exchange.status is not None
            and (self._slowest is None or exchange.elapsed > self._slowest.elapsed)
        ):
            self._slowest = exchange

    async def turn(self) -> None:
        """Wait until the next request may go out."""
        if not self._slow:
            return
        async with self._turn:
            await asyncio.sleep(max(0.0, self._next - asyncio.get_running_loop().time()))
            self._next = asyncio.get_running_loop().time() + SPACED_SECONDS

    def slow_down(self, seconds: float) -> None:
        """Ask nothing for so long, and from then on one request after another."""
        self._slow = True
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)


def pace_of(address: str, port: int) -> Pace:
    """The one pace of this address in this run."""
    paces = _PACES.setdefault(asyncio.get_running_loop(), {})
    return paces.setdefault((address, port), Pace())
