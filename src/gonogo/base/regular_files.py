"""Reads a regular file once, from one descriptor: whatever waits, never ends, or leads elsewhere is refused at once."""

import os
import stat
from pathlib import Path, PurePosixPath

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a directory",
}
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
"""Without waiting: opening a pipe would otherwise last until somebody writes into it."""


class Unreadable(Exception):
    """The reason for which a file was not read, as the end of a sentence that begins with its path."""


def read_regular(path: Path, largest: int, *, follow: bool = True) -> bytes:
    """The whole content of a regular file. Raises Unreadable for everything else, and for more than ``largest`` bytes."""
    try:
        descriptor = os.open(path, _OPEN | (0 if follow else os.O_NOFOLLOW))
    except OSError as error:
        raise Unreadable(_refusal(path, error)) from None
    return _content(descriptor, largest)


def read_inside(root: Path, name: str, largest: int) -> bytes:
    """Read a regular file below ``root``: no component of ``name`` may be a link, so that it cannot lead outside."""
    parts = PurePosixPath(name).parts
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for depth, part in enumerate(parts[:-1], 1):
            folder = _entered(folder, part, root.joinpath(*parts[:depth]))
    except OSError as error:
        raise Unreadable(_refusal(root, error)) from None
    try:
        descriptor = os.open(parts[-1], _OPEN | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        raise Unreadable(_refusal(root / name, error)) from None
    finally:
        os.close(folder)
    return _content(descriptor, largest)


def _entered(folder: int, part: str, path: Path) -> int:
    try:
        return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        raise Unreadable(_refusal(path, error)) from None
    finally:
        os.close(folder)


def _refusal(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "is a link; keep the file itself here, so that everybody who has the project has it"
    return f"cannot be read ({error.strerror})"


def _content(descriptor: int, largest: int) -> bytes:
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise Unreadable(f"is {_KINDS.get(stat.S_IFMT(mode), 'no regular file')}; a regular file is expected")
    with os.fdopen(descriptor, "rb") as stream:
        # One byte more than allowed: a file that grows while it is read is found out as well.
        content = stream.read(largest + 1)
    if len(content) > largest:
        raise Unreadable(f"is larger than {_size(largest)}")
    return content


def _size(count: int) -> str:
    return f"{count // 2**20} MiB" if count > 2**20 else f"{count // 1024} KiB"
