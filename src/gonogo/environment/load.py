"""Finds and reads an environment file, and the values of the secrets that it names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.base.redaction import SHORTEST_SECRET
from gonogo.base.secrets import Secrets
from gonogo.base.toml_files import did_you_mean, parse_toml, validated
from gonogo.environment.model import Environment
from gonogo.environment.types import SecretMarker

_FOLDER = "environments"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFile:
    """A file that was read and is valid in itself; secrets and machine-specific values are not in yet."""

    name: str
    path: Path
    document: Document
    environment: Environment

    @property
    def project(self) -> Path:
        """The folder that relative paths in the file start from."""
        return self.path.parent.parent


def read_environment(name: str, path: Path, *, model: type[Environment]) -> EnvironmentFile:
    """Read the file into this model. Raises UsageError."""
    document = _parse(path)
    environment = validated(model, document, str(path), unknown_table=_unknown_section)
    return EnvironmentFile(name=name, path=path, document=document, environment=environment)


def overlaid(file: EnvironmentFile, overlay: Document) -> EnvironmentFile:
    """The file with values on top that only a started instance knows."""
    document = _merge(file.document, overlay)
    return EnvironmentFile(
        name=file.name,
        path=file.path,
        document=document,
        environment=validated(type(file.environment), document, str(file.path), unknown_table=_unknown_section),
    )


def resolve_secrets(file: EnvironmentFile, environ: Mapping[str, str]) -> Secrets:
    """The values of all the secrets that the file names. Raises UsageError naming every one that is missing."""
    secrets, problems = find_secrets(file, environ)
    if problems:
        raise UsageError(*problems)
    return secrets


def find_secrets(file: EnvironmentFile, environ: Mapping[str, str]) -> tuple[Secrets, list[str]]:
    """What there is, and the problems with the rest."""
    problems: list[str] = []
    stored: Mapping[str, str | None] = {}
    source, where = file.environment.secrets.dotenv, "the process environment"
    if source is not None:
        path = file.project / source
        where = f"the process environment, or in {path}"
        if path.is_file():
            stored = dotenv_values(path, interpolate=False)
        else:
            where += " (which does not exist yet)"
    values: dict[str, str] = {}
    for key, name in secret_names(file.environment):
        value = environ.get(name) or stored.get(name)
        if not value:
            problems.append(f"{file.path}: {key}: secret {name} has no value; set it in {where}")
        elif len(value) < SHORTEST_SECRET:
            problems.append(
                f"{file.path}: {key}: secret {name} has {len(value)} characters; "
                f"{SHORTEST_SECRET} are the least that can be kept out of the output"
            )
        else:
            values[name] = value
    return Secrets(values), problems


def secret_names(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Key and name of every secret that the environment refers to."""
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        marked = any(isinstance(note, SecretMarker) for note in _annotations(field))
        if isinstance(value, BaseModel):
            yield from secret_names(value, f"{prefix}{key}.")
        elif isinstance(value, Mapping):
            for name, one in value.items():
                if isinstance(one, BaseModel):
                    yield from secret_names(one, f"{prefix}{key}.{name}.")
        elif marked and isinstance(value, str):
            yield f"{prefix}{key}", value


def _annotations(field: Any) -> Iterator[object]:  # noqa: ANN401 - pydantic's FieldInfo, or a part of its annotation
    """The notes on a field, in its optional variant as well (``SecretName | None``)."""
    yield from field.metadata
    for part in getattr(field.annotation, "__args__", ()):
        yield from getattr(part, "__metadata__", ())


def available(project: Path) -> list[str]:
    """The names of all the environments that could be run from here."""
    return sorted({*declared(project), *declared(bundled_root())})


def declared(root: Path) -> list[str]:
    """The names of the environments whose files lie in this folder."""
    return sorted(path.stem for path in (root / _FOLDER).glob("*.toml") if path.stem not in OTHER_FILES)


OTHER_FILES = frozenset({"gates", "people", "policy", "signers"})
"""Files beside those of environments."""


def find_environment(name: str, project: Path) -> Path:
    """``environments/NAME.toml`` of the project, or the bundled one of that name. Raises UsageError."""
    candidates = [folder / _FOLDER / f"{name}.toml" for folder in (project, bundled_root())]
    if Path(name).name == name:
        for path in candidates:
            if path.exists():
                return path
    names = available(project)
    suggestion = did_you_mean(name, names).replace("; did", " Did")
    raise UsageError(
        f"no environment {name!r}: {candidates[0]} does not exist.{suggestion} There are: {', '.join(names) or 'none'}"
    )


def _parse(path: Path) -> Document:
    document = parse_toml(path)
    if not document:
        raise UsageError(f"{path}: is empty; start from environments/staging.toml of gonogo")
    return document


PACKAGES: Mapping[str, str] = {"postgresql": "gonogo-postgresql"}
"""Section to the package that brings it, where we know one."""


def _unknown_section(key: str) -> str:
    if key in PACKAGES:
        return f"the family of this section is not installed; the package {PACKAGES[key]} brings it"
    return "no installed family has this section; install the package that brings it, or remove the section"


def _merge(base: Document, top: Document) -> Document:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
