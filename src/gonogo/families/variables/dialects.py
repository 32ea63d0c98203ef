"""The ways in which files of variables are read: one spelling means another value to each of their readers.

python-dotenv: its own parser, and its expansion of ``${NAME}`` and ``${NAME:-default}``, in quotes of either kind.
Docker (``docker run --env-file``): everything behind the first ``=`` is the value, quotes and comments with it.
systemd (``EnvironmentFile=``, systemd.exec(5)): quotes and escapes as in a shell, nothing expanded.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from dotenv.parser import Binding, parse_stream
from dotenv.variables import Variable, parse_variables

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = re.compile(r"'.*'|\".*\"")
READERS: Mapping[str, str] = {
    "dotenv": "python-dotenv",
    "docker": "docker run --env-file",
    "systemd": "systemd's EnvironmentFile=",
}
"""Names of the programs that read each dialect, as messages show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A line, or several, of the file."""

    line: int
    name: str
    value: str | None
    """None where the line assigns nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedVariables:
    """A file as its reader understands it. Holds values, and is therefore never recorded."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    duplicates: tuple[str, ...] = ()
    malformed_lines: tuple[int, ...] = ()
    quoted: tuple[str, ...] = ()
    """Names of values that stand in quotes, where quotes are characters like others."""
    undefined: tuple[str, ...] = ()
    """As in ``MONGO_URL: PW``: a value refers to a name that the file does not define before."""


def parsed(text: str, dialect: str) -> ParsedVariables:
    """The variables, as that reader takes them."""
    assignments = list(_READERS[dialect](text))
    good = [assignment for assignment in assignments if assignment.name and assignment.value is not None]
    counted = Counter(assignment.name for assignment in good)
    values = {assignment.name: assignment.value or "" for assignment in good}
    undefined: list[str] = []
    if dialect == "dotenv":
        values = dict(_expanded(good, undefined))
    return ParsedVariables(
        values=values,
        duplicates=tuple(sorted(name for name, times in counted.items() if times > 1)),
        malformed_lines=tuple(
            assignment.line for assignment in assignments if not assignment.name or assignment.value is None
        ),
        quoted=tuple(name for name, value in values.items() if dialect == "docker" and _QUOTED.fullmatch(value)),
        undefined=tuple(dict.fromkeys(undefined)),
    )


def _expanded(assignments: list[Assignment], undefined: list[str]) -> Iterator[tuple[str, str]]:
    """Expands in the order of the file: a name that is defined further down is not defined yet."""
    defined: dict[str, str] = {}
    for assignment in assignments:
        atoms = list(parse_variables(assignment.value or ""))
        undefined += [
            f"{assignment.name}: {atom.name}"
            for atom in atoms
            if isinstance(atom, Variable) and atom.name not in defined and atom.default is None
        ]
        defined[assignment.name] = "".join(atom.resolve(defined) for atom in atoms)
        yield assignment.name, defined[assignment.name]


def _dotenv(text: str) -> Iterator[Assignment]:
    for binding in parse_stream(io.StringIO(text, newline="")):
        if binding.error or binding.key is not None:
            yield Assignment(line=_line(binding), name="" if binding.error else binding.key or "", value=binding.value)


def _line(binding: Binding) -> int:
    """The line of the binding itself: the parser counts the blank lines before it in."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _docker(text: str) -> Iterator[Assignment]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.lstrip()
        if line and not line.startswith("#"):
            name, sign, value = line.partition("=")
            good = bool(name) and not re.search(r"\s", name)
            yield Assignment(line=number, name=name if good else "", value=value if sign else None)


def _systemd(text: str) -> Iterator[Assignment]:
    position, number = 0, 1
    while position < len(text):
        end, line = _end_of_assignment(text, position), text[position:].partition("\n")[0].strip()
        if line and not line.startswith(("#", ";")):
            name, sign, value = text[position:end].partition("=")
            good = bool(_NAME.fullmatch(name.strip()))
            yield Assignment(line=number, name=name.strip() if good else "", value=_unquoted(value) if sign else None)
        else:
            end = position + len(text[position:].partition("\n")[0])
        number += text[position : end + 1].count("\n")
        position = end + 1


def _end_of_assignment(text: str, start: int) -> int:
    """The end of a line that is neither escaped nor within quotes."""
    quote, position = "", start
    while position < len(text):
        character = text[position]
        if character == "\\" and quote != "'":
            position += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "\n":
            return position
        position += 1
    return len(text)


def _unquoted(value: str) -> str:
    """The value without its quotes and escapes; blanks around an unquoted value are dropped."""
    out, quote, kept, position = "", "", 0, 0
    value = value.strip()
    while position < len(value):
        character, following = value[position], value[position + 1 : position + 2]
        position += 1
        if character == "\\" and quote != "'":
            position += 1
            keeps = quote and following not in '"\\`$\n'
            out += "" if following == "\n" else f"\\{following}" if keeps else following
            kept = len(out)
        elif character == quote:
            quote, kept = "", len(out)
        elif not quote and character in "'\"":
            quote = character
        else:
            out += character
    return out[:kept] + out[kept:].rstrip()


_READERS: Mapping[str, Callable[[str], Iterator[Assignment]]] = {
    "dotenv": _dotenv,
    "docker": _docker,
    "systemd": _systemd,
}
