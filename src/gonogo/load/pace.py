"""When a visitor comes again."""

import random
from dataclasses import dataclass
from typing import Protocol


class VisitPace(Protocol):
    """One user's."""

    due: float
    """When the next visit is planned, on the monotonic clock."""

    def begun(self, now: float) -> None:
        """The visit that was due has begun."""

    def over(self, now: float) -> None:
        """Record the end of a visit, from which the closed model's pause counts."""


@dataclass(slots=True)
class Open:
    """Begins visits at a fixed period from a random phase, however long visits take: many users together are a steady stream.

    Visits wait for no reply of others, so a service that stands still does not thin out what it is measured by.
    """

    period: float
    """Seconds between two visits of one user."""
    due: float
    """When the next visit should begin, on the monotonic clock."""

    def begun(self, now: float) -> None:
        """The next is planned already: latency counts from there."""
        del now
        self.due += self.period

    def over(self, now: float) -> None:
        """Record the end of a visit; the open model's schedule does not depend on it."""


@dataclass(slots=True)
class Closed:
    """A pause after each visit: who waits for a reply asks for nothing else."""

    think: float
    """Mean pause between two visits, in seconds."""
    due: float
    """When the next visit should begin, on the monotonic clock."""

    def begun(self, now: float) -> None:
        """Nothing is planned while it lasts."""

    def over(self, now: float) -> None:
        """Again after a while."""
        self.due = now + thinking(self.think)


def thinking(mean: float) -> float:
    """Seconds that somebody reads before going on: between half of the mean and one and a half."""
    return random.uniform(0.5, 1.5) * mean  # noqa: S311 - nobody's secret
