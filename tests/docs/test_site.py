"""The documents as a site: all of them are on it, every link leads somewhere, and nothing on it comes from elsewhere."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.blocks import DOCUMENTS, ROOT
from tests.docs.site import OUTSIDE

_EXAMPLES = re.compile(r"docs/examples/.*/environments/")
"""Lists that are data of an example."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as ``make docs`` builds it: a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - of this test
    assert (done.returncode, done.stderr) == (0, "")
    return folder


class _Loaded(HTMLParser):
    """What a page makes a browser fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Scripts, pictures, frames, and whatever a link element loads."""
        own = dict(attrs)
        address = own.get("src") or (own.get("href") if tag == "link" else None)
        if address:
            self.addresses.append(address)


def in_nav(entry: Any) -> Iterator[str]:  # noqa: ANN401 - of a YAML file
    """Every page that the navigation names."""
    if isinstance(entry, str):
        yield entry
    else:
        for inner in entry.values() if isinstance(entry, dict) else entry:
            yield from in_nav(inner)


def test_every_document_is_in_the_navigation_once() -> None:
    """What is not there, nobody finds."""
    nav = sorted(in_nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    paths = [path.relative_to(ROOT).as_posix() for path in [*DOCUMENTS, ROOT / "CHANGELOG.md"]]
    pages = sorted(OUTSIDE.get(path, path.removeprefix("docs/")) for path in paths if not _EXAMPLES.match(path))
    assert nav == pages


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    """It is read where there is no network, and tells nobody who reads it."""
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        loaded = _Loaded(page.read_text(encoding="utf-8")).addresses
        assert loaded
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)], page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import", style.read_text(encoding="utf-8")), style.name


def test_links_between_documents_lead_to_pages_and_files(site: Path) -> None:
    """From a document to one elsewhere in the repository, to a folder, and to a file that is copied."""
    environments, starting = (
        (site / name).read_text(encoding="utf-8") for name in ("environments.html", "starting.html")
    )
    assert 'href="packages/gonogo-mysql.html"' in environments
    assert 'href="ci/index.html"' in starting
    assert (site / "ci" / "github" / "action.yml").is_file()


def test_search_finds_what_a_document_says(site: Path) -> None:
    """By its words."""
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert [entry for entry in index["docs"] if "_GONOGO_COMPLETE" in entry["text"]]
