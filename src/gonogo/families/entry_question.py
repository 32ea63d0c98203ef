"""The question that one entry of an environment file raises: a request, a banner, a file, a record."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from gonogo.evidence.base import Scope

Entry = TypeVar("Entry")
Place = TypeVar("Place")


# Without slots: a frozen dataclass with slots cannot be made by way of its own alias, as in EntryQuestion[A, B](…),
# since typing then sets an attribute on it (Python 3.11).
@dataclass(frozen=True, kw_only=True)
class EntryQuestion(Generic[Entry, Place]):
    """One declared entry, asked at one place."""

    entry: Entry
    place: Place
    """What it takes to ask: an address, a login, the resolvers. It may hold secrets, and is never recorded."""
    host: str
    """The host whose questions are bounded together."""
    scope: Scope
    """Where the answer will have been observed; the entry's name is a part of it."""
