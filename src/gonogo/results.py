"""The results of a run: ``gonogo.results/1``, the source of truth that every other output is a pure function of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785
from pydantic import TypeAdapter

from gonogo.catalogue import Severity
from gonogo.environment.types import Effect
from gonogo.evidence.base import Scope

SCHEMA = "gonogo.results/1"


class Outcome(StrEnum):
    """Of one check."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    BLOCKED = "blocked"
    NOT_RUN = "not run"
    WAIVED = "waived"


class Verdict(StrEnum):
    """Of a run."""

    GO = "GO"
    GO_WITH_EXCEPTIONS = "GO WITH EXCEPTIONS"
    NO_GO = "NO-GO"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What stands behind a BLOCKED observation: the check, and where it did not pass."""

    check: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one check said about one target."""

    scope: Scope
    outcome: Outcome
    message: str = ""
    """One sentence on everything that did not pass."""
    hint: str = ""
    """What may be done about an ERROR or NOT RUN."""
    cause: Cause | None = None
    attempts: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The evidence judged, by the name of its kind: plain JSON values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the plan, with what came of it."""

    id: str
    title: str
    family: str
    severity: Severity
    effect: Effect
    covers: Sequence[str]
    needs: Sequence[str]
    outcome: Outcome
    """The worst of its observations."""
    why: str
    fix: str
    observations: Sequence[Observation]

    @property
    def worst(self) -> Observation | None:
        """The first observation that has the check's own outcome."""
        return next((seen for seen in self.observations if seen.outcome is self.outcome), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """One thing that is broken, and all that it kept from being judged."""

    check: str
    scope: Scope
    outcome: Outcome
    message: str
    consequences: Sequence[str]
    """Ids of the checks BLOCKED by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict, with one sentence why."""

    verdict: Verdict
    reason: str
    blockers: int
    """Checks that keep the verdict from GO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """Which run this was. Times are UTC."""

    id: str
    gonogo: str
    environment: str
    service: str
    base_url: str
    gate: str
    release: str | None
    started_at: datetime
    finished_at: datetime
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the results were computed from: SHA-256 digests in hex, and what the run was told to leave out."""

    evidence: str
    catalogue: str
    checks: str
    environment: str
    notes: Sequence[str] = ()
    """For the signer: a narrowed selection, faults switched on, families declared absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything about a run that can be said."""

    schema: str = SCHEMA
    run: RunIdentity
    decision: Decision
    counts: Mapping[str, int]
    """``planned`` and one number per outcome; planned is their sum."""
    causes: Sequence[RootCause]
    checks: Sequence[CheckResult]
    provenance: Provenance


RESULTS: TypeAdapter[Results] = TypeAdapter(Results)


def to_bytes(results: Results) -> bytes:
    """RFC 8785 canonical JSON: the same results are the same bytes, everywhere."""
    return rfc8785.dumps(RESULTS.dump_python(results, mode="json"))


def results_schema() -> str:
    """The JSON Schema of ``results.json``, as committed in ``docs/results.schema.json``."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **RESULTS.json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def canonical(document: Mapping[str, Any]) -> Results:
    """Results as they will be read from disk: keys in the same order, so that what is rendered is the same."""
    return RESULTS.validate_json(rfc8785.dumps(dict(document)))


def sum_line(counts: Mapping[str, int]) -> str:
    """``64 = 61 pass + 1 warn + 1 fail + 1 blocked``: nothing is left unaccounted."""
    parts = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts.get(outcome)]
    return f"{counts['planned']} = {' + '.join(parts) or '0'}"
