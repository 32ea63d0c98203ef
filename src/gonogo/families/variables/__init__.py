"""Environment variables."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.variables import VariableDifferenceEvidence, VariableFileEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.variables.section import Variables

FAMILY = Family(
    name="variables",
    sections=(SectionSpec(key="variables", model=Variables),),
    kinds=(
        EvidenceKind(name="variable_file", section="variables", evidence=VariableFileEvidence),
        EvidenceKind(
            name="variable_difference",
            section="variables",
            evidence=VariableDifferenceEvidence,
            optional=True,
        ),
    ),
    probes=".probe:PROBES",
)
