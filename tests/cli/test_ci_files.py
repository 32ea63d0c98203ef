"""The files that a team copies into its pipeline: valid by their vendors' schemas, and of commands that there are."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from gonogo.cli.program import cli

CI = Path(__file__).parents[2] / "docs" / "ci"


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("vendor.github-actions", "github/action.yml"),
        ("vendor.github-workflows", "github/pre-deploy.yml"),
        ("vendor.gitlab-ci", "gonogo.gitlab-ci.yml"),
    ],
)
def test_valid_by_schema(schema: str, name: str) -> None:
    """A typo there is found by nobody until the day of the launch."""
    transform = ["--data-transform", "gitlab-ci"] if schema == "vendor.gitlab-ci" else []
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *transform, str(CI / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", [path for path in CI.rglob("*") if path.is_file()], ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    """Every gonogo command in them, with every option, is one of ours."""
    lines = [line.partition(" # ")[0] for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    for line in lines:
        for name, rest in re.findall(r"\bgonogo (run|verify|sign|smoke|load)\b(.*)", line):
            command = cli.commands[name]
            known = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
            assert set(re.findall(r"(?<![\w-])--[a-z-]+", rest)) <= known, line


def test_inputs_are_no_part_of_a_script() -> None:
    """An expression in a script is an injection: inputs and secrets come in as variables."""
    for name in ("github/action.yml", "github/pre-deploy.yml"):
        for step in _steps(yaml.safe_load((CI / name).read_text())):
            assert "${{" not in step.get("run", "")


def _steps(document: dict[str, object]) -> list[dict[str, str]]:
    jobs: dict[str, dict[str, list[dict[str, str]]]] = document.get("jobs") or {"runs": document["runs"]}  # type: ignore[assignment]  # YAML
    return [step for job in jobs.values() for step in job["steps"]]


def test_pipelines_ask_one_question() -> None:
    """A deploy job names environment, gate and release, and exactly the run that the first job made."""
    for name in ("github/pre-deploy.yml", "gonogo.gitlab-ci.yml", "gonogo.sh"):
        (command,) = re.findall(r"gonogo verify (.*)", (CI / name).read_text())
        assert {"--env", "--gate", "--release", "--max-age"} <= set(command.split())
        assert "latest" not in command
        assert "tail -n" not in (CI / name).read_text()


def test_actions_are_pinned_and_packages_hashed() -> None:
    """A tag moves, and an unpublished name is somebody else's tomorrow: both would run beside production's secrets."""
    for path in CI.rglob("*.yml"):
        text = path.read_text()
        for action in re.findall(r"uses: (?!\./)(.*)", text):
            assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v[\d.]+", action), action
        for command in re.findall(r"pip install (.*)", text):
            assert "--require-hashes" in command, command


def test_the_signed_job_of_gitlab_is_not_optional() -> None:
    """A manual job is allowed to fail unless it says otherwise: a later stage would deploy without a signature."""
    job = yaml.safe_load((CI / "gonogo.gitlab-ci.yml").read_text())["signed"]
    assert (job["when"], job["allow_failure"]) == ("manual", False)
    assert any("git fetch" in line and "sign-offs" in line for line in job["script"])
