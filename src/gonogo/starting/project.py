"""Puts the first files into a project: all or none, and over nothing that somebody wrote."""

from collections.abc import Mapping
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.starting.files import Start, environment_file, ignored, team_files

_TEAM = (
    "environments/checklist.md",
    "environments/gates.toml",
    "environments/people.toml",
    "checks/catalogue.toml",
    "checks/test_own.py",
)
_IGNORE = ".gitignore"
_LARGEST_ROOT_BYTES = 256 * 1024


def refuse_existing(project: Path, name: str, *, environment_only: bool, force: bool) -> None:
    """Raises UsageError with every file that would be replaced, before anything is asked of anybody."""
    wanted = [f"environments/{name}.toml", *(() if environment_only else _TEAM)]
    existing = [path for path in wanted if (project / path).exists() or (project / path).is_symlink()]
    if existing and not force:
        only = (
            ""
            if f"environments/{name}.toml" in existing or environment_only
            else f"; --environment-only writes environments/{name}.toml beside them"
        )
        raise UsageError(f"init: there already: {', '.join(existing)}{only}; --force replaces what is named here")


def portable_root(project: Path, path: Path) -> str:
    """The path as seen from the project, which the file may be committed with. Raises UsageError."""
    try:
        content = path.read_bytes()[: _LARGEST_ROOT_BYTES + 1]
    except OSError as error:
        raise UsageError(f"--trust: {path}: cannot be read ({error.strerror})") from None
    if len(content) > _LARGEST_ROOT_BYTES or b"-----BEGIN CERTIFICATE-----" not in content:
        raise UsageError(f"--trust: {path}: holds no certificate; give the PEM file of your own root")
    if b"PRIVATE KEY-----" in content:
        raise UsageError(f"--trust: {path}: holds a private key, which nobody needs to trust it; give the root alone")
    inside = path.resolve()
    if not inside.is_relative_to(project.resolve()):
        raise UsageError(
            f"--trust: {path}: is outside of this project, where others will not have it; copy it here first, as in "
            f"environments/{path.name}"
        )
    return inside.relative_to(project.resolve()).as_posix()


def write(project: Path, start: Start, *, environment_only: bool) -> Mapping[str, str]:
    """Write, and say what was done to each file. Raises UsageError."""
    files = {f"environments/{start.name}.toml": environment_file(start)}
    if not environment_only:
        files |= team_files(start)
    try:
        outcomes = {path: _put(project / path, text) for path, text in files.items()}
        return {**outcomes, **_ignore(project / _IGNORE)}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"init: cannot write: {error}") from None


def _put(path: Path, text: str) -> str:
    how = "replaced" if path.exists() else "wrote"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return how


def _ignore(path: Path) -> Mapping[str, str]:
    existing = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = ignored(existing)
    if text == existing:
        return {}
    path.write_text(text, encoding="utf-8")
    return {path.name: "extended" if existing else "wrote"}
