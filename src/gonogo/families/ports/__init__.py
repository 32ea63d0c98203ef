"""Open ports."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.ports import PortsEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.ports.section import Ports

FAMILY = Family(
    name="ports",
    sections=(SectionSpec(key="ports", model=Ports),),
    kinds=(EvidenceKind(name="ports", section="ports", evidence=PortsEvidence),),
    probes=".probe:PROBES",
)
