"""Requests that an environment file declares: a check each, without Python."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.requests import RequestEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.requests.section import RequestEntry

FAMILY = Family(
    name="requests",
    sections=(SectionSpec(key="requests", model=RequestEntry, many=True),),
    kinds=(
        EvidenceKind(
            name="requested",
            section="requests",
            evidence=RequestEvidence,
            no_target="declare its host under [hosts], as one that serves HTTP",
        ),
    ),
    probes=".probe:PROBES",
)
