"""Round trips of the smallest request there is, one after another, and how much of each was our own."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.evidence.base import RoundTripEvidence, Scope

_COUNT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrips:
    """The times of several round trips, and how much of each was our own; both ascending."""

    taken: tuple[timedelta, ...]
    own: tuple[timedelta, ...]
    """How long this machine could not work meanwhile."""


async def measure(ask: Callable[[], Awaitable[object]]) -> RoundTrips:
    """Ask twenty times. Once before: connecting is not part of a round trip."""
    await ask()
    pairs = [await _timed(ask) for _ in range(_COUNT)]
    return RoundTrips(taken=tuple(sorted(taken for taken, _ in pairs)), own=tuple(sorted(own for _, own in pairs)))


async def latency(scope: Scope, measured: Awaitable[tuple[RoundTrips | None, str]]) -> RoundTripEvidence:
    """The evidence of ``measure`` over a connection: ``measured`` gives the round trips, or the problem in their place."""
    taken_at = datetime.now(UTC)
    trips, problem = await measured
    return RoundTripEvidence(
        scope=scope,
        taken_at=taken_at,
        reachable=trips is not None,
        problem=problem,
        round_trips=trips.taken if trips else (),
        own=trips.own if trips else (),
    )


async def _timed(ask: Callable[[], Awaitable[object]]) -> tuple[timedelta, timedelta]:
    started = time.monotonic()
    await ask()
    taken = time.monotonic() - started
    return _rounded(taken), _rounded(min(WAKEFULNESS.lost_since(started), taken))


def _rounded(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds, 5))
