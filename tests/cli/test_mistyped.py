"""A mistyped name: the option is blamed, the nearest name is offered, and nothing is judged or written by it."""

import json
import shutil
from pathlib import Path

import click
import pytest

from gonogo.base.errors import UsageError
from gonogo.cli.program import cli
from tests.cli.conftest import ROOT, called

_ATTEST = ["attest", "support.phone", "--env", "staging", "--by", "X", "--evidence", "environments/people.toml"]
_RUNS = ("20261101T000000Z-aaaaaa", "20261102T000000Z-bbbbbb")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with two environments that have runs."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "environments", folder / "environments")
    shutil.copytree(ROOT / "smoke", folder / "smoke", ignore=shutil.ignore_patterns("__pycache__"))
    for place, name in zip(("reference", "staging"), _RUNS, strict=True):
        (folder / "reports" / place / name).mkdir(parents=True)
        (folder / "reports" / place / name / "results.json").write_text("{}")
        (folder / "reports" / place / "latest").symlink_to(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def said(words: list[str]) -> str:
    """The refusal, as a person reads it."""
    with pytest.raises((UsageError, click.UsageError)) as refused:
        cli.main(words, prog_name="gonogo", standalone_mode=False)
    error = refused.value
    if isinstance(error, click.UsageError):
        return error.format_message()
    assert isinstance(error, UsageError)
    return "\n".join(error.problems)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["runz"], "Did you mean one of: 'run', 'runs'?"),
        (["checklist", "imprt"], "Did you mean 'import'?"),
        (["run", "--onyl", "x"], "Did you mean '--only'?"),
        (["run", "--env", "stagin"], "--env: no environment 'stagin'; did you mean staging?"),
        (["run", "--env", "zz"], "--env: no environment 'zz'; there are production, reference, staging"),
        (
            ["run", "--env", "reference", "--fault", "mongo-noauth"],
            "--fault: no fault 'mongo-noauth'; did you mean mongo-no-auth?",
        ),
        (
            ["watch", "--env", "reference", "--fault", "mongodown"],
            "--fault: no fault 'mongodown'; did you mean mongo-down?",
        ),
        (["load", "--env", "reference", "--profile", "gat"], "'--profile': 'gat' is not one of"),
        (["load", "--env", "reference", "--profile", "gat"], "Did you mean gate?"),
        (["verify", "20261101T", "--max-age", "4"], "--max-age: '4' is not a duration"),
        (["watch", "--env", "reference", "--for", "4"], "--for: '4' is not a duration"),
        (["checks", "tls-expry"], "ID: no check 'tls-expry'; did you mean tls-expiry?"),
        (["request", "catlog", "--env", "staging"], "NAME: no check 'request-catlog'"),
        ([*_ATTEST, "--role", "devop", "--note", "x"], "did you mean devops?"),
        ([*_ATTEST, "--role", "devops", "--note", "x", "--valid", "3650d"], "--valid"),
        (["key", "new", "--role", "devop"], "--role: no role 'devop' in gates.toml; did you mean devops?"),
        (["runs", "--verdict", "nogo"], "Did you mean no-go?"),
        (["rules", "--env", "staging", "--format", "grafna"], "Did you mean grafana?"),
        (["schema", "result"], "Did you mean results?"),
        (["show", "20261103T000000Z-bbbbbb"], "did you mean 20261102T000000Z-bbbbbb?"),
        (["verify", "lates"], "did you mean latest?"),
        (
            ["sign", "latest", "--role", "devops", "--decision", "go"],
            "RUN: latest of which environment? Write reports/",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistyped_name(project: Path, words: list[str], message: str) -> None:
    """Also where an older run is there, which a run that begins would take the place of."""
    before = sorted(path for path in project.rglob("*") if "__pycache__" not in path.parts)
    assert message in said(words)
    assert sorted(path for path in project.rglob("*") if "__pycache__" not in path.parts) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["run", "--env", "staging", "--only", "tls-expry"],
            "--only: no check 'tls-expry'; did you mean tls-expiry?",
        ),
        (["run", "--env", "staging", "--gate", "lauch"], "--gate: no gate 'lauch'; did you mean launch?"),
        (["run", "--env", "staging", "--only", "zz"], "--only: no check 'zz'; gonogo checks lists them"),
        (
            ["load", "--env", "staging", "--duration", "5"],
            "--duration: '5' is not a duration; write a number and one of ms, s, min, h, d, as in '10 s'",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistyped_question_of_a_run(project: Path, words: list[str], message: str) -> None:
    """A job that reads the newest record, whatever the exit code was, must not find last week's GO there."""
    done = called(project, *words)
    assert done.returncode == 2
    assert message in done.stderr
    results = json.loads((project / "reports" / "staging" / "latest" / "results.json").read_bytes())
    if "--only" in words:
        assert results == {}, "a run of single checks leaves the newest whole run alone"
    else:
        assert results["decision"]["verdict"] == "INCOMPLETE"
