"""Every probe there is, written out. No discovery, no magic."""

from collections.abc import Mapping

from gonogo.evidence.tls import TlsEvidence
from gonogo.probes.kind import ProbeKind
from gonogo.probes.tls import probe_tls, tls_questions

_KINDS: tuple[ProbeKind, ...] = (
    ProbeKind(name="tls", section="hosts", evidence=TlsEvidence, questions=tls_questions, ask=probe_tls),
)

KINDS: Mapping[str, ProbeKind] = {kind.name: kind for kind in _KINDS}
