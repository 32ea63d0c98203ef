"""What all the TLS checks say of a server."""

import asyncio
import importlib.util
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.tls import TlsEvidence
from gonogo.families.registry import environment_from
from gonogo.families.tls.probe import TlsQuestion, probe_tls
from gonogo.planning.declarations import read_declarations
from gonogo.policy.catalogue import read_catalogue
from tests.lab.table import found

_ROOT = Path(__file__).parents[2]
HOST = "workme.test"


def asked(*questions: TlsQuestion) -> tuple[TlsEvidence, ...]:
    """The evidence of each, one after another."""

    async def ask() -> list[TlsEvidence]:
        return [await probe_tls(question) for question in questions]

    return tuple(asyncio.run(ask()))


@cache
def _checks() -> Mapping[str, Callable[..., None]]:
    return {
        declared.id: getattr(_module(declared.path), declared.function)
        for declared in read_declarations(_ROOT / "checks")
        if declared.path.name in {"test_tls.py", "test_certificates.py"}
    }


@cache
def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.stem}_of_the_laboratory", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judged(evidence: Sequence[TlsEvidence], environment: Environment) -> dict[str, str]:
    """Every check that does not pass, with its message; ``ERROR:`` before what could not be seen."""
    catalogue = read_catalogue(_ROOT / "checks" / "catalogue.toml")
    complaints: dict[str, str] = {}
    for identifier, function in _checks().items():
        wanted = inspect.signature(function).parameters
        known: dict[str, Any] = {"policy": catalogue[identifier].policy, "environment": environment}
        arguments = {name: value for name, value in known.items() if name in wanted}
        groups = [{"tls_all": tuple(evidence)}] if "tls_all" in wanted else [{"tls": one} for one in evidence]
        for group in groups:
            try:
                function(**arguments, **group)
            except AssertionError as failed:
                complaints[identifier] = str(failed)
            except Unobserved as unobserved:
                complaints[identifier] = f"ERROR: {unobserved.reason}"
    found(complaints)
    return complaints


def environment(issuer: str | list[str] = "Example CA", host: str = HOST, **tls: Any) -> Environment:  # noqa: ANN401
    """As declared for the servers of the laboratory; ``tls`` is of the host."""
    shown = f"[{host}]" if ":" in host else host
    document = {
        "service": {"name": "lab", "base_url": f"https://{shown}"},
        "hosts": {host: {"addresses": ["127.0.0.1"], "tls": tls}},
        "tls": {"issuer": issuer},
    }
    return environment_from(document)
