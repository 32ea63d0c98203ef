"""Completes ``[api]`` from the OpenAPI document before a run is planned: the plan and the record hold what was taken."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from gonogo.base.errors import UsageError
from gonogo.environment.load import EnvironmentFile, overlaid
from gonogo.environment.model import Environment
from gonogo.families.api.derivation import Derived, derive
from gonogo.families.api.document import fetch_document
from gonogo.families.api.section import Api
from gonogo.families.http.section import Http

_NEEDED = ("login", "register", "me", "who")
"""What the security journey cannot begin without, where no test users are declared."""


def completed(file: EnvironmentFile) -> EnvironmentFile:
    """The file with the keys that the document gave; as it is unless ``api.from_openapi`` asks for them.

    A document that cannot be read leaves the keys missing, with the reason: the journey's first step is ERROR then.
    Raises UsageError where no document is declared.
    """
    section = file.environment.section(Api)
    if section is None or not section.from_openapi:
        return file
    http = file.environment.section(Http)
    if http is None or http.openapi is None:
        raise UsageError(f"{file.path}: api.from_openapi: no document is declared; write http.openapi, its path")
    declared = file.document["api"]
    derived = derived_from(file.environment, declared)
    accepted = _accepted(file, derived)
    return overlaid(
        file, {"api": {**accepted.keys, "derivation": {"taken": accepted.taken, "missing": accepted.missing}}}
    )


def derived_from(environment: Environment, declared: Mapping[str, Any]) -> Derived:
    """What the document gives for the keys that are not declared. It is asked for once, at the first address."""
    document, problem = asyncio.run(fetch_document(environment))
    if problem:
        return Derived(missing={key: f"{problem}: write {key}" for key in _NEEDED if key not in declared})
    return derive(document, declared)


def notes_on(environment: Environment) -> Iterator[str]:
    """What was taken, and what was not, for whoever reads the page."""
    section = environment.section(Api)
    if section is None or section.derivation is None:
        return
    taken = [f"{key} ({source})" for key, source in section.derivation.taken.items()]
    if taken:
        yield f"[api] from the OpenAPI document: {'; '.join(taken)}"
    missing = [f"{key}: {why}" for key, why in section.derivation.missing.items()]
    if missing:
        yield f"[api] the OpenAPI document does not say {'; '.join(missing)}"


def _accepted(file: EnvironmentFile, derived: Derived) -> Derived:
    """Without keys that a declared one would not be accepted as: a document may hold anything."""
    accepted = Derived(taken=dict(derived.taken), missing=dict(derived.missing))
    for key, value in derived.keys.items():
        keys = {**accepted.keys, key: value}
        try:
            overlaid(file, {"api": keys})
        except (UsageError, ValidationError) as error:
            accepted.missing[key] = f"{accepted.taken.pop(key)} is not fit for it ({_first_line(error)}): write {key}"
        else:
            accepted.keys = keys
    return accepted


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1][:150]
