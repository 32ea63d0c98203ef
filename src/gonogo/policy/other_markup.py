"""Rows of other markup as Markdown has them: checkboxes of HTML, headings and lists of AsciiDoc, headings of Org."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

_HTML = re.compile(
    r"^(?P<before>[ \t>]*+)(?:(?P<item><li\b[^>]*+>)|(?P<marker>[-*+]|\d{1,9}[.)]))?+[ \t]*+(?:<label\b[^>]*+>[ \t]*+)?+"
    r"<input\b(?P<attributes>[^>]*+)>[ \t]*+(?P<text>\S.*)$",
    re.IGNORECASE,
)
_CHECKBOX, _CHECKED = re.compile(r"\bcheckbox\b", re.IGNORECASE), re.compile(r"(?<![\w-])checked\b", re.IGNORECASE)
_ENDS = re.compile(r"(?:[ \t]*+</(?:label|li|input)>)+[ \t]*$", re.IGNORECASE)
_LIST = re.compile(r"^[ \t]*+</?(?:ul|ol)\b[^>]*+>[ \t]*$", re.IGNORECASE)
_ASCIIDOC = re.compile(r"^[ \t]*+(?P<sign>={1,6}|\*{1,5}|\.{1,5}|-)(?P<text>[ \t]++\S.*)$")
_ORG = re.compile(r"^(?P<sign>\*{1,6})(?P<text>[ \t]++\S.*)$")


def as_markdown(rows: Sequence[str], path: str) -> list[str]:
    """The same number of rows; which markup it is, the ending of the file's name says."""
    written = list(map(_MARKUP.get(PurePath(path).suffix.lower(), _html), rows))
    listed = any(new != row and "<li" in row.lower() for row, new in zip(rows, written, strict=True))
    return ["" if listed and _LIST.match(row) else row for row in written]


def _html(row: str) -> str:
    """A checkbox at the beginning of a line, or of an item."""
    match = _HTML.match(row)
    if match is None or not _CHECKBOX.search(match["attributes"]):
        return row
    mark = "x" if _CHECKED.search(match["attributes"]) else " "
    return f"{match['before']}{match['marker'] or '-'} [{mark}] {_ENDS.sub('', match['text'])}"


def _asciidoc(row: str) -> str:
    match = _ASCIIDOC.match(row)
    if match is None:
        return _html(row)
    sign = match["sign"]
    if sign[0] == "=":
        return f"{'#' * len(sign)}{match['text']}"
    marker = "1." if sign[0] == "." else "-"
    return f"{' ' * len(marker + ' ') * (len(sign) - 1)}{marker}{match['text']}"


def _org(row: str) -> str:
    match = _ORG.match(row)
    return f"{'#' * len(match['sign'])}{match['text']}" if match else _html(row)


_MARKUP: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys((".adoc", ".asciidoc", ".asc"), _asciidoc),
    ".org": _org,
}
