"""Entries of an environment file that are checks by themselves, as ``[requests.catalog-is-public]``."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import Effect, MaybeTexts, Text

EntryName = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""The name of an entry: the check's id is the word of its family, a hyphen, and this."""


class EntryPolicy(Section):
    """The policy of one such check; families add what is asked, and what must come of it."""

    title: Text | None = Field(default=None, description="What holds when it passes; made of the entry if missing.")
    line: MaybeTexts = Field(default=(), description="The line of the checklist that it proves, or several.")
    supports: MaybeTexts = Field(default=(), description="Lines that it says something about, and does not tick.")
    fix: Text | None = Field(default=None, description="What to do when it fails.")

    @model_validator(mode="after")
    def _proof_is_no_support(self) -> Self:
        if in_both := [line for line in self.line if line in self.supports]:
            raise ValueError(f"line and supports both name {', '.join(in_both)}; keep one of them")
        return self

    @property
    def check_severity(self) -> Literal["blocker", "warning"]:
        """The meaning of a failure."""
        return "blocker"

    @property
    def effect_on_target(self) -> Effect:
        """The effect of asking."""
        return Effect.READ

    @property
    def words(self) -> str:
        """Describe for people what is asked: the title of a check that has none."""
        raise NotImplementedError

    @property
    def check_title(self) -> str:
        """The title of the check: like every other, a fact that ought to be true."""
        return self.title or self.words


class EntryCheck(EntryPolicy):
    """An entry that says by itself how bad it is when it fails."""

    severity: Literal["blocker", "warning"] = "blocker"

    @property
    def check_severity(self) -> Literal["blocker", "warning"]:
        """As it says."""
        return self.severity


class EntrySection(Section):
    """A section some of whose keys hold entries that are checks."""

    @property
    def entries(self) -> Mapping[str, EntryPolicy]:
        """All of them, by name."""
        raise NotImplementedError
