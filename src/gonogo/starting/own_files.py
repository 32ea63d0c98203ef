"""Whether a file of a project is still as ``gonogo init`` wrote it, so that a list of the team's own may replace it."""

import re
from functools import cache
from importlib.resources import files

from gonogo.base.errors import UsageError

_EXPRESSION = re.compile(r"\{\{.*?\}\}")
_STATEMENT = re.compile(r"\{%-?\s*(\w+).*?%\}")


def is_untouched(text: str, template: str) -> bool:
    """Whether the text is made of the template's lines, in their order, with all that stand in every such file."""
    lines = _lines(template)
    position = 0
    for row in filter(str.strip, text.splitlines()):
        while position < len(lines) and not lines[position][0].fullmatch(row):
            if lines[position][1]:
                return False
            position += 1
        if position == len(lines):
            return False
        position += 1
    return not any(always for _, always in lines[position:])


@cache
def _lines(template: str) -> list[tuple["re.Pattern[str]", bool]]:
    """A pattern for each line, and whether every file has it."""
    source = files("gonogo.starting").joinpath("templates", f"{template}.j2").read_text(encoding="utf-8")
    patterns: list[tuple[re.Pattern[str], bool]] = []
    depth = 0
    for row in filter(str.strip, source.splitlines()):
        if statement := _STATEMENT.fullmatch(row.strip()):
            depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(statement[1], 0)
            continue
        parts = map(re.escape, _EXPRESSION.split(row))
        patterns.append((re.compile(".*".join(parts)), depth == 0))
    return patterns


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
    """The catalogue of the example check, which then covers no line."""
    return re.sub(r"^covers = \[.*\]$", "covers = []", text, flags=re.MULTILINE)
