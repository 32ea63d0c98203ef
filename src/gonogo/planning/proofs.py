"""Which checks would have to pass before a line is proved, and which of them this run cannot ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gonogo.environment.model import Environment
from gonogo.planning.gate_demands import GateDemands
from gonogo.planning.plan import NOTHING, Plan, other_mode
from gonogo.planning.stated import contradictions_of, undeclared
from gonogo.planning.suite import Suite
from gonogo.policy.checklist_line import ChecklistLine, proving

Missing = Mapping[str, Mapping[str, str]]
"""Checks, and values that the list states, without which a line is not proved; why each is not asked, by the line's id."""
Contradicted = Mapping[str, Sequence[str]]
"""What the environment declares otherwise than a line's words say, by the line's id."""
_NOT_ASKED = "this gate does not ask it"
_NOT_DECLARED = "another environment declares it, and this one does not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Reasons that keep lines from being proved, known before anything runs."""

    missing: Missing = field(default_factory=dict)
    contradicted: Contradicted = field(default_factory=dict)


def shortfall(suite: Suite, plan: Plan, demands: GateDemands, environment: Environment) -> Shortfall:
    """Find the reasons for all lines of the list."""
    stated = {line.id: contradictions_of(line, environment) for line in demands.checklist.lines if line.states}
    return Shortfall(
        missing=_missing(suite, plan, demands, environment),
        contradicted={line: problems for line, problems in stated.items() if problems},
    )


def _missing(suite: Suite, plan: Plan, demands: GateDemands, environment: Environment) -> Missing:
    """Find for each line the checks that prove it and are not planned: what is left of the others proves nothing."""
    proves = {name: line.proves for name, line in suite.catalogue.items()}
    proves |= dict.fromkeys(suite.elsewhere, ())
    by_line = {
        line.id: {
            **{
                check: _NOT_DECLARED if check in suite.elsewhere else plan.absent.get(check, _NOT_ASKED)
                for check in _required(line, proves, suite, plan, environment)
                if check not in plan.checks
            },
            **(undeclared(line, environment) if line.states else {}),
        }
        for line in demands.checklist.lines
        if line.leaf
    }
    return {line: missing for line, missing in by_line.items() if missing}


def _required(
    line: ChecklistLine, proves: Mapping[str, tuple[str, ...]], suite: Suite, plan: Plan, environment: Environment
) -> list[str]:
    """All that prove it. Where payments are proved in both modes, one check for each, only this mode's is required.

    Of several ways to know the same, those that are declared are enough.
    """
    checks = proving(line, proves)
    if any(check in plan.checks for check in checks):
        checks = [check for check in checks if not _spared(check, suite, plan, environment)]
    checked = [check for check in checks if check in suite.catalogue]
    elsewhere = {check for check in checked if other_mode(suite.catalogue[check], environment)}
    in_this_mode = any(suite.catalogue[check].stripe_mode is not None for check in checked if check not in elsewhere)
    return [check for check in checks if not in_this_mode or check not in elsewhere]


def _spared(check: str, suite: Suite, plan: Plan, environment: Environment) -> bool:
    policy = suite.catalogue.get(check)
    if policy is None or not policy.spare:
        return False
    return plan.absent.get(check) == NOTHING or not all(environment.declares(key) for key in policy.where)
