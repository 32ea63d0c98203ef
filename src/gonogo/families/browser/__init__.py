"""A real browser for the steps of journeys; it needs the extra ``browser``, and a Chromium of the machine."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.browser.section import Browser
from gonogo.families.kind import Family

FAMILY = Family(
    name="browser",
    sections=(SectionSpec(key="browser", model=Browser),),
)
