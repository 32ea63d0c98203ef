"""Fields that every piece of evidence has, whatever protocol it came over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from gonogo.base.errors import Unobserved
from gonogo.base.ranks import nearest_rank

Scope = tuple[str, ...]
"""Where something was observed, widest first: ``("api.workme.test", "203.0.113.7")``, ``("mongodb",)``."""
Key = tuple[str, Scope]
"""Kind of evidence and scope: what a record is looked up by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The record of one observation. Subclasses add facts; every field survives a trip through JSON."""

    only_recorded: ClassVar[tuple[str, ...]] = ()
    """Fields that are in evidence.json alone: what checks compute from, too much of it for the results and the page."""

    scope: Scope
    taken_at: datetime
    """When the target was asked, in UTC. Checks take the time from here, never from the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A fact that could not be read: nobody knows whether it is there."""

    fact: str
    """Name of the field that was left at its default."""
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialEvidence(Evidence):
    """Evidence that was put together from several answers, some of which may not have come."""

    unread: tuple[Unread, ...] = ()

    def require(self, *facts: str) -> None:
        """Raise Unobserved if one of these facts could not be read."""
        for missing in self.unread:
            if missing.fact in facts:
                raise Unobserved(missing.reason, hint=missing.hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripEvidence(Evidence):
    """Round trips of the smallest request there is, asked one after another while nothing else was."""

    reachable: bool
    problem: str = ""
    round_trips: tuple[timedelta, ...] = ()
    """Fastest first."""
    own: tuple[timedelta, ...] = ()
    """How long this machine could not work during each of them, least first; none in older records."""

    @property
    def p95(self) -> timedelta | None:
        """The 95th percentile (nearest rank); None without a sample."""
        return nearest_rank(self.round_trips, 95)

    @property
    def own_p95(self) -> timedelta:
        """The 95th percentile of the part that was this machine's own."""
        return nearest_rank(self.own, 95) or timedelta()


def related(first: Scope, second: Scope) -> bool:
    """Whether two scopes speak of the same thing: one contains the other."""
    return all(a == b for a, b in zip(first, second, strict=False))
