"""DigitalOcean."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.providers import DropletEvidence
from gonogo.families.digitalocean.section import DigitalOcean
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="digitalocean",
    sections=(SectionSpec(key="digitalocean", model=DigitalOcean),),
    kinds=(EvidenceKind(name="droplet", section="digitalocean", evidence=DropletEvidence),),
    probes=".probe:PROBES",
)
