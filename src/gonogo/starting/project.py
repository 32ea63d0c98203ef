"""Puts the first files into a project, beside what is there, and over nothing that somebody wrote."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.families.registry import read_environment
from gonogo.planning.gate_demands import read_gate_demands
from gonogo.planning.suite import project_suite
from gonogo.starting.files import Start, environment_file, ignored, team_files
from gonogo.starting.own_files import catalogue_for_any_list, gates_for_any_list

_LIST, _GATES, _PEOPLE = "environments/checklist.md", "environments/gates.toml", "environments/people.toml"
_EXAMPLE = ("checks/catalogue.toml", "checks/test_own.py")
_TEAM = (_LIST, _GATES, _PEOPLE, *_EXAMPLE)
_IGNORE = ".gitignore"
_LARGEST_ROOT_BYTES = 256 * 1024


def refuse_existing(project: Path, name: str, *, environment_only: bool, force: bool) -> None:
    """Raises UsageError for what can neither stay nor be written beside, before anything is asked of anybody."""
    path = f"environments/{name}.toml"
    if _is_there(project, path) and not force:
        raise UsageError(
            f"init: {path} exists already; write a further environment with --name NAME, or replace this one with --force"
        )
    if _is_there(project, _GATES) and not _is_there(project, _LIST) and not force and not environment_only:
        raise UsageError(
            f"init: {_GATES} exists already, but not {_LIST}, whose sections it names; restore {_LIST}, import your list "
            f"(gonogo checklist import LIST.md), or replace {_GATES} with --force"
        )


def kept(project: Path, *, force: bool) -> Sequence[str]:
    """The files of a team that are there, and stay as they are."""
    if force:
        return []
    there = [path for path in _TEAM if _is_there(project, path)]
    # An example belongs to a catalogue, and neither belongs beside checks that somebody wrote.
    own = any((project / "checks").glob("*.py")) or any(path in _EXAMPLE for path in there)
    return [*there, *(path for path in _EXAMPLE if own and path not in there)]


def _is_there(project: Path, path: str) -> bool:
    return (project / path).exists() or (project / path).is_symlink()


def portable_root(project: Path, path: Path) -> str:
    """The path as seen from the project, which the file may be committed with. Raises UsageError."""
    try:
        content = path.read_bytes()[: _LARGEST_ROOT_BYTES + 1]
    except OSError as error:
        raise UsageError(f"--trust: {path}: cannot be read ({error.strerror})") from None
    if len(content) > _LARGEST_ROOT_BYTES or b"-----BEGIN CERTIFICATE-----" not in content:
        raise UsageError(f"--trust: {path}: holds no certificate; give the PEM file of your own root")
    if b"PRIVATE KEY-----" in content:
        raise UsageError(f"--trust: {path}: holds a private key; give a PEM file with the root certificate alone")
    inside = path.resolve()
    if not inside.is_relative_to(project.resolve()):
        raise UsageError(
            f"--trust: {path}: is outside of this project, so others would not have it; copy it into the project, as in "
            f"environments/{path.name}"
        )
    return inside.relative_to(project.resolve()).as_posix()


def write(project: Path, start: Start, *, environment_only: bool, force: bool) -> Mapping[str, str]:
    """Write, and say what was done to each file. Raises UsageError."""
    files = {f"environments/{start.name}.toml": environment_file(start)}
    if not environment_only:
        staying = kept(project, force=force)
        files |= _beside(staying, {path: text for path, text in team_files(start).items() if path not in staying})
    try:
        outcomes = {path: _put(project / path, text) for path, text in files.items()}
        return {**outcomes, **_ignore(project / _IGNORE)}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"init: cannot write: {error}") from None


def _beside(staying: Sequence[str], files: Mapping[str, str]) -> Mapping[str, str]:
    """The files for a list that somebody else wrote, whose sections and lines are not those of ours."""
    fitting = {_GATES: gates_for_any_list, _EXAMPLE[0]: catalogue_for_any_list} if _LIST in staying else {}
    return {path: fitting[path](text) if path in fitting else text for path, text in files.items()}


def unfit(project: Path, name: str) -> Sequence[str]:
    """Return what would stop the next run: contradictions between what is written now and what was there."""
    try:
        service = read_environment(name, project=project).environment.service
        read_gate_demands(project, project_suite(project), environment=name, service=service, gate=None)
    except UsageError as error:
        return error.problems
    return []


def _put(path: Path, text: str) -> str:
    action = "replaced" if path.exists() else "wrote"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return action


def _ignore(path: Path) -> Mapping[str, str]:
    existing = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = ignored(existing)
    if text == existing:
        return {}
    path.write_text(text, encoding="utf-8")
    return {path.name: "extended" if existing else "wrote"}
