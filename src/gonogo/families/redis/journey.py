"""Verbs of Redis for the steps of journeys: keys in the service's own cache, as the service's own user."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from gonogo.base.errors import Unobserved
from gonogo.base.marks import PREFIX, Leftovers, Marks
from gonogo.families.redis.section import Redis
from gonogo.families.verbs import Verbs

Answer = TypeVar("Answer")
_MOST_KEYS = 10_000
_BATCH = 1000
_LONGEST = 200


class RedisVerbs(Verbs[Redis]):
    """``walk.redis``. Every verb raises Unobserved when Redis cannot be asked: its own checks judge it."""

    model = Redis

    def lifetimes(self, pattern: str) -> Mapping[str, int]:
        """Keys like this that carry the run's mark, and the seconds that they will live; -1: for ever."""
        mark = self.world.mark

        async def look(redis: Any) -> Mapping[str, int]:  # noqa: ANN401 - the driver's client
            keys = [key async for key in redis.scan_iter(match=pattern, count=_BATCH) if mark.encode() in key]
            return {key.decode(errors="replace"): await redis.ttl(key) for key in keys}

        return self.walk.looked(f"Redis keys like {pattern} of {mark}", lambda: self._ask(look))

    def forget(self, keys: Sequence[str]) -> None:
        """Delete keys that are our own."""

        async def forget(redis: Any) -> int:  # noqa: ANN401 - the driver's client
            removed: int = await redis.delete(*keys)
            return removed

        self.walk.looked(f"Redis DEL {', '.join(keys)}", lambda: self._ask(forget))

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Keys that carry a mark: the service's own, of what the journeys asked."""
        yield Leftovers("keys in Redis", partial(self._keys, marks), self._remove)

    def _keys(self, marks: Marks) -> Sequence[str]:
        """Keys that carry the mark of a run, by SCAN, which blocks no other client as KEYS would."""

        async def scan(redis: Any) -> list[str]:  # noqa: ANN401 - the driver's client
            keys: list[str] = []
            async for key in redis.scan_iter(match=f"*{PREFIX}*", count=_BATCH):
                name = key.decode(errors="surrogateescape")
                if marks.in_text(name):
                    keys.append(name)
                if len(keys) >= _MOST_KEYS:
                    break
            return keys

        return self._ask(scan)

    def _remove(self, keys: Sequence[str]) -> None:
        async def remove(redis: Any) -> None:  # noqa: ANN401 - the driver's client
            await redis.delete(*(key.encode(errors="surrogateescape") for key in keys))

        self._ask(remove)

    def _ask(self, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """The answer to a question, over the one connection that all journeys share."""
        # The driver takes its time at every start, and most services have no Redis.
        from redis.exceptions import RedisError  # noqa: PLC0415

        from gonogo.clients.redis import connected  # noqa: PLC0415
        from gonogo.families.redis.questions import redis_questions  # noqa: PLC0415

        question = redis_questions(self.world.environment, self.world.secrets)[0]
        client = self.world.shared("redis", lambda: connected(question))
        try:
            return self.world.run(work, client)
        except (RedisError, OSError) as error:
            raise Unobserved(f"Redis could not be asked: {self.world.redactor.text(str(error))[:_LONGEST]}") from None
