"""Which lines of a gate are answered by runs of other environments or gates, and by whose."""

from collections.abc import Sequence

from gonogo.planning.gate_demands import GateDemands
from gonogo.policy.carrying import Carry
from gonogo.policy.checklist_line import ChecklistLine
from gonogo.policy.gates import stands_for_line


def sources(demands: GateDemands) -> Sequence[Carry]:
    """Where this environment's runs of the gate carry evidence from; the bundled environment has no launch."""
    own = demands.stands_for[:1]
    return () if demands.timeless else [carry for carry in demands.gate.carries if set(own) & set(carry.into)]


def sources_of(line: ChecklistLine, demands: GateDemands) -> Sequence[Carry]:
    """The sources whose runs answer the line here; none: it is answered by this run."""
    return [carry for carry in sources(demands) if stands_for_line(carry, line)]
