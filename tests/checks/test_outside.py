"""Sentry's project, judged on literals."""

from dataclasses import replace

import pytest

from gonogo.evidence.sentry import Alert, SentryEvidence
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

TOLD = Alert(name="Errors", enabled=True, recipients=1)
PROJECT = SentryEvidence(
    scope=("sentry",),
    taken_at=AT,
    project="o/p",
    found=True,
    status="active",
    key_known=True,
    key_active=True,
    alerts=(TOLD,),
)


SENTRY = [
    ("sentry-project", replace(PROJECT, found=False), "no project o/p"),
    ("sentry-project", replace(PROJECT, status="pending_deletion"), "pending_deletion"),
    ("sentry-key", replace(PROJECT, key_known=False), "none of the client keys"),
    ("sentry-key", replace(PROJECT, key_active=False), "is disabled"),
    ("sentry-alerts", replace(PROJECT, alerts=()), "has no alert"),
    ("sentry-alerts", replace(PROJECT, alerts=(replace(TOLD, enabled=False),)), "are disabled"),
    ("sentry-alerts", replace(PROJECT, alerts=(replace(TOLD, recipients=0),)), "reaches anybody"),
]


@pytest.mark.parametrize(("identifier", "seen", "said"), SENTRY)
def test_sentry_red_and_green(judge: Judge, identifier: str, seen: SentryEvidence, said: str) -> None:
    """As above."""
    assert said in (judge(identifier, sentry=seen) or "")
    assert judge(identifier, sentry=PROJECT) is None
