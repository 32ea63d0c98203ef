"""Launch day: what is looked at again and again, and what the journal of a watch holds of it."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import Family
from gonogo.families.watch.section import Launch, Watch

FAMILY = Family(
    name="watch",
    sections=(SectionSpec(key="launch", model=Launch), SectionSpec(key="watch", model=Watch)),
)
