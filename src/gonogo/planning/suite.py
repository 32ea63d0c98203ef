"""Folders of checks and their policy: read, held against each other, put in an order in which needs come first."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.families.registry import installed_families
from gonogo.planning.declarations import Declaration, read_declarations
from gonogo.policy.catalogue import Catalogue, Line, read_catalogue
from gonogo.policy.local import FILE, Difference, changed, read_local_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Folders of checks, read and found consistent."""

    folders: Sequence[Path]
    catalogue: Catalogue
    declarations: Mapping[str, Declaration]
    order: Sequence[str]
    origins: Mapping[Path, str] = field(default_factory=dict)
    """Folder to the package that brings it; folders of the project are not in it."""
    differences: Sequence[Difference] = ()
    """What the project's ``policy.toml`` changed of the catalogues."""

    def origin(self, identifier: str) -> str:
        """The package that brings the check, ``gonogo`` among them, or ``project`` for one of the project's own."""
        path = self.declarations[identifier].path.resolve()
        return next((origin for folder, origin in self.origins.items() if path.is_relative_to(folder)), "project")

    def closest(self, identifier: str) -> str | None:
        """The id that was probably meant."""
        return next(iter(difflib.get_close_matches(identifier, self.order, n=1)), None)


def project_suite(project: Path, *, bundled: bool = False, environment: str | None = None) -> Suite:
    """Every check that a project has, by its own policy: the generic ones, those of foreign families, and its own.

    WorkMe's journeys and scenarios belong to WorkMe, so that they are read for the ``bundled`` reference environment
    (and in the repository, whose project is WorkMe) only. Raises UsageError.
    """
    home = bundled_root()
    origins = {home / "checks": "gonogo", **installed_families(project).check_folders}
    roots = dict.fromkeys([*([home] if bundled else []), project.resolve()])
    own = ((root / name).resolve() for name in ("checks", "smoke", "loadtests") for root in roots)
    folders = [folder for folder in dict.fromkeys((*origins, *own)) if (folder / "catalogue.toml").is_file()]
    suite = read_suite(folders, origins={folder: origin for folder, origin in origins.items() if folder in folders})
    return _with_local_policy(suite, home if bundled and not (project / FILE).is_file() else project, environment)


def _with_local_policy(suite: Suite, project: Path, environment: str | None) -> Suite:
    path = project / FILE
    lines, differences = changed(suite.catalogue, read_local_policy(project), environment, path)
    if problems := list(_contradictions(lines, suite.declarations)):
        raise UsageError(*problems)
    return replace(suite, catalogue=lines, order=_ordered(lines), differences=tuple(differences))


def read_suite(folders: Sequence[Path], *, origins: Mapping[Path, str] | None = None) -> Suite:
    """Read catalogues and declarations. Raises UsageError with every contradiction between them."""
    lines: dict[str, Line] = {}
    declared: dict[str, Declaration] = {}
    problems: list[str] = []
    for folder in folders:
        for identifier, line in read_catalogue(folder / "catalogue.toml").items():
            if identifier in lines:
                problems.append(f"{folder / 'catalogue.toml'}: {identifier}: this id has a line elsewhere already")
            lines[identifier] = line
        for declaration in read_declarations(folder):
            if declaration.id in declared:
                first = declared[declaration.id]
                problems.append(
                    f"{declaration.path}: {declaration.id}: declared already, by {first.function} in {first.path}"
                )
            declared[declaration.id] = declaration
    problems += _contradictions(lines, declared)
    if problems:
        raise UsageError(*problems)
    return Suite(
        folders=folders, catalogue=lines, declarations=declared, order=_ordered(lines), origins=dict(origins or {})
    )


def closure(suite: Suite, identifiers: Iterable[str]) -> frozenset[str]:
    """These checks and all that they need, without which their outcome would mean little."""
    wanted, pending = set[str](), list(identifiers)
    while pending:
        identifier = pending.pop()
        if identifier not in wanted:
            wanted.add(identifier)
            pending += suite.catalogue[identifier].needs
    return frozenset(wanted)


def _contradictions(lines: Mapping[str, Line], declared: Mapping[str, Declaration]) -> Iterable[str]:
    for identifier in lines.keys() - declared.keys():
        yield f"catalogue: {identifier}: no function is marked check({identifier!r}); write it, or remove the line"
    for identifier in declared.keys() - lines.keys():
        declaration = declared[identifier]
        yield f"{declaration.path}: {declaration.function}: check {identifier!r} has no line in the catalogue; add one"
    for identifier, line in lines.items():
        for need in line.needs:
            if need not in lines:
                nearest = difflib.get_close_matches(need, lines, n=1)
                meant = f"; did you mean {nearest[0]}?" if nearest else ""
                yield f"catalogue: {identifier}: needs {need!r}, which is no check{meant}"


def _ordered(lines: Mapping[str, Line]) -> Sequence[str]:
    """Needs first; otherwise as the catalogue has them."""
    position = {identifier: index for index, identifier in enumerate(lines)}
    sorter = TopologicalSorter({identifier: line.needs for identifier, line in lines.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise UsageError(f"catalogue: needs go round in a circle: {' → '.join(error.args[1])}") from None
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        order += ready
        sorter.done(*ready)
    return order


def selection(suite: Suite, only: Collection[str], option: str = "--only") -> frozenset[str] | None:
    """The ids asked for and all that they need, without which their outcome would mean little."""
    if not only:
        return None
    unknown = [identifier for identifier in only if identifier not in suite.catalogue]
    if unknown:
        raise UsageError(*(_unknown(identifier, suite, option) for identifier in unknown))
    return closure(suite, only)


def _unknown(identifier: str, suite: Suite, option: str) -> str:
    nearest = suite.closest(identifier)
    return f"{option}: no check {identifier!r}" + (f"; did you mean {nearest}?" if nearest else "; see gonogo checks")
