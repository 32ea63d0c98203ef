"""MongoDB."""

from gonogo.environment.composition import SectionSpec
from gonogo.environment.types import Effect
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.mongodb import MongoEvidence, MongoStatusEvidence, MongoWriteEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.mongodb.section import MongoDb

FAMILY = Family(
    name="mongodb",
    sections=(SectionSpec(key="mongodb", model=MongoDb),),
    kinds=(
        EvidenceKind(name="mongo", section="mongodb", evidence=MongoEvidence),
        EvidenceKind(name="mongo_latency", section="mongodb", evidence=RoundTripEvidence, alone=True),
        EvidenceKind(name="mongo_status", section="mongodb", evidence=MongoStatusEvidence),
        EvidenceKind(name="mongo_write", section="mongodb", evidence=MongoWriteEvidence, effect=Effect.WRITE),
    ),
    probes=".probe:PROBES",
)
