"""The frozen plan of one run: what is asked, what is demanded, and under which circumstances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gonogo.environment.model import Environment
from gonogo.evidence.base import Key, Scope
from gonogo.families.registry import Families
from gonogo.planning.carried import CarriedRun
from gonogo.planning.gate_demands import GateDemands
from gonogo.planning.places import Place
from gonogo.planning.plan import LOAD, WALK, Plan
from gonogo.planning.suite import Suite
from gonogo.planning.trusted import TrustAnchor
from gonogo.policy.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """The first stage of a run. A replay has the same plan as the run that it judges again."""

    id: str
    environment_name: str
    environment: Environment
    families: Families
    suite: Suite
    plan: Plan
    demands: GateDemands
    profile: Profile = "gate"
    allow_money: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the command line put in place of the environment file's values, by section."""
    lowered: tuple[str, ...] = ()
    """What of it asks less than the file declares, in words."""
    chosen: tuple[tuple[str, ...], ...] = ()
    """Keys of the environment file that the instance of the bundled environment gave: ports, folders, keys of this run."""
    only: tuple[str, ...] = ()
    """The checks that were asked for by name; empty: everything was asked."""
    options: tuple[str, ...] = ()
    """Further words of the command line without which it would have been another run, as in ``--fault mongo-down``."""
    undeclared: tuple[str, ...] = ()
    """Sections of installed packages that no environment of the project declares: their checks are not planned."""
    planned_keys: Sequence[Key]
    """Every question there is, whether this run asks it or not."""
    program: str = ""
    """Digest of the code of the gonogo that makes the record, or made it."""
    started_at: datetime
    selected: frozenset[str] | None = None
    """Ids that were asked for, with what they need; None when all are."""
    notes: tuple[str, ...] = ()
    """Circumstances that a reader of the report must know."""
    trust: tuple[TrustAnchor, ...] = ()
    """Whom the environment file trusts, as its files were when the run began."""
    carried: tuple[CarriedRun, ...] = ()
    """Other runs that stand for lines of this one."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where in the team's files somebody acts, by check. A replay has none: its files may be others by now."""

    @property
    def leaves_data(self) -> bool:
        """Whether it makes test data, which stays in the service if nobody removes it."""
        makers = {WALK, LOAD}
        wanted = (check for check in self.plan.checks.values() if self.selected is None or check.id in self.selected)
        return any(check.subject in makers and not check.unrunnable for check in wanted)

    @property
    def scopes(self) -> Mapping[str, Sequence[Scope]]:
        """Kind of evidence to every scope in which it may be asked."""
        return scopes_by_kind(self.planned_keys)


def scopes_by_kind(keys: Sequence[Key]) -> Mapping[str, Sequence[Scope]]:
    """Kind of evidence to its scopes, in order: a replay, which knows the records only, names the same one first."""
    scopes: dict[str, list[Scope]] = {}
    for kind, scope in sorted(keys):
        scopes.setdefault(kind, []).append(scope)
    return scopes
