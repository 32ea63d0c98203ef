"""TLS at every declared host."""

from gonogo.evidence.tls import TlsEvidence
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="tls",
    kinds=(EvidenceKind(name="tls", section="hosts", evidence=TlsEvidence),),
    probes=".probe:PROBES",
)
