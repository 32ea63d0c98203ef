"""MongoDB Atlas."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.accounts import UrlClusterEvidence
from gonogo.evidence.atlas import AtlasEvidence
from gonogo.families.atlas.section import Atlas
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="atlas",
    sections=(SectionSpec(key="atlas", model=Atlas),),
    kinds=(
        EvidenceKind(name="atlas", section="atlas", evidence=AtlasEvidence),
        EvidenceKind(
            name="url_cluster",
            section="atlas",
            evidence=UrlClusterEvidence,
            no_target="name the file that this environment is started with: variables.own, or that file's atlas_cluster",
        ),
    ),
    probes=".probe:PROBES",
)
