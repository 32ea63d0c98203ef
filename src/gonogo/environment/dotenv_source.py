"""Reads the dotenv file that secrets come from; whatever is wrong with it is told by line, and never by value."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from dotenv.variables import Literal, parse_variables

from gonogo.base.errors import UsageError

_LARGEST_BYTES = 1024 * 1024
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_REFERENCE = re.compile(r"\$\{([^}:]*)\}")


def read_dotenv(path: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Names to values, with ``${NAME}`` put in as python-dotenv does. Raises UsageError."""
    bindings = list(parse_stream(io.StringIO(_text(path), newline="")))
    problems = [f"{path}: line {_line(binding)} is not NAME=value" for binding in bindings if binding.error]
    values: dict[str, str] = {}
    for binding in bindings:
        if binding.key is None or binding.value is None:
            continue
        defined = {**values, **environ}
        problems += [
            f"{path}: line {_line(binding)}: ${{{name}}} is defined neither above it nor in the process environment"
            for name in _REFERENCE.findall(binding.value)
            if name not in defined
        ]
        values[binding.key] = _expanded(binding.value, defined)
    if problems:
        raise UsageError(*problems)
    return values


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    atoms = parse_variables(value)
    return "".join(atom.value if isinstance(atom, Literal) else atom.resolve(variables) for atom in atoms)


def _text(path: Path) -> str:
    if path.is_dir():
        raise UsageError(f"{path}: is a directory; a file of NAME=value lines is expected")
    if not path.is_file():
        raise UsageError(f"{path}: is not a regular file; a file of NAME=value lines is expected")
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) > _LARGEST_BYTES:
        raise UsageError(f"{path}: larger than {_LARGEST_BYTES // 1024} KiB; this is not a file of variables")
    if content.startswith(_UTF_16):
        raise UsageError(f"{path}: byte 0 begins UTF-16 (PowerShell's > writes it); save the file as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None


def _line(binding: Binding) -> int:
    """Line of the binding itself: the parser counts the blank lines before it in."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
