"""What every table of an environment file is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the file. Unknown keys are mistakes, not extensions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
