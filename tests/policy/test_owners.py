"""Who acts on a check: by check, by family, by its own catalogue, by default."""

from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.planning.suite import project_suite


def owners(project: Path, text: str = "") -> dict[str, str | None]:
    """The role of each bundled check, where policy.toml says this."""
    (project / "environments").mkdir(exist_ok=True)
    (project / "environments" / "policy.toml").write_text(text)
    return {name: line.owner for name, line in project_suite(project).catalogue.items()}


def test_defaults_and_what_the_team_says(tmp_path: Path) -> None:
    """A check is nearer than its family."""
    assert owners(tmp_path)["mongo-reachable"] == "devops"
    assert owners(tmp_path)["health-deep"] == "technical-lead"
    named = owners(tmp_path, '[owners]\nmongodb = "dba"\nmongo-primary = "devops"\n')
    assert (named["mongo-reachable"], named["mongo-primary"], named["redis-tls"]) == ("dba", "devops", "devops")


def test_a_name_that_is_nothing_is_refused(tmp_path: Path) -> None:
    """An owner of a misspelled family would own nothing, and nobody would know."""
    with pytest.raises(
        UsageError, match=r"owners\.mongodbb: neither a check nor a family of checks; did you mean mongodb\?"
    ):
        owners(tmp_path, '[owners]\nmongodbb = "devops"\n')
