"""How late the event loop of this process wakes: a silence that was observed while it slept is not the target's.

A stopped process, a suspended laptop and a crowded machine all look like a target that does not answer.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from gonogo.base.errors import Unobserved

TICK_SECONDS = 0.05
_NOISE_SECONDS = 0.02
_STALL_SECONDS = 1.0
"""Who loses that much cannot tell a silence from its own sleep: the shortest patience of a probe is as long."""
_LARGEST_SHARE = 0.25
_MOST_STALLS = 10_000


class Wakefulness:
    """Of one event loop; read from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: float | None = None
        self._stalls: deque[tuple[float, float]] = deque(maxlen=_MOST_STALLS)
        """When the loop woke too late, and by how many seconds."""

    async def watch(self) -> None:
        """Sleep and look at the clock, until cancelled."""
        try:
            while True:
                self.sleeps()
                await asyncio.sleep(TICK_SECONDS)
                self.woke()
        finally:
            self._due = None

    def sleeps(self) -> None:
        """The loop wants to wake after one tick."""
        self._due = self._clock() + TICK_SECONDS

    def woke(self) -> None:
        """It does."""
        if (late := self._overdue) > _NOISE_SECONDS:
            self._stalls.append((self._clock(), late))

    def lost_since(self, started: float) -> float:
        """Seconds since then in which the loop should have worked, and did not."""
        lost = sum(late for woke_at, late in list(self._stalls) if woke_at > started)
        overdue = self._overdue
        return min(lost + (overdue if overdue > _NOISE_SECONDS else 0.0), self._clock() - started)

    def too_busy(self, started: float) -> str:
        """Why nothing that was timed since then can be believed; empty if it can."""
        lost, passed = self.lost_since(started), self._clock() - started
        if lost < max(_STALL_SECONDS, passed * _LARGEST_SHARE):
            return ""
        return f"{BUSY}: gonogo could not run for {lost:.1f} of {passed:.1f} s"

    def demand(self, started: float) -> None:
        """Raise Unobserved when nothing that was timed since then can be believed."""
        if reason := self.too_busy(started):
            raise Unobserved(reason, hint=HINT)

    @property
    def _overdue(self) -> float:
        return max(0.0, self._clock() - self._due) if self._due is not None else 0.0


BUSY = "this machine was too busy to tell"
HINT = "run it where nothing else takes the processor, and do not let the machine sleep"
WAKEFULNESS = Wakefulness()
"""Of the loop that asks, which there is one of in a process."""
