"""Every probe there is, written out. No discovery, no magic."""

from collections.abc import Mapping

from gonogo.probes.kind import ProbeKind

_KINDS: tuple[ProbeKind, ...] = ()

KINDS: Mapping[str, ProbeKind] = {kind.name: kind for kind in _KINDS}
