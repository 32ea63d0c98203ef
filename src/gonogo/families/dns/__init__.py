"""DNS."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.dns import DnsHostEvidence, DnsNameEvidence, DnsRecordEvidence
from gonogo.evidence.dns_zone import DnsMailEvidence, DnsSenderEvidence, DnsZoneEvidence
from gonogo.families.dns.record_entry import RecordEntry
from gonogo.families.dns.section import Dns
from gonogo.families.kind import EvidenceKind, Family

FAMILY = Family(
    name="dns",
    sections=(SectionSpec(key="dns", model=Dns), SectionSpec(key="records", model=RecordEntry, many=True)),
    kinds=(
        EvidenceKind(name="dns_zone", section="dns", evidence=DnsZoneEvidence),
        EvidenceKind(name="dns_host", section="dns", evidence=DnsHostEvidence),
        EvidenceKind(name="dns_name", section="dns", evidence=DnsNameEvidence),
        EvidenceKind(name="dns_mail", section="dns", evidence=DnsMailEvidence),
        EvidenceKind(name="dns_sender", section="dns", evidence=DnsSenderEvidence, optional=True),
        EvidenceKind(
            name="dns_record",
            section="records",
            evidence=DnsRecordEvidence,
            no_target="declare [dns] and its resolvers",
        ),
    ),
    probes=".probe:PROBES",
)
