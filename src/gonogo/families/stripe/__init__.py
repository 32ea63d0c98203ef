"""Stripe."""

from gonogo.environment.composition import SectionSpec
from gonogo.evidence.accounts import KeyAccountEvidence
from gonogo.evidence.stripe import StripeEvidence
from gonogo.families.kind import EvidenceKind, Family
from gonogo.families.stripe.section import Stripe

FAMILY = Family(
    name="stripe",
    sections=(SectionSpec(key="stripe", model=Stripe),),
    kinds=(
        EvidenceKind(name="stripe", section="stripe", evidence=StripeEvidence),
        EvidenceKind(name="key_account", section="stripe", evidence=KeyAccountEvidence, optional=True),
    ),
    probes=".probe:PROBES",
)
