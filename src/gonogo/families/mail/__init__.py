"""The inbox that journeys read."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import Family
from gonogo.families.mail.section import Mail

FAMILY = Family(
    name="mail",
    sections=(SectionSpec(key="mail", model=Mail),),
)
