"""Text from elsewhere inside our Markdown: it is read as text, whatever it says."""

import re

from gonogo.report.visible import visible

_MARKS = re.compile(r"[\\`*_\[\]|~#$!]")
_LONGEST = 400


def inert(text: str) -> str:
    """Words of people: no emphasis, link, HTML, mention or address comes of them."""
    marked = _MARKS.sub(lambda mark: f"\\{mark[0]}", bounded(text).replace("&", "&amp;"))
    for sign, written in (("<", "&lt;"), (">", "&gt;"), ("@", "&#64;"), ("://", "&#58;//"), ("::", "&#58;&#58;")):
        marked = marked.replace(sign, written)
    return marked


def quoted(text: str) -> str:
    """Words of a target: a code span, in which nothing means anything; in a table neither."""
    shown = bounded(text).strip().replace("|", "¦")
    if not shown:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def bounded(text: str) -> str:
    """One line, and not a long one; what is left off is on the page."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
