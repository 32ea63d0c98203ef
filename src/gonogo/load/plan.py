"""The order that the processes of a load generator get. It holds tokens of synthetic users, and is never recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

GIVE_UP = 4
"""A request is given up after this many times its budget: it is over it already, and holds a visitor."""
Outcome = Literal["ok", "failed", "refused", "given up"]
"""failed: answered wrongly, or cut off; refused: a no that the scenario knows, as a declined card; given up: no reply."""
OUTCOMES: tuple[Outcome, ...] = ("ok", "failed", "refused", "given up")
FAILED: frozenset[Outcome] = frozenset({"failed", "given up"})
"""A request without any reply has failed as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """One endpoint, by the name that scenarios give it."""

    name: str
    budget: float
    """Seconds within which ``percentile`` per cent of the replies must come."""
    percentile: float = 95.0
    """Per cent of the requests that must stay within the budget."""

    @property
    def patience(self) -> float:
        """Seconds after which a virtual user gives a request up."""
        return GIVE_UP * self.budget


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """Where the service is."""

    host: str
    authority: str
    """The Host header: with the port, unless it is https' own."""
    addresses: tuple[str, ...]
    port: int
    trust: str | None
    """PEM of its private authority; None: the public ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """One run of the generator."""

    mark: str
    """What everything synthetic carries."""
    target: TargetPlan
    model: Literal["open", "closed"]
    visits_per_second: Mapping[str, float]
    """Visits begun in a second, by scenario."""
    users: int
    """Number of virtual users of the closed model, all scenarios together."""
    think: float
    """Mean seconds between a reply and the visitor's next request."""
    warm_up: float
    """Seconds before the window opens."""
    measured: float
    """Seconds."""
    endpoints: tuple[EndpointPlan, ...]
    live: bool = False
    """Whether payments would be real."""
    data: Mapping[str, Any] = field(repr=False)
    """What the scenarios' own dataset made."""


PLAN: TypeAdapter[LoadPlan] = TypeAdapter(LoadPlan)
