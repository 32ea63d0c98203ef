"""The repository and its history."""

from gonogo.evidence.repository import RepositoryEvidence
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="repository",
    kinds=(EvidenceKind(name="repository", section="variables", evidence=RepositoryEvidence),),
    probes=".probe:PROBES",
)
