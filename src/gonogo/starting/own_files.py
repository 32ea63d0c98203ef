"""Whether a file of a project is still as ``gonogo init`` wrote it, so that a list of the team's own may replace it."""

import re
from functools import cache
from importlib.resources import files
from itertools import cycle

from gonogo.base.errors import UsageError
from gonogo.starting.components import COMPONENTS

_EXPRESSION = re.compile(r"\{\{.*?\}\}")
_STATEMENT = re.compile(r"\{%-?\s*(\w+).*?%\}")


def is_untouched(text: str, template: str) -> bool:
    """Whether the text is made of the template's lines, in their order, with all that stand in every such file."""
    rows = filter(str.strip, text.splitlines())
    return _pattern(template).fullmatch("".join(f"{row}\n" for row in rows)) is not None


@cache
def _pattern(template: str) -> "re.Pattern[str]":
    """Every line once; those within a condition may be missing, and those of a loop stand there as often as they do."""
    source = files("gonogo.starting").joinpath("templates", f"{template}.j2").read_text(encoding="utf-8")
    pieces: list[str] = []
    within: list[str] = []
    for row in filter(str.strip, source.splitlines()):
        statement = _STATEMENT.fullmatch(row.strip())
        if statement is None:
            often = "*" if "for" in within else "?" if within else ""
            pieces.append(f"(?:{_row_pattern(row)}\n){often}")
        elif statement[1] in {"if", "for"}:
            within.append(statement[1])
        elif statement[1] in {"endif", "endfor"}:
            within.pop()
    return re.compile("".join(pieces))


def _row_pattern(row: str) -> str:
    """Return what an expression may have become: one of the words of a component, else anything."""
    alternatives = {
        "{{ use.component.promise }}": [component.promise for component in COMPONENTS if component.promise],
        "{{ use.component.key }}": [component.key for component in COMPONENTS if component.promise],
    }
    parts = re.split(f"({_EXPRESSION.pattern})", row)
    return "".join(
        (f"(?:{'|'.join(map(re.escape, alternatives[part]))})" if part in alternatives else "[^\n]*")
        if odd
        else re.escape(part)
        for part, odd in zip(parts, cycle((False, True)), strict=False)
    )


def gates_for_any_list(text: str) -> str:
    """The gates that ``gonogo init`` wrote, for a list whose sections nobody knows yet: one gate over all of it."""
    default = text.partition("\n[gates.")[0]
    titles = re.findall(r"^\[roles\.([a-z-]+)\]\ntitle = (\".*\")$", text, re.MULTILINE)
    if not titles:
        raise UsageError("environments/gates.toml: has no roles; write [roles.NAME] with a title")
    roles = "\n".join(f"[roles.{name}]\ntitle = {title}\n" for name, title in titles)
    return (
        f'{default}\n[gates.pre-deploy]\ntitle = "May this release be deployed?"\nsections = ["*"]\n\n'
        f"# Who signs. Below each may stand [roles.NAME.statements]: ids of lines that are signed, and what supports them.\n"
        f"{roles}"
    )


def catalogue_for_any_list(text: str) -> str:
    """The catalogue of the example check, which then proves no line."""
    return re.sub(r"^proves = \[.*\]$", "proves = []", text, flags=re.MULTILINE)
