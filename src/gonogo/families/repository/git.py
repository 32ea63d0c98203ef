"""Asks git about a repository that may be anybody's: nothing that its configuration names is run, nothing is fetched."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gonogo.base.errors import Unobserved

_SECONDS = 5.0
_LONGEST = 300
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")
_TRUST = "GIT_CONFIG"
"""Prefix of the variables by which a job says that it trusts a folder of somebody else."""
_NO_REPOSITORY = "not a git repository"


def git_command(folder: Path, *arguments: str) -> list[str]:
    """The command, for whoever reads its output as it comes."""
    return ["git", "--no-pager", "--no-replace-objects", *_SAFE, "-C", str(folder), *arguments]


def git_environ() -> dict[str, str]:
    """Ours, without what a hook or a job may have set: the repository is the one of the folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key.startswith(_TRUST)}
    more = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    return kept | more


def git(folder: Path, *arguments: str) -> bytes:
    """Run git and return what it prints. Raises Unobserved with git's message when it fails."""
    try:
        finished = subprocess.run(  # noqa: S603 - git, with arguments of ours; a path is never taken for an option
            git_command(folder, *arguments),
            env=git_environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Unobserved("git is not installed", hint="install git where gonogo runs") from None
    except (subprocess.TimeoutExpired, OSError) as error:
        raise Unobserved(f"git did not answer: {type(error).__name__}", hint="is the disk slow, or full?") from None
    if finished.returncode:
        raise refused(finished.stderr, folder)
    return finished.stdout


def refused(stderr: bytes, folder: Path) -> Unobserved:
    """Git's error message, with the place that it is about."""
    message = stderr.decode(errors="replace").strip()
    if _NO_REPOSITORY in message or "cannot change to" in message:
        return Unobserved(
            f"{folder.name or folder}: there is no git repository",
            hint="run gonogo in a clone with its history, or set variables.repository to one",
        )
    hint = "git config --global --add safe.directory …, if you trust it" if "dubious ownership" in message else ""
    return Unobserved(f"git: {message[:_LONGEST].replace(str(folder), folder.name)}", hint=hint)


def top_level(folder: Path) -> Path:
    """The root of the work tree that the folder is in. Raises Unobserved where there is none."""
    return Path(os.fsdecode(git(folder, "rev-parse", "--show-toplevel")).removesuffix("\n"))


def incomplete(root: Path) -> str:
    """Why this clone does not have the whole history; empty when it does."""
    if git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        return "the clone is shallow: older commits are not here"
    if b"partialclonefilter" in git(root, "config", "--list", "--name-only", "-z").lower():
        return "the clone is partial: some files of older commits are not here"
    return ""


def commits_with(root: Path, name: str) -> int:
    """How many commits of any branch, tag or stash touched a file of that name, in whatever folder."""
    return len(git(root, "log", "--all", "--full-history", "--format=%H", "--", _anywhere(name)).split())


def tracked(root: Path, name: str) -> Sequence[str]:
    """The tracked files of that name."""
    paths = git(root, "ls-files", "-z", "--", _anywhere(name)).split(b"\0")
    return [shown(path) for path in paths if path]


def _anywhere(name: str) -> str:
    literal = "".join(f"\\{character}" if character in "\\*?[" else character for character in name)
    return f":(top,glob)**/{literal}"


def shown(path: bytes) -> str:
    """A file's name as it can be printed: whatever is no plain text is escaped."""
    text = path.decode(errors="backslashreplace")
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
