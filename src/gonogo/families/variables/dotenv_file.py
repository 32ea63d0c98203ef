"""Reads a file of variables as whoever starts the service does, and says what is wrong with it."""

import pwd
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from gonogo.families.variables.dialects import ParsedVariables, parsed

_LARGEST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DotenvFile:
    """Holds values, and is therefore never recorded."""

    exists: bool
    problem: str = ""
    mode: int = 0
    owner: str = ""
    content: ParsedVariables = field(default_factory=ParsedVariables, repr=False)

    @property
    def values(self) -> dict[str, str]:
        """Name to value, as the service gets it."""
        return self.content.values


class _Unreadable(Exception):
    """The file cannot be read; the message is the reason in words."""


def read_dotenv(path: Path, dialect: str = "dotenv") -> DotenvFile:
    """The file as it is; whatever is wrong with it is evidence, and no exception."""
    file = DotenvFile(exists=True)
    try:
        status = path.stat()
        file = replace(file, mode=stat.S_IMODE(status.st_mode), owner=_owner(status.st_uid))
        if not stat.S_ISREG(status.st_mode):
            return replace(file, problem="it is no regular file")
        return replace(file, content=parsed(_text(path), dialect))
    except FileNotFoundError:
        return DotenvFile(exists=False)
    except OSError as error:
        return replace(file, problem=error.strerror or "it cannot be read")
    except _Unreadable as error:
        return replace(file, problem=str(error))


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        content = stream.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        raise _Unreadable(f"it is larger than {_LARGEST_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"byte {error.start} is not UTF-8") from None


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
