"""What stands in documents that a reader would copy: code blocks by language, and commands."""

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md")),
        *(path for pattern in ("*.md", "ci/*.md", "examples/**/*.md") for path in (ROOT / "docs").glob(pattern)),
        *(ROOT / "packages").glob("*/README.md"),
    ]
)
_NOT_RUN = re.compile(r"<!-- not run: (\S.*\S) -->", re.DOTALL)
_PROGRAM = re.compile(r"(?:^|[;&|])\s*(?:\.venv/bin/)?gonogo ([^;&|#]*)")


def blocks(document: Path, language: str = "") -> list[str]:
    """The fenced code blocks of this language, in their order."""
    tokens = MarkdownIt().parse(document.read_text(encoding="utf-8"))
    return [token.content for token in tokens if token.type == "fence" and token.info.strip() == language]


def accounts(document: Path) -> Iterator[tuple[str, str]]:
    """The language of every block, and why no test runs it: the comment right before it; empty where there is none."""
    tokens = MarkdownIt().parse(document.read_text(encoding="utf-8"))
    for before, token in itertools.pairwise(tokens):
        if token.type == "fence":
            reason = _NOT_RUN.fullmatch(before.content.strip()) if before.type == "html_block" else None
            yield token.info.strip(), reason[1] if reason else ""


def commands(document: Path) -> Iterator[list[str]]:
    """The arguments of every ``gonogo …`` in a block without a language, or in a line of code."""
    tokens = MarkdownIt().enable("table").parse(document.read_text(encoding="utf-8"))
    code = [child.content for token in tokens for child in token.children or () if child.type == "code_inline"]
    lines = [line for block in blocks(document) for line in block.replace("\\\n", "").splitlines()]
    for line in (*lines, *code):
        for found in _PROGRAM.finditer(line):
            yield [word for word in shlex.split(found[1]) if word != "…"]


def links(document: Path) -> Iterator[str]:
    """Targets of links and images that are no addresses."""
    tokens = MarkdownIt().enable("table").parse(document.read_text(encoding="utf-8"))
    for child in (child for token in tokens for child in token.children or ()):
        target = child.attrs.get("href") or child.attrs.get("src")
        if isinstance(target, str) and "://" not in target:
            yield target.partition("#")[0]
