"""Asks one server one thing after another, and takes no silence for an answer before it has seen it twice.

Only an alert is a refusal by itself. A server that is short of connections, or limits them, closes them in the same
way as one that dislikes an offer: so what ends without a word is asked again, between handshakes that must work.
"""

import asyncio
from dataclasses import dataclass, field, replace

from gonogo.families.tls.answer import HelloEnding, TlsAnswer
from gonogo.families.tls.asking import ANSWER_SECONDS, ask
from gonogo.families.tls.hello import Hello

_DOUBTFUL = {HelloEnding.CLOSED, HelloEnding.SILENT, HelloEnding.NOT_TLS, HelloEnding.CLOSED_PORT}
_ENOUGH_MISSES = 2
_LEAST_PAUSE_SECONDS = 0.03
_FIRST_PAUSE_SECONDS = 0.2
_LEAST_PATIENCE_SECONDS = 0.6
_TIMES_SLOWER = 20
"""A server that answers one hello in so much time would answer another in so many times of it."""


@dataclass(slots=True, kw_only=True)
class Settled:
    """An answer, and whether it is one."""

    answer: TlsAnswer
    certain: bool = True
    repeated: bool = False
    """True for a refusal without an alert: the connection ended without a word, again and again, between handshakes that worked."""


@dataclass(slots=True, kw_only=True)
class Interview:
    """Questions to one server, one connection at a time, until a moment of the event loop's clock."""

    address: str
    port: int
    control: Hello
    """What the server is known to accept."""
    deadline: float
    answers: list[TlsAnswer] = field(default_factory=list)
    """Everything that was accepted."""
    _patience_seconds: float = ANSWER_SECONDS
    _pause_seconds: float = 0.05
    _worked: bool = False
    """Whether the last connection got an answer."""

    async def settle(self, hello: Hello) -> Settled:
        """Offer this until it is certain how the server takes it, or time is over."""
        if self.left_seconds <= 0:
            return Settled(answer=TlsAnswer(ending=HelloEnding.NOT_ASKED, detail="no time was left"), certain=False)
        # A miss counts only between two controls that worked. If the control fails as well, the server is short of
        # connections, and says nothing about the offer.
        worked, misses = self._worked, 0
        answer = await self._ask(hello)
        while answer.ending in _DOUBTFUL:
            await self.pause()
            if worked and await self._works():
                misses += 1
                if misses == _ENOUGH_MISSES:
                    return Settled(answer=answer, repeated=True)
            elif await self._works_again():
                worked, misses = True, 0
            else:
                return Settled(answer=answer, certain=False)
            await self.pause()
            answer = await self._ask(hello)
        return Settled(answer=answer, certain=answer.ending is not HelloEnding.NOT_ASKED)

    async def pause(self) -> None:
        """Let the server see that the last connection is over, before it counts the next one."""
        await asyncio.sleep(self._pause_seconds)

    async def _works_again(self) -> bool:
        """The control, again and again with longer pauses: a limit on connections may pass."""
        pause = _FIRST_PAUSE_SECONDS
        while not await self._works():
            if self.left_seconds <= pause:
                return False
            await asyncio.sleep(pause)
            pause *= 2
        return True

    async def _works(self) -> bool:
        if self.left_seconds <= 0:
            return False
        return (await self._ask(self.control)).accepted

    async def _ask(self, hello: Hello) -> TlsAnswer:
        started = asyncio.get_running_loop().time()
        patience = min(self._patience_seconds, max(self.left_seconds, _LEAST_PATIENCE_SECONDS))
        answer = await ask(self.address, self.port, hello, patience)
        self._worked = answer.ending not in _DOUBTFUL and answer.ending is not HelloEnding.NOT_ASKED
        if self._worked:
            took = asyncio.get_running_loop().time() - started
            # As fast as this server has shown to be: a silence of it is then known sooner than by the longest patience.
            self._patience_seconds = min(max(took * _TIMES_SLOWER, _LEAST_PATIENCE_SECONDS), ANSWER_SECONDS)
            self._pause_seconds = min(max(took, _LEAST_PAUSE_SECONDS), _FIRST_PAUSE_SECONDS)
        if answer.accepted:
            self.answers.append(replace(answer))
        return answer

    @property
    def left_seconds(self) -> float:
        """How long may still be asked."""
        return self.deadline - asyncio.get_running_loop().time()
