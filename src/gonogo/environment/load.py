"""Finds and reads an environment file, and the values of the secrets that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.base.toml_files import parse_toml, validated
from gonogo.base.wording import did_you_mean
from gonogo.environment.model import Environment
from gonogo.environment.names import FOLDER, available
from gonogo.environment.section import ENVIRONMENT_NAME

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
    environment = _validated(model, document, path)
    return EnvironmentFile(name=name, path=path, document=document, environment=environment)


def overlaid(file: EnvironmentFile, overlay: Document) -> EnvironmentFile:
    """The file with values on top that only a started instance knows."""
    document = _merge(file.document, overlay)
    return EnvironmentFile(
        name=file.name,
        path=file.path,
        document=document,
        environment=_validated(type(file.environment), document, file.path),
    )


def _validated(model: type[Environment], document: Document, path: Path) -> Environment:
    context = {ENVIRONMENT_NAME: path.stem}
    return validated(model, document, str(path), unknown_table=_unknown_section, context=context)


def find_environment(name: str, project: Path) -> Path:
    """``environments/NAME.toml`` of the project, or the bundled one of that name. Raises UsageError."""
    candidates = [folder / FOLDER / f"{name}.toml" for folder in (project, bundled_root())]
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


PACKAGES: Mapping[str, str] = {
    "kubernetes": "gonogo-kubernetes",
    "mysql": "gonogo-mysql",
    "postgresql": "gonogo-postgresql",
    "rabbitmq": "gonogo-rabbitmq",
    "s3": "gonogo-s3",
    "smtp": "gonogo-smtp",
}
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
