"""The schedule of a virtual user's visits, in the open and in the closed model."""

import random
from dataclasses import dataclass
from typing import Protocol


class VisitPace(Protocol):
    """The schedule of one virtual user."""

    due: float
    """When the next visit is planned, on the monotonic clock."""

    def begun(self, now: float) -> None:
        """Record that the visit that was due has begun."""

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
        """Plan the next visit; its latency counts from the planned time."""
        del now
        self.due += self.period

    def over(self, now: float) -> None:
        """Record the end of a visit; the open model's schedule does not depend on it."""


@dataclass(slots=True)
class Closed:
    """Pauses after each visit: a user who waits for a reply sends no other request."""

    think: float
    """Mean pause between two visits, in seconds."""
    due: float
    """When the next visit should begin, on the monotonic clock."""

    def begun(self, now: float) -> None:
        """Plan nothing: the next visit depends on when this one ends."""

    def over(self, now: float) -> None:
        """Plan the next visit after a pause."""
        self.due = now + thinking(self.think)


def thinking(mean: float) -> float:
    """A random pause in seconds, between half of the mean and one and a half times the mean."""
    return random.uniform(0.5, 1.5) * mean  # noqa: S311 - nobody's secret
