"""Removes the test data of journeys and load, wherever it may lie, and looks whether it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gonogo.base.errors import GonogoError, Unobserved
from gonogo.base.marks import Leftovers, Marks
from gonogo.families.verbs import verbs_of

if TYPE_CHECKING:
    from gonogo.families.world import World
    from gonogo.journey.walk import Walk

_MOST_ROUNDS = 20
_FURTHER_TRIES, _PAUSE_SECONDS = 2, 2.0
_BEHIND = "synthetic data may have stayed behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """The result of a clean-up: kind of test data to number, before and after. Kinds without any are left out."""

    found: Mapping[str, int]
    remaining: Mapping[str, int]
    unasked: Sequence[Unobserved] = ()
    """Why places could not be asked."""

    @property
    def found_words(self) -> str:
        """The test data that was there, as a list in words."""
        return _words(self.found)

    @property
    def remaining_words(self) -> str:
        """The test data that stayed behind, as a list in words."""
        return _words(self.remaining)


def clean_up(walk: Walk, marks: Marks) -> Cleanup:
    """Remove all that carries one of these marks: the project's test data first, then what gonogo knows of.

    Raises AssertionError when the service does not let us; a place that does not answer is named in what is returned.
    """
    counted: dict[str, int] = {}
    remaining: dict[str, int] = {}
    unasked: list[Unobserved] = []
    places = [*walk.test_data(marks), *(place for verbs in verbs_of(walk) for place in verbs.test_data(marks))]
    for place in places:
        try:
            count, still = _emptied(place)
            counted |= {place.kind: count} if count else {}
            remaining |= {place.kind: still} if still else {}
        except Unobserved as error:  # the other places can be cleaned nevertheless
            unasked.append(error)
    walk.world.cleaned = not unasked
    return Cleanup(found=counted, remaining=remaining, unasked=unasked)


def _emptied(place: Leftovers) -> tuple[int, int]:
    """How many things were there, and how many still are when removing changes nothing any more."""
    present = place.find()
    count = len(present)
    for _ in range(_MOST_ROUNDS):  # a service may show no more than a page of them at a time
        if not present:
            break
        before = set(present)
        place.remove(present)
        present = place.find()
        count += len(set(present) - before)
        if before & set(present):
            break
    return count, len(present)


def clean_up_after(world: World, walk: type[Walk], cure: str) -> Sequence[str]:
    """Remove what this run left, whatever became of its own world; the notes that the run carries about it.

    A service that was loaded a moment ago may say 503 for another moment: it is asked a few times.
    """
    notes = _cleaned_once(world, walk, cure)
    for _ in range(_FURTHER_TRIES):
        if not any(note.startswith(_BEHIND) for note in notes):
            break
        time.sleep(_PAUSE_SECONDS)
        notes = _cleaned_once(world, walk, cure)
    return notes


def _cleaned_once(world: World, walk: type[Walk], cure: str) -> Sequence[str]:
    again = world.afresh()
    walking = walk(again, "clean-up")
    try:
        return notes_of(clean_up(walking, Marks(again.run_id)), cure)
    except (AssertionError, GonogoError) as error:
        return [f"{_BEHIND}: {error}; remove it: {cure}"]
    finally:
        walking.close()
        again.close()


def notes_of(cleanup: Cleanup, cure: str) -> Sequence[str]:
    """The notes that a run carries about its clean-up."""
    notes = [f"test data removed: {cleanup.found_words}"] if cleanup.found else []
    notes += [f"stayed behind: {cleanup.remaining_words}; remove it: {cure}"] if cleanup.remaining else []
    return [
        *notes,
        *(f"{_BEHIND}: {gap.reason}; remove it: {cure}" for gap in cleanup.unasked),
    ]


def counting(find: Callable[[], Sequence[str]], kind: str) -> Leftovers:
    """Test data that the service itself should have removed: it is only counted."""
    return Leftovers(kind, find, lambda _identifiers: None)


def _words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{kind}: {number}" for kind, number in counted.items()) or "nothing"
