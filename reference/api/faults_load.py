"""The faults that show under load only: what works for one tester, and fails for a hundred users."""

import asyncio
import mmap
import os
import random
import time
from collections import Counter, deque
from collections.abc import Mapping

BUSY_PER_SECOND = 12
"""Requests: more than a few people make."""
_SUSTAINED_SECONDS = 4.0
"""Journeys, and the making of a load's people, are over sooner."""
_CALM_SECONDS = 0.5
_LATE_SECONDS = 0.7
_SLOW_START_SECONDS = 3.0
_STALL_EVERY_SECONDS, _STALL_SECONDS = 10.0, 2.0
_ONE_BY_ONE_SECONDS = 0.04
_LEAKED_BYTES = 128 * 1024
_LEAKS_PER_BLOCK = 64
_UNAVAILABLE = 503
_MIB = 2**20
_HOARDED = 512 * _MIB
_MOST_NOISE = 16 * _MIB

SHARES: Mapping[str, tuple[str, str, float, int]] = {
    "load-slow-tail": ("POST", "/api/bookings", 0.25, 0),
    "load-errors": ("GET", "/api/services", 0.06, 500),
    "load-errors-often": ("GET", "/api/services", 0.2, 500),
    "load-payments-fail": ("POST", "/api/payment/card", 0.11, 402),
    "load-payments-fail-often": ("POST", "/api/payment/card", 0.34, 402),
    "load-registrations-fail": ("POST", "/api/auth/register", 0.6, 403),
    "load-uploads-fail": ("POST", "/api/documents", 0.75, 415),
}
"""Fault to route, the exact share of its requests, and the status that they get; 0: the right reply, late."""
OTHERS = (
    "load-collapses",
    "load-slow-start",
    "load-stalls",
    "load-queues-up",
    "load-leak",
    "load-memory-hoarded",
    "load-memory-noisy",
    "load-sessions-brief",
)
LOAD_FAULTS = frozenset({*SHARES, *OTHERS})


class LoadFaults:
    """Watches how much is asked, and lets one thing go wrong once it is more than a few people could."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque()
        self._busy_since = self._busy_until = 0.0
        self._counts: Counter[str] = Counter()
        self._leaked: list[mmap.mmap] = []
        self._leaks = 0
        self._held = b""
        self._stalled = 0
        self._collapsed = False
        self._line: list[asyncio.Future[None]] = []
        self._serving = False

    async def apply(self, faults: frozenset[str], method: str, path: str) -> int:
        """Called before each request: gives the status that it gets in place of an answer, or 0."""
        busy = self._busy_seconds()
        if "load-slow-start" in faults and 0 < busy < _SLOW_START_SECONDS:
            await asyncio.sleep(_LATE_SECONDS)
        self._collapsed |= "load-collapses" in faults and busy >= _SUSTAINED_SECONDS
        if self._collapsed:  # for good: fewer requests do not mend it
            return _UNAVAILABLE
        if busy < _SUSTAINED_SECONDS:
            return 0
        if "load-stalls" in faults:
            self._stall()
        # Not the metrics: a service whose memory cannot be seen is another fault.
        if "load-queues-up" in faults and path != "/metrics":
            await self._queue()
        self._hold(faults)
        for fault in sorted(faults & SHARES.keys()):
            wanted, route, share, status = SHARES[fault]
            if (method, path) == (wanted, route) and self._hit(fault, share):
                if status:
                    return status
                await asyncio.sleep(_LATE_SECONDS)
        return 0

    def _busy_seconds(self) -> float:
        """For how long there has been more than a few people's traffic."""
        now = time.monotonic()
        self._arrivals.append(now)
        while self._arrivals[0] < now - 1:
            self._arrivals.popleft()
        if len(self._arrivals) <= BUSY_PER_SECOND:
            return 0.0
        if now - self._busy_until > _CALM_SECONDS:
            self._busy_since = now
        self._busy_until = now
        return max(now - self._busy_since, 1e-6)

    def _hit(self, fault: str, share: float) -> bool:
        """Exactly this share of them, evenly: a fault by chance would be a test by chance."""
        self._counts[fault] += 1
        count = self._counts[fault]
        return int(count * share) > int((count - 1) * share)

    async def _queue(self) -> None:
        """One by one, the newest first: first come, first served would in the end serve nobody, which is another fault."""
        if self._serving:
            turn = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            await turn
        self._serving = True
        try:
            await asyncio.sleep(_ONE_BY_ONE_SECONDS)
        finally:
            self._serving = False
            while self._line and not self._serving:
                turn = self._line.pop()
                self._serving = not turn.done()  # whoever hung up meanwhile is not served
                if self._serving:
                    turn.set_result(None)

    def _stall(self) -> None:
        """Everything stands still, as in a collection of garbage, or behind a lock that everybody needs."""
        cycle, phase = divmod(time.monotonic(), _STALL_EVERY_SECONDS)
        if phase < _STALL_SECONDS and cycle != self._stalled:
            self._stalled = int(cycle)
            time.sleep(_STALL_SECONDS)

    def _hold(self, faults: frozenset[str]) -> None:
        if "load-leak" in faults:
            self._leak()
        if "load-memory-hoarded" in faults and not self._held:
            self._held = b"x" * _HOARDED
        if "load-memory-noisy" in faults:
            self._held = b"x" * random.randrange(_MOST_NOISE)  # noqa: S311 - noise

    def _leak(self) -> None:
        """From the kernel itself: what earlier requests freed could hold the leak of a whole short run, unseen."""
        block, place = divmod(self._leaks, _LEAKS_PER_BLOCK)
        if block == len(self._leaked):
            self._leaked.append(mmap.mmap(-1, _LEAKED_BYTES * _LEAKS_PER_BLOCK))
        self._leaked[block].seek(place * _LEAKED_BYTES)
        self._leaked[block].write(os.urandom(_LEAKED_BYTES))
        self._leaks += 1
