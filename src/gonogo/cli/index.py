"""An index of the names that a project has, kept from one command to the next.

To read every catalogue, check and environment takes a second; a list and the Tab key must not wait that long. What is
kept is as good as new: a file, a folder or a package that changed since makes it be read again. Nothing judges by it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gonogo
from gonogo.base.bundled import bundled_root
from gonogo.base.errors import IntegrityError, UsageError
from gonogo.record.run_folder import EVIDENCE, RESULTS, STATEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from gonogo.planning.suite import Suite

_FOLDERS = ("checks", "smoke", "loadtests", "families", "environments")
"""Of a project, and of gonogo itself: all that says which checks there are."""
_PACKAGE = Path(gonogo.__file__).parent
_MOST = 50
"""Indexes that are kept, of all projects of this user."""
_UNUSABLE = (OSError, ValueError, LookupError, TypeError, RuntimeError)
"""Whatever a file that is missing, damaged, or nobody's (without a home) gives: then there is no index."""
_LEFT_OUT = frozenset({"__pycache__", ".venv", "venv", "node_modules", ".git"})


class IndexedCheck(NamedTuple):
    """One check, as ``gonogo checks`` shows it."""

    severity: str
    effect: str
    origin: str
    title: str
    needs: Sequence[str]
    proves: Sequence[str]
    supports: Sequence[str]
    why: str
    fix: str


class CheckIndex(NamedTuple):
    """All checks of a project, by id, and the files of those that are one check for each entry."""

    checks: Mapping[str, IndexedCheck]
    templates: Mapping[str, str]


def check_index(project: Path) -> CheckIndex:
    """The checks of a project. Raises UsageError, as reading them does."""

    def read() -> tuple[Any, Iterable[Path]]:
        from gonogo.planning.suite import project_suite  # noqa: PLC0415 - only where the index is out of date

        suite = project_suite(project)
        templates = {template: function.path.name for template, function in suite.templates.items()}
        return [{name: _indexed(name, suite) for name in suite.catalogue}, templates], suite.folders

    checks, templates = _kept("checks", project, read)
    return CheckIndex({name: IndexedCheck(*fields) for name, fields in checks.items()}, templates)


def _indexed(name: str, suite: Suite) -> IndexedCheck:
    policy, function = suite.catalogue[name], suite.declarations[name]
    return IndexedCheck(
        severity=policy.severity,
        effect=policy.effect,
        origin=suite.origin(name),
        title=policy.shown_title,
        needs=list(policy.needs),
        proves=list(policy.proves),
        supports=list(policy.supports),
        why=function.why,
        fix=function.fix,
    )


class ListIndex(NamedTuple):
    """The names that a team's checklist and gates have."""

    lines: Sequence[str]
    gates: Sequence[str]
    roles: Sequence[str]


def list_index(project: Path) -> ListIndex:
    """The names of lines, gates and roles. Raises UsageError, as reading them does."""

    def read() -> tuple[Any, Iterable[Path]]:
        from gonogo.planning.gate_demands import read_list  # noqa: PLC0415 - only where the index is out of date

        checklist, gates = read_list(project)
        return [[line.id for line in checklist.lines if line.id], [*gates.gates], [*gates.roles]], ()

    return ListIndex(*_kept("list", project, read))


class CoveredLine(NamedTuple):
    """One line of the checklist, as ``gonogo checklist`` shows it."""

    id: str
    text: str
    attest: Sequence[str]


class CoverageIndex(NamedTuple):
    """What verifies each line, as ``planning.coverage`` reads it."""

    sections: Mapping[str, Sequence[CoveredLine]]
    automatic: frozenset[str]
    attested: frozenset[str]
    missing: frozenset[str]
    carried: Mapping[str, tuple[str, str]]
    """Line to the environment and the gate of the run that answers it."""
    roles: Sequence[str]
    statements: int


def coverage_index(project: Path, environment: str | None, at: datetime) -> CoverageIndex:
    """The coverage of one environment, or of all, at this moment. Raises UsageError, as reading it does."""

    def read() -> tuple[Any, Iterable[Path]]:
        from gonogo.planning.coverage import read_coverage  # noqa: PLC0415 - only where the index is out of date

        coverage = read_coverage(project, environment, at)
        sections = {
            name: [[line.id, line.text, [*line.attest]] for line in lines] for name, lines in coverage.sections.items()
        }
        sets = [sorted(ids) for ids in (coverage.automatic, coverage.attested, coverage.missing)]
        carried = {line: [carry.environment, carry.gate] for line, carry in coverage.carried.items()}
        until = coverage.changes_at.timestamp() if coverage.changes_at else None
        return [at.timestamp(), until, sections, sets, carried, [*coverage.roles], coverage.statements], ()

    def holds(values: Any) -> bool:  # noqa: ANN401 - JSON values
        since, until, *_ = values
        return bool(since <= at.timestamp() and (until is None or at.timestamp() < until))

    kind = f"coverage-{hashlib.sha256((environment or '').encode(errors='surrogateescape')).hexdigest()[:8]}"
    _, _, sections, sets, carried, roles, statements = _kept(kind, project, read, holds)
    automatic, attested, missing = map(frozenset, sets)
    return CoverageIndex(
        sections={name: [CoveredLine(*line) for line in lines] for name, lines in sections.items()},
        automatic=automatic,
        attested=attested,
        missing=missing,
        carried={line: (where, gate) for line, (where, gate) in carried.items()},
        roles=roles,
        statements=statements,
    )


def fault_index() -> Sequence[str]:
    """The names of the faults of the bundled reference environment."""

    def read() -> tuple[Any, Iterable[Path]]:
        from gonogo.runs.reference_instance import known_faults  # noqa: PLC0415 - only where the index is out of date

        return [fault["name"] for fault in known_faults()], [bundled_root() / "reference"]

    names: Sequence[str] = _kept("faults", bundled_root(), read)
    return names


class IndexedRun(NamedTuple):
    """One run that was found to be what was recorded, as ``gonogo runs`` shows it."""

    id: str
    started_at: str
    """ISO 8601, in UTC."""
    gate: str
    verdict: str
    """``go``, ``no-go`` or ``incomplete``; exceptions are a go."""
    columns: Sequence[str]
    """All of the row but for id and age."""


def run_index(
    reports: Path, folders: Sequence[Path], read: Callable[[Path], IndexedRun]
) -> Iterator[tuple[Path, IndexedRun | UsageError | IntegrityError]]:
    """Each run of these folders. One whose files changed since is read again, and so is one that was damaged."""
    kept: dict[str, Any] = {}
    with suppress(*_UNUSABLE):
        kept = dict(json.loads(_place("runs", reports).read_bytes()))
    package = hashlib.sha256("".join(_files(str(_PACKAGE))).encode(errors="surrogateescape")).hexdigest()
    current = {}
    for folder in folders:
        stamp = f"{package} {_run_stamp(folder)}"
        run = None
        with suppress(*_UNUSABLE):
            known, values = kept[str(folder)]
            run = IndexedRun(*values) if known == stamp else None
        try:
            run = run or read(folder)
        except (UsageError, IntegrityError) as error:
            yield folder, error
        else:
            current[str(folder)] = [stamp, [*run]]
            yield folder, run
    with suppress(*_UNUSABLE):
        if not current.items() <= kept.items():
            there = {folder: found for folder, found in (kept | current).items() if Path(folder).is_dir()}
            _keep(_place("runs", reports), there)


def _run_stamp(folder: Path) -> str:
    """Times and sizes of the files that a run's row comes from; nobody sets the time of the last change of state."""
    states = [
        (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        for state in ((folder / name).stat() for name in (RESULTS, EVIDENCE, STATEMENT) if (folder / name).exists())
    ]
    return str(states)


def _kept(
    kind: str,
    project: Path,
    read: Callable[[], tuple[Any, Iterable[Path]]],
    holds: Callable[[Any], bool] = lambda _: True,
) -> Any:  # noqa: ANN401 - JSON values
    """What was read the last time, if nothing that it was read from changed since; else what is read now.

    ``read`` gives JSON values, and the folders beside the project's own that they came from. ``holds`` says whether the
    values are still true by anything but their files, as by the time.
    """
    with suppress(*_UNUSABLE):
        kept = json.loads(_place(kind, project).read_bytes())
        if kept["stamp"] == _stamp(project, map(Path, kept["folders"])) and holds(kept["values"]):
            return kept["values"]
    before = _stamp(project, ())
    values, places = read()
    folders = sorted({str(place.resolve()) for place in places})
    with suppress(*_UNUSABLE):  # what cannot be kept is read again the next time
        if before == _stamp(project, ()):
            _keep(
                _place(kind, project),
                {"stamp": _stamp(project, map(Path, folders)), "folders": folders, "values": values},
            )
    return values


def _keep(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(document), encoding="utf-8")
    partial.replace(path)
    newest_first = sorted(path.parent.iterdir(), key=lambda kept: kept.stat().st_mtime_ns, reverse=True)
    for old in newest_first[_MOST:]:
        old.unlink()


def _place(kind: str, project: Path) -> Path:
    """In the user's cache, by the XDG Base Directory Specification; relative paths there are to be ignored."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    name = hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:16]
    return (cache if cache.is_absolute() else Path("~/.cache").expanduser()) / "gonogo" / f"{name}-{kind}.json"


def _stamp(project: Path, folders: Iterable[Path]) -> str:
    """A digest of the times and sizes of all files that names are read from, and of what is installed."""
    home = bundled_root()
    places = [root / name for root in dict.fromkeys((home.resolve(), project.resolve())) for name in _FOLDERS]
    digest = hashlib.sha256(f"{gonogo.__version__} {sys.version} {sys.path}".encode())
    for folder in dict.fromkeys((_PACKAGE, *places, *folders)):
        for entry in _files(str(folder)):
            digest.update(entry.encode(errors="surrogateescape"))
    for searched in sys.path:  # a package that comes or goes changes the folder that it is in
        with suppress(OSError):
            digest.update(f"{searched} {Path(searched).stat().st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(folder: str) -> Iterator[str]:
    """Each file below the folder with its size and time, in the order of their names."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _LEFT_OUT:
                yield from _files(entry.path)
        elif not entry.name.endswith(".pyc"):
            with suppress(OSError):
                state = entry.stat()
                yield f"{entry.path} {state.st_size} {state.st_mtime_ns}\n"
