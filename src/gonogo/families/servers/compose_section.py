"""``[compose.NAME]`` of an environment file: a project of Docker Compose on one of the servers."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from gonogo.environment.section import Section
from gonogo.environment.types import FilePath, Text

ProjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=100)]


class ComposeProject(Section):
    """What the file declares must run there. Docker is asked over SSH, by commands that only read."""

    server: Text = Field(description="Name of one of [servers].")
    file: FilePath = Field(description="The compose file, as seen from the folder where gonogo runs.")
    project: ProjectName | None = Field(default=None, description="Name of the project; without it, that of the entry.")
    variables: Mapping[Text, str] = Field(
        default_factory=dict, description="Values of the variables in the file's images and ports, as TAG."
    )
    profiles: tuple[Text, ...] = Field(default=(), description="Profiles of the file that are switched on there.")
    jobs: tuple[Text, ...] = Field(
        default=(), description="Services that do their work once: they must have ended well, and do not run on."
    )
