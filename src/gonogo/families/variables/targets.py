"""Values of files of variables, each with the object at a provider that it must lead to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.families.variables.dotenv_file import read_dotenv
from gonogo.families.variables.section import VariableFile, Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadingValue:
    """One variable of one file."""

    environment: str
    """The name that the file is declared by."""
    file: str
    name: str
    value: str = field(repr=False)
    target: str
    """The object that it must lead to, by its name at the provider."""

    @property
    def scope(self) -> Scope:
        """As of everything that is read of the file."""
        return "variables", self.environment


def leading_values(
    environment: Environment, shape: str, declared: Callable[[VariableFile], str | None], own: str | None
) -> Iterator[LeadingValue]:
    """The variables of this shape in every file whose target is known: the file declares it, or it is ``own`` here."""
    section = environment.section(Variables)
    if section is None:
        return
    for environment_name, file in section.files.items():
        target = declared(file) or (own if environment_name == section.own else None)
        if target is None:
            continue
        path = Path(file.path)
        values = read_dotenv(path, file.dialect).values
        for name in section.named(shape):
            yield LeadingValue(
                environment=environment_name, file=path.name, name=name, value=values.get(name, ""), target=target
            )
