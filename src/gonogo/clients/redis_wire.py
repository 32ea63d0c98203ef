"""The Redis protocol without a driver: the server's own words, one connection, and nothing sent unasked.

A driver greets, retries and translates; what a server refuses must be seen as it was said. Replies are bounded.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gonogo.clients.redis import LONGEST, RedisQuestion

ACCEPTED = "accepted"
UNANSWERED = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
"""The connection broke, or what came over it is not the protocol."""
_LARGEST_VALUE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Session:
    """One connection, asked one thing after another."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    patience_seconds: float

    async def say(self, *words: str) -> str:
        """The first line of the reply, with its type: ``+OK``, ``-NOPERM …``, ``$-1``. Raises one of UNANSWERED."""
        self.writer.write(_encoded(words))
        return await self._reply()

    async def _reply(self) -> str:
        async with asyncio.timeout(self.patience_seconds):
            line = await self._line()
            if line[:1] == "$" and line != "$-1":
                await self._value(int(line[1:]))
        return line

    async def ask(self, *words: str) -> str:
        """``accepted``, or the server's refusal in its own words."""
        return _answer(await self.say(*words))

    async def queue(self, *commands: Sequence[str], together: Sequence[Sequence[str]] = ()) -> Sequence[str]:
        """Queue commands in a transaction and discard it: the ACL answers each, and nothing is ever executed.

        A harmless command goes before each of them: where that is not queued, something between us and the server
        does not understand transactions, or left this one, and would run the other command. Those of ``together`` are
        harmless themselves, and sent at once; their answers are the last.
        """
        count = len(commands) + len(together)
        if (opened := await self.say("MULTI")) != "+OK":
            return [f"not tried, MULTI is answered {opened}"] * count
        answers: list[str] = []
        for words in commands:
            if (harmless := await self.say("PING")) != "+QUEUED":
                return [*answers, *[f"not tried, PING is not queued but answered {harmless}"] * (count - len(answers))]
            answers.append(await self.ask(*words))
        self.writer.write(b"".join(map(_encoded, together)))
        answers += [_answer(await self._reply()) for _ in together]
        await self.say("DISCARD")
        return answers

    async def _line(self) -> str:
        return (await self.reader.readuntil(b"\r\n"))[:LONGEST].decode("utf-8", "replace").strip()

    async def _value(self, size: int) -> None:
        if not 0 <= size <= _LARGEST_VALUE_BYTES:
            message = f"a value of {size} bytes"
            raise ValueError(message)
        await self.reader.readexactly(size + 2)


@asynccontextmanager
async def session(question: RedisQuestion, *, certificate: bool = True) -> AsyncIterator[Session]:
    """Connected as the service connects, not logged in yet. Raises one of UNANSWERED."""
    host, port = question.server
    patience = question.patience.total_seconds()
    async with asyncio.timeout(patience):
        reader, writer = await asyncio.open_connection(host, port, ssl=question.tls(certificate=certificate))
    try:
        yield Session(reader, writer, patience)
    finally:
        writer.transport.abort()


async def log_in(talk: Session, *credentials: str) -> str:
    """``accepted``, or the refusal; who has no credentials is accepted as he is."""
    return await talk.ask("AUTH", *credentials) if credentials else ACCEPTED


def _encoded(words: Sequence[str]) -> bytes:
    parts = (b"$%d\r\n%b\r\n" % (len(word), word) for word in map(str.encode, words))
    return b"*%d\r\n" % len(words) + b"".join(parts)


def _answer(line: str) -> str:
    """A cluster looks at the rights first, and tells only those who have them which node to ask."""
    if line.startswith(("-MOVED ", "-ASK ")):
        return ACCEPTED
    return line[1:] if line.startswith("-") else ACCEPTED
