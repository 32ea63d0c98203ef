"""The team's own checklist: a Markdown task list, as GitHub shows it, with an id per line in a trailing comment.

``- [ ] Certificate validity verified <!-- tls.validity -->``. After the id may stand ``env=staging`` (the line is about
that environment only), ``attest=devops`` (a person of that role must attest it, whatever checks say) and
``checks=tls-expiry,tls-chain`` (what verifies it, beside the checks whose catalogue line says so).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gonogo.base.errors import UsageError

LARGEST_BYTES = 4 * 1024 * 1024
_BOX = re.compile(r"(?P<before>[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[)(?P<mark>[ xX])(?P<after>\](?=[ \t]))")
_COMMENT = re.compile(r"[ \t]*<!--(?P<said>[^>]*?)-->[ \t]*$")
_ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", re.ASCII)
_OPTIONS = ("env", "attest", "checks")
_CODE = {"fence", "code_block", "html_block"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistLine:
    """One line with a box."""

    id: str
    """Empty while it has none."""
    text: str
    """As it is read: without Markdown, without the comment."""
    number: int
    """Of the line in the file, from 1."""
    checked: bool = False
    section: Sequence[str] = ()
    """The headings above it, the outermost first."""
    parents: Sequence[str] = ()
    """Ids of the boxes that it stands below, the outermost first."""
    leaf: bool = True
    environments: Sequence[str] = ()
    """Empty: all."""
    attest: Sequence[str] = ()
    """Roles, one of which must attest it."""
    checks: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The whole list. An empty one demands nothing."""

    path: str = ""
    source: str = ""
    """The file as it is, byte for byte once encoded."""
    lines: Sequence[ChecklistLine] = field(default=())

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
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_BYTES:
        raise UsageError(f"{path}: larger than {LARGEST_BYTES // 2**20} MiB; this is no checklist")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None


def parse_checklist(source: str, path: str) -> Checklist:
    """Every box that GitHub shows; ids may be missing. Raises UsageError for a box that GitHub does not show."""
    rows = _rows(source)
    tokens = MarkdownIt("commonmark").parse("\n".join(rows))
    lines, problems = _Reader(rows, path).read(tokens)
    problems += _hidden(rows, tokens, {line.number for line in lines}, path)
    problems += _twice(lines, path)
    if problems:
        raise UsageError(*problems)
    return Checklist(path=path, source=source, lines=lines)


def ticked(checklist: Checklist, done: frozenset[str], notes: dict[str, str] | None = None) -> str:
    """The same text with exactly these lines ticked; ``notes`` go to the end of a line, before its comment."""
    by_number = {line.number: line for line in checklist.lines}
    ends = re.split(r"(\r\n|\n|\r)", checklist.source)
    for number, line in by_number.items():
        at = 2 * (number - 1)
        mark = "x" if line.id in done else " "
        ends[at] = _BOX.sub(lambda found, mark=mark: f"{found['before']}{mark}{found['after']}", ends[at], count=1)
        if notes and line.id in notes:
            ends[at] = _noted(ends[at], notes[line.id])
    return "".join(ends)


def identified(checklist: Checklist) -> str:
    """The same text with an id for every line that had none, made of its heading and its own words."""
    taken = {line.id for line in checklist.lines}
    ends = re.split(r"(\r\n|\n|\r)", checklist.source)
    for line in checklist.lines:
        if not line.id:
            identifier = _new_id(line, taken)
            taken.add(identifier)
            at = 2 * (line.number - 1)
            ends[at] = f"{ends[at].rstrip()} <!-- {identifier} -->"
    return "".join(ends)


def plain_heading(text: str) -> str:
    """A heading as people name it: without emoji, without a leading number, in lower case."""
    kept = "".join(one for one in text if unicodedata.category(one) not in {"So", "Sk", "Cf", "Mn", "Me", "Cn"})
    return " ".join(re.sub(r"^\s*\d+[.)]\s*", "", kept).split()).casefold()


class _Reader:
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
                self._open = [one for one in self._open if one[0] < token.level]
                if inline := _first_inline(tokens, position):
                    self._item(token, inline)
        lines = [replace(line, leaf=index not in self._parents) for index, line in enumerate(self._lines)]
        return lines, self._problems

    def _heading(self, level: int, text: str) -> None:
        self._headings = [one for one in self._headings if one[0] < level] + [(level, text)]

    def _item(self, token: Token, inline: Token) -> None:
        number = (inline.map or [0])[0]
        if _BOX.match(self._rows[number]) is None:
            return
        identifier, options = self._comment(number)
        above = [self._lines[index].id for _, index in self._open]
        self._parents.update(index for _, index in self._open)
        self._open.append((token.level, len(self._lines)))
        self._lines.append(
            ChecklistLine(
                id=identifier,
                text=_plain(inline).partition("]")[2].strip(),
                number=number + 1,
                checked=inline.content[1:2] in "xX",
                section=tuple(text for _, text in self._headings),
                parents=tuple(above),
                environments=options.get("env", ()),
                attest=options.get("attest", ()),
                checks=options.get("checks", ()),
            )
        )

    def _comment(self, number: int) -> tuple[str, dict[str, tuple[str, ...]]]:
        found = _COMMENT.search(self._rows[number])
        words = found["said"].split() if found else []
        if not words:
            return "", {}
        where = f"{self._path}:{number + 1}"
        if not _ID.fullmatch(words[0]):
            self._problems.append(
                f"{where}: {words[0]!r} is no id; write lower-case words with dots, as in <!-- tls.validity -->"
            )
        options = {}
        for word in words[1:]:
            key, equals, values = word.partition("=")
            if key not in _OPTIONS or not equals or not values:
                known = ", ".join(f"{option}=…" for option in _OPTIONS)
                self._problems.append(f"{where}: {word!r} is not known here; after the id may stand {known}")
            options[key] = tuple(values.split(","))
        return words[0], options


def _rows(source: str) -> list[str]:
    """Lines without their ends, and without the byte order mark."""
    return re.split(r"\r\n|\n|\r", source.removeprefix("\ufeff"))


def _first_inline(tokens: Sequence[Token], position: int) -> Token | None:
    """The text that a list item begins with."""
    following = tokens[position + 1 : position + 3]
    if [token.type for token in following] == ["paragraph_open", "inline"]:
        return following[1]
    return None


def _plain(inline: Token) -> str:
    """What is read: no emphasis, no comments; only the first line of a paragraph."""
    words: list[str] = []
    for child in inline.children or []:
        if child.type in {"softbreak", "hardbreak"}:
            break
        if child.type in {"text", "code_inline"}:
            words.append(child.content)
    return "".join(words).strip()


def _hidden(rows: Sequence[str], tokens: Sequence[Token], seen: set[int], path: str) -> Iterator[str]:
    """Boxes that are text to GitHub: nobody would tick them, and nobody would miss them."""
    code = {row for token in tokens if token.type in _CODE and token.map for row in range(*token.map)}
    for index, row in enumerate(rows):
        if _BOX.match(row) and index + 1 not in seen and index not in code:
            yield f"{path}:{index + 1}: this box is no list item to Markdown; check its indentation, or put an empty line before it"
    for token in tokens:
        if token.type == "code_block" and token.map:
            for index in range(*token.map):
                if index < len(rows) and _BOX.match(rows[index]):
                    yield f"{path}:{index + 1}: indented so far, this box is code to Markdown; take some of the indentation away"


def _twice(lines: Sequence[ChecklistLine], path: str) -> Iterator[str]:
    first: dict[str, int] = {}
    for line in lines:
        if line.id in first:
            yield f"{path}:{line.number}: id {line.id} is that of line {first[line.id]} already; give one of them another"
        elif line.id:
            first[line.id] = line.number


def _noted(row: str, note: str) -> str:
    found = _COMMENT.search(row)
    at = found.start() if found else len(row.rstrip())
    return f"{row[:at]} {note}{row[at:]}"


def _new_id(line: ChecklistLine, taken: set[str]) -> str:
    heading = "-".join(_words(plain_heading(line.section[-1]))[:2]) if line.section else "line"
    own = "-".join(_words(line.text)[:6]) or f"line-{line.number}"
    wanted, number = f"{heading or 'line'}.{own}", 2
    while wanted in taken:
        wanted, number = f"{heading or 'line'}.{own}-{number}", number + 1
    return wanted


def _words(text: str) -> list[str]:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", ascii_only)


def covering(line: ChecklistLine, covers: Mapping[str, Sequence[str]]) -> list[str]:
    """The checks that verify a line: by their own catalogue line, or by the line's comment; as ``covers`` has them."""
    return [check for check, lines in covers.items() if line.id in lines or check in line.checks]
