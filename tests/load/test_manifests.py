"""What is documented for many machines is what those machines' own schemas allow, and runs as it stands."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from gonogo.cli.program import cli
from gonogo.cli.runs import load
from tests.load.driving import repository_of_a_team, target

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docs" / "load" / "compose.yaml"
KUBERNETES = ROOT / "docs" / "load" / "kubernetes.yaml"
_SECONDS = 120


def container(root: Path, service: Mapping[str, Any], repository: Path) -> Path:
    """The working directory of a container with these mounts."""
    root.mkdir()
    for volume in service["volumes"]:
        source, place, *_ = volume.split(":")
        where = root / place.lstrip("/")
        if not where.exists():
            shutil.copytree((repository / "docs" / "load" / source).resolve(), where)
    working_dir: str = service["working_dir"]
    return root / working_dir.lstrip("/")


def begun(command: Sequence[str], folder: Path, *more: str) -> "subprocess.Popen[str]":
    """The command of a service, with this environment's programs."""
    own = [sys.executable, "-m", *command, *more]
    environ = {**os.environ, "GONOGO_ENV": ""}
    return subprocess.Popen(own, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - our own


@pytest.mark.whole
def test_compose_file_runs_with_a_teams_own_scenarios(tmp_path: Path) -> None:
    """In what each container sees of the repository, and with the names of its network resolved."""
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    names = {"0.0.0.0:5557": f"127.0.0.1:{port}", "gonogo": "127.0.0.1", "5557": port}
    with target() as where:
        repository = repository_of_a_team(tmp_path / "repository", where)
        (repository / "docs" / "load").mkdir(parents=True)
        workers = services["worker"]
        count = workers["deploy"]["replicas"]
        folders = [container(tmp_path / f"worker{number}", workers, repository) for number in range(count)]
        master = container(tmp_path / "master", services["gonogo"], repository)
        command = [names.get(word, word) for word in services["gonogo"]["command"]]
        processes = [begun(["gonogo", *command], master, "--duration", "4s")]
        command = [*workers["entrypoint"], *(names.get(word, word) for word in workers["command"])]
        processes += [begun(command, folder) for folder in folders]
        try:
            said = [process.communicate(timeout=_SECONDS)[0] for process in processes]
        finally:
            for process in processes:
                process.kill()
    results = json.loads((master / "reports" / "staging" / "latest" / "results.json").read_text())
    outcomes = {check["id"]: check["outcome"] for check in results["checks"]}
    assert outcomes["load-ran"] == "pass", said
    evidence = json.loads((master / "reports" / "staging" / "latest" / "evidence.json").read_text())
    found = next(record["evidence"] for record in evidence["records"] if record["kind"] == "load")
    assert (found["workers"], found["lost"]) == (count, [])


def options(arguments: list[str]) -> dict[str, Any]:
    """As ``gonogo load`` itself reads them."""
    assert arguments[0] == "load"
    whole = click.Context(cli, **cli.context_settings)
    found: dict[str, Any] = load.make_context("load", list(arguments[1:]), parent=whole).params
    return found


def test_compose_file() -> None:
    """By the Compose Specification; as many workers as are waited for."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own arguments
    assert done.returncode == 0, done.stdout + done.stderr
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    assert options(services["gonogo"]["command"])["workers"] == services["worker"]["deploy"]["replicas"]


def test_kubernetes_manifest() -> None:
    """By the schemas of the cluster's API, strictly; as many workers as are waited for."""
    documents = list(yaml.safe_load_all(KUBERNETES.read_text()))
    for document in documents:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    by_name = {document["metadata"]["name"]: document for document in documents if document["kind"] == "Job"}
    container = by_name["gonogo-load"]["spec"]["template"]["spec"]["containers"][0]
    assert options(container["args"])["workers"] == by_name["gonogo-load-workers"]["spec"]["parallelism"]
