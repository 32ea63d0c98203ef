"""Hooks of mkdocs (``mkdocs.yml``): pages from documents outside ``docs/``, and links that lead where the site has them.

The documents are written for whoever reads them in the repository; here their links to other documents become links to
pages, those to folders lead to the README there, and what the site does not have keeps its text only.
"""

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OUTSIDE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    **{
        path.relative_to(ROOT).as_posix(): f"packages/{path.parent.name}.md"
        for path in sorted((ROOT / "packages").glob("*/README.md"))
    },
}
"""Documents of the repository that are no files of ``docs/``, by the name of their page."""
_FENCE = re.compile(r"^(?:```.*?^```|~~~.*?^~~~)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?P<text>!?\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of documents that lie elsewhere."""
    for path, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with links of the site; code stays as it is."""
    del config
    sources = {page: path for path, page in OUTSIDE.items()}
    source = ROOT / sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    parts, end = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [_linked(markdown[end : fence.start()], source, page, files), fence[0]]
        end = fence.end()
    return "".join([*parts, _linked(markdown[end:], source, page, files)])


def _linked(text: str, source: Path, page: Page, files: Files) -> str:
    def replaced(link: re.Match[str]) -> str:
        address, hash_sign, anchor = link["target"].partition("#")
        if not address or "://" in address:
            return link[0]
        target = (source.parent / address).resolve()
        if target.is_dir():
            target /= "README.md"
        path = target.relative_to(ROOT).as_posix()
        there = OUTSIDE.get(path, path.removeprefix("docs/"))
        if files.get_file_from_path(there) is None:
            return link["text"].strip("![]")
        return f"{link['text']}({os.path.relpath(there, Path(page.file.src_uri).parent)}{hash_sign}{anchor})"

    return _LINK.sub(replaced, text)
