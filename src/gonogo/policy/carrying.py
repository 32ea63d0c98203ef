"""The evidence that gates.toml lets a run carry from other runs: whose, of which lines, how old, signed by whom."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from gonogo.base.moments import Words
from gonogo.base.toml_files import Document
from gonogo.base.wording import did_you_mean
from gonogo.environment.types import Duration

LONGEST = timedelta(days=30)
"""How old carried evidence may be at the most: as long as a waiver lasts."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class Carry(Document):
    """One source of carried evidence. Its lines are answered by runs of it, and by nothing else."""

    into: Annotated[tuple[Words, ...], Field(min_length=1)]
    """Environments whose runs of this gate carry it."""
    environment: Words
    """The gate of the runs that are carried."""
    gate: Name
    """That they asked."""
    sections: tuple[Words, ...] = ()
    lines: tuple[Words, ...] = ()
    """As at a gate: what the carried run stands for here."""
    max_age: Duration
    """From the end of the carried run until now, whenever that is asked."""
    signed_by: tuple[Name, ...] = ()
    """Roles that must have said GO to the carried run; none: it is enough that it is fresh."""

    @model_validator(mode="after")
    def _stands_for_something(self) -> Self:
        if not self.sections and not self.lines:
            raise ValueError("it carries nothing; name sections, or ids of lines in lines")
        if self.max_age > LONGEST:
            raise ValueError(f"max_age: evidence is carried for {LONGEST.days} days at most; run again after that")
        return self

    @property
    def words(self) -> str:
        """``staging at gate pre-deploy``."""
        return f"{self.environment} at gate {self.gate}"


def carry_problems(gate: str, carries: tuple[Carry, ...], gates: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Find what does not fit the other gates, each with its environments (empty: all), beginning with the key."""
    for number, carry in enumerate(carries):
        where = f"gates.{gate}.carries.{number}"
        if carry.gate not in gates:
            yield f"{where}.gate: there is no gate {carry.gate!r}{did_you_mean(carry.gate, list(gates))}"
        elif gates[carry.gate] and carry.environment not in gates[carry.gate]:
            yield f"{where}.gate: {carry.gate} is not asked of {carry.environment}, but of {', '.join(gates[carry.gate])}"
        if carry.gate == gate and carry.environment in carry.into:
            yield f"{where}: a run of {carry.words} would stand for itself; name another gate or environment"
