"""Redis."""

from gonogo.environment.composition import SectionSpec
from gonogo.environment.types import Effect
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.redis import RedisEvidence, RedisStatusEvidence, RedisWriteEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.redis.section import Redis

FAMILY = Family(
    name="redis",
    sections=(SectionSpec(key="redis", model=Redis),),
    kinds=(
        EvidenceKind(name="redis", section="redis", evidence=RedisEvidence),
        EvidenceKind(name="redis_latency", section="redis", evidence=RoundTripEvidence, alone=True),
        EvidenceKind(name="redis_status", section="redis", evidence=RedisStatusEvidence),
        EvidenceKind(name="redis_write", section="redis", evidence=RedisWriteEvidence, effect=Effect.WRITE),
    ),
    probes=".probe:PROBES",
)
