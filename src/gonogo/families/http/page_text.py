"""Reads a page of HTML as somebody does who wants its text: title, and words, without what every page has around them.

Every search goes on where the last one ended, so that a hostile page costs time in proportion to its length; html.parser of
Python 3.11 takes minutes for 256 KiB of ``<!--``.
"""

import html
import re
from dataclasses import dataclass

_READ_CHARACTERS = 1024 * 1024
_READ_TAGS = 20_000
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]{0,30})", re.IGNORECASE)
_TITLE = "title"
_SILENT = ("script", "style", "template", "noscript", "svg", "nav", "footer")
"""Elements that a reader does not see, and those around the text that every page of a site has."""
_CLOSING = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in (*_SILENT, _TITLE, "form")}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """The readable part of a page; runs of white space are one blank."""

    title: str
    text: str


def read_page(document: str, *, with_forms: bool = True) -> PageText:
    """Title and text of its first mebibyte and 20,000 tags; an element that is never closed goes on to the end."""
    document = document[:_READ_CHARACTERS]
    silent = {*_SILENT, *(() if with_forms else ("form",))}
    titles, shown, position = list[str](), list[str](), 0
    for _ in range(_READ_TAGS):
        start = document.find("<", position)
        if start < 0:
            break
        shown.append(document[position:start])
        position, content = _after(document, start, silent)
        if content is None:
            shown.append("<")
        else:
            shown.append(" ")
            titles += content
    else:
        document = document[:position]
    shown.append(document[position:])
    return PageText(title=_plain(titles[0] if titles else ""), text=_plain("".join(shown)))


def _after(document: str, start: int, silent: set[str]) -> tuple[int, tuple[str, ...] | None]:
    """Where reading goes on after a ``<``, and the title if it began one; None where the sign is text by itself."""
    if document.startswith("<!--", start):
        return _end(document, "-->", start + 4), ()
    tag = _TAG.match(document, start)
    if tag is None:
        return (_end(document, ">", start), ()) if document[start + 1 : start + 2] in "!?/" else (start + 1, None)
    end, name = _end(document, ">", start), tag[2].lower()
    if tag[1] or (name != _TITLE and name not in silent):
        return end, ()
    closing = _CLOSING[name].search(document, end)
    stop = closing.start() if closing else len(document)
    return stop, (document[end:stop],) if name == _TITLE else ()


def _end(document: str, mark: str, start: int) -> int:
    end = document.find(mark, start)
    return len(document) if end < 0 else end + len(mark)


def _plain(text: str) -> str:
    return " ".join(html.unescape(text).split())
