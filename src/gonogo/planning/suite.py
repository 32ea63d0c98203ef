"""Folders of checks and their policy: read, held against each other, put in an order in which needs come first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.base.wording import closest, did_you_mean
from gonogo.environment.model import Environment
from gonogo.environment.names import declared as declared_environments
from gonogo.families.kind import EvidenceKind
from gonogo.families.registry import installed_families, read_environment
from gonogo.planning.declarations import Declaration, read_declarations
from gonogo.planning.entries import entry_checks, is_template
from gonogo.policy.catalogue import Catalogue, CheckPolicy, read_catalogue
from gonogo.policy.local import FILE, Difference, LocalPolicy, changed, read_local_policy
from gonogo.policy.owners import default_owner, owner_of, owner_problems


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
    templates: Mapping[str, Declaration] = field(default_factory=dict)
    """Functions that are one check for each entry of the environment file, by the id that they are marked with."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Roles that the project's ``policy.toml`` names, by check or family."""
    elsewhere: frozenset[str] = frozenset()
    """Ids of checks that other environments of the project declare."""

    def origin(self, identifier: str) -> str:
        """The package that brings the check, ``gonogo`` among them, or ``project`` for one of the project's own."""
        if self.declarations[identifier].entry:
            return "project"
        path = self.declarations[identifier].path.resolve()
        return next((origin for folder, origin in self.origins.items() if path.is_relative_to(folder)), "project")

    def closest(self, identifier: str) -> str | None:
        """The id that was probably meant."""
        return closest(identifier, self.order)


def project_suite(
    project: Path,
    *,
    bundled: bool = False,
    environment: str | None = None,
    declared: Sequence[Environment] | None = None,
) -> Suite:
    """Every check that a project has, by its own policy: the generic ones, those of foreign families, and its own.

    Entries of the ``declared`` environments that are checks by themselves are among them: those of one environment
    for a run, those of all environments of the project unless some are given.

    WorkMe's journeys and scenarios belong to WorkMe, so that they are read for the ``bundled`` reference environment
    (and in the repository, whose project is WorkMe) only. Raises UsageError.
    """
    home, families = bundled_root(), installed_families(project)
    origins = {home / "checks": "gonogo", **families.check_folders}
    roots = dict.fromkeys([*([home] if bundled else []), project.resolve()])
    own = ((root / name).resolve() for name in ("checks", "smoke", "loadtests") for root in roots)
    folders = [folder for folder in dict.fromkeys((*origins, *own)) if (folder / "catalogue.toml").is_file()]
    suite = read_suite(folders, origins={folder: origin for folder, origin in origins.items() if folder in folders})
    everywhere = _environments(project)
    suite = _with_entries(suite, families.kinds, everywhere if declared is None else declared, everywhere)
    return _with_local_policy(suite, home if bundled and not (project / FILE).is_file() else project, environment)


def _environments(project: Path) -> list[Environment]:
    """All that can be read: what is wrong with one is told when it is run."""
    entries = []
    for name in declared_environments(project):
        with suppress(UsageError):
            entries.append(read_environment(name, project=project).environment)
    return entries


def _with_entries(
    suite: Suite,
    kinds: Mapping[str, EvidenceKind],
    declared: Sequence[Environment],
    everywhere: Sequence[Environment],
) -> Suite:
    """The suite with one check for each entry, in the place of the function that is all of them."""
    lines: dict[str, CheckPolicy] = {}
    declarations: dict[str, Declaration] = {}
    templates: dict[str, Declaration] = {}
    elsewhere: set[str] = set()
    for identifier, line in suite.catalogue.items():
        declaration = suite.declarations[identifier]
        if is_template(identifier):
            templates[identifier] = declaration
            for entry, policy in entry_checks(declaration, line, kinds, declared):
                declarations[entry.id], lines[entry.id] = entry, policy
            elsewhere |= {entry.id for entry, _ in entry_checks(declaration, line, kinds, everywhere)}
        else:
            declarations[identifier], lines[identifier] = declaration, line
    if clashing := [
        identifier for identifier in lines if identifier in suite.catalogue and declarations[identifier].entry
    ]:
        raise UsageError(
            *(f"environment: {name}: a check has this id already; give the entry another name" for name in clashing)
        )
    return replace(
        suite,
        catalogue=lines,
        declarations=declarations,
        order=_ordered(lines),
        templates=templates,
        elsewhere=frozenset(elsewhere - lines.keys()),
    )


def _with_local_policy(suite: Suite, project: Path, environment: str | None) -> Suite:
    """The suite with what the team's policy.toml changes; the differences are kept for the report."""
    path = project / FILE
    local = read_local_policy(project)
    lines, differences = changed(suite.catalogue, local, environment, path, elsewhere=suite.elsewhere)
    if problems := list(_contradictions(lines, suite.declarations)):
        raise UsageError(*problems)
    return _with_owners(
        replace(suite, catalogue=lines, order=_ordered(lines), differences=tuple(differences)), local, path
    )


def _with_owners(suite: Suite, local: LocalPolicy, path: Path) -> Suite:
    """The suite with a role for each check: that of policy.toml, else of its catalogue, else gonogo's own for its families."""
    families = {identifier: declaration.family for identifier, declaration in suite.declarations.items()}
    if problems := list(owner_problems(local.owners, {*families, *families.values(), *suite.elsewhere})):
        raise UsageError(*(f"{path}: {problem}" for problem in problems))
    lines = {
        identifier: line.model_copy(
            update={
                "owner": owner_of(identifier, families[identifier], local.owners)
                or line.owner
                or default_owner(families[identifier])
            }
        )
        for identifier, line in suite.catalogue.items()
    }
    bundled = {family: default_owner(family) for family in families.values()}
    differences = [
        Difference(
            check=name, key="owner", bundled=bundled.get(name) or default_owner(families.get(name, "")), local=role
        )
        for name, role in local.owners.items()
    ]
    return replace(suite, catalogue=lines, owners=local.owners, differences=(*suite.differences, *differences))


def read_suite(folders: Sequence[Path], *, origins: Mapping[Path, str] | None = None) -> Suite:
    """Read catalogues and declarations. Raises UsageError with every contradiction between them."""
    lines: dict[str, CheckPolicy] = {}
    declared: dict[str, Declaration] = {}
    problems: list[str] = []
    for folder in folders:
        for identifier, line in read_catalogue(folder / "catalogue.toml").items():
            if identifier in lines:
                problems.append(
                    f"{folder / 'catalogue.toml'}: {identifier}: this id has a catalogue line elsewhere already"
                )
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
    """Add to these checks all that they need, without which their outcome would mean little."""
    wanted, pending = set[str](), list(identifiers)
    while pending:
        identifier = pending.pop()
        if identifier not in wanted:
            wanted.add(identifier)
            pending += suite.catalogue[identifier].needs
    return frozenset(wanted)


def _contradictions(lines: Mapping[str, CheckPolicy], declared: Mapping[str, Declaration]) -> Iterable[str]:
    """Checks without a line, lines without a check, and needs that nobody is."""
    for identifier in lines.keys() - declared.keys():
        yield f"catalogue: {identifier}: no function is marked check({identifier!r}); write it, or remove the line"
    for identifier in declared.keys() - lines.keys():
        declaration = declared[identifier]
        yield f"{declaration.path}: {declaration.function}: check {identifier!r} has no line in the catalogue; add one"
    for identifier, line in lines.items():
        for need in line.needs:
            if need not in lines:
                yield f"catalogue: {identifier}: needs {need!r}, which is not a check{did_you_mean(need, lines)}"
        for other in line.explained_by:
            if other not in lines:
                near = did_you_mean(other, lines)
                yield f"catalogue: {identifier}: explained_by names {other!r}, which is not a check{near}"


def _ordered(lines: Mapping[str, CheckPolicy]) -> Sequence[str]:
    """Needs first; otherwise as the catalogue has them."""
    position = {identifier: index for index, identifier in enumerate(lines)}
    sorter = TopologicalSorter({identifier: line.needs for identifier, line in lines.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise UsageError(f"catalogue: the needs form a circle: {' → '.join(error.args[1])}") from None
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
    if templates := [identifier for identifier in only if identifier in suite.templates]:
        raise UsageError(*(f"{option}: {name} stands for one check per entry; name one of these" for name in templates))
    unknown = [identifier for identifier in only if identifier not in suite.catalogue]
    if unknown:
        raise UsageError(*(_unknown(identifier, suite, option) for identifier in unknown))
    return closure(suite, only)


def _unknown(identifier: str, suite: Suite, option: str) -> str:
    nearest = suite.closest(identifier)
    return f"{option}: no check {identifier!r}" + (f"; did you mean {nearest}?" if nearest else "; see gonogo checks")
