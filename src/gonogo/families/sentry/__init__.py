"""Sentry."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.sentry import SentryEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.sentry.section import Sentry

FAMILY = Family(
    name="sentry",
    sections=(SectionSpec(key="sentry", model=Sentry),),
    kinds=(EvidenceKind(name="sentry", section="sentry", evidence=SentryEvidence),),
    probes=".probe:PROBES",
)
