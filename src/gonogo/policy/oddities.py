"""Finds texts that look like a task and are none to Markdown: nobody would tick them, or miss them."""

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from gonogo.policy.checklist_line import COMMENT, ID, OPTIONS

_MARKER = r"(?:[-*+•‣◦·\u2013-\u2015]|\d{1,9}[.)])"
# Possessive throughout: whatever a line is made of, it is read once.
_BEFORE = rf"^[ \t>]*+(?:#{{1,6}}[ \t]++)?(?:{_MARKER}[ \t]*+)*+(?:\*\*|__|~~|_)?[ \t]*+"
_BLANK = "[ \t\u00a0\u2000-\u200b\u202f\u2060\u3000\ufeff]"
_MARK = r"(?:[xXvVyYoOnN_]|[^\w\s\[\]^]|[^\x00-\x7f])"
"""One character in a box: a usual letter, a sign, or anything that only looks like one of them."""
_STATES = r"(?i:xx|ok|done|todo|to do|wip|yes|no|n/a|open|pending|tbd)"
_BRACKETS = rf"\\?[\[\uff3b]{_BLANK}{{0,3}}(?:{_MARK}|{_STATES})?{_BLANK}{{0,3}}\\?[\]\uff3d](?![(\[:])"
_OPENING, _CLOSING = "\u3010\u3014\u3016\u301a\u27e6\u2772\u2045", "\u3011\u3015\u3017\u301b\u27e7\u2773\u2046"
_LIKE_BRACKETS = rf"[{_OPENING}]{_BLANK}{{0,3}}{_MARK}?{_BLANK}{{0,3}}[{_CLOSING}]"
_SIGNS = "☐☑☒🗹🗷🗵⬜⬛🔲🔳◻▢❏❐❑❒◽⊠⊡⎕🞎🞏🞐🞑🞒🞓"
_OTHERS = rf"\({_BLANK}\)|\([xX✓✔]\)|\{{{_BLANK}\}}|\{{[xX]\}}|[\[［]{_BLANK}|\][ \t]|<{_BLANK}>"  # noqa: RUF001 - as above
_FIRST = re.compile(f"{_BEFORE}(?:{_BRACKETS}|{_LIKE_BRACKETS}|{_OTHERS}|[□■▫▪◾◼\u20de])")
_STATE = re.compile(rf"^[ \t>]*{_MARKER}[ \t]+(?:[✅❌❎✔✓✗✘]|(?:TODO|FIXME)\b)")
_ANYWHERE = re.compile(r"(?<![\w\])`\\])[\[［](?: |[xX]|\u00a0|\u3000)[\]］](?![\[(:\w])" + f"|[{_SIGNS}]")  # noqa: RUF001 - as above
_NAMED = {
    **dict.fromkeys(
        (":white_large_square:", ":black_large_square:", ":white_square_button:", ":black_square_button:"), "☐"
    ),
    **dict.fromkeys((":ballot_box_with_check:", ":white_check_mark:", ":heavy_check_mark:"), "✅"),
    **dict.fromkeys((":x:", ":negative_squared_cross_mark:", ":heavy_multiplication_x:"), "❌"),
}
"""Signs by the names that GitHub and GitLab show as them."""
_NAME = re.compile("|".join(_NAMED))
_INPUT = re.compile(r"<input\b[^>]*\bcheckbox\b", re.IGNORECASE)
_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_ANY_COMMENT = re.compile(r"<!--(?P<text>.*?)(?:-->|$)")
_LISTED = re.compile(rf"^[ \t>]*(?:{_MARKER}[ \t]|\|)")
_COMMENT_MARK = re.compile("<!--|-->")
_ENDLESS = "this line is in a fence or a comment that never ends; close it before the list continues"
_SWALLOWED = (
    "this line is in the comment that begins in line {}, which ends only with the line's own '-->'; end it before, with "
    "two dashes, or remove the line"
)
_OPENED = re.compile(r"(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """One line of the file that is not counted."""

    number: int
    message: str
    hidden: bool = False
    """Whether it stands in a comment or in a fence, where somebody may have meant to put it."""


def oddities(rows: Sequence[str], tokens: Sequence[Token], counted: Collection[int]) -> list[Oddity]:
    """All of them in the order of the file; ``counted`` are the numbers of the lines whose box is one."""
    hidden = _hidden_rows(rows, tokens)
    code = {row for token in tokens if token.type == "code_block" and token.map for row in range(*token.map)}
    odd: list[Oddity] = []
    for index, row in enumerate(rows):
        number = index + 1
        if index in hidden:
            odd += _in_hiding(number, *hidden[index])
        elif index in code:
            odd += _as_code(number, row)
        elif number in counted:
            odd += _second_of_a_line(number, row)
        else:
            odd += _in_sight(number, row)
    return odd


def looks_like_a_box(row: str) -> bool:
    """Whether a person who reads this line sees something to tick."""
    text = _shown(row)
    cells = text.strip().strip("|").split("|") if "|" in text else []
    return any(
        [
            _FIRST.match(text),
            _STATE.match(text),
            _ANYWHERE.search(text),
            _INPUT.search(text),
            *(_FIRST.match(cell.strip()) for cell in cells),
        ]
    )


def _shown(row: str) -> str:
    """The line as it looks, code apart: characters and signs that are written by their names."""
    return _NAME.sub(lambda name: _NAMED[name[0]], html.unescape(_CODE_SPAN.sub("code", row)))


def carries_an_id(row: str, *, of_one_word: bool = True) -> bool:
    """Whether there is a comment as lines of the list have it: an id with dots, with options, or alone on a bullet."""
    for comment in _ANY_COMMENT.finditer(_CODE_SPAN.sub("code", row)):
        words = comment["text"].split()
        if words and ID.fullmatch(words[0]):
            options = any(word.partition("=")[0] in OPTIONS and "=" in word for word in words[1:])
            alone = of_one_word and len(words) == 1 and _LISTED.match(row)
            if "." in words[0] or options or alone:
                return True
    return False


def _hidden_rows(rows: Sequence[str], tokens: Sequence[Token]) -> dict[int, tuple[str, str]]:
    """Index to what is hidden there, in a fence or in a comment, and why that cannot be meant; empty: it may be."""
    hidden: dict[int, tuple[str, str]] = {}
    for token in tokens:
        if token.map is None or token.type not in {"fence", "html_block"}:
            continue
        begin, end = token.map
        if token.type == "fence":
            inside = {index: rows[index] for index in range(begin + 1, min(end, len(rows)))}
            closed = _closes(rows, begin, end)
        else:
            inside, closed = _commented(rows[begin:end], begin)
        for index, row in inside.items():
            hidden[index] = row, "" if closed else _ENDLESS
            if closed and index - 1 in inside and _ends_it(row) and not _ended(rows[end:]):
                first = next(above for above in range(index, -1, -1) if above - 1 not in inside)
                hidden[index] = row, _SWALLOWED.format(first + 1)
    return hidden


def _ends_it(row: str) -> bool:
    """Whether a row within a comment has a comment of its own, whose end is then that of both."""
    return "<!--" in row.partition("-->")[0] and "-->" in row


def _ended(rows: Sequence[str]) -> bool:
    """Whether the next mark of a comment is an end: somebody put a comment around lines that have some."""
    marks = (mark for row in rows for mark in _COMMENT_MARK.findall(row))
    return next(marks, "<!--") == "-->"


def _closes(rows: Sequence[str], begin: int, end: int) -> bool:
    opened = _OPENED.search(rows[begin])
    last = rows[min(end, len(rows)) - 1].strip(" \t>")
    return opened is not None and end - begin > 1 and last.startswith(opened[1]) and not last.strip(opened[1][0])


def _commented(block: Sequence[str], begin: int) -> tuple[dict[int, str], bool]:
    """The rows of an HTML block that are wholly within a comment; what stands beside a comment is in sight."""
    inside: dict[int, str] = {}
    within = False
    for offset, row in enumerate(block):
        began = within
        remainder = row
        outside = ""
        while remainder:
            mark = "-->" if within else "<!--"
            before, opened, remainder = remainder.partition(mark)
            outside += "" if within else before
            if opened:
                within = not within
        if (began or "<!--" in row) and not looks_like_a_box(outside):
            inside[begin + offset] = row
    return inside, not within


def _in_hiding(number: int, row: str, mistake: str) -> Iterator[Oddity]:
    bare = row.strip().removeprefix("<!--").lstrip()
    if not looks_like_a_box(bare) and not carries_an_id(row):
        return
    message = "this line is in a fence or a comment, so it is not counted; move it out, or remove it"
    yield Oddity(number=number, message=mistake or message, hidden=not mistake)


def _as_code(number: int, row: str) -> Iterator[Oddity]:
    if looks_like_a_box(row):
        yield Oddity(
            number=number, message="this box is indented so far that it is code in Markdown; reduce the indentation"
        )


def _second_of_a_line(number: int, row: str) -> Iterator[Oddity]:
    text = _shown(COMMENT.sub("", row)).partition("]")[2]
    if _ANYWHERE.search(text) or _INPUT.search(text):
        message = "a second box on this line is not counted; give it its own line"
        yield Oddity(number=number, message=message)
    if carries_an_id(COMMENT.sub("", row), of_one_word=False):
        message = "a second id on this line has no effect; keep one comment"
        yield Oddity(number=number, message=message)


def _in_sight(number: int, row: str) -> Iterator[Oddity]:
    example = "- [ ] Certificate validity verified <!-- tls.validity -->"
    if looks_like_a_box(row) and row.lstrip().startswith("|"):
        yield Oddity(number=number, message=f"a table has no boxes, and its rows are not counted; write {example!r}")
    elif looks_like_a_box(row):
        message = (
            "this box is not a list item in Markdown, so it is not counted; check its indentation and its spelling"
        )
        yield Oddity(number=number, message=f"{message}, as in {example!r}")
    elif carries_an_id(row):
        message = "this line has an id and no box, so it is not counted; write '- [ ] ' before its text"
        yield Oddity(number=number, message=f"{message}, or remove the comment")
