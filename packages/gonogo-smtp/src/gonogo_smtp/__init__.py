"""SMTP submission for gonogo."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import EvidenceKind, Family
from gonogo_smtp.evidence import SmtpEvidence
from gonogo_smtp.section import Smtp

FAMILY = Family(
    name="smtp",
    sections=(SectionSpec(key="smtp", model=Smtp),),
    kinds=(EvidenceKind(name="smtp", section="smtp", evidence=SmtpEvidence),),
    probes=".probe:PROBES",
    checks="checks",
)
