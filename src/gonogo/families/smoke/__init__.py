"""Journeys; their own runner walks them, and what they recorded is read again by this kind."""

from gonogo.environment.composition import SectionSpec
from gonogo.environment.types import Effect
from gonogo.evidence.journey import StepEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.smoke.section import Smoke

FAMILY = Family(
    name="smoke",
    sections=(SectionSpec(key="smoke", model=Smoke),),
    kinds=(EvidenceKind(name="walk", section="smoke", evidence=StepEvidence, effect=Effect.WRITE),),
)
