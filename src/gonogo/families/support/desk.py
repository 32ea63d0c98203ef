"""What is asked of a system of tickets, whichever it is."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One question of a user."""

    identifier: str
    """As the system's API names it."""
    title: str
    opened_at: datetime
    replies: int
    """Messages after the first one, whoever wrote them."""

    @property
    def name(self) -> str:
        """As people name it."""
        return f"#{self.identifier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was written to a ticket after it was opened."""

    at: datetime
    by_support: bool
    """False for the ticket's own writer; what machines and others write is no message."""


class DeskSession(Protocol):
    """Questions that share their connections. All raise Unobserved for what cannot be read."""

    async def problem(self) -> str:
        """Why no ticket can be opened, by its own word; empty if one can."""
        ...

    async def opened_since(self, begin: datetime) -> Sequence[Ticket]:
        """All that were opened from then on, closed ones as well."""
        ...

    async def open_tickets(self) -> Sequence[Ticket]:
        """All that are open."""
        ...

    async def messages(self, ticket: Ticket) -> Sequence[Message]:
        """What was written to it, in its order."""
        ...


class TrialSession(DeskSession, Protocol):
    """The same, of a system in which a ticket can be opened by its API."""

    async def create(self, title: str, words: str) -> str:
        """Open a ticket; gives its identifier."""
        ...

    async def marked(self, mark: str) -> Sequence[Ticket]:
        """Open tickets with this text in their title."""
        ...

    async def close(self, identifier: str) -> None:
        """Close a ticket."""
        ...


class Desk(Protocol):
    """A system of tickets."""

    @property
    def name(self) -> str:
        """The system, and the place in it."""
        ...

    def session(self) -> AbstractAsyncContextManager[DeskSession]:
        """Open its connections."""
        ...


def waiting_since(opened_at: datetime, messages: Sequence[Message]) -> datetime | None:
    """When the writer wrote last without an answer after it; None if support wrote last."""
    since: datetime | None = opened_at
    for message in messages:
        if message.by_support:
            since = None
        elif since is None:
            since = message.at
    return since
