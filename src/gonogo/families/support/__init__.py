"""How users reach people: the support address, and the tickets that become of what they write."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.support_channels import SupportAddressEvidence, SupportTicketsEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.support.section import Support

FAMILY = Family(
    name="support",
    sections=(SectionSpec(key="support", model=Support),),
    kinds=(
        EvidenceKind(name="support_address", section="support", evidence=SupportAddressEvidence, optional=True),
        EvidenceKind(name="support_tickets", section="support", evidence=SupportTicketsEvidence, optional=True),
    ),
    probes=".probe:PROBES",
)
