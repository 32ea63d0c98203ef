"""Where in the team's own files somebody acts on a check: what CI systems show beside a change."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gonogo.base.toml_lines import KeyPath, key_lines
from gonogo.environment.load import EnvironmentFile
from gonogo.families.kind import EvidenceKind
from gonogo.planning.plan import GROUP, Plan, PlannedCheck
from gonogo.planning.suite import Suite

_OWN = "project"
_PERMITS = ("permits", "effects")


@dataclass(frozen=True, slots=True)
class Place:
    """A file of the project and a line of it, from 1; 0: the file as a whole."""

    file: str
    """From the project's folder, with ``/`` on every system."""
    line: int


def places(
    plan: Plan, suite: Suite, kinds: Mapping[str, EvidenceKind], file: EnvironmentFile, project: Path
) -> Mapping[str, Place]:
    """For each check of the plan that has one: the team's own check or step, else what its environment file declares.

    Files that gonogo or a package brings are nobody's to change here: of the bundled reference there are none.
    """
    root = project.resolve()
    environment = _within(root, file.path)
    lines = key_lines(file.path.read_text(encoding="utf-8-sig")) if environment else {}
    found = {}
    for name, check in plan.checks.items():
        own = _within(root, check.declaration.path) if suite.origin(name) == _OWN else ""
        if own and not check.declaration.entry:
            found[name] = Place(own, check.declaration.line)
        elif environment:
            found[name] = Place(environment, _line(check, kinds, file.environment.part_keys, lines))
    return found


def _within(root: Path, path: Path) -> str:
    """The path from the project's folder; empty for what lies elsewhere."""
    resolved = path.resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else ""


def _line(
    check: PlannedCheck, kinds: Mapping[str, EvidenceKind], parts: Mapping[str, str], lines: Mapping[KeyPath, int]
) -> int:
    """Where the narrowest of what the check is about is declared; 0 where nothing is: it has to be added somewhere."""
    kind = kinds[check.subject.removesuffix(GROUP)]
    if not check.permitted:
        return lines.get(_PERMITS, 0)
    if entry := check.declaration.entry:
        return next((line for key, line in lines.items() if key[0] == kind.section and key[-1] == entry), 0)
    about = [kind.section, *([kind.part] if kind.part else []), *check.policy.about]
    keys = [tuple(f"{parts[name]}.{name}".split(".") if name in parts else name.split(".")) for name in reversed(about)]
    return next((lines[key] for key in keys if key in lines), 0)
