"""A family as the rest of gonogo sees it: sections of the environment file, kinds of evidence, and who asks for them.

A kind of evidence is known to everybody who reads a record. A probe is known only to those who ask: its module
imports drivers and clients, and is loaded when questions are made, never to sign, replay or report.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gonogo.base.secrets import Secrets
from gonogo.environment.composition import SectionSpec
from gonogo.environment.model import Environment
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
        """The host whose questions are bounded together: no target is asked too much at once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKind:
    """A kind of record. ``name`` is the argument by which a check asks for it."""

    name: str
    section: str
    """The section of the environment file whose absence leaves this kind without targets."""
    part: str | None = None
    """A key of that section whose absence does the same."""
    evidence: type[Evidence]
    effect: Effect = Effect.READ
    no_target: str = ""
    """What to do when the section is declared, and gives rise to no question of this kind all the same."""
    nothing_without: str = ""
    """A word of ``service.without`` by which having nothing to ask is no gap."""
    alone: bool = False
    """Measures time, and is asked when all others are done: our own load must not become the target's latency."""
    optional: bool = False
    """Having nothing to ask is no gap: its checks are planned where there is something only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A kind of evidence, with the questions that an environment raises and the function that answers one."""

    questions: Callable[[Environment, Secrets], Sequence[Any]]
    ask: Callable[[Any], Awaitable[Evidence]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One room of ``families/``, or of a package that brings a family of its own."""

    name: str
    sections: Sequence[SectionSpec] = ()
    kinds: Sequence[EvidenceKind] = ()
    probes: str = ""
    """``.module:NAME`` (``:NAME`` in ``__init__``) of a mapping from a kind's name to its Probe; empty: none asks."""
    checks: str = ""
    """The folder of this family's checks, from its package; the bundled checks stand in ``checks/``."""
