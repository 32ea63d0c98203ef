"""Servers over SSH."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.compose import ComposeEvidence
from gonogo.evidence.server import FileEvidence, ServerEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.servers.compose_section import ComposeProject
from gonogo.families.servers.file_entry import FileEntry
from gonogo.families.servers.section import Server

FAMILY = Family(
    name="servers",
    sections=(
        SectionSpec(key="servers", model=Server, many=True),
        SectionSpec(key="files", model=FileEntry, many=True),
        SectionSpec(key="compose", model=ComposeProject, many=True),
    ),
    kinds=(
        EvidenceKind(name="server", section="servers", evidence=ServerEvidence),
        EvidenceKind(
            name="server_file",
            section="files",
            evidence=FileEvidence,
            no_target="its server is none of [servers]; declare it there, or correct the name",
        ),
        EvidenceKind(name="compose", section="compose", evidence=ComposeEvidence, optional=True),
    ),
    probes=".probe:PROBES",
)
