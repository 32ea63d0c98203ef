"""Who is on call while users come, by the team's own on-call system: PagerDuty or Opsgenie."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.oncall import OnCallEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.oncall.section import OnCall

FAMILY = Family(
    name="oncall",
    sections=(SectionSpec(key="oncall", model=OnCall),),
    kinds=(EvidenceKind(name="oncall", section="oncall", evidence=OnCallEvidence, optional=True),),
    probes=".probe:PROBES",
)
