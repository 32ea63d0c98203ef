"""Pages that attestations name; their questions come from the attestations."""

from gonogo.evidence.attested_url import AttestedUrlEvidence
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="attested_url",
    kinds=(EvidenceKind(name="attested_url", section="service", evidence=AttestedUrlEvidence, optional=True),),
    probes=".probe:PROBES",
)
