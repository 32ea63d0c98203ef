"""Tells from git what is committed, when it last changed, and whether one change knew of another."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from gonogo.families.repository.git import git

LINK, SUBMODULE = "120000", "160000"
"""Modes in a tree; those of regular files begin with 100."""
_FOLDER = "040000"
_AT_ONCE = 200
_MOST_CHANGES = "100"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit, and when it was made."""

    id: str
    made_at: datetime

    @property
    def shown(self) -> str:
        """Its day and the beginning of its id."""
        return f"{self.made_at:%Y-%m-%d} ({self.id[:10]})"


def modes(root: Path, paths: Iterable[str]) -> Mapping[str, str]:
    """Path to mode of those paths that are committed; the root itself is a folder."""
    wanted = {path: posixpath.normpath(path) for path in paths}
    found, rest = {".": _FOLDER}, iter(sorted({path for path in wanted.values() if is_inside(path)}))
    while part := list(islice(rest, _AT_ONCE)):
        for entry in git(root, "ls-tree", "-z", "-t", "--full-tree", "HEAD", "--", *part).split(b"\0"):
            head, _, name = entry.partition(b"\t")
            if name:
                found[name.decode(errors="surrogateescape")] = head.split()[0].decode()
    return {path: found[plain] for path, plain in wanted.items() if plain in found}


def is_inside(path: str) -> bool:
    """Whether a path without dots in its middle stays in the repository, and is not the root itself."""
    return path not in {".", ".."} and not path.startswith(("../", "/"))


def _spec(path: str) -> str:
    return ":(top)" if path == "." else f":(top,literal){path}"


def submodule_of(root: Path, path: str) -> str:
    """The submodule that a path leads into; empty if it leads into none."""
    parents = [str(parent) for parent in Path(path).parents if str(parent) != "."]
    return next((parent for parent, mode in modes(root, parents).items() if mode == SUBMODULE), "")


def last_edit(root: Path, file: str) -> Commit | None:
    """The last commit that changed what is in the file: under an older name too, and not by giving it another."""
    log = git(
        root,
        *("log", "--follow", "--find-renames", f"--max-count={_MOST_CHANGES}", "-c", "--raw", "--no-abbrev"),
        *(
            "--no-show-signature",
            "--no-decorate",
            "--no-color",
            "--format=commit %H %ct",
            "--",
            _spec(file),
        ),
    )
    commit = None
    for line in log.decode(errors="replace").splitlines():
        if line.startswith("commit "):
            commit = _commit(line.removeprefix("commit "))
        elif line.startswith(":") and commit and _is_edit(line):
            return commit
    return commit


def _is_edit(line: str) -> bool:
    """``:100644 100644 BEFORE AFTER R100``; of a merge ``::100644 100644 100644 ONE OTHER AFTER MM``: one sign for each parent."""
    parents = len(line) - len(line.lstrip(":"))
    ids = line.lstrip(":").split("\t")[0].split()[parents + 1 : 2 * parents + 2]
    return ids[-1] not in ids[:-1]


def last_change(root: Path, path: str) -> Commit | None:
    """The last commit that changed anything at or below the path."""
    log = git(root, "log", "-1", "--no-show-signature", "--format=%H %ct", "--", _spec(path))
    return _commit(log.decode()) if log.strip() else None


def _commit(text: str) -> Commit:
    identifier, seconds = text.split()
    return Commit(id=identifier, made_at=datetime.fromtimestamp(int(seconds), UTC))


def came_before(root: Path, commit: Commit, other: Commit) -> bool:
    """Whether a commit knows nothing of the other, which is later; of two on branches side by side, by their time."""
    if not git(root, "rev-list", "--max-count=1", other.id, "--not", commit.id).strip():
        return False
    if not git(root, "rev-list", "--max-count=1", commit.id, "--not", other.id).strip():
        return True
    return commit.made_at < other.made_at


def uncommitted(root: Path, paths: Iterable[str]) -> Iterator[str]:
    """Tracked files at or below these paths that differ from HEAD.

    Not by ``git status``, which would run filters of the repository's configuration.
    """
    options = ("--raw", "-z", "--no-renames", "--ignore-submodules=dirty", "HEAD", "--")
    fields = git(root, "diff-index", *options, *map(_spec, paths)).split(b"\0")
    for head, name in zip(fields[::2], fields[1::2], strict=False):
        before, after, blob, _, status = head.decode().removeprefix(":").split()
        path = name.decode(errors="surrogateescape")
        if status != "M" or before != after or not _is_same(root, path, blob):
            yield path


def _is_same(root: Path, path: str, blob: str) -> bool:
    """Whether only the times of the file changed, or the ends of its lines."""
    try:
        content = (root / path).read_bytes()
    except OSError:
        return False
    return content.replace(b"\r\n", b"\n") == git(root, "cat-file", "blob", blob).replace(b"\r\n", b"\n")
