"""Launch day: what is looked at again and again, and what the journal of a watch holds of it."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.watch import WatchEvidence, WatchGreenEvidence, WatchJournalEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.watch.section import Launch, Watch

FAMILY = Family(
    name="watch",
    sections=(SectionSpec(key="launch", model=Launch), SectionSpec(key="watch", model=Watch)),
    kinds=(
        EvidenceKind(name="watch_journal", section="watch", evidence=WatchJournalEvidence),
        EvidenceKind(name="watched", section="watch", evidence=WatchEvidence, optional=True),
        EvidenceKind(name="watch_green", section="launch", evidence=WatchGreenEvidence, optional=True),
    ),
    probes=".probe:PROBES",
)
