"""Every probe there is, written out. No discovery, no magic."""

from collections.abc import Mapping

from gonogo.evidence.dns import DnsHostEvidence, DnsZoneEvidence
from gonogo.evidence.tls import TlsEvidence
from gonogo.probes.dns import alias_questions, host_questions, probe_host, probe_zone, zone_questions
from gonogo.probes.kind import ProbeKind
from gonogo.probes.tls import probe_tls, tls_questions

_KINDS: tuple[ProbeKind, ...] = (
    ProbeKind(name="dns_zone", section="dns", evidence=DnsZoneEvidence, questions=zone_questions, ask=probe_zone),
    ProbeKind(name="dns_host", section="dns", evidence=DnsHostEvidence, questions=host_questions, ask=probe_host),
    ProbeKind(name="dns_alias", section="dns", evidence=DnsHostEvidence, questions=alias_questions, ask=probe_host),
    ProbeKind(name="tls", section="hosts", evidence=TlsEvidence, questions=tls_questions, ask=probe_tls),
)

KINDS: Mapping[str, ProbeKind] = {kind.name: kind for kind in _KINDS}
