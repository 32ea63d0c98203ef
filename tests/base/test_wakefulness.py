"""A silence that was observed while this machine slept is not the target's: a user would look for a fault that is not there."""

from datetime import timedelta

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import TICK_SECONDS, Wakefulness, too_slow


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """In seconds."""
        return self.now


def slept(wakefulness: Wakefulness, clock: Clock, seconds: float) -> None:
    """One tick of the loop that took so long."""
    wakefulness.sleeps()
    clock.now += seconds
    wakefulness.woke()


def test_loop_that_wakes_in_time_can_tell() -> None:
    """A healthy machine must not turn every silence into an excuse."""
    clock = Clock()
    wakefulness = Wakefulness(clock)
    for _ in range(100):
        slept(wakefulness, clock, TICK_SECONDS + 0.01)
    assert wakefulness.too_busy(100.0) == ""
    wakefulness.demand(100.0)


@pytest.mark.parametrize("stall", [1.1, 5.0, 3600.0])
def test_loop_that_stalled_cannot_tell(stall: float) -> None:
    """A stopped process, a suspended laptop."""
    clock = Clock()
    wakefulness = Wakefulness(clock)
    slept(wakefulness, clock, TICK_SECONDS + stall)
    assert "too busy to tell" in wakefulness.too_busy(100.0)
    with pytest.raises(Unobserved, match="too busy to tell"):
        wakefulness.demand(100.0)


def test_many_short_stalls_count_together() -> None:
    """A crowded machine never stalls for long, and gets nothing done."""
    clock = Clock()
    wakefulness = Wakefulness(clock)
    for _ in range(20):
        slept(wakefulness, clock, TICK_SECONDS + 0.1)
    assert wakefulness.too_busy(100.0)


def test_stall_before_the_question_does_not_count() -> None:
    """What happened before says nothing about this question."""
    clock = Clock()
    wakefulness = Wakefulness(clock)
    slept(wakefulness, clock, 10.0)
    asked_at = clock.now
    slept(wakefulness, clock, TICK_SECONDS)
    assert wakefulness.too_busy(asked_at) == ""


def test_stall_that_goes_on_counts() -> None:
    """All time-outs ring at once when a machine wakes, before the loop could note that it slept."""
    clock = Clock()
    wakefulness = Wakefulness(clock)
    wakefulness.sleeps()
    clock.now += 8.0
    assert wakefulness.too_busy(100.0)


def test_waiting_for_a_processor_counts() -> None:
    """On a crowded machine the loop may wake in time, and then not get to work."""
    clock, waited = Clock(), Clock()
    wakefulness = Wakefulness(clock, waited=lambda _thread: waited.now)
    for _ in range(40):
        wakefulness.sleeps()
        waited.now += 0.04
        clock.now += TICK_SECONDS
        wakefulness.woke()
    assert wakefulness.too_busy(100.0)


@pytest.mark.parametrize(("measured", "own", "slow"), [(50, 0, False), (90, 0, True), (90, 20, True), (59, 50, False)])
def test_slowness_of_the_target(measured: int, own: int, slow: bool) -> None:  # noqa: FBT001 - what is expected
    """A little of our own does not excuse it."""
    millisecond = timedelta(milliseconds=1)
    assert too_slow(measured * millisecond, own * millisecond, 60 * millisecond, "ping") is slow


@pytest.mark.parametrize(("measured", "own"), [(70, 15), (900, 300), (61, 61)])
def test_slowness_of_our_own(measured: int, own: int) -> None:
    """Where it is the reason, or a large part of it, nobody knows."""
    with pytest.raises(Unobserved, match="too busy to tell"):
        too_slow(timedelta(milliseconds=measured), timedelta(milliseconds=own), timedelta(milliseconds=60), "ping")
