"""Entries of an environment file that are checks by themselves, as ``[requests.catalog-is-public]``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import AnyTexts, Effect, Text

EntryName = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""The name of an entry: the check's id is the word of its family, a hyphen, and this."""


LineIds = AnyTexts
"""Ids of lines of the checklist; one may be written without a list around it."""


class EntryCheck(Section):
    """The policy of one such check; families add what is asked, and what must come of it."""

    title: Text | None = Field(default=None, description="What holds when it passes; made of the entry if missing.")
    line: LineIds = Field(default=(), description="The line of the checklist that it proves, or several.")
    supports: LineIds = Field(default=(), description="Lines that it says something about, and does not tick.")
    severity: Literal["blocker", "warning"] = "blocker"
    fix: Text | None = Field(default=None, description="What to do when it fails.")

    @model_validator(mode="after")
    def _proof_is_no_support(self) -> Self:
        if in_both := [line for line in self.line if line in self.supports]:
            raise ValueError(f"line and supports both name {', '.join(in_both)}; keep one of them")
        return self

    @property
    def effect_on_target(self) -> Effect:
        """The effect of asking."""
        return Effect.READ

    @property
    def words(self) -> str:
        """Describe for people what is asked: the title of a check that has none."""
        raise NotImplementedError
