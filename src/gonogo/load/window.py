"""Which seconds count."""

import math
import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Monotonic time for intervals, and the wall clock's second that it was then, so that workers agree on seconds."""

    offset: float
    """Seconds of the wall clock at zero of the monotonic one, when it was started."""

    @classmethod
    def started(cls) -> "Clock":
        """Begin with the time that it is now."""
        return cls(time.time() - time.monotonic())

    def second(self, monotonic: float) -> int:
        """The wall clock's whole second."""
        return math.floor(monotonic + self.offset)

    def step(self) -> float:
        """Seconds by which the wall clock has left the monotonic one since this clock was started."""
        return time.time() - time.monotonic() - self.offset


@dataclass(slots=True, kw_only=True)
class Window:
    """From when to when requests are measured, in whole seconds of the wall clock."""

    begins: int
    """Second of the wall clock; the first that is measured."""
    ends: int
    """Second of the wall clock; the first that is measured no more."""

    @classmethod
    def after(cls, warm_up: float, measured: float) -> "Window":
        """One that begins when the warm-up is over."""
        begins = math.ceil(time.time() + warm_up)
        return cls(begins=begins, ends=begins + math.ceil(measured))

    def shortened(self) -> "Window":
        """The window with its end at the end of the current second: what was measured in that second counts."""
        return Window(begins=self.begins, ends=max(self.begins, min(self.ends, math.floor(time.time()) + 1)))

    def covers(self, second: int) -> bool:
        """Whether it is measured."""
        return self.begins <= second < self.ends
