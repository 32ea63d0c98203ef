"""Literal checklists, attestations and waivers, beside literal checks."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from gonogo.record.declared import Attested, ExceptionResult, Finding
from gonogo.record.results import CheckResult, LineResult, LineStatus, Outcome, Results, canonical, plain_values
from gonogo.verdict.decision import decide
from tests.report.conftest import AT, check, results


def line(identifier: str, status: LineStatus = LineStatus.VERIFIED, why: str = "because", **more: Any) -> LineResult:  # noqa: ANN401 - fields
    """A demanded leaf."""
    fields: dict[str, Any] = {"number": 1, "section": ["List", "Part"], "parents": (), "leaf": True, "demanded": True}
    return LineResult(id=identifier, text=f"Text of {identifier}", status=status, why=why, **{**fields, **more})


def attested(**more: Any) -> Attested:  # noqa: ANN401 - fields
    """By somebody of DevOps, for a year."""
    fields: dict[str, Any] = {
        "by": "Ana Dias",
        "role": "devops",
        "at": AT,
        "until": AT + timedelta(days=365),
        "note": "seen",
        "evidence": "minutes.pdf",
        "sha256": "a" * 64,
    }
    return Attested(**{**fields, **more})


def exception(identifier: str, reason: str = "known since spring") -> ExceptionResult:
    """In force for a week."""
    return ExceptionResult(
        check=identifier,
        reason=reason,
        risk="small",
        owner="Bo",
        approved_by="Cy",
        at=AT,
        until=AT + timedelta(days=7),
        state="in force",
    )


def accounted(checks: Sequence[CheckResult], lines: Sequence[LineResult] = (), **more: Any) -> Results:  # noqa: ANN401 - fields
    """A run with these checks and lines, as it is read from disk."""
    made = dataclasses.replace(results(checks), lines=lines, decision=decide(checks, lines), **more)
    return canonical(plain_values(made))


def waived(identifier: str, observed: Outcome = Outcome.FAIL) -> CheckResult:
    """A check that does not pass, which somebody accepted."""
    return dataclasses.replace(check(identifier, observed, "broken"), outcome=Outcome.WAIVED)


LINES = [
    line("a.verified", checks=["tls-a"]),
    line("a.attested", LineStatus.ATTESTED, attested=attested()),
    line("a.excepted", LineStatus.WAIVED),
    line("b.open", LineStatus.OPEN, "nobody said", section=["List", "Other"]),
    line("b.failed", LineStatus.FAILED, "tls-a: closed", section=["List", "Other"]),
    line("b.group", LineStatus.OPEN, leaf=False),
    line("c.elsewhere", LineStatus.OPEN, demanded=False),
]
CASES = {
    "go": accounted([check("dns-a"), check("tls-a")], LINES[:2]),
    "warned": accounted([check("dns-a"), check("tls-a", Outcome.WARN, "soon")], LINES[:2]),
    "waived": accounted([check("dns-a"), waived("tls-a")], LINES[:3], exceptions=[exception("tls-a")]),
    "open": accounted([check("dns-a"), waived("tls-a")], LINES, findings=[Finding(subject="x", message="old")]),
    "no-go": accounted(
        [
            check("tls-a", Outcome.FAIL, "closed"),
            check("tls-b", Outcome.BLOCKED, "blocked"),
            check("dns-a", Outcome.ERROR, "no answer"),
            check("redis-a", Outcome.NOT_RUN, "not selected"),
            check("redis-b", Outcome.WARN, "soon"),
            waived("redis-c", Outcome.ERROR),
            check("redis-d"),
        ],
        LINES,
        exceptions=[exception("redis-c")],
    ),
    "empty": accounted([]),
}
"""By what they are cases of."""
