"""From the moment that an environment is named, no older GO speaks for the run that was asked for."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import DEAD_END, called


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose latest run was GO."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dead.toml").write_text(DEAD_END)
    older = tmp_path / "reports" / "dead" / "20261123T120000Z-aaaaaa"
    older.mkdir(parents=True)
    (older / "results.json").write_text('{"decision": {"verdict": "GO"}}')
    (older.parent / "latest").symlink_to(older.name)
    return tmp_path


def _broken_environment(project: Path) -> tuple[str, ...]:
    (project / "environments" / "dead.toml").write_text("[service")
    return ()


def _broken_catalogue(project: Path) -> tuple[str, ...]:
    (project / "checks").mkdir()
    (project / "checks" / "catalogue.toml").write_text("no toml")
    return ()


def _broken_policy(project: Path) -> tuple[str, ...]:
    (project / "environments" / "policy.toml").write_text("no toml")
    return ()


def _broken_gates(project: Path) -> tuple[str, ...]:
    (project / "environments" / "checklist.md").write_text("# L\n- [ ] One <!-- a.one -->\n")
    (project / "environments" / "gates.toml").write_text("no toml")
    return ()


def _wrong_gate(_: Path) -> tuple[str, ...]:
    return ("--gate", "nowhere")


@pytest.mark.parametrize("wrong", [_broken_environment, _broken_catalogue, _broken_policy, _broken_gates, _wrong_gate])
def test_a_run_that_cannot_begin_is_on_record(project: Path, wrong: object) -> None:
    """A job that reads the newest record, whatever the exit code was, must not find last week's GO there."""
    assert callable(wrong)
    done = called(project, "run", "--env", "dead", "--release", "v2", *wrong(project))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    latest = project / "reports" / "dead" / "latest"
    results = json.loads((latest / "results.json").read_bytes())
    assert results["decision"]["verdict"] == "INCOMPLETE"
    assert results["run"]["release"] == "v2"
    assert b"INCOMPLETE" in (latest / "signoff.html").read_bytes()
    shown = called(project, "show", "reports/dead/latest")
    assert (shown.returncode, "INCOMPLETE" in shown.stdout) == (0, True), shown.stderr


def test_an_environment_that_there_is_not_changes_nothing(project: Path) -> None:
    """Nobody named an environment."""
    done = called(project, "run", "--env", "daed")
    assert done.returncode == 2
    assert (project / "reports/dead/latest").resolve().name == "20261123T120000Z-aaaaaa"


def test_latest_that_is_a_folder(project: Path) -> None:
    """Named, with the cure, before anything is prepared; and no crumbs beside it."""
    latest = project / "reports" / "dead" / "latest"
    latest.unlink()
    latest.mkdir()
    before = sorted(path.name for path in latest.parent.iterdir())
    done = called(project, "run", "--env", "dead")
    assert (done.returncode, "latest: is a folder" in done.stderr) == (2, True), done.stderr
    assert sorted(path.name for path in latest.parent.iterdir()) == before
