"""Judges a real server by the checks of a package, in this process: one verdict for each check that has evidence."""

import asyncio
from collections.abc import Mapping
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.composition import compose
from gonogo.environment.model import Environment
from gonogo.families.kind import Family, Probe
from gonogo.planning.declarations import Declaration, read_declarations
from gonogo.policy.catalogue import Catalogue, read_catalogue
from tests.checks.conftest import function_of
from tests.lab import table
from tests.lab.installation import PACKAGES


def environment_of(family: Family, document: Mapping[str, Any]) -> Environment:
    """The environment file of a service that has this section only. Raises pydantic's ValidationError."""
    service = {"name": "Shop", "base_url": "https://shop.test"}
    return compose(family.sections).model_validate({"service": service, **document})


def verdicts(
    family: Family, probes: Mapping[str, Probe], environment: Environment, secrets: Mapping[str, str]
) -> dict[str, str]:
    """``PASS``, the message of the failed assertion, ``ERROR`` with the reason, or ``BLOCKED``, by check."""
    folder = PACKAGES / f"gonogo-{family.name}" / "src" / f"gonogo_{family.name}" / family.checks
    catalogue = read_catalogue(folder / "catalogue.toml")
    declarations = read_declarations(folder)
    assert {declaration.id for declaration in declarations} == set(catalogue)
    answers = {
        kind: [_asked(probe, question) for question in probe.questions(environment, Secrets(secrets))]
        for kind, probe in probes.items()
    }
    found: dict[str, str] = {}
    for declaration in sorted(declarations, key=lambda declaration: len(catalogue[declaration.id].needs)):
        (kind,) = set(declaration.arguments) & answers.keys()
        for evidence in answers[kind]:
            blocked = any(found[need] != "PASS" for need in catalogue[declaration.id].needs)
            verdict = "BLOCKED" if blocked else _judged(declaration, catalogue, environment, {kind: evidence})
            if verdict != "PASS" or declaration.id not in found:
                found[declaration.id] = verdict
    table.found(wrong(found))
    return found


def wrong(found: Mapping[str, str]) -> dict[str, str]:
    """What did not pass."""
    return {check: verdict for check, verdict in found.items() if verdict != "PASS"}


def _asked(probe: Probe, question: object) -> object:
    try:
        return asyncio.run(probe.ask(question))  # type: ignore[arg-type]  # a coroutine, by its contract
    except Unobserved as error:
        return error


def _judged(
    declaration: Declaration, catalogue: Catalogue, environment: Environment, evidence: Mapping[str, object]
) -> str:
    (answer,) = evidence.values()
    supplied = {**evidence, "environment": environment, "policy": catalogue[declaration.id].policy}
    try:
        if isinstance(answer, Unobserved):
            raise answer
        function_of(declaration)(**{name: supplied[name] for name in declaration.arguments})
    except AssertionError as failed:
        return str(failed)
    except Unobserved as error:
        return f"ERROR {error.reason}"
    return "PASS"
