"""Verbs that a family brings for the steps of journeys: ``walk.redis.lifetimes(…)``.

Journeys stand above the families, so a family's ``journey.py`` sees the journey under way by the protocol in here only.
A walk names its verbs once, in the body of its class, and type checkers know them from there::

    class Shop(Walk):
        postgresql = VerbsOf(PostgresqlVerbs)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from gonogo.base.errors import UsageError
from gonogo.base.marks import Leftovers, Marks
from gonogo.environment.section import Section

if TYPE_CHECKING:
    from gonogo.clients.replies import Reply
    from gonogo.evidence.journey import PageRecord, RequestRecord
    from gonogo.families.world import World

Answer = TypeVar("Answer")
Declared = TypeVar("Declared", bound=Section)


class Companion(Protocol):
    """What verbs keep open from step to step of one journey; called in the journey's own thread."""

    def begin_step(self) -> None:
        """Forget what the steps before saw."""
        ...

    def failed(self, error: BaseException) -> tuple[BaseException, Sequence[PageRecord]]:
        """What an error of a step means if it comes out of this one, any other as it is; and what is to be seen now."""
        ...

    def close(self) -> None:
        """End it, with the journey."""
        ...


class Journey(Protocol):
    """The journey under way, as verbs see it."""

    @property
    def index(self) -> int:
        """Its number: the addresses of the service are asked in turn."""
        ...

    @property
    def requests(self) -> list[RequestRecord]:
        """What the step asked so far."""
        ...

    @property
    def companions(self) -> dict[str, Companion]:
        """What goes along from step to step, by the name of its family."""
        ...

    @property
    def world(self) -> World:
        """The environment, its secrets, the run's mark, and connections that all journeys share."""
        ...

    @property
    def keep(self) -> dict[str, Any]:
        """Values that one step passes on to the next."""
        ...

    def speak(self, method: str, path: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes]) -> Reply:
        """Ask the service as somebody who is not logged in. Request and reply are recorded."""
        ...

    def looked(
        self, subject: str, look: Callable[[], Answer], *, shown: Callable[[Answer], object] = lambda answer: answer
    ) -> Answer:
        """Look something up elsewhere. What was asked, the answer as ``shown`` has it, and the time are recorded."""
        ...

    def until(self, ask: Callable[[], Answer | None], within: timedelta) -> Answer | None:
        """Ask again until there is an answer that counts; None when the time is over."""
        ...

    def waited(self, subject: str, within: timedelta) -> str:
        """The words for something that did not come."""
        ...


class Verbs(Generic[Declared]):
    """A family's steps in a journey. Raises UsageError where the family's section is not declared."""

    model: ClassVar[type[Section]]
    """The model of the section that these verbs stand on: the type that the subclass is declared with."""

    def __init__(self, walk: Journey) -> None:
        section: Any = walk.world.environment.section(self.model)
        if section is None:
            key = walk.world.environment.section_keys[self.model]
            raise undeclared(f"[{key}]", key)
        self.section: Declared = section
        self.walk = walk
        self.world = walk.world

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Test data of this family, and how to find and remove it; nothing unless overridden."""
        del marks
        return ()


Brought = TypeVar("Brought", bound=Verbs[Any])


class VerbsOf(Generic[Brought]):
    """An attribute of a walk that gives a family's verbs."""

    def __init__(self, verbs: type[Brought]) -> None:
        self.verbs = verbs

    @overload
    def __get__(self, walk: None, owner: type) -> Self: ...
    @overload
    def __get__(self, walk: Journey, owner: type) -> Brought: ...
    def __get__(self, walk: Journey | None, owner: type) -> Self | Brought:
        """The verbs for this journey; the attribute itself when a class is asked. Raises UsageError as they do."""
        return self if walk is None else self.verbs(walk)


def verbs_of(walk: Journey) -> Iterator[Verbs[Any]]:
    """All verbs that a walk names and whose section the environment declares."""
    named: dict[str, VerbsOf[Any]] = {}
    for kind in reversed(type(walk).__mro__):  # a subclass may put others in the place of ours
        named |= {name: value for name, value in vars(kind).items() if isinstance(value, VerbsOf)}
    for attribute in named.values():
        if walk.world.environment.section(attribute.verbs.model) is not None:
            yield attribute.verbs(walk)


def undeclared(subject: str, about: str) -> UsageError:
    """The error of a step that asks what this environment has not, with the cure."""
    return UsageError(
        f"the environment file declares no {subject}, and this step asks it: declare it, or write about = "
        f'["{about}"] at the step in smoke/catalogue.toml, so that it is planned only where there is one'
    )
