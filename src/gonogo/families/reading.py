"""Reads the facts of one target one by one: what is refused, or does not come, is missing by itself."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from gonogo.base.errors import Unobserved
from gonogo.evidence.base import Unread

Fact = TypeVar("Fact")


@dataclass(slots=True)
class Reading:
    """Notes what could not be read."""

    _unread: list[Unread] = field(default_factory=list)

    async def fact(self, name: str, asking: Awaitable[Fact], otherwise: Fact) -> Fact:
        """The fact, or ``otherwise`` with a note of why it could not be read."""
        try:
            return await asking
        except Unobserved as error:
            self.miss(name, error.reason, error.hint)
            return otherwise

    def miss(self, name: str, reason: str, hint: str = "") -> None:
        """Note that a fact could not be read."""
        self._unread.append(Unread(fact=name, reason=reason, hint=hint))

    def demand(self, name: str) -> None:
        """Raise Unobserved if this fact, without which there is no evidence at all, could not be read."""
        for missing in self._unread:
            if missing.fact == name:
                raise Unobserved(missing.reason, hint=missing.hint)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """All notes, by the name of the fact."""
        return tuple(sorted(self._unread, key=lambda missing: missing.fact))
