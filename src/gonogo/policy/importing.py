"""Makes a checklist of a list as a team has it: boxes however they are written, tables, plain bullets, headings alone.

Every line of the result stands where it stood, but for those that headings alone become. What was taken over in another
form, and what was not taken over, is told line by line: a line that is lost in silence is never open, so never missed.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gonogo.base.errors import UsageError
from gonogo.policy.checklist import BOX, line_number, parse_checklist, rows_of, surveyed
from gonogo.policy.checklist_line import COMMENT, read_comment
from gonogo.policy.list_text import identified
from gonogo.policy.oddities import carries_an_id
from gonogo.policy.other_markup import as_markdown

_BOXES = r"\\?[\[\uff3b][ \t\u00a0\u3000]*(?P<mark>[xXvV✓✔☑*_+~/-]?)[ \t\u00a0\u3000]*\\?[\]\uff3d]|\([ \t]?(?P<round>[xX✓✔]?)\)|(?P<ballot>[☐☑☒⬜🔲□✅✔✓])"
_MISSPELT = re.compile(
    rf"^(?P<indent>[ \t>]*)(?P<marker>[-*+•‣◦·\u2013-\u2015]|\d{{1,9}}[.)])?[ \t]*(?:{_BOXES})(?![(\[:])[ \t]*(?P<text>\S.*)$"
)
_BULLET = re.compile(r"^(?P<indent>[ \t>]*)(?P<marker>[-*+]|\d{1,9}[.)])(?P<blank>[ \t]+)(?P<text>\S.*)$")
_DONE = "xXvV✓✔☑☒✅*+"
_CELL = re.compile(r"(?<!\\)\|")
_CELL_BOX = re.compile(rf"(?:{_BOXES})")


@dataclass(slots=True, kw_only=True)
class Import:
    """A list on its way to a checklist."""

    path: str
    original: Sequence[str]
    """The rows as the team wrote them."""
    rows: list[str]
    taken: list[str] = field(default_factory=list)
    """Lines that were written otherwise, and are tasks now; one sentence each, with file and line."""
    left: list[str] = field(default_factory=list)
    """Lines that look like something to do, and were not taken over."""
    text: str = ""
    """The checklist."""
    lines: int = 0
    named: int = 0
    """How many of them got a new id."""

    def take(self, index: int, text: str, *, indent: str = "", marker: str = "-", checked: bool = False) -> None:
        """Make a task of a row."""
        new = f"{indent}{marker} [{'x' if checked else ' '}] {text.strip()}"
        self.rows[index] = new
        self.taken.append(self.told(index))

    def told(self, index: int) -> str:
        """How a row was written, and how it is written now."""
        new, old = self.rows[index].strip(), self.original[index].strip()
        return f"{self.path}:{index + 1}: taken over as {new!r}; it was {old!r}"


def imported(source: str, path: str, *, bullets: bool | None = None) -> Import:
    """The list as a checklist. ``bullets``: whether those without a box are tasks; None: where there is no box at all.

    Raises UsageError for lines that would stop every run, and for a file without anything to do.
    """
    mark, plain = ("\ufeff", source[1:]) if source.startswith("\ufeff") else ("", source)
    ends = re.findall(r"\r\n|\n|\r", plain)
    original = rows_of(plain)
    made = Import(path=path, original=original, rows=as_markdown(original, path))
    respelt = {index: made.told(index) for index, row in enumerate(original) if made.rows[index] != row}
    tokens = MarkdownIt("commonmark").enable("table").parse("\n".join(made.rows))
    skipped = _skipped(tokens)
    proper = {line.number - 1 for line in surveyed("\n".join(made.rows), path)[0].lines}
    _boxes(made, skipped | proper | _table_rows(tokens))
    boxed = bool(proper or made.taken)
    _tables(made, tokens, wanted=not boxed)
    boxed = boxed or bool(made.taken)
    items = [index for index in _items(tokens) if not _taken(made.rows[index])]
    _bullets(made, items, wanted=not boxed if bullets is None else bullets)
    if not boxed and not made.taken:
        _headings(made, tokens)
    taken = {line_number(line) for line in made.taken}
    made.taken += [line for index, line in respelt.items() if index + 1 not in taken]
    remarks = _without_remarks(made)
    return _finished(made, mark + _joined(made.rows, ends), remarks)


def _without_remarks(made: Import) -> list[str]:
    """Take out the team's own comments, which are no ids: those that do not parse, and a word that stands on several lines."""
    comments = {
        index: match
        for index, row in enumerate(made.rows)
        if BOX.match(row) and (match := COMMENT.search(row)) and match["text"].strip()
    }
    times = Counter(match["text"].strip() for match in comments.values())
    remarks = []
    for index, match in comments.items():
        words = match["text"].strip()
        row = made.rows[index]
        no_id = read_comment(row).problems and not carries_an_id(row, of_one_word=False)
        if no_id or (times[words] > 1 and "." not in words):
            remarks.append(match[0].strip())
            made.rows[index] = f"{row[: match.start()]} {_REMARK}"
    return remarks


def _finished(made: Import, text: str, remarks: Sequence[str]) -> Import:
    checklist, odd, problems = surveyed(text, made.path)
    problems += [f"{made.path}:{oddity.number}: {oddity.message}" for oddity in odd if not oddity.hidden]
    if problems:
        raise UsageError(*problems)
    if not checklist.lines:
        raise UsageError(
            f"{made.path}: nothing to do stands in it: no box, no table, no bullet, no heading; write tasks as in "
            "'- [ ] Certificate validity verified'"
        )
    made.left += checklist.notes
    pieces = identified(checklist).split(_REMARK)
    made.text = "".join(piece for pair in zip_longest(pieces, remarks, fillvalue="") for piece in pair)
    made.lines, made.named = len(checklist.lines), sum(not line.id for line in checklist.lines)
    parse_checklist(made.text, made.path)
    return made


def _joined(rows: Sequence[str], ends: Sequence[str]) -> str:
    usual = ends[0] if ends else "\n"
    return "".join(row + (ends[index] if index < len(ends) else "") for index, row in enumerate(rows)).replace(
        _NEW_LINE, usual
    )


_REMARK = "\x01"
"""Stands for a comment of the team's own while ids are written behind it."""
_NEW_LINE = "\x00"
"""Stands for a line end until it is known which kind the file has."""


def _taken(row: str) -> bool:
    return BOX.match(row) is not None


def _skipped(tokens: Sequence[Token]) -> set[int]:
    """Rows that are code, or HTML: they stay as they are, and are told if they look like tasks."""
    kinds = {"fence", "code_block", "html_block"}
    return {row for token in tokens if token.type in kinds and token.map for row in range(*token.map)}


def _boxes(made: Import, with_box: set[int]) -> None:
    for index, row in enumerate(made.rows):
        match = _MISSPELT.match(row)
        if index in with_box or match is None:
            continue
        marker = match["marker"] or "-"
        if not marker.isascii():
            marker = "-"
        made.take(index, match["text"], indent=match["indent"], marker=marker, checked=_is_done(match))


def _is_done(box: "re.Match[str]") -> bool:
    mark = box["mark"] or box["round"] or box["ballot"] or ""
    return bool(mark) and mark in _DONE


def _table_rows(tokens: Sequence[Token]) -> set[int]:
    return {row for token in tokens if token.type == "table_open" and token.map for row in range(*token.map)}


def _tables(made: Import, tokens: Sequence[Token], *, wanted: bool) -> None:
    """Rows of tables that have boxes, or of every table where the list has no other tasks."""
    for token in tokens:
        if token.type != "table_open" or token.map is None:
            continue
        begin, end = token.map
        rows = range(begin + 2, min(end, len(made.rows)))
        if wanted or any(_boxed_cells(made.rows[index]) for index in rows):
            for index in rows:
                _table_row(made, index)
            made.rows[begin] = made.rows[begin + 1] = ""
        elif rows:
            made.left.append(
                f"{made.path}:{begin + 1}: a table of {len(rows)} rows without a box was left as it is; write those that "
                "are tasks as in '- [ ] Certificate validity verified'"
            )


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row.strip().removeprefix("|").removesuffix("|"))]


def _boxed_cells(row: str) -> list["re.Match[str]"]:
    return [match for cell in _cells(row) if (match := _CELL_BOX.match(cell))]


def _table_row(made: Import, index: int) -> None:
    boxes = _boxed_cells(made.rows[index])
    cells = [
        _CELL_BOX.sub("", cell, count=1).strip() if _CELL_BOX.match(cell) else cell for cell in _cells(made.rows[index])
    ]
    words = " · ".join(cell for cell in cells if cell)
    if words:
        made.take(index, words, checked=any(map(_is_done, boxes)))


def _items(tokens: Sequence[Token]) -> list[int]:
    """The rows on which items of lists begin."""
    begins = (token.map[0] for token in tokens if token.type == "list_item_open" and token.map)
    return sorted(dict.fromkeys(begins))


def _bullets(made: Import, items: Sequence[int], *, wanted: bool) -> None:
    matches = {index: match for index in items if (match := _BULLET.match(made.rows[index]))}
    if wanted:
        for index, bullet in matches.items():
            made.take(index, bullet["text"], indent=bullet["indent"], marker=bullet["marker"])
    elif matches:
        numbers = ", ".join(str(index + 1) for index in matches)
        made.left.append(
            f"{made.path}: {len(matches)} plain bullet{'s' if len(matches) > 1 else ''} without a box left as they are "
            f"(line {numbers}); --bullets takes them over as well"
        )


def _headings(made: Import, tokens: Sequence[Token]) -> None:
    """The innermost headings, each with a task of its own words below it."""
    headings = [
        (token.map[0], token.map[1] - 1, int(token.tag[1:]), tokens[position + 1].content)
        for position, token in enumerate(tokens)
        if token.type == "heading_open" and token.map
    ]
    for position, (begin, end, level, words) in enumerate(headings):
        deeper = position + 1 < len(headings) and headings[position + 1][2] > level
        if not deeper and words.strip():
            made.taken.append(f"{made.path}:{begin + 1}: a task of its own words was written below {words!r}")
            made.rows[end] += f"{_NEW_LINE}{_NEW_LINE}- [ ] {words.strip()}"


def told(made: Import) -> Iterator[str]:
    """The result for lines that were not tasks yet."""
    yield from sorted(made.taken, key=line_number)
    yield from (f"not taken over: {line}" for line in made.left)
