"""Where a run's evidence comes from, as its judges see it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gonogo.evidence.base import Key
from gonogo.evidence.record import Failure, Record
from gonogo.journey.step import Step
from gonogo.verdict.decision import Seen


class Source(Protocol):
    """Hands out records by kind and scope."""

    def start(self, keys: Collection[Key]) -> None:
        """Begin to gather these."""

    def wait(self, key: Key) -> Record:
        """One record, once it is there."""
        ...

    def records(self) -> Sequence[Record]:
        """All that was gathered."""
        ...

    def walk(self, journeys: Mapping[str, Sequence[Step]], observed: Seen) -> None:
        """Begin to walk these."""

    @property
    def interrupted(self) -> bool:
        """Whether somebody wanted it to end while it was waited for."""
        ...

    def artefacts(self) -> Mapping[str, bytes]:
        """Files that belong to what was gathered, by name."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Notes about the gathering that a reader of the report must know."""
        ...

    def close(self) -> None:
        """Give up what is still pending. Safe to call twice."""


def unasked(key: Key) -> Record:
    """The record of a question that nobody asked."""
    failure = Failure(reason="not asked: no check of this run was about it", never_reached=True)
    return Record(kind=key[0], scope=key[1], seconds=0.0, failure=failure)
