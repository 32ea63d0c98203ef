"""Open ports."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.ports import BannerEvidence, PortsEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.ports.banner_entry import BannerEntry
from gonogo.families.ports.section import Ports

FAMILY = Family(
    name="ports",
    sections=(SectionSpec(key="ports", model=Ports), SectionSpec(key="banners", model=BannerEntry, many=True)),
    kinds=(
        EvidenceKind(name="ports", section="ports", evidence=PortsEvidence),
        EvidenceKind(name="banner", section="banners", evidence=BannerEvidence),
    ),
    probes=".probe:PROBES",
)
