"""What is asked of an on-call system, whichever it is."""

from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonSession
from gonogo.evidence.oncall import AlertService, Reach, Shift, Span
from gonogo.families.times import time_of

Answer = TypeVar("Answer")


class Absent(Exception):
    """The system says itself that there is no such policy, schedule or service. The message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is on call, as the system's API names them."""

    identifier: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """All that is said about who is on call."""

    first: Sequence[Shift]
    told: Sequence[Shift]
    people: Sequence[Person]
    untold: str = ""
    """Why some who are told are not among them."""


class RotaSession(Protocol):
    """Questions that share their connections. All raise Unobserved for what cannot be read, and Absent for what is not there."""

    async def rota(self, span: Span) -> Rota:
        """Everybody who is on call within this time."""
        ...

    async def levels(self) -> int:
        """How many levels the escalation policy has; 0 where none is declared."""
        ...

    async def reach(self, person: Person) -> Reach:
        """How somebody is told."""
        ...

    async def service(self, span: Span) -> AlertService | None:
        """What alerts go to; None where none is declared."""
        ...


class OnCallSystem(Protocol):
    """PagerDuty, or Opsgenie."""

    @property
    def name(self) -> str:
        """As people name it."""
        ...

    def session(self) -> AbstractAsyncContextManager[RotaSession]:
        """Open its connections."""
        ...


async def needing(right: str, asking: Awaitable[Answer]) -> Answer:
    """The answer; what it takes to be allowed to ask stands in the hint of every reason why there is none."""
    try:
        return await asking
    except Unobserved as error:
        if right in error.hint:
            raise
        raise Unobserved(error.reason, hint="; ".join(filter(None, (error.hint, f"it is read with {right}")))) from None


def moment(session: JsonSession, value: Any, what: str) -> datetime:  # noqa: ANN401 - JSON
    """A time in UTC. Raises Unobserved for what is none: nobody knows when somebody is on call."""
    time = time_of(value)
    if time is None:
        raise Unobserved(f"{session.api.name}: {what} is no time: {str(value)[:50]!r}", hint="is oncall.api right?")
    return time


def written(time: datetime) -> str:
    """As both APIs take a time."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def overlaps(begins: datetime, ends: datetime | None, span: Span) -> bool:
    """Whether it has something in common with this time."""
    return begins < span[1] and (ends is None or ends > span[0])
