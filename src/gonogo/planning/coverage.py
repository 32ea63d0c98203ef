"""The coverage of the checklist before anything runs: which check, or which person, verifies which line."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gonogo.base.bundled import bundled_root
from gonogo.environment.names import available, declared
from gonogo.families.registry import installed_families, read_environment
from gonogo.planning.gate_demands import GATES, LIST, refuse_contradictions
from gonogo.planning.plan import not_asked
from gonogo.planning.suite import Suite, project_suite
from gonogo.planning.team_files import counted_environments
from gonogo.policy.attestations import Attestation, read_attestations, why_not
from gonogo.policy.carrying import Carry
from gonogo.policy.checklist import Checklist, read_checklist
from gonogo.policy.checklist_line import ChecklistLine, proving
from gonogo.policy.gates import Gates, lines_of, read_gates, stands_for_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Coverage of a checklist's leaves; statements that are signed rest on other lines, and are not counted."""

    sections: Mapping[str, Sequence[ChecklistLine]]
    automatic: frozenset[str]
    attested: frozenset[str]
    missing: frozenset[str]
    """Nothing verifies them, or a person has yet to."""
    carried: Mapping[str, Carry]
    """Lines that nothing but a run of another environment or gate answers, by id; they are in none of the others."""
    roles: Sequence[str]
    statements: int
    """How many statements of roles there are, which a run counts beside these lines."""
    changes_at: datetime | None
    """When an attestation begins or ceases to count, the next time; None: it stays as it is while the files do."""


def read_coverage(project: Path, environment: str | None, at: datetime) -> Coverage:
    """Read the coverage of one environment, or of all together. Raises UsageError, as a run of any of them would."""
    refuse_contradictions(project, [environment] if environment else declared(project))
    root = project if (project / "environments" / LIST).is_file() else bundled_root()
    checklist = read_checklist(root / "environments" / LIST)
    gates = read_gates(path, checklist) if (path := root / "environments" / GATES).is_file() else Gates()
    suite = project_suite(project)
    proves = {name: line.proves for name, line in suite.catalogue.items()}
    left_out = _not_asked(suite, environment, project)
    statements = {statement for role in gates.roles.values() for statement in role.statements}
    names = [environment] if environment else available(project)
    stands_for = _stands_for(environment, project)
    asked = [
        line
        for line in checklist.lines
        if line.leaf and (not environment or not line.environments or stands_for.intersection(line.environments))
    ]
    leaves = [line for line in asked if line.id not in statements]
    attestations = [attestation for name in names for attestation in read_attestations(root, name)]
    counting = _attested(checklist, gates, attestations, at)
    sources = _carried(checklist, gates, environment, stands_for)
    carried = {line.id: sources[line.id] for line in leaves if line.id in sources}
    leaves_here = [line for line in leaves if line.id not in carried]
    automatic = {
        line.id for line in leaves_here if (checks := proving(line, proves)) and not left_out.intersection(checks)
    }
    wanted = {line.id for line in leaves_here if line.attest or line.id not in automatic}
    return Coverage(
        sections=_by_section(leaves),
        automatic=frozenset(automatic),
        attested=frozenset(counting & wanted),
        missing=frozenset(wanted - counting),
        carried=carried,
        roles=tuple(gates.roles),
        statements=len(asked) - len(leaves),
        changes_at=min(
            (end for attestation in attestations for end in (attestation.at, attestation.until) if end > at),
            default=None,
        ),
    )


def _by_section(leaves: Iterable[ChecklistLine]) -> Mapping[str, Sequence[ChecklistLine]]:
    """Return lines by the innermost heading that they stand under; empty for none."""
    sections: dict[str, list[ChecklistLine]] = {}
    for line in leaves:
        sections.setdefault(line.section[-1] if line.section else "", []).append(line)
    return sections


def _attested(checklist: Checklist, gates: Gates, attestations: Iterable[Attestation], at: datetime) -> set[str]:
    """Return the ids of the lines that have an attestation which counts at this moment."""
    return {
        attestation.line
        for attestation in attestations
        if not why_not(attestation, checklist.find(attestation.line), at, tuple(gates.roles))
    }


def _carried(
    checklist: Checklist, gates: Gates, environment: str | None, stands_for: Collection[str]
) -> Mapping[str, Carry]:
    """The lines that every gate which may ask the environment for them has from other runs, and where from."""
    sources_by_line: dict[str, Carry] = {}
    asked_here: set[str] = set()
    for gate in gates.gates.values():
        if environment is None or (gate.environments and environment not in gate.environments):
            continue
        carries = [carry for carry in gate.carries if environment in carry.into]
        for line in lines_of(gate, checklist, sorted(stands_for)):
            sources = [carry for carry in carries if stands_for_line(carry, line)]
            if sources:
                sources_by_line.setdefault(line.id, sources[0])
            else:
                asked_here.add(line.id)
    return {name: carry for name, carry in sources_by_line.items() if name not in asked_here}


def _not_asked(suite: Suite, environment: str | None, project: Path) -> frozenset[str]:
    if environment is None:
        return frozenset()
    described = read_environment(environment, project=project).environment
    return not_asked(suite, described, installed_families(project).kinds)


def _stands_for(environment: str | None, project: Path) -> set[str]:
    if environment is None:
        return set()
    service = read_environment(environment, project=project).environment.service
    return set(counted_environments(environment, service.stands_for))
