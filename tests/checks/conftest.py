"""Checks are judged here on literal evidence: no environment, no network, no plugin."""

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gonogo.planning.declarations import Declaration, read_declarations
from gonogo.policy.catalogue import Catalogue, read_catalogue

_ROOT = Path(__file__).parents[2]
FOLDERS = (_ROOT / "checks", _ROOT / "loadtests")

Judge = Callable[..., str | None]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The project's own."""
    return {name: line for folder in FOLDERS for name, line in read_catalogue(folder / "catalogue.toml").items()}


@pytest.fixture(scope="session")
def declarations() -> dict[str, Declaration]:
    """Every check of the project by its id."""
    return {check.id: check for folder in FOLDERS for check in read_declarations(folder)}


def function_of(declaration: Declaration) -> Callable[..., None]:
    """The check itself."""
    spec = importlib.util.spec_from_file_location(f"judged_{declaration.family}", declaration.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[..., None] = getattr(module, declaration.function)
    return function


@pytest.fixture
def judge(catalogue: Catalogue, declarations: dict[str, Declaration]) -> Judge:
    """``judge("tls-expiry", tls=evidence)``: None if the check passes, else its message.

    The check's own thresholds are supplied from the catalogue unless the caller gives others.
    """

    def _judge(identifier: str, **arguments: Any) -> str | None:  # noqa: ANN401 - evidence of any kind
        function = function_of(declarations[identifier])
        wanted = inspect.signature(function).parameters
        if "policy" in wanted:
            arguments.setdefault("policy", catalogue[identifier].policy)
        if "environment" not in wanted:
            arguments.pop("environment", None)
        try:
            function(**arguments)
        except AssertionError as failed:
            return str(failed)
        return None

    return _judge


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a watch is."""
    return tmp_path / "journal.sqlite3"
