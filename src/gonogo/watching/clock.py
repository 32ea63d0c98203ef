"""The clock of a watch: an axis that nobody sets, and the time of day beside it.

Windows, ``for`` and gaps are counted on the axis. The time of day may step, or be set back by an hour: that is an event
in the journal, and neither fires an alert nor hides one.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_STEP = timedelta(seconds=2)
"""Clocks that are disciplined by NTP drift far less than this between two rounds."""


class Clock:
    """This machine's clocks. Tests pass one of their own."""

    def seconds(self) -> float:
        """A count that goes on while the machine sleeps, where its system has one, and that nobody sets."""
        boot = getattr(time, "CLOCK_BOOTTIME", None)
        return time.clock_gettime(boot) if boot is not None else time.monotonic()

    def utc(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC)

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Sleep so long, or until somebody wants an end; whether somebody does."""
        return stop.wait(max(0.0, seconds))


@dataclass(slots=True)
class Axis:
    """Seconds since the watch began, over all restarts."""

    clock: Clock
    origin: float = 0.0
    """Where it goes on: 0 for a new watch."""
    _zero: float = field(init=False)
    _last: tuple[float, datetime] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._zero = self.clock.seconds() - self.origin

    def now(self) -> float:
        """Seconds since the watch began."""
        return self.clock.seconds() - self._zero

    def stepped(self, at: float, utc: datetime) -> timedelta | None:
        """By how much the time of day was set since the last round; None if it was not."""
        last, self._last = self._last, (at, utc)
        if last is None:
            return None
        step = (utc - last[1]) - timedelta(seconds=at - last[0])
        return step if abs(step) > _STEP else None
