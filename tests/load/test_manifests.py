"""What is documented for many machines is at least what those machines' own schemas allow, and starts what exists."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from gonogo.cli.runs import load

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docs" / "load" / "compose.yaml"
KUBERNETES = ROOT / "docs" / "load" / "kubernetes.yaml"


def options(arguments: list[str]) -> dict[str, Any]:
    """As ``gonogo load`` itself reads them."""
    assert arguments[0] == "load"
    found: dict[str, Any] = load.make_context("load", list(arguments[1:])).params
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
