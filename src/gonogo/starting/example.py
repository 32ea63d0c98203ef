"""A whole project that works, to begin from: ``gonogo init --example`` copies it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError

_EXAMPLE = Path("docs", "examples", "shop")
_MADE_BY_USING_IT = shutil.ignore_patterns("__pycache__", ".*_cache", ".env*", "root.pem", "reports", "attestations")
"""Whoever tries the example in a clone leaves these behind: they are nobody else's."""
NEXT = ("python -m pip install -r requirements.txt", "python -m shop up", "gonogo run --env staging")


def copy_example(project: Path, *, force: bool) -> Sequence[str]:
    """Copy it, and give the paths that were written. Raises UsageError where files are in its way."""
    source = bundled_root() / _EXAMPLE
    if not source.is_dir():
        raise UsageError(f"--example: {source} is missing; install gonogo again")
    paths = sorted(_files(source))
    there = [path for path in paths if (project / path).exists() or (project / path).is_symlink()]
    if there and not force:
        raise UsageError(
            f"--example: {', '.join(there)}: exists already; choose an empty folder, or replace with --force"
        )
    try:
        for path in paths:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / path, project / path)
    except OSError as error:
        raise UsageError(f"--example: cannot write: {error}") from None
    return paths


def _files(folder: Path, below: str = "") -> list[str]:
    names = {path.name: path for path in folder.iterdir()}
    for ignored in _MADE_BY_USING_IT(str(folder), list(names)):
        del names[ignored]
    files: list[str] = []
    for name, path in names.items():
        files += _files(path, f"{below}{name}/") if path.is_dir() else [f"{below}{name}"]
    return files
