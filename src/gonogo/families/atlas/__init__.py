"""MongoDB Atlas."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.atlas import AtlasEvidence
from gonogo.families.atlas.section import Atlas
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="atlas",
    sections=(SectionSpec(key="atlas", model=Atlas),),
    kinds=(EvidenceKind(name="atlas", section="atlas", evidence=AtlasEvidence),),
    probes=".probe:PROBES",
)
