"""An index of items by their scopes: looking them up takes a time that does not grow with the number of targets."""

from collections.abc import Iterable, Sequence
from typing import TypeVar, overload

from gonogo.evidence.base import Scope

Item = TypeVar("Item")


class ByScope(Sequence[Item]):
    """A sequence, in the order in which it was added to, with an index of the scopes that its items are about."""

    def __init__(self, items: Iterable[tuple[Scope, Item]] = ()) -> None:
        self._items: list[Item] = []
        self._exact: dict[Scope, list[int]] = {}
        self._within: dict[Scope, list[int]] = {}
        for scope, item in items:
            self.add(scope, item)

    def add(self, scope: Scope, item: Item) -> None:
        """The item is about this scope."""
        place = len(self._items)
        self._items.append(item)
        self._exact.setdefault(scope, []).append(place)
        for length in range(len(scope) + 1):
            self._within.setdefault(scope[:length], []).append(place)

    def exact(self, scope: Scope) -> Sequence[Item]:
        """Items that are about this scope, and about no part of it."""
        return [self._items[place] for place in self._exact.get(scope, ())]

    def same_host(self, scope: Scope) -> Sequence[Item]:
        """Items that are about anything at the host of this scope; all items where there is none."""
        places = self._within.get(scope[:1])
        return [self._items[place] for place in places] if places else self._items

    def related(self, scope: Scope) -> Sequence[Item]:
        """Items about the same target: by containment, else of the same host, else all items."""
        wider = [place for length in range(len(scope)) for place in self._exact.get(scope[:length], ())]
        places = sorted([*wider, *self._within.get(scope, ())])
        return [self._items[place] for place in places] or self.same_host(scope)

    @overload
    def __getitem__(self, place: int) -> Item: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Item]: ...

    def __getitem__(self, place: int | slice) -> Item | Sequence[Item]:
        return self._items[place]

    def __len__(self) -> int:
        return len(self._items)
