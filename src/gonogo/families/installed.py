"""Families of other packages and of the project itself, found and held against what is there already."""

import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

import gonogo
from gonogo.base.errors import UsageError
from gonogo.base.project_modules import activate
from gonogo.environment.model import Environment
from gonogo.environment.section import Section
from gonogo.evidence.base import Evidence
from gonogo.families import BUILT_IN
from gonogo.families.kind import Family, Probe

GROUP = "gonogo.families"
"""The entry point group by which a package brings a family."""
FOLDER = "families"
OWN = f"{FOLDER}/"
"""In place of a package: the project itself."""
_TAKEN = {"environment", "policy", "request", "walk"}
"""Arguments of a check that ask for something else than evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One family, and where it comes from."""

    family: Family
    module: ModuleType
    package: str
    """The distribution that brings it; ``families/`` when it is the project's own."""
    version: str = ""

    @property
    def foreign(self) -> bool:
        """Whether gonogo itself does not bring it."""
        return self.package != "gonogo"

    @property
    def origin(self) -> str:
        """The package and its version, or the folder of the project, for people."""
        return f"{OWN}{self.folder.name}" if self.package == OWN else f"{self.package} {self.version}".strip()

    @property
    def folder(self) -> Path:
        """The folder of its code."""
        return Path(self.module.__file__ or "").parent

    @property
    def checks(self) -> Path | None:
        """The folder of its checks, if it brings any."""
        return self.folder / self.family.checks if self.family.checks else None

    def load_probes(self) -> Mapping[str, Probe]:
        """Import who asks, with the drivers that they need. Raises UsageError when that fails."""
        if not self.family.probes:
            return {}
        module, _, name = self.family.probes.partition(":")
        if self.package == OWN:
            activate(self.folder.parent)
        try:
            place = importlib.import_module(module, self.module.__name__) if module else self.module
            probes = getattr(place, name)
        except Exception as error:  # noqa: BLE001 - somebody else's code is imported
            raise _broken(self.family.name, self.origin, error) from None
        unknown = sorted(probes.keys() - {kind.name for kind in self.family.kinds})
        if unknown:
            raise UsageError(
                f"family {self.family.name} ({self.origin}): a probe asks for {unknown[0]!r}, which is no kind of it"
            )
        return dict(probes)


def find_families(project: Path) -> tuple[Installed, ...]:
    """All families: gonogo's, those of installed packages, the project's. Raises UsageError naming a broken one."""
    families = (*_built_in(), *_of_packages(), *_of_project(project))
    problems = list(_contradictions(families))
    if problems:
        raise UsageError(*problems)
    return families


def _built_in() -> Iterator[Installed]:
    for family in BUILT_IN:
        module = sys.modules[f"gonogo.families.{family.name}"]
        yield Installed(family=family, module=module, package="gonogo", version=gonogo.__version__)


def _of_packages() -> Iterator[Installed]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        yield _of_package(entry)


def _of_package(entry: EntryPoint) -> Installed:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist else (entry.module, "")
    try:
        family = entry.load()
        module = importlib.import_module(entry.module)
    except Exception as error:  # noqa: BLE001 - somebody else's code is imported
        raise _broken(entry.name, f"{package} {version}", error) from None
    return Installed(
        family=_checked(family, entry.name, f"{package} {version}"), module=module, package=package, version=version
    )


def _of_project(project: Path) -> Iterator[Installed]:
    for path in sorted((project / FOLDER).glob("*/__init__.py")):
        name = path.parent.name
        activate((project / FOLDER).resolve())
        try:
            module = importlib.import_module(f"{FOLDER}.{name}")
        except Exception as error:  # noqa: BLE001 - somebody else's code is imported
            raise _broken(name, f"{OWN}{name}", error) from None
        family = _checked(getattr(module, "FAMILY", None), name, f"{OWN}{name}")
        yield Installed(family=family, module=module, package=OWN)


def _checked(family: object, name: str, origin: str) -> Family:
    if isinstance(family, Family):
        return family
    raise UsageError(
        f"family {name} ({origin}): FAMILY is {type(family).__name__}; a gonogo.families.kind.Family is expected; "
        "see docs/writing-a-family.md"
    )


def _broken(name: str, origin: str, error: Exception) -> UsageError:
    return UsageError(
        f"family {name} ({origin}) cannot be loaded: {type(error).__name__}: {error}; repair it, or uninstall it"
    )


def _contradictions(families: Iterable[Installed]) -> Iterator[str]:
    """Names that two families have, or that mean something else already, and types that do not fit."""
    owners: dict[str, str] = {f"section [{key}]": "gonogo" for key in Environment.model_fields}
    owners |= {f"argument {name}": "gonogo" for name in _TAKEN - {"walk"}}
    for installed in families:
        family, origin = installed.family, f"{installed.family.name} ({installed.origin})"
        kinds, sections = family.kinds, family.sections
        names = [f"family {family.name}", *(f"section [{section.key}]" for section in sections)]
        for name in (*names, *(f"argument {kind.name}" for kind in kinds)):
            if name in owners:
                yield f"family {origin}: {name} belongs to {owners[name]} already; choose another name"
            owners[name] = origin
        for kind in kinds:
            if not (kind.name.isidentifier() and kind.name.islower()) or kind.name.endswith("_all"):
                yield f"family {origin}: {kind.name!r} cannot be the argument of a check; write it as in 'replica_lag'"
            if not (isinstance(kind.evidence, type) and issubclass(kind.evidence, Evidence)):
                yield f"family {origin}: {kind.name}: its evidence is no subclass of gonogo.evidence.base.Evidence"
        for section in sections:
            if not issubclass(section.model, Section):
                yield f"family {origin}: [{section.key}] is no subclass of gonogo.environment.section.Section"
