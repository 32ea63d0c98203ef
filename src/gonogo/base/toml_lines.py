"""Where in a TOML file each key stands: the parser gives values only, and forgets where it read them."""

import re
import tomllib
from collections.abc import Iterator, Mapping

KeyPath = tuple[str, ...]
_LONGEST = 1000
"""Lines of one value that are tried; whoever writes a longer one has no line told."""
_EMPTY = re.compile(r"\s*(#.*)?")


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The number of the line, from 1, where each table and each key begins, by its whole path.

    Of what is written several times, as an array of tables, the first. Of a text that is no TOML, what can be
    understood: nobody judges by it.
    """
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement, content in _statements(text):
        paths = list(_paths(content))
        if statement.lstrip().startswith("["):
            table = max(paths, key=len)
        else:
            paths = [(*table, *path) for path in paths]
        for path in paths:
            found.setdefault(path, number)
    return found


def _statements(text: str) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    """Each header, and each key with its value, by itself: the number of its first line, its text, what it says alone."""
    begin, statement = 0, ""
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not statement and _EMPTY.fullmatch(line.rstrip("\r\n")):
            continue
        begin, statement = (begin, statement + line) if statement else (number, line)
        try:
            content = tomllib.loads(statement)
        except (tomllib.TOMLDecodeError, RecursionError):
            statement = statement if number - begin < _LONGEST else ""
            continue
        yield begin, statement, content
        statement = ""


def _paths(content: object, above: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key of tables within tables, inline ones with them, and of the first table of a list."""
    if isinstance(content, list) and content:
        content = content[0]
    if isinstance(content, Mapping):
        for key, below in content.items():
            yield (*above, key)
            yield from _paths(below, (*above, key))
