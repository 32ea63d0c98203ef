"""The planned list of a gate, computed before anything runs; the verdict is taken over it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gonogo.base.errors import UsageError
from gonogo.environment.model import Environment
from gonogo.environment.types import Effect
from gonogo.evidence.base import Scope
from gonogo.evidence.journey import LAST
from gonogo.families.kind import EvidenceKind
from gonogo.families.stripe.section import Stripe
from gonogo.families.variables.section import Variables
from gonogo.planning.declarations import Declaration
from gonogo.planning.suite import Suite, closure
from gonogo.policy.catalogue import CheckId, CheckPolicy, Policy
from gonogo.policy.profiles import Profile

GROUP = "_all"
"""``tls_all``: all the evidence of kind ``tls`` at one host, judged together."""

WALK = "walk"
"""The argument of a step of a journey; each step is a scope of its own."""
LOAD = "load"
"""The argument of a check of the load, the scope of its evidence, and the gate of nothing else."""
PRE_DEPLOY, SMOKE = "pre-deploy", "smoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCheck:
    """One check of the gate, and every scope in which it must give an answer."""

    declaration: Declaration
    policy: CheckPolicy
    subject: str
    """The evidence argument that the check runs once for each of."""
    scopes: Sequence[Scope]
    unrunnable: str = ""
    """The reason why it can't run here at all; empty when it can."""
    hint: str = ""
    permitted: bool = True
    """Whether its effects are permitted here; what is not may be made up for by people, line by line."""

    @property
    def id(self) -> str:
        """The check's id."""
        return self.declaration.id

    @property
    def thresholds(self) -> Policy:
        """The numbers and durations that the catalogue sets for it."""
        return self.policy.policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The checks of a gate in an order in which every need comes before what needs it."""

    checks: Mapping[str, PlannedCheck]
    absent: Mapping[str, str] = field(default_factory=dict)
    """Id of a check that makes no sense here, and why."""


def build_plan(  # noqa: PLR0913 - what there is, what is demanded, what is allowed
    suite: Suite,
    environment: Environment,
    kinds: Mapping[str, EvidenceKind],
    scopes: Mapping[str, Sequence[Scope]],
    *,
    wanted: Collection[str],
    profile: Profile = "gate",
    allow_money: bool = False,
    undeclared: Collection[str] = (),
) -> Plan:
    """Plan what is ``wanted``, but for what the service declares not to have, and for ``undeclared`` sections."""
    planned = {}
    journeys = has_journeys(suite, environment)
    absent: dict[str, Sequence[CheckId]] = {}
    reasons: dict[str, str] = {}
    for identifier in suite.order:
        declaration, policy = suite.declarations[identifier], _with_reachable_needs(suite.catalogue[identifier], absent)
        subject = subject_of(declaration, kinds)
        kind = kinds[subject.removesuffix(GROUP)]
        absence = _undeclared(kind, environment, undeclared) or _absence(policy, kind, environment, profile)
        if reason := absence or _nothing_to_ask(kind, environment, scopes):
            reasons[identifier] = reason
        if absence and kind.section not in environment.service.without:
            absent[identifier] = policy.needs
        if subject == WALK and not journeys:
            continue  # without a journey there is no test data to clean up
        if identifier in wanted and identifier not in reasons:
            targets = _targets(declaration, subject, scopes)
            unrunnable, hint = _unrunnable(policy, kind, environment, targets, allow_money=allow_money)
            planned[identifier] = PlannedCheck(
                declaration=declaration,
                policy=policy,
                subject=subject,
                scopes=targets,
                permitted=_permitted(policy, kind, environment, allow_money=allow_money),
                unrunnable=unrunnable,
                hint=hint,
            )
    return Plan(checks=planned, absent=reasons)


def _undeclared(kind: EvidenceKind, environment: Environment, undeclared: Collection[str]) -> str:
    """Return that no environment of the project declares the section that is asked about; empty if one does."""
    unasked = kind.section in undeclared and not environment.declares(kind.section)
    return f"no environment of this project declares [{kind.section}]" if unasked else ""


def _targets(declaration: Declaration, subject: str, scopes: Mapping[str, Sequence[Scope]]) -> Sequence[Scope]:
    """Every scope in which the check must give an answer; a check of one entry, in the scope of that entry only."""
    if subject == WALK:
        return [step_scope(declaration)]
    targets = scopes_of(subject, scopes)
    return [scope for scope in targets if scope[-1] == declaration.entry] if declaration.entry else targets


def _with_reachable_needs(policy: CheckPolicy, absent: Mapping[str, Sequence[CheckId]]) -> CheckPolicy:
    """The policy with absent needs replaced by their own needs: a cause further back is still the cause."""
    needs = dict.fromkeys(cause for need in policy.needs for cause in absent.get(need, (need,)))
    return policy if tuple(needs) == policy.needs else policy.model_copy(update={"needs": tuple(needs)})


def has_journeys(suite: Suite, environment: Environment) -> bool:
    """Whether there is a journey here: the clean-up is none, and one of gonogo's own is where it is declared."""
    return any(
        WALK in check.arguments
        and check.family != LAST
        and all(environment.declares(key) for key in suite.catalogue[identifier].where)
        for identifier, check in suite.declarations.items()
    )


def step_scope(declaration: Declaration) -> Scope:
    """Where a step of a journey is observed: the journey, and the step."""
    return declaration.family, declaration.id


def narrow_gate(suite: Suite, gate: str) -> frozenset[str] | None:
    """The checks of a gate that is made of checks, and not of lines of the list; None for any other."""
    if gate == SMOKE:
        # What users do on launch day; who tries to break in belongs to the gate before it.
        smoke = (
            declaration.id
            for declaration in suite.declarations.values()
            if WALK in declaration.arguments
            and suite.catalogue[declaration.id].effect is not Effect.INTRUSIVE
            and declaration.family != _DRAWN
        )
        return closure(
            suite,
            (*smoke, *(declaration.id for declaration in suite.declarations.values() if declaration.family in _WITH)),
        )
    if gate == LOAD:
        return closure(
            suite, (declaration.id for declaration in suite.declarations.values() if LOAD in declaration.arguments)
        )
    return None


_DRAWN = "document"
"""The journey whose requests are drawn at random, hundreds of them."""
_WITH = ("stripe", "sentry")
"""Families that belong to the smoke run although they only look: without them the journeys prove little."""


def _absence(policy: CheckPolicy, kind: EvidenceKind, environment: Environment, profile: Profile) -> str:
    """Why there is no such thing here at all: the family, the mode and method of payments, a key; empty: there is."""
    stripe, variables = environment.section(Stripe), environment.section(Variables)
    if left := sorted(environment.service.without.intersection(_subjects(policy, kind))):
        return f"service.without names {', '.join(left)}; declare {', '.join(map(environment.shown, left))}"
    if variables is not None and not variables.has(policy.shapes):
        return f"no variable is declared with the shape {', '.join(policy.shapes)}"
    if other_mode(policy, environment) and stripe is not None:
        return f"payments are in {stripe.mode} mode here"
    if stripe is not None and policy.payment_method not in {None, *stripe.payment_methods}:
        return f"nobody can pay with {policy.payment_method} here"
    if missing := [key for key in policy.where if not environment.declares(key)]:
        return f"the environment declares no {', '.join(missing)}"
    return "" if not policy.profiles or profile in policy.profiles else f"it is not part of the profile {profile}"


NOTHING = "there is nothing of its kind to check here"
"""Why a check is absent whose kind may be."""


def _nothing_to_ask(kind: EvidenceKind, environment: Environment, scopes: Mapping[str, Sequence[Scope]]) -> str:
    """Why there is nothing of a kind that may be absent; empty if there is, or if its absence is a mistake."""
    may_be_absent = kind.optional or kind.nothing_without in environment.service.without
    return NOTHING if may_be_absent and not scopes.get(kind.name) else ""


def not_asked(suite: Suite, environment: Environment, kinds: Mapping[str, EvidenceKind]) -> frozenset[str]:
    """The checks that no run of this environment asks, by what it declares; those of the other mode of payments are its own."""
    subjects = {name: subject_of(suite.declarations[name], kinds) for name in suite.order}
    return frozenset(
        name
        for name, subject in subjects.items()
        if not other_mode(suite.catalogue[name], environment)
        and _absence(suite.catalogue[name], kinds[subject.removesuffix(GROUP)], environment, "gate")
    )


def other_mode(policy: CheckPolicy, environment: Environment) -> bool:
    """Whether it is about payments in the other mode than they are in here."""
    stripe = environment.section(Stripe)
    return stripe is not None and policy.stripe_mode not in {None, stripe.mode}


def _permitted(policy: CheckPolicy, kind: EvidenceKind, environment: Environment, *, allow_money: bool) -> bool:
    """Whether everything that it does to the target is permitted in this run."""
    effects = {policy.effect, kind.effect}
    return effects <= set(environment.permits.effects) and (Effect.MONEY not in effects or allow_money)


def _subjects(policy: CheckPolicy, kind: EvidenceKind) -> Sequence[str]:
    """Sections and parts that the environment must declare for the check to make sense, widest first."""
    return [kind.section, *([kind.part] if kind.part else []), *policy.about]


def evidence_arguments(declaration: Declaration, kinds: Mapping[str, EvidenceKind]) -> list[str]:
    """The arguments of a check that ask for evidence, the subject first."""
    return [name for name in declaration.arguments if name in kinds or name.removesuffix(GROUP) in kinds]


def subject_of(declaration: Declaration, kinds: Mapping[str, EvidenceKind]) -> str:
    """The subject of the check: its first evidence argument."""
    names = evidence_arguments(declaration, kinds)
    if not names:
        raise UsageError(
            f"{declaration.path}: {declaration.function} has no evidence argument; "
            f"its arguments are {', '.join(declaration.arguments) or 'none'}, the kinds are {', '.join(sorted(kinds))}"
        )
    return names[0]


def scopes_of(subject: str, scopes: Mapping[str, Sequence[Scope]]) -> Sequence[Scope]:
    """One scope per piece of evidence, or one per host for a group."""
    if subject in scopes:
        return list(scopes[subject])
    return list(dict.fromkeys(scope[:1] for scope in scopes.get(subject.removesuffix(GROUP), ())))


def _unrunnable(
    policy: CheckPolicy, kind: EvidenceKind, environment: Environment, targets: Sequence[Scope], *, allow_money: bool
) -> tuple[str, str]:
    """Why the check can't run here, and what may be done about it; both are empty if it can."""
    if policy.effect is Effect.MONEY and not allow_money:
        return "it moves real money", "run it with --allow-money; everything is refunded"
    for effect in (policy.effect, kind.effect):
        if effect not in environment.permits.effects:
            return (
                f"its effect, {effect}, is not permitted in this environment",
                f'add "{effect}" to permits.effects once that is safe',
            )
    for subject in _subjects(policy, kind):
        if not environment.declares(subject):
            return (
                f"the environment declares no {environment.shown(subject)}",
                f'declare it, or add "{subject}" to service.without if the service truly has none',
            )
    if not targets and kind.no_target:
        return f"[{kind.section}] declares nothing that it could check", kind.no_target
    return "", ""
