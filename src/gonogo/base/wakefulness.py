"""How much of its time the loop that asks could not use: what it observed meanwhile may be its own silence or slowness.

A stopped process, a suspended laptop and a crowded machine all look like a target that does not answer.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import get_native_id

from gonogo.base.comparing import at_most
from gonogo.base.errors import Unobserved

TICK_SECONDS = 0.05
_NOISE_SECONDS = 0.02
_STALL_SECONDS = 1.0
"""A loss from which nobody can tell a silence from its own sleep: the shortest patience of a probe is as long."""
_LARGEST_SHARE = 0.25
"""Share of a timed span that may be our own; beyond it the measurement says nothing about the target."""
_MOST_STALLS = 20_000


class Wakefulness:
    """How long one event loop could not work; any thread may read it."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, waited: Callable[[int], float] | None = None
    ) -> None:
        self._clock = clock
        self._waited = waited or cpu_waited
        """Seconds that a thread, by its id, waited for a processor."""
        self._thread = 0
        self._waited_before = 0.0
        self._due: float | None = None
        self._stalls: deque[tuple[float, float]] = deque(maxlen=_MOST_STALLS)
        """When the loop had lost time, and how many seconds."""

    async def watch(self) -> None:
        """Sleep and look at the clock, until cancelled."""
        self._thread = get_native_id()
        self._waited_before = self._waited(self._thread)
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
        """Note that the loop woke, and how late."""
        if (lost := self._lost_now) > 0:
            self._stalls.append((self._clock(), lost))
        self._waited_before = self._waited(self._thread)

    def lost_since(self, started: float) -> float:
        """Seconds since then in which the loop should have worked, and did not."""
        lost = sum(late for woke_at, late in list(self._stalls) if woke_at > started)
        return min(lost + self._lost_now, self._clock() - started)

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
    def _lost_now(self) -> float:
        """Since the last tick: it should have woken, or it was ready and waited for a processor."""
        if self._due is None:
            return 0.0
        late = self._clock() - self._due
        return max(late if late > _NOISE_SECONDS else 0.0, self._waited(self._thread) - self._waited_before, 0.0)


def too_slow(measured: timedelta, own: timedelta, limit: timedelta, what: str) -> bool:
    """Whether ``what`` took longer than the limit; ``own`` is the part in which this machine could not work.

    Raises Unobserved when that part is the reason, or so large that nothing of the rest can be believed.
    """
    if at_most(measured, limit, what):
        return False
    if measured - own <= limit or own >= measured * _LARGEST_SHARE:
        shown = f"{own / timedelta(milliseconds=1):.0f} of {measured / timedelta(milliseconds=1):.0f} ms"
        raise Unobserved(f"{BUSY}: gonogo could not run for {shown}", hint=HINT)
    return True


def cpu_waited(thread: int) -> float:
    """Seconds that a thread of this process was ready, and waited for a processor (proc(5), schedstat)."""
    try:
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # a thread that has just ended, or a kernel without it
        return 0.0


BUSY = "this machine was too busy to tell"
HINT = "run it where nothing else takes the processor, and do not let the machine sleep"
WAKEFULNESS = Wakefulness()
"""The watch over the loop that asks; a process has one such loop."""
