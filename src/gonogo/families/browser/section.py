"""The section ``[browser]`` of an environment file: journeys may open pages."""

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import FilePath


class Browser(Section):
    """The Chromium that journeys open pages with; an empty table takes the one that this machine has."""

    executable: FilePath | None = Field(
        default=None, description="Path of a Chromium, Chrome or Edge, where none of the usual names leads to one."
    )
