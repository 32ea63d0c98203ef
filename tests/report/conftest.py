"""Literal results: what the reports are made from."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.catalogue import Severity
from gonogo.environment.types import Effect
from gonogo.results import (
    RESULTS,
    Cause,
    CheckResult,
    Observation,
    Outcome,
    Provenance,
    Results,
    RootCause,
    RunIdentity,
    canonical,
)
from gonogo.verdict import count, decide

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x00\x1b[31m\u202e\u2066evil{{ 7*7 }}\r\n\tend"


def check(identifier: str, outcome: Outcome = Outcome.PASS, message: str = "", **more: Any) -> CheckResult:  # noqa: ANN401 - fields
    """A check with one observation."""
    observed = Observation(
        scope=more.pop("scope", ("a.test", "192.0.2.1")),
        outcome=outcome,
        message=message,
        cause=more.pop("cause", None),
        hint=more.pop("hint", ""),
        facts=more.pop("facts", {"tls": {"version": "TLSv1.3", "scope": ["a.test"]}}),
    )
    fields: dict[str, Any] = {
        "title": f"Title of {identifier}",
        "family": identifier.partition("-")[0],
        "severity": Severity.BLOCKER,
        "why": "It matters.",
        "fix": "Repair it.",
        **more,
    }
    return CheckResult(
        id=identifier,
        effect=Effect.READ,
        covers=("a.line",),
        needs=(),
        outcome=outcome,
        observations=[observed],
        **fields,
    )


def results(checks: Sequence[CheckResult], causes: Sequence[RootCause] = (), notes: Sequence[str] = ()) -> Results:
    """A run with these checks, as it is read from disk."""
    made = Results(
        run=RunIdentity(
            id="20261123T120000Z-abcdef",
            gonogo="0.1.0",
            environment="staging",
            service="WorkMe",
            base_url="https://a.test",
            gate="pre-deploy",
            release="3f2c1a9",
            started_at=AT,
            finished_at=AT + timedelta(seconds=4.1),
        ),
        decision=decide(checks),
        counts=count(checks),
        causes=causes,
        checks=checks,
        provenance=Provenance(
            evidence="e" * 64, catalogue="c" * 64, checks="d" * 64, environment="f" * 64, notes=notes
        ),
    )
    return canonical(RESULTS.dump_python(made, mode="json"))


@pytest.fixture
def go() -> Results:
    """All well but for a warning."""
    return results([check("dns-a"), check("tls-a"), check("tls-b", Outcome.WARN, "soon", severity=Severity.WARNING)])


@pytest.fixture
def no_go() -> Results:
    """One cause, one consequence, one gap, two that were not selected."""
    scope = ("a.test", "192.0.2.1")
    root = Cause(check="tls-a", scope=scope)
    return results(
        [
            check("tls-a", Outcome.FAIL, "a.test at 192.0.2.1:443: closed port, nobody listens"),
            check("tls-b", Outcome.BLOCKED, "blocked", cause=root),
            check("dns-a", Outcome.ERROR, "no resolver answers", hint="declare others"),
            check("redis-a", Outcome.NOT_RUN, "not selected in this run"),
            check("redis-b", Outcome.NOT_RUN, "not selected in this run"),
        ],
        [RootCause(check="tls-a", scope=scope, outcome=Outcome.FAIL, message="closed port", consequences=["tls-b"])],
        ["narrowed to tls-a"],
    )


@pytest.fixture
def hostile() -> Results:
    """Everything that a target can fill holds an attack."""
    facts = {"tls": {HOSTILE: HOSTILE, "list": [HOSTILE, {"deep": HOSTILE}]}}
    return results(
        [
            check("tls-a", Outcome.FAIL, HOSTILE, scope=(HOSTILE,), facts=facts, hint=HOSTILE),
            check("tls-b", Outcome.WARN, "x" * 5000, severity=Severity.WARNING, facts={"k": "y" * 100_000}),
        ],
        notes=[HOSTILE],
    )
