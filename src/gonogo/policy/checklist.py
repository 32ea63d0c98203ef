"""The team's own checklist: a Markdown task list, as GitHub shows it, with an id per line in a trailing comment.

``- [ ] Certificate validity verified <!-- tls.validity -->``. What may stand after the id: see ``checklist_line``.
Whatever looks like a task and is not counted stops whoever reads the list: a line that is lost is never missed.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gonogo.base.errors import UsageError
from gonogo.base.regular_files import Unreadable, read_regular
from gonogo.policy.checklist_line import ChecklistLine, misplaced, read_comment
from gonogo.policy.oddities import Oddity, oddities

LARGEST_BYTES = 4 * 1024 * 1024
BOX = re.compile(r"(?P<before>[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[)(?P<mark>[ xX])(?P<after>\](?=[ \t]))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The whole list. An empty one demands nothing."""

    path: str = ""
    source: str = ""
    """The file as it is, byte for byte once encoded."""
    lines: Sequence[ChecklistLine] = field(default=())
    notes: Sequence[str] = ()
    """Boxes and ids in comments and fences, which are not counted and may be meant so: line by line."""

    def find(self, identifier: str) -> ChecklistLine | None:
        """The line of that id."""
        return next((line for line in self.lines if line.id == identifier), None)


def read_checklist(path: Path) -> Checklist:
    """Read a list whose lines all have ids. Raises UsageError with every mistake, its line and its cure."""
    checklist = parse_checklist(read_text(path), str(path))
    nameless = [
        f"{path}:{line.number}: this line has no id; give all lines one: gonogo checklist import {path}"
        for line in checklist.lines
        if not line.id
    ]
    if nameless:
        raise UsageError(*nameless)
    if not checklist.lines:
        raise UsageError(f"{path}: no line has a box; write tasks as in '- [ ] Certificate validity verified'")
    return checklist


def read_text(path: Path) -> str:
    """The file's text, line ends and byte order mark as they are. Raises UsageError."""
    try:
        content = read_regular(path, LARGEST_BYTES)
    except Unreadable as error:
        raise UsageError(f"{path}: {error}; a checklist in Markdown is expected") from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None


@lru_cache(maxsize=8)
def parse_checklist(source: str, path: str) -> Checklist:
    """Every box that GitHub shows; ids may be missing. Raises UsageError for what looks like one and is not counted.

    The same text is parsed once: whoever verifies a run asks the list for the gate first, and then for its demands.
    """
    checklist, odd, problems = surveyed(source, path)
    problems += [f"{path}:{oddity.number}: {oddity.message}" for oddity in odd if not oddity.hidden]
    if problems:
        raise UsageError(*sorted(problems, key=line_number))
    return checklist


def surveyed(source: str, path: str) -> tuple[Checklist, list[Oddity], list[str]]:
    """The boxes that GitHub shows, what looks like one and is none, and the mistakes in comments."""
    rows = rows_of(source)
    tokens = MarkdownIt("commonmark").parse("\n".join(rows))
    lines, problems = _ChecklistReader(rows, path).read(tokens)
    problems += _twice(lines, path)
    odd = oddities(rows, tokens, {line.number for line in lines})
    notes = [f"{path}:{oddity.number}: {oddity.message}" for oddity in odd if oddity.hidden]
    return Checklist(path=path, source=source, lines=lines, notes=notes), odd, problems


@lru_cache(maxsize=1024)
def plain_heading(text: str) -> str:
    """A heading as people name it: without emoji, without a leading number, in lower case."""
    kept = "".join(
        character for character in text if unicodedata.category(character) not in {"So", "Sk", "Cf", "Mn", "Me", "Cn"}
    )
    return " ".join(re.sub(r"^\s*\d+[.)]\s*", "", kept).split()).casefold()


class _ChecklistReader:
    def __init__(self, rows: Sequence[str], path: str) -> None:
        self._rows = rows
        self._path = path
        self._headings: list[tuple[int, str]] = []
        self._open: list[tuple[int, int]] = []
        """Nesting level and index of the boxes that are not closed yet."""
        self._lines: list[ChecklistLine] = []
        self._problems: list[str] = []
        self._parents: set[int] = set()

    def read(self, tokens: Sequence[Token]) -> tuple[list[ChecklistLine], list[str]]:
        for position, token in enumerate(tokens):
            if token.type == "heading_open":
                self._heading(int(token.tag[1:]), _plain(tokens[position + 1]))
            elif token.type == "list_item_open":
                self._open = [item for item in self._open if item[0] < token.level]
                if inline := _first_inline(tokens, position):
                    self._item(token, inline)
        lines = [replace(line, leaf=index not in self._parents) for index, line in enumerate(self._lines)]
        wrong = (f"{self._path}:{line.number}: {problem}" for line in lines for problem in misplaced(line))
        return lines, [*self._problems, *wrong]

    def _heading(self, level: int, text: str) -> None:
        self._headings = [heading for heading in self._headings if heading[0] < level] + [(level, text)]

    def _item(self, token: Token, inline: Token) -> None:
        """Add an item with a box as a line; the open items above it are its parents."""
        number = (inline.map or [0])[0]
        if BOX.match(self._rows[number]) is None:
            return
        comment = read_comment(self._rows[number])
        self._problems += [f"{self._path}:{number + 1}: {problem}" for problem in comment.problems]
        above = [self._lines[index].id for _, index in self._open]
        self._parents.update(index for _, index in self._open)
        self._open.append((token.level, len(self._lines)))
        options = comment.options
        self._lines.append(
            ChecklistLine(
                id=comment.id,
                text=_plain(inline).partition("]")[2].strip(),
                number=number + 1,
                checked=inline.content[1:2] in "xX",
                section=tuple(text for _, text in self._headings),
                parents=tuple(above),
                environments=options.get("env", ()),
                attest=options.get("attest", ()),
                checks=options.get("checks", ()),
                valid=comment.valid,
                digest_alone="evidence" in options,
                group=options.get("group", ()),
                states=options.get("states", ()),
                when=comment.stage,
            )
        )


def rows_of(source: str) -> list[str]:
    """Lines without their ends, and without the byte order mark."""
    return re.split(r"\r\n|\n|\r", source.removeprefix("\ufeff"))


def _first_inline(tokens: Sequence[Token], position: int) -> Token | None:
    """The text that a list item begins with."""
    following = tokens[position + 1 : position + 3]
    if [token.type for token in following] == ["paragraph_open", "inline"]:
        return following[1]
    return None


def _plain(inline: Token) -> str:
    """The text as read: no emphasis, no comments; only the first line of a paragraph."""
    words: list[str] = []
    for child in inline.children or []:
        if child.type in {"softbreak", "hardbreak"}:
            break
        if child.type in {"text", "code_inline"}:
            words.append(child.content)
    return "".join(words).strip()


def _twice(lines: Sequence[ChecklistLine], path: str) -> Iterator[str]:
    first: dict[str, int] = {}
    for line in lines:
        if line.id in first:
            yield f"{path}:{line.number}: id {line.id} is that of line {first[line.id]} already; give one of them another"
        elif line.id:
            first[line.id] = line.number


def line_number(problem: str) -> int:
    """The line that a sentence about a file names; 0 for one about the whole of it."""
    match = re.search(r":(\d+): ", problem)
    return int(match[1]) if match else 0
