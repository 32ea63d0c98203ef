"""Stripe."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.stripe import StripeEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.stripe.section import Stripe

FAMILY = Family(
    name="stripe",
    sections=(SectionSpec(key="stripe", model=Stripe),),
    kinds=(EvidenceKind(name="stripe", section="stripe", evidence=StripeEvidence),),
    probes=".probe:PROBES",
)
