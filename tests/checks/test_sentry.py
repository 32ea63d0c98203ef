"""Sentry's project, its client key and its alerts, judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.base import Unread
from gonogo.evidence.sentry import Alert, KeyLimit, NewIssue, Recipient, SentryEvidence, SentryIssuesEvidence
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

MAIL = Recipient(kind="email", target="team")
OWNERS = Recipient(kind="email", target="issue_owners", fallthrough="NoOne")
PRIORITY = ("new_high_priority_issue", "existing_high_priority_issue")
NEW_ONLY = ("first_seen_event",)
TELLS = Alert(
    name="Errors",
    enabled=True,
    monitors=("error",),
    triggers=PRIORITY,
    repeats=timedelta(minutes=30),
    recipients=(MAIL,),
)
PROJECT = SentryEvidence(
    scope=("sentry",),
    taken_at=AT,
    project="o/p",
    found=True,
    status="active",
    number="4501",
    dsn_number="4501",
    dsn_host="o1.ingest.sentry.example",
    ingest_host="o1.ingest.sentry.example",
    key_known=True,
    key_active=True,
    alerts=(TELLS,),
)
OFTEN: dict[str, Any] = {"triggers": ("event_frequency_count",)}
WITH_ENVIRONMENT = {"sentry-key", "sentry-alerts", "sentry-alerts-rate", "sentry-alerts-owners", "sentry-alerts-repeat"}
Changes = dict[str, Any]


def judged(judge: Judge, check: str, seen: SentryEvidence, **declared: Any) -> str | None:  # noqa: ANN401 - keys
    """What a check says where the file declares this much more of Sentry."""
    section = {"dsn": "DSN", "token": "TOKEN", "organization": "o", "project": "p", "environment": "production"}
    document = {"service": {"name": "S", "base_url": "https://a.test"}, "sentry": {**section, **declared}}
    arguments = {"environment": environment_from(document)} if check in WITH_ENVIRONMENT else {}
    return judge(check, sentry=seen, **arguments)


def alerts(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The only alert, but for this."""
    return {"alerts": (replace(TELLS, **changes),)}


def window(count: int, hours: int = 1) -> Changes:
    """A client key that takes so many events in a time."""
    return {"key_limit": KeyLimit(count=count, window=timedelta(hours=hours))}


RED: list[tuple[str, Changes, str]] = [
    ("sentry-project", {"found": False}, "has no project o/p"),
    ("sentry-project", {"found": False, "moved_to": "p2"}, "renamed to p2; sentry.project must name it"),
    ("sentry-project", {"status": "pending_deletion"}, "is pending_deletion"),
    ("sentry-key", {"key_known": False}, "not among the client keys"),
    ("sentry-key", {"key_active": False}, "is disabled"),
    ("sentry-key", {"dsn_number": "4777"}, "names project 4777; o/p has number 4501"),
    ("sentry-key", {"dsn_number": ""}, "names project without a number"),
    ("sentry-key", window(0), "accepts no events"),
    ("sentry-key", {"dsn_host": "elsewhere.example"}, "to elsewhere.example; o/p accepts them at o1.ingest.sentry"),
    ("sentry-key", {"dsn_host": "o1.ingest.sentry.example:8443"}, "to o1.ingest.sentry.example:8443"),
    ("sentry-key", {"dsn_host": "o1.ingest.de.sentry.io", "ingest_host": "o1.ingest.us.sentry.io"}, "o1.ingest.de"),
    ("sentry-key-limit", window(1, hours=24), "accepts 1 event in 1 d"),
    ("sentry-alerts", {"alerts": ()}, "has no alert"),
    ("sentry-alerts", alerts(enabled=False), "Errors is disabled"),
    ("sentry-alerts", alerts(muted="everybody"), "Errors is muted for everybody"),
    (
        "sentry-alerts-repeat",
        alerts(triggers=("every_event",), repeats=timedelta(days=30)),
        "Errors repeats its notification of an issue only after 30 d; at most 1 d is expected",
    ),
    (
        "sentry-alerts-repeat",
        alerts(triggers=("new_high_priority_issue", "existing_high_priority_issue"), repeats=timedelta(days=7)),
        "only after 7 d",
    ),
    ("sentry-alerts", alerts(monitors=()), "connected to no monitor of the project"),
    ("sentry-alerts", alerts(monitors=("uptime_domain_failure",)), "only to monitors of uptime_domain_failure"),
    ("sentry-alerts", alerts(environment="staging"), "is for the environment staging, not production"),
    ("sentry-alerts", alerts(triggers=("issue_resolved_trigger",)), "starts only with issue_resolved_trigger"),
    ("sentry-alerts", alerts(triggers=("regression_event", "reappeared_event")), "starts only with regression_event"),
    ("sentry-alerts", alerts(triggers=("not first_seen_event",)), "starts only with not first_seen_event"),
    (
        "sentry-alerts",
        alerts(triggers=("first_seen_event", "issue_resolved_trigger"), every_trigger=True),
        "starts only with first_seen_event, issue_resolved_trigger",
    ),
    ("sentry-alerts", alerts(recipients=()), "Errors has no action"),
    ("sentry-alerts", alerts(recipients=(replace(MAIL, status="disabled"),)), "an action email that is disabled"),
    (
        "sentry-alerts",
        alerts(recipients=(replace(MAIL, target="team", named=False),)),
        "an action email that names no team",
    ),
    ("sentry-alerts", alerts(recipients=(Recipient(kind="pigeon"),)), "an action pigeon that reaches nobody known"),
    ("sentry-alerts", alerts(environment="production-eu"), "is for the environment production-eu, not production"),
    ("sentry-alerts", alerts(environment="p"), "is for the environment p, not production"),
    (
        "sentry-alerts",
        alerts(recipients=(replace(MAIL, filters=("level",), passes=False),)),
        "an action email that no ordinary error triggers, because of level",
    ),
    ("sentry-key", {"dsn_host": "o1.ingest.sentry.example:80"}, "to o1.ingest.sentry.example:80"),
    ("sentry-alerts-owners", alerts(recipients=(OWNERS,)), "Errors notifies only the owners of an issue"),
    (
        "sentry-alerts",
        alerts(**OFTEN, needs={"event_frequency_count": 1e6}),
        "with more than 1000 events of an error an hour",
    ),
    (
        "sentry-alerts",
        alerts(recipients=(replace(MAIL, needs=1e6),)),
        "notifies only of an error with more than 1000 events",
    ),
    ("sentry-alerts-rate", alerts(triggers=NEW_ONLY), "Errors notifies once, when an error is new"),
    (
        "sentry-alerts-rate",
        alerts(triggers=("new_high_priority_issue", "regression_event")),
        "once, when an error is new",
    ),
    (
        "sentry-alerts-rate",
        {"alerts": (replace(TELLS, triggers=NEW_ONLY), replace(TELLS, enabled=False))},
        "once, when an error is new",
    ),
]
GREEN: list[tuple[str, Changes]] = [
    ("sentry-alerts", alerts(**OFTEN, needs={"event_frequency_count": 100.0})),
    ("sentry-alerts", alerts(recipients=(replace(MAIL, needs=1e6), replace(MAIL, needs=10.0)))),
    ("sentry-alerts-rate", {"alerts": (replace(TELLS, triggers=NEW_ONLY), replace(TELLS, **OFTEN))}),
    ("sentry-alerts-rate", alerts(triggers=())),
    ("sentry-alerts-rate", alerts(triggers=PRIORITY)),
    ("sentry-alerts-rate", alerts(monitors=("error", "metric_issue"))),
    ("sentry-key", {"dsn_host": "o1.ingest.sentry.io", "ingest_host": "o1.ingest.us.sentry.io"}),
    ("sentry-key", {"dsn_host": "sentry.io", "ingest_host": "o1.ingest.us.sentry.io"}),
    ("sentry-key", {"dsn_host": "O1.Ingest.Sentry.Example"}),
    ("sentry-key-limit", window(1000)),
    ("sentry-alerts", {"alerts": (replace(TELLS, enabled=False), TELLS)}),
    ("sentry-alerts", alerts(environment="production")),
    ("sentry-alerts", alerts(muted="reader")),
    ("sentry-alerts-repeat", alerts(triggers=("first_seen_event",), repeats=timedelta(days=30))),
    ("sentry-alerts-repeat", alerts(triggers=("every_event",), repeats=timedelta(days=1))),
    ("sentry-alerts-repeat", {"alerts": (replace(TELLS, triggers=("every_event",), muted="everybody"),)}),
    ("sentry-alerts", alerts(recipients=(replace(MAIL, filters=("tagged_event",), passes=None), MAIL))),
    ("sentry-alerts", {"alerts": (replace(TELLS, environment="prod"), TELLS)}),
    ("sentry-alerts", alerts(triggers=())),
    ("sentry-alerts", alerts(triggers=("issue_resolved_trigger", "event_frequency_count"))),
    ("sentry-alerts", alerts(triggers=("not issue_resolved_trigger",))),
    ("sentry-alerts", alerts(monitors=("uptime_domain_failure", "error"))),
    ("sentry-alerts", alerts(monitors=("unknown",))),
    ("sentry-alerts", alerts(recipients=(replace(MAIL, status="disabled"), Recipient(kind="pagerduty")))),
    ("sentry-alerts", alerts(recipients=(OWNERS,))),
    ("sentry-alerts-owners", alerts(recipients=(OWNERS, MAIL))),
    ("sentry-alerts-owners", alerts(recipients=(replace(OWNERS, fallthrough="ActiveMembers"),))),
]
UNKNOWN: list[tuple[str, Changes, str]] = [
    ("sentry-project", {"status": ""}, "does not say whether"),
    ("sentry-key", {"ingest_host": ""}, "does not say where"),
    ("sentry-key", {"unread": (Unread(fact="key_known", reason="gave no list"),)}, "gave no list"),
    ("sentry-key-limit", {"unread": (Unread(fact="key_known", reason="gave no list"),)}, "gave no list"),
    ("sentry-alerts", {"unread": (Unread(fact="alerts", reason="403"),), "alerts": ()}, "403"),
    ("sentry-alerts-owners", {"unread": (Unread(fact="alerts", reason="403"),), "alerts": ()}, "403"),
    (
        "sentry-alerts",
        alerts(muted="reader", recipients=(replace(MAIL, target="user"),)),
        "Errors is muted for the token's user",
    ),
    ("sentry-alerts-repeat", alerts(triggers=("every_event",), repeats=None), "does not say how often Errors repeats"),
    ("sentry-alerts", alerts(environment="Prod"), "is for the environment Prod; sentry.environment is production"),
    ("sentry-alerts", alerts(recipients=(replace(MAIL, filters=("tagged_event",), passes=None),)), "depends on tagged"),
]


@pytest.mark.parametrize(("check", "changes", "message"), RED)
def test_one_thing_wrong_is_red(judge: Judge, check: str, changes: Changes, message: str) -> None:
    """An event that is lost, or that nobody hears of, would pass for a healthy project."""
    assert judged(judge, check, PROJECT) is None
    assert message in (judged(judge, check, replace(PROJECT, **changes)) or "")


@pytest.mark.parametrize(("check", "changes"), GREEN)
def test_other_spellings_of_healthy_are_green(judge: Judge, check: str, changes: Changes) -> None:
    """A project that is set up another way would stop a launch for nothing."""
    assert judged(judge, check, replace(PROJECT, **changes)) is None


@pytest.mark.parametrize(("check", "changes", "reason"), UNKNOWN)
def test_what_was_not_read_is_not_judged(judge: Judge, check: str, changes: Changes, reason: str) -> None:
    """Silence would count as success, or as a fault that nobody saw."""
    with pytest.raises(Unobserved, match=reason):
        judged(judge, check, replace(PROJECT, **changes))


def test_further_ingest_hosts_are_declared(judge: Judge) -> None:
    """A Relay of one's own takes the events of the service under another name."""
    behind = replace(PROJECT, dsn_host="relay.example.com")
    assert judged(judge, "sentry-key", behind, ingest_hosts=["relay.example.com"]) is None
    assert "accepts them at" in (judged(judge, "sentry-key", behind) or "")
    of_its_own = replace(PROJECT, dsn_host="Relay.example.com:3000/behind")
    assert judged(judge, "sentry-key", of_its_own, ingest_hosts=["relay.example.com"]) is None


def test_alert_of_one_environment_needs_a_name_to_compare(judge: Judge) -> None:
    """Nobody knows whose environment it is where the file names none."""
    limited = replace(PROJECT, **alerts(environment="staging"))
    message = judged(judge, "sentry-alerts", limited, environment=None)
    assert "is for the environment staging, but sentry.environment names none" in (message or "")


def test_an_error_that_is_new_since_the_launch_is_named(judge: Judge) -> None:
    """What the launch broke may be below every threshold; its end at Sentry does not take it back."""
    quiet = SentryIssuesEvidence(scope=("sentry",), taken_at=AT, project="o/p", since=AT, environment="production")
    assert judge("sentry-new-issues", sentry_issues=quiet) is None
    issue = NewIssue(id="P-7", title="KeyError: city", level="error", status="resolved", first_seen=AT)
    said = judge("sentry-new-issues", sentry_issues=replace(quiet, issues=(issue,)))
    moment = f"{AT:%Y-%m-%d %H:%M}"
    assert said == (
        f"1 new issue in o/p, production since {moment} UTC: P-7: KeyError: city (error, resolved, first seen {moment}Z)"
    )
