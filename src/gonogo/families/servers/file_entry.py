"""``[files.NAME]`` of an environment file: a file of a server, and what must be true of it."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from gonogo.environment.entry_check import EntryCheck
from gonogo.environment.types import Text

Mode = Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3,4}$")]
AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/[^\x00\n]*$", max_length=500)]


class FileEntry(EntryCheck):
    """A file, read over SSH. Without more than a server and a path, it must exist. Its content never leaves the server."""

    server: Text = Field(description="Name of one of [servers].")
    path: AbsolutePath
    exists: bool = Field(default=True, description="false: there must be no such file.")
    mode: Mode | None = Field(default=None, description='The right permissions, as in "0600".')
    owner: Text | None = Field(default=None, description="The user that must own it.")
    group: Text | None = None
    contains: Text | None = Field(default=None, description="Text that must stand in one of its lines.")
    never: Text | None = Field(default=None, description="Text that must stand in none of its lines.")

    @model_validator(mode="after")
    def _is_there_or_not(self) -> Self:
        if not self.exists and (self.mode or self.owner or self.group or self.contains or self.never):
            raise ValueError("exists = false: of a file that must not be there nothing else is asked; remove the rest")
        return self

    @property
    def words(self) -> str:
        """The file, and what is expected of it."""
        if not self.exists:
            return f"{self.server} has no {self.path}"
        wanted = [f"mode {self.mode}" if self.mode else "", f"owner {self.owner}" if self.owner else ""]
        return f"{self.server} has {self.path}" + "".join(f", {word}" for word in wanted if word)
