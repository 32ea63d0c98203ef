"""The lines of a repository: all of the work tree, then every one that a commit of its history added."""

import os
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gonogo.base.errors import Unobserved
from gonogo.families.repository.git import git, git_command, git_environ, refused, shown

LONGEST_LINE = 1024 * 1024
"""Bytes. What is longer comes in pieces that overlap, so that nothing is cut in two unseen."""
OVERLAP = 4096
_SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedLine:
    """One of them, or a piece of one."""

    file: str
    number: int
    text: str
    commit: str = ""


def work_tree(root: Path) -> Iterator[tuple[str, Path]]:
    """Name and place of every regular file that is tracked, or would be with the next ``git add .``."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in dict.fromkeys(listed.split(b"\0")):
        path = root / os.fsdecode(name)
        if name and _is_regular(path):
            yield shown(name), path


def file_lines(name: str, path: Path) -> Iterator[MatchedLine]:
    """Every line, of text or not."""
    try:
        with path.open("rb") as stream:
            number = 0
            for first, raw in _pieces(stream):
                number += first
                yield MatchedLine(file=name, number=number, text=raw.decode(errors="replace"))
    except OSError as error:
        raise Unobserved(f"{name} cannot be read: {error.strerror}", hint="may gonogo read the work tree?") from None


class GitHistory:
    """``git log`` of everything, as it comes: parsed by its grammar, so that no content can pass for a header."""

    def __init__(self, root: Path) -> None:
        self.commits = 0
        self.cut_off = False
        """Whether git was ended since it took longer than it may."""
        self.skipped = 0
        """Files that git does not show: larger than its own limit, which is half a gigabyte."""
        self._root = root
        self._commit = self._file = ""
        self._number = self._parents = 0
        self._in_message = False
        self._wanted = False
        """Whether the line that is being read is one of those looked for; a long one comes in pieces."""

    def lines(self, seconds: float) -> Iterator[MatchedLine]:
        """Every line added, and those of messages. Raises Unobserved when git fails in the middle."""
        command = git_command(
            self._root,
            *("log", "--all", "--patch", "--cc", "--text", "--unified=0", "--no-color", "--no-ext-diff"),
            *("--no-textconv", "--no-renames", "--no-show-signature", "--no-notes", "--src-prefix=a/"),
            *("--dst-prefix=b/", "--ignore-submodules=all", "--no-decorate"),
            "--format=commit %H%n%w(0,1,1)%an <%ae>%n%B",
        )
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(  # noqa: S603 - as in gonogo.families.repository.git
                command, env=git_environ(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            )
            # Git may be silent for ever, on a disk that does not answer; whoever reads would wait as long.
            watch = threading.Timer(seconds, self._cut_off, (process,))
            watch.start()
            try:
                assert process.stdout is not None  # noqa: S101 - it is a pipe
                with process.stdout:
                    for first, raw in _pieces(process.stdout):
                        yield from self._line(first, raw)
            except GeneratorExit:
                process.kill()
                raise
            finally:
                watch.cancel()
                code = process.wait()
            if code and not self.cut_off:
                errors.seek(0)
                raise refused(errors.read(2000), self._root)

    def _cut_off(self, process: subprocess.Popen[bytes]) -> None:
        self.cut_off = True
        process.kill()

    def _line(self, first: int, raw: bytes) -> Iterator[MatchedLine]:
        if not first:
            if self._wanted:
                yield self._found(raw)
            return
        self._wanted = False
        if raw.startswith(b"commit "):
            self._begin(raw)
        elif raw.startswith(b"diff "):
            self._in_message, self._parents, self._file = False, 0, ""
        elif self._in_message:
            self._number += 1
            yield self._found(raw)
        elif raw.startswith(b"@@"):
            self._hunk(raw)
        elif self._parents:
            yield from self._content(raw)
        else:
            self._header(raw)

    def _begin(self, raw: bytes) -> None:
        self.commits += 1
        self._commit = raw[7 : 7 + _SHORT].decode("ascii", "replace")
        self._in_message, self._parents, self._file, self._number = True, 0, "", 0

    def _hunk(self, raw: bytes) -> None:
        """``@@ -1 +2,3 @@``; in a merge ``@@@ -1 -1 +2,3 @@@``: one sign more for every parent but the first."""
        self._parents = len(raw) - len(raw.lstrip(b"@")) - 1
        added = next((part for part in raw.split(b" ") if part.startswith(b"+")), b"+1")
        self._number = int(added[1:].partition(b",")[0]) - 1

    def _content(self, raw: bytes) -> Iterator[MatchedLine]:
        signs = raw[: self._parents]
        if b"-" in signs or signs.startswith(b"\\"):
            return
        self._number += 1
        if b"+" in signs:
            yield self._found(raw[self._parents :])

    def _header(self, raw: bytes) -> None:
        if raw.startswith(b"+++ "):
            self._file = shown(raw[4:].rstrip(b"\t").strip(b'"').removeprefix(b"b/"))
        elif raw.startswith(b"Binary files "):
            self.skipped += 1

    def _found(self, raw: bytes) -> MatchedLine:
        self._wanted = True
        return MatchedLine(file=self._file, number=self._number, text=raw.decode(errors="replace"), commit=self._commit)


def _pieces(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines without their end; of a long one several pieces. 1 for the first piece of a line, 0 for what follows."""
    first, before = 1, b""
    while piece := stream.readline(LONGEST_LINE):
        whole = piece.endswith(b"\n")
        yield first, before + piece.rstrip(b"\r\n") if whole else before + piece
        first, before = int(whole), b"" if whole else piece[-OVERLAP:]


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
