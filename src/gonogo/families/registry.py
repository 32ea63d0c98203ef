"""The families that a project has: their kinds of evidence, their probes, and the environment file that they compose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from gonogo.base.errors import UsageError
from gonogo.base.toml_files import parse_toml
from gonogo.environment import load, model
from gonogo.environment.composition import compose
from gonogo.environment.names import declared
from gonogo.families.installed import OWN, Installed, find_families
from gonogo.families.kind import EvidenceKind, Probe
from gonogo.families.smoke.section import Smoke
from gonogo.families.smoke.settings import settings_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Families:
    """All families of one project, composed."""

    installed: Sequence[Installed]
    kinds: Mapping[str, EvidenceKind]
    environment: type[model.Environment]

    @property
    def foreign(self) -> Sequence[Installed]:
        """Families that gonogo does not bring itself."""
        return [installed for installed in self.installed if installed.foreign]

    @property
    def check_folders(self) -> Mapping[Path, str]:
        """Folders of checks that foreign families bring, each with its origin."""
        return {folder: installed.origin for installed in self.foreign if (folder := installed.checks)}

    def probes(self) -> Mapping[str, Probe]:
        """Everybody who asks, by kind of evidence. Imports every driver. Raises UsageError for a broken family."""
        return {name: probe for installed in self.installed for name, probe in installed.load_probes().items()}


def installed_families(project: Path) -> Families:
    """The families of gonogo, of installed packages, and of the project. Raises UsageError naming a broken one."""
    return _composed(project.resolve())


@cache
def _composed(project: Path) -> Families:
    installed = find_families(project)
    settings = settings_model(project)
    return Families(
        installed=installed,
        kinds={kind.name: kind for family in installed for kind in family.family.kinds},
        environment=compose(
            replace(section, model=settings, base=Smoke) if section.model is Smoke else section
            for family in installed
            for section in family.family.sections
        ),
    )


def undeclared_sections(families: Families, project: Path) -> tuple[str, ...]:
    """Sections of installed packages that no environment file of the project has.

    That a package is installed says nothing about the service. Where one environment declares its section, a silence of
    another is a gap. A file that cannot be read may declare anything.
    """
    sections = {
        section.key
        for installed in families.foreign
        if installed.package != OWN
        for section in installed.family.sections
    }
    for name in declared(project) if sections else ():
        try:
            sections -= parse_toml(load.find_environment(name, project)).keys()
        except UsageError:
            return ()
    return tuple(sorted(sections))


def read_environment(name: str, *, project: Path) -> load.EnvironmentFile:
    """Find ``environments/NAME.toml`` in the project, or among the bundled ones, and read it. Raises UsageError.

    The families and ``smoke/settings.py`` are those of the project that the file belongs to.
    """
    path = load.find_environment(name, project)
    return load.read_environment(name, path, model=installed_families(path.parent.parent).environment)


def environment_from(document: Mapping[str, Any], project: Path | None = None) -> model.Environment:
    """The environment that a document describes. Raises pydantic's ValidationError."""
    return installed_families(project or Path()).environment.model_validate(document)
