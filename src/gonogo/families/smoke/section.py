"""The section ``[smoke]`` of an environment file; a project's ``smoke/settings.py`` may ask for more."""

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import HostName


class Smoke(Section):
    """Settings of every journey. A subclass in ``smoke/settings.py`` takes this one's place in that project."""

    mail_domain: HostName = Field(description="Where the addresses of synthetic users are; nobody else's may be.")
