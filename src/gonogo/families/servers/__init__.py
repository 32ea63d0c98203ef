"""Servers over SSH."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.server import ServerEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.servers.section import Server

FAMILY = Family(
    name="servers",
    sections=(SectionSpec(key="servers", model=Server, many=True),),
    kinds=(EvidenceKind(name="server", section="servers", evidence=ServerEvidence),),
    probes=".probe:PROBES",
)
