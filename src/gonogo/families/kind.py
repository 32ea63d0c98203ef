"""What a probe is to the rest of gonogo: a name, the targets it asks, and the coroutine that asks one of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment, Family, Part
from gonogo.environment.types import Effect
from gonogo.evidence.base import Evidence, Scope


class Question(Protocol):
    """One target with all that is needed to ask it; may hold secrets, and is therefore never recorded."""

    @property
    def scope(self) -> Scope:
        """Where the answer will have been observed."""
        ...

    @property
    def host(self) -> str:
        """Whose patience is spent: probes of one host are bounded together."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeKind:
    """One line of the registry. ``name`` is the argument by which a check asks for the evidence."""

    name: str
    section: Family | Literal["service"]
    """The section of the environment file whose absence leaves this kind without targets."""
    part: Part | None = None
    """The same of a key of [http]."""
    evidence: type[Evidence]
    questions: Callable[[Environment, Secrets], Sequence[Any]]
    ask: Callable[[Any], Awaitable[Evidence]]
    effect: Effect = Effect.READ
    no_target: str = ""
    """What to do when the section is declared, and gives rise to no question of this kind all the same."""
    alone: bool = False
    """Measures time, and is asked when all others are done: our own load must not become the target's latency."""
    optional: bool = False
    """Having nothing to ask is no gap: its checks are planned where there is something only."""


def no_questions(environment: Environment, secrets: Secrets) -> Sequence[Question]:
    """For what is not asked by a probe."""
    del environment, secrets
    return []


async def never_asked(question: Question) -> Evidence:
    """For the same."""
    raise NotImplementedError(question.scope)
