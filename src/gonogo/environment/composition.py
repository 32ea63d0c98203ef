"""Composes the model of environment files from what the installed families declare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from gonogo.environment.entry_check import EntryCheck, EntryName
from gonogo.environment.model import IN_ORDER, Environment, Service
from gonogo.environment.section import Section
from gonogo.environment.types import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSpec:
    """One key at the top of an environment file, brought by a family."""

    key: str
    model: type[Section]
    many: bool = False
    """Whether it is a table of tables, as in ``[servers.web1]``."""
    base: type[Section] | None = None
    """A model whose place this one takes: ``Environment.section`` finds it by either."""
    parts: tuple[str, ...] = ()
    """Keys of the section that ``service.without`` may name by themselves."""


def compose(sections: Iterable[SectionSpec]) -> type[Environment]:
    """A model with a typed key for each section; ``service.without`` accepts their keys and parts, and ``hosts``."""
    specs = tuple(sections)
    words = ("hosts", *(word for spec in specs for word in (spec.key, *spec.parts)))
    fields: dict[str, Any] = {spec.key: _field(spec) for spec in specs}
    fields["service"] = (_service(words), ...)
    composed: type[Environment] = create_model("Environment", __base__=Environment, __doc__=_DOCUMENTATION, **fields)
    composed.section_keys = {model: spec.key for spec in specs for model in (spec.model, spec.base) if model}
    composed.part_keys = {part: spec.key for spec in specs for part in spec.parts}
    return composed


_DOCUMENTATION = "The whole file. Sections that a service does not have are named in ``service.without``."


def _field(spec: SectionSpec) -> tuple[Any, Any]:
    if spec.many:
        name = EntryName if issubclass(spec.model, EntryCheck) else Text
        return Mapping[name, spec.model], Field(default_factory=dict)  # type: ignore[name-defined,valid-type]  # a type at run time
    return spec.model | None, None


def _service(words: tuple[str, ...]) -> type[Service]:
    """``[service]`` whose ``without`` accepts exactly these words."""
    described = Service.model_fields["without"]
    choice = Annotated[frozenset[Literal[words]], IN_ORDER]  # type: ignore[valid-type]  # a type at run time
    field: Any = Field(default=frozenset(), description=described.description)
    composed: type[Service] = create_model(
        "Service", __base__=Service, __doc__=Service.__doc__, without=(choice, field)
    )
    return composed
