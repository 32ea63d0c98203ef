"""The repository, its history, and the documents in it."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.documents import DocumentEvidence
from gonogo.evidence.repository import RepositoryEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.repository.document_entry import DocumentEntry

FAMILY = Family(
    name="repository",
    sections=(SectionSpec(key="documents", model=DocumentEntry, many=True),),
    kinds=(
        EvidenceKind(name="repository", section="variables", evidence=RepositoryEvidence),
        EvidenceKind(name="repository_document", section="documents", evidence=DocumentEvidence),
    ),
    probes=".probe:PROBES",
)
