"""``make bench``: what it costs to ask N slow targets at once, beside asking them one after another.

Every target is a real server on loopback that answers after half a second. The ratio is the wall time of the whole,
divided by the slowest probe in it: 1 is what cannot be beaten. One at a time is measured for up to ten targets only.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gonogo.collecting.collector import Collector, Job
from gonogo.environment.model import Limits
from gonogo.evidence.base import Evidence, Scope
from gonogo.families.kind import EvidenceKind

_ANSWERS_AFTER_SECONDS = 0.5
_SIZES = (1, 10, 50, 200)
_LARGEST_ONE_BY_ONE = 10


@dataclass(frozen=True, slots=True)
class Question:
    """One server, on a host of its own."""

    host: str
    port: int

    @property
    def scope(self) -> Scope:
        """Unique."""
        return (self.host,)


async def ask(question: Question) -> Evidence:
    """Connect, and read the answer."""
    taken_at = datetime.now(UTC)
    reader, writer = await asyncio.open_connection("127.0.0.1", question.port)
    await reader.read()
    writer.close()
    return Evidence(scope=question.scope, taken_at=taken_at)


KIND = EvidenceKind(name="slow", section="hosts", evidence=Evidence)


@asynccontextmanager
async def slow_server() -> AsyncIterator[int]:
    """Answers everybody, after a while."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        await asyncio.sleep(_ANSWERS_AFTER_SECONDS)
        writer.write(b"here")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
    async with server:
        yield server.sockets[0].getsockname()[1]


def together(questions: Sequence[Question]) -> tuple[float, float]:
    """Wall time of all at once, and the slowest of them; within the default bounds."""
    jobs = [Job(kind=KIND, ask=ask, question=question) for question in questions]
    started = time.monotonic()
    with Collector(Limits(run=timedelta(minutes=5))) as collector:
        collector.start(jobs)
        records = [collector.wait(job.key) for job in jobs]
    return time.monotonic() - started, max(record.seconds for record in records)


def one_by_one(questions: Sequence[Question]) -> float:
    """Wall time of the same, one after another."""
    return sum(together([question])[0] for question in questions)


async def main() -> None:
    """Print the table."""
    async with slow_server() as port:
        print("targets   at once   slowest   ratio   one by one   saved")
        for size in _SIZES:
            questions = [Question(f"h{number}", port) for number in range(size)]
            wall, slowest = await asyncio.to_thread(together, questions)
            line = f"{size:7}   {wall:5.2f} s   {slowest:5.2f} s   {wall / slowest:5.2f}"
            if size <= _LARGEST_ONE_BY_ONE:
                serial = await asyncio.to_thread(one_by_one, questions)
                line += f"   {serial:8.2f} s   {serial / wall:4.1f} x"
            print(line, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
