"""DNS."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.dns import DnsHostEvidence, DnsNameEvidence, DnsZoneEvidence
from gonogo.families.dns.section import Dns
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="dns",
    sections=(SectionSpec(key="dns", model=Dns),),
    kinds=(
        EvidenceKind(name="dns_zone", section="dns", evidence=DnsZoneEvidence),
        EvidenceKind(name="dns_host", section="dns", evidence=DnsHostEvidence),
        EvidenceKind(name="dns_name", section="dns", evidence=DnsNameEvidence),
    ),
    probes=".probe:PROBES",
)
