"""The interface of an on-call system, the same for PagerDuty and Opsgenie."""

from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonSession
from gonogo.evidence.oncall import AlertService, Reach, Shift, Span
from gonogo.families.times import time_of

Answer = TypeVar("Answer")


class Absent(Exception):
    """Raised when the system says that a policy, schedule or service does not exist. The message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person on call, with the id and the name that the system's API uses."""

    identifier: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Everybody who is on call within the time that was asked about.

    ``first`` are the shifts of those who are notified first, ``told`` those of every level, ``people`` each person once.
    """

    first: Sequence[Shift]
    told: Sequence[Shift]
    people: Sequence[Person]
    untold: str = ""
    """Why ``told`` is incomplete; empty if it is complete."""


class RotaSession(Protocol):
    """Open connections to an on-call system.

    Every method raises Unobserved for what cannot be read, and Absent for what the system says does not exist.
    """

    async def rota(self, span: Span) -> Rota:
        """Return everybody who is on call within ``span``."""
        ...

    async def levels(self) -> tuple[int, timedelta | None]:
        """Return how many levels the escalation policy has, and how long the first one has; 0 where none is declared."""
        ...

    async def reach(self, person: Person) -> Reach:
        """Return the contact methods and notification rules of one person."""
        ...

    async def service(self, span: Span) -> AlertService | None:
        """Return what alerts go to, with its maintenance within ``span``; None where none is declared."""
        ...


class OnCallSystem(Protocol):
    """An on-call system that gonogo can read: PagerDuty or Opsgenie."""

    @property
    def name(self) -> str:
        """The name for messages, as in ``PagerDuty``."""
        ...

    def session(self) -> AbstractAsyncContextManager[RotaSession]:
        """Open its connections, and close them at the end."""
        ...


async def needing(right: str, asking: Awaitable[Answer]) -> Answer:
    """Return the answer. Raises Unobserved with ``right``, the permission that reads it, in its hint."""
    try:
        return await asking
    except Unobserved as error:
        if right in error.hint:
            raise
        raise Unobserved(error.reason, hint="; ".join(filter(None, (error.hint, f"it is read with {right}")))) from None


def moment(session: JsonSession, value: Any, what: str) -> datetime:  # noqa: ANN401 - JSON
    """Return a time in UTC. Raises Unobserved for a value that is no time: ``what`` names the field in the message."""
    time = time_of(value)
    if time is None:
        raise Unobserved(f"{session.api.name}: {what} is no time: {str(value)[:50]!r}", hint="is oncall.api right?")
    return time


def written(time: datetime) -> str:
    """Return a time as both APIs accept it: UTC, in seconds, as in ``2026-12-01T12:00:00Z``."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def overlaps(begins: datetime, ends: datetime | None, span: Span) -> bool:
    """Return whether a period overlaps ``span``. ``ends``: None for a period without an end."""
    return begins < span[1] and (ends is None or ends > span[0])
