"""The base of every table of an environment file."""

from typing import Final

from pydantic import BaseModel, ConfigDict

ENVIRONMENT_NAME: Final = "environment_name"
"""Key of the validation context: the name of the file that is read, for keys whose default it is."""


class Section(BaseModel):
    """A table of the file. Unknown keys are mistakes, not extensions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
