"""The example of a team's own repository is read by the program that it shows, as far as that goes without a network."""

import shutil
from pathlib import Path

import pytest

from gonogo import __version__
from tests.cli.conftest import ROOT, Gonogo


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The example as a team would have it: alone, outside of the clone."""
    return Path(shutil.copytree(ROOT / "docs" / "examples" / "team", tmp_path / "team"))


def test_environment_is_complete(gonogo: Gonogo) -> None:
    """Valid, and without a secret that nobody has."""
    shown = gonogo("env", "staging")
    assert shown.returncode == 0, shown.stderr
    assert "http.health = /healthz" in shown.stdout


def test_every_line_is_verified_or_somebodys(gonogo: Gonogo) -> None:
    """What no check covers names the role that must say so."""
    table = gonogo("checklist", "--env", "staging")
    assert table.returncode == 0, table.stderr
    assert any(line.split() == ["all", "30", "18", "0", "12"] for line in table.stdout.splitlines()), table.stdout
    missing = gonogo("checklist", "--missing", "--env", "staging").stdout
    assert "service.versioned" not in missing
    assert "data.backup " in missing
    assert "a check, or anybody" not in missing


def test_own_check_is_listed_with_all_others(gonogo: Gonogo) -> None:
    """A team's check is no second-class check."""
    listed = gonogo("checks")
    assert listed.returncode == 0, listed.stderr
    assert "own-api-versioned" in listed.stdout
    assert "tls-chain" in listed.stdout
    explained = gonogo("checks", "own-api-versioned").stdout
    assert "proves service.versioned" in explained
    assert "fix  mount the router below /v1" in explained


def test_requirement_is_an_extra_that_exists() -> None:
    """The line that a team copies."""
    required = (ROOT / "docs/examples/team/requirements.txt").read_text().splitlines()[-1]
    assert required == f"./vendor/gonogo-{__version__}-py3-none-any.whl[load]", "no name that anybody may claim"
    assert "\nload = [" in (ROOT / "pyproject.toml").read_text()
