"""The project that errors are sent to, and whom it tells."""

import pytest

from gonogo.evidence.sentry import SentryEvidence


@pytest.mark.check("sentry-project")
def test_project_exists(sentry: SentryEvidence) -> None:
    """Errors sent to a project that is gone are lost without a word.

    Fix: create it at Sentry, or correct sentry.organization and sentry.project; the token must be able to see it.
    """
    assert sentry.found, f"Sentry has no project {sentry.project}, or does not show it to this token"
    assert sentry.status in {"", "active"}, f"the project {sentry.project} is {sentry.status}"


@pytest.mark.check("sentry-key")
def test_dsn_belongs_to_the_project(sentry: SentryEvidence) -> None:
    """The DSN of another project: errors of the launch show up where nobody looks.

    Fix: copy the DSN anew from Sentry → Settings → Projects → Client Keys (DSN).
    """
    assert sentry.key_known, f"the service's DSN is none of the client keys of {sentry.project}"
    assert sentry.key_active, f"the client key of the service's DSN is disabled in {sentry.project}"


@pytest.mark.check("sentry-alerts")
def test_somebody_is_told(sentry: SentryEvidence) -> None:
    """An error that is stored, and that nobody is told of, waits until a customer calls.

    Fix: create an alert with an action that reaches a person: https://docs.sentry.io/product/alerts/
    """
    assert sentry.alerts, f"{sentry.project} has no alert"
    enabled = [alert for alert in sentry.alerts if alert.enabled]
    assert enabled, f"all alerts of {sentry.project} are disabled: {', '.join(alert.name for alert in sentry.alerts)}"
    telling = [alert for alert in enabled if alert.recipients]
    assert telling, f"no alert of {sentry.project} reaches anybody: {', '.join(alert.name for alert in enabled)}"
