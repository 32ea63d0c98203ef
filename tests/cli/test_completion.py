"""The Tab key: names that the project has, in a real shell, and never an error in somebody's prompt."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from gonogo.cli.program import cli
from tests.cli.conftest import ROOT


def completed(words: list[str], beginning: str) -> list[str]:
    """What is offered."""
    shell = BashComplete(cli, {}, "gonogo", "_GONOGO_COMPLETE")
    return [item.value for item in shell.get_completions(words, beginning)]


@pytest.mark.parametrize(
    ("words", "beginning", "offered"),
    [
        (["run", "--env"], "stag", ["staging"]),
        (["run", "--gate"], "pre", ["pre-deploy"]),
        (["run", "--only"], "tls-exp", ["tls-expiry"]),
        (["env"], "prod", ["production"]),
        (["waive"], "mongo-auth", ["mongo-auth-required"]),
        (["attest"], "support.ph", ["support.phone"]),
        (["sign", "x", "--role"], "dev", ["devops"]),
        (["reference", "up", "--fault"], "tls-expired", ["tls-expired"]),
        (["show"], "2", []),
    ],
)
def test_names_of_the_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], beginning: str, offered: list[str]
) -> None:
    """Of this one, which has no runs yet."""
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    monkeypatch.chdir(tmp_path)
    assert completed(words, beginning) == offered


def test_runs_are_offered_by_their_ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """To show and to compare."""
    for name in ("20261101T000000Z-aaaaaa", "20261102T000000Z-bbbbbb"):
        (tmp_path / "reports" / "staging" / name).mkdir(parents=True)
        (tmp_path / "reports" / "staging" / name / "results.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert completed(["diff"], "20261102") == ["20261102T000000Z-bbbbbb"]


def test_broken_project_offers_nothing_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command itself will say what is wrong."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "checklist.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "catalogue.toml").write_text("[")
    monkeypatch.chdir(tmp_path)
    assert completed(["attest"], "") == []
    assert completed(["waive"], "") == []
    assert capfd.readouterr() == ("", "")


def test_in_a_real_shell(tmp_path: Path) -> None:
    """As the document says it."""
    bash = shutil.which("bash")
    assert bash is not None
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "gonogo").write_text(f"#!{sys.executable}\nfrom gonogo.cli import main\n\nmain()\n")
    (bin_folder / "gonogo").chmod(0o755)
    script = (
        'eval "$(_GONOGO_COMPLETE=bash_source gonogo)" && COMP_WORDS=(gonogo run --env re) COMP_CWORD=3 && '
        '_gonogo_completion gonogo && echo "${COMPREPLY[@]}"'
    )
    environ = {"PATH": f"{bin_folder}:/usr/bin:/bin"}
    said = subprocess.run([bash, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)  # noqa: S603 - of this test
    assert said.stdout.split() == ["reference"]
