"""Reads a file of variables as the service's own libraries do, and says what is wrong with it."""

import io
import pwd
import stat
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from dotenv.parser import Binding, parse_stream

_LARGEST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DotenvFile:
    """Holds values, and is therefore never recorded."""

    exists: bool
    problem: str = ""
    mode: int = 0
    owner: str = ""
    values: dict[str, str] = field(default_factory=dict, repr=False)
    duplicates: tuple[str, ...] = ()
    malformed_lines: tuple[int, ...] = ()


class _Unreadable(Exception):
    """What is wrong, in words."""


def read_dotenv(path: Path) -> DotenvFile:
    """The file as it is; whatever is wrong with it is evidence, and no exception."""
    found = DotenvFile(exists=True)
    try:
        status = path.stat()
        found = replace(found, mode=stat.S_IMODE(status.st_mode), owner=_owner(status.st_uid))
        if not stat.S_ISREG(status.st_mode):
            return replace(found, problem="it is no regular file")
        return _parsed(found, _text(path))
    except FileNotFoundError:
        return DotenvFile(exists=False)
    except OSError as error:
        return replace(found, problem=error.strerror or "it cannot be read")
    except _Unreadable as error:
        return replace(found, problem=str(error))


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        content = stream.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        raise _Unreadable(f"it is larger than {_LARGEST_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"byte {error.start} is not UTF-8") from None


def _parsed(found: DotenvFile, text: str) -> DotenvFile:
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    counted = Counter(one.key for one in bindings if one.key is not None)
    return replace(
        found,
        values={one.key: one.value or "" for one in bindings if one.key is not None},
        duplicates=tuple(sorted(key for key, times in counted.items() if times > 1)),
        malformed_lines=tuple(_line(one) for one in bindings if one.error or (one.key and one.value is None)),
    )


def _line(found: Binding) -> int:
    """Of the binding itself: the parser counts the blank lines before it in."""
    text = found.original.string
    return found.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
