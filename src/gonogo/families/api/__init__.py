"""How strangers and users speak to a service: what the bundled security journey needs to know of it."""

from gonogo.environment.composition import SectionSpec
from gonogo.families.api.section import Api
from gonogo.families.kind import Family

FAMILY = Family(name="api", sections=(SectionSpec(key="api", model=Api),))
