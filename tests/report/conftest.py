"""Literal results: what the reports are made from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.environment.types import Effect
from gonogo.evidence.load import Quantile
from gonogo.policy.severity import Severity
from gonogo.record.declared import Attested, ExceptionResult, Finding, RoleResult
from gonogo.record.identity import Provenance, RunIdentity
from gonogo.record.recording import facts
from gonogo.record.results import (
    Cause,
    Change,
    CheckResult,
    History,
    LineResult,
    LineStatus,
    Observation,
    Outcome,
    PastRun,
    Results,
    RootCause,
    Verdict,
    canonical,
    plain_values,
)
from gonogo.verdict.decision import count, decide
from tests.checks.test_load import each_second, measured, traffic

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
        proves=("a.line",),
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
    return canonical(plain_values(made))


QUANTILES = tuple(
    Quantile(percentile=percentile, value=value, low=value * 0.9, high=value * 1.1 if percentile < 99 else None)
    for percentile, value in ((50.0, 12.0), (95.0, 40.0), (99.0, 80.0))
)
CURVE = ((0.0, 5.0), (50.0, 12.0), (90.0, 30.0), (95.0, 40.0), (99.0, 80.0), (100.0, 700.0))


def with_load(**changes: Any) -> Results:  # noqa: ANN401 - fields of the evidence
    """With a load in it."""
    one = traffic("GET /", each_second(), quantiles=QUANTILES, curve=CURVE)
    evidence = measured(one, **{"classes": (traffic("all", quantiles=QUANTILES, curve=CURVE),), **changes})
    return results(
        [
            check("load-ran", facts={"load": facts(evidence)}),
            check("load-latency", facts={"load": {"shown at": "load-ran"}}),
        ]
    )


@pytest.fixture
def loaded() -> Results:
    """A load, with all that can be drawn of it."""
    return with_load()


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
            check("tls-a", Outcome.FAIL, "a.test at 192.0.2.1:443: closed port, nothing listens"),
            check("tls-b", Outcome.BLOCKED, "blocked", cause=root),
            check("dns-a", Outcome.ERROR, "no resolver answers", hint="declare others"),
            check("redis-a", Outcome.NOT_RUN, "not selected in this run"),
            check("redis-b", Outcome.NOT_RUN, "not selected in this run"),
        ],
        [RootCause(check="tls-a", scope=scope, outcome=Outcome.FAIL, message="closed port", consequences=["tls-b"])],
        ["narrowed to tls-a"],
    )


def _attested() -> Attested:
    """Whoever attests can write what he likes, but for ids, dates and digests."""
    return Attested(
        by=HOSTILE,
        role=HOSTILE,
        at=AT,
        until=AT,
        note=HOSTILE,
        evidence=HOSTILE,
        sha256=HOSTILE,
        file=HOSTILE,
        url=f"javascript:alert(3)//{HOSTILE}",
        path=HOSTILE,
        problem=HOSTILE,
    )


def _line(identifier: str, **more: Any) -> LineResult:  # noqa: ANN401 - fields
    """Of a checklist that somebody else wrote."""
    fields: dict[str, Any] = {"leaf": True, "demanded": True, "parents": (), "status": LineStatus.OPEN, **more}
    return LineResult(id=identifier, text=HOSTILE, number=1, section=(HOSTILE, HOSTILE, HOSTILE), why=HOSTILE, **fields)


def _past() -> History:
    """Read from a file that anybody may have left there."""
    run = PastRun(
        id=HOSTILE, verdict=Verdict.GO, started_at=AT, release=HOSTILE, counts={HOSTILE: 1}, sections={HOSTILE: (1, 2)}
    )
    changes = [
        Change(kind="fixed", subject=HOSTILE, before=HOSTILE, after=HOSTILE),
        Change(kind="policy changed", subject=HOSTILE, before=HOSTILE, after=HOSTILE),
    ]
    return History(changes=changes, runs=[run], since=HOSTILE)


@pytest.fixture
def hostile() -> Results:
    """Everything that a target, a person or a file can fill holds an attack."""
    facts = {HOSTILE: {HOSTILE: HOSTILE, "list": [HOSTILE, {"deep": HOSTILE}]}}
    waiver = {"reason": HOSTILE, "risk": HOSTILE, "owner": HOSTILE, "approved_by": HOSTILE}
    waived = check("tls-c", Outcome.FAIL, HOSTILE, title=HOSTILE, why=HOSTILE, fix=HOSTILE)
    made = results(
        [
            check("tls-a", Outcome.FAIL, HOSTILE, scope=(HOSTILE,), facts=facts, hint=HOSTILE),
            check("tls-b", Outcome.WARN, "x" * 5000, severity=Severity.WARNING, facts={"k": "y" * 100_000}),
            replace(waived, outcome=Outcome.WAIVED),
        ],
        notes=[HOSTILE],
    )
    return replace(
        made,
        run=replace(made.run, service=HOSTILE, release=HOSTILE),
        decision=replace(made.decision, reason=HOSTILE),
        lines=[
            _line("a.a", attested=_attested(), checks=["tls-a"], status=LineStatus.FAILED),
            _line("a.b", demanded=False, attested=_attested()),
            _line("s.s", supports=["a.a"]),
        ],
        roles=[RoleResult(id=HOSTILE, title=HOSTILE, statements=["s.s", HOSTILE])],
        exceptions=[
            ExceptionResult(check=name, at=AT, until=AT, state="in force", **waiver) for name in ("tls-c", "tls-gone")
        ],
        findings=[Finding(subject=HOSTILE, message=HOSTILE, path=HOSTILE)],
        history=_past(),
    )
