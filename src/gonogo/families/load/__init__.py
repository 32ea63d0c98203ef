"""The load; its own stage makes it, and what it measured is read again by this kind."""

from gonogo.environment.composition import SectionSpec
from gonogo.environment.types import Effect
from gonogo.evidence.load import LoadEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.load.section import Load

FAMILY = Family(
    name="load",
    sections=(SectionSpec(key="load", model=Load),),
    kinds=(EvidenceKind(name="load", section="load", evidence=LoadEvidence, effect=Effect.LOAD),),
)
