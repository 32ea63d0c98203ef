"""Launch day: what is looked at again and again, and what the journal of a watch holds of it."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.alarm import AlarmEvidence
from gonogo.evidence.watch import WatchEvidence, WatchGreenEvidence, WatchJournalEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.watch.alarm_entry import AlarmEntry
from gonogo.families.watch.section import Launch, Watch

FAMILY = Family(
    name="watch",
    sections=(
        SectionSpec(key="launch", model=Launch),
        SectionSpec(key="watch", model=Watch),
        SectionSpec(key="alarms", model=AlarmEntry, many=True),
    ),
    kinds=(
        EvidenceKind(name="watch_journal", section="watch", evidence=WatchJournalEvidence),
        EvidenceKind(name="watched", section="watch", evidence=WatchEvidence, optional=True),
        EvidenceKind(name="watch_green", section="launch", evidence=WatchGreenEvidence, optional=True),
        EvidenceKind(name="alarm", section="alarms", evidence=AlarmEvidence),
    ),
    probes=".probe:PROBES",
)
