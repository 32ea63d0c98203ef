"""Where somebody acts on a check: a line that is really there, in a file that is the team's."""

import shutil
from pathlib import Path

import pytest

from gonogo.environment.load import find_environment
from gonogo.families.registry import installed_families, read_environment
from gonogo.planning.places import Place, places
from gonogo.planning.plan import build_plan
from gonogo.planning.suite import project_suite

TEAM = Path(__file__).parents[2] / "docs" / "examples" / "team"
REQUEST = """
[requests.catalog-is-public]
get = "/catalog"
status = 200
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example, with a request that is a check by itself."""
    shutil.copytree(TEAM, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "environments" / "staging.toml").open("a") as file:
        file.write(REQUEST)
    return tmp_path


def placed(project: Path, name: str = "staging") -> dict[str, tuple[Place, str]]:
    """By check: its place, and the text of that line."""
    families = installed_families(project)
    file = read_environment(name, project=project)
    suite = project_suite(project, bundled=True, declared=[file.environment])
    scopes = {kind: [("a.test",), ("requests", "catalog-is-public")] for kind in families.kinds}
    plan = build_plan(suite, file.environment, families.kinds, scopes, wanted=suite.order)
    found = places(plan, suite, families.kinds, file, project)
    return {check: (where, text(project, where)) for check, where in found.items()}


def text(project: Path, where: Place) -> str:
    """The line itself; empty for a whole file."""
    lines = (project / where.file).read_text().splitlines()
    return lines[where.line - 1] if where.line else ""


def test_the_narrowest_declaration_of_the_environment_file(project: Path) -> None:
    """The section, a key of it, or the one that the catalogue says the check is about."""
    told = placed(project)
    environment = "environments/staging.toml"
    assert {where.file for where, _ in told.values()} == {environment, "checks/test_own.py"}
    for check, line in {
        "dns-delegated": "[dns]",
        "tls-expiry": '[hosts."api.example.com"]',
        "health-shallow": 'health = "/healthz"',
        "health-deep": 'deep_health = "/healthz"',
        "metrics-moving": 'moving = ["http_requests_total"]',
        "request-catalog-is-public": "[requests.catalog-is-public]",
    }.items():
        assert told[check][1] == line, check


def test_what_is_not_permitted_is_permitted_at_its_key(project: Path) -> None:
    """The line to change is that of the effects, whatever the check looks at."""
    told = placed(project)
    (project / "environments" / "staging.toml").write_text(
        (project / "environments" / "staging.toml").read_text().replace('effects = ["read"]', 'effects = ["write"]')
    )
    assert told["tls-expiry"][1].startswith("[hosts.")
    assert placed(project)["tls-expiry"][1] == 'effects = ["write"]'


def test_what_nobody_declared_is_the_file_as_a_whole(project: Path) -> None:
    """There is no line yet: it has to be written."""
    where, line = placed(project)["server-sshd"]
    assert (where, line) == (Place("environments/staging.toml", 0), "")


def test_a_teams_own_check_is_its_function(project: Path) -> None:
    """What it asserts is theirs to change, and stands nowhere else."""
    where, line = placed(project)["own-api-versioned"]
    assert where.file == "checks/test_own.py"
    assert line == '@pytest.mark.check("own-api-versioned")'


def test_files_of_others_have_no_place(project: Path) -> None:
    """Of the bundled reference, and of gonogo's own checks, nothing is the team's to change."""
    assert not find_environment("reference", project).is_relative_to(project)
    told = placed(project, "reference")
    assert set(told) == {"own-api-versioned"}
