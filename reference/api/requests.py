"""What all request bodies have in common, and the types that several of them use."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, to_lower=True, strip_whitespace=True)
]
Role = Literal["client", "professional", "admin"]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class Body(BaseModel):
    """A request: unknown keys and wrong types are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True)
