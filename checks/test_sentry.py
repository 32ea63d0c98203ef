"""The project that errors are sent to, and whom it tells."""

import re
from collections.abc import Iterator
from math import inf

import pytest

from gonogo.base.comparing import at_least, at_most, decided, equal, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wording import and_more, counted
from gonogo.environment.model import Environment
from gonogo.evidence.sentry import Alert, Recipient, SentryEvidence, SentryIssuesEvidence, alike
from gonogo.families.sentry.section import Sentry
from gonogo.policy.catalogue import Policy

_NEW_ERRORS = {
    "every_event",
    "first_seen_event",
    "new_high_priority_issue",
    "existing_high_priority_issue",
    "event_frequency_count",
    "event_frequency_percent",
    "event_unique_user_frequency_count",
    "event_unique_user_frequency_percent",
    "percent_sessions_count",
    "percent_sessions_percent",
}
"""Triggers that new or frequent errors set off."""
_ONCE = {"first_seen_event", "new_high_priority_issue"}
"""Those that an issue sets off once, when it is new."""
_ABOUT_ERRORS = {"error", "issue_stream", "metric_issue", "unknown"}
"""Kinds of monitors that see errors; those of cron jobs and uptime do not."""
_REACHING = {
    "email",
    "slack",
    "msteams",
    "discord",
    "pagerduty",
    "opsgenie",
    "plugin",
    "webhook",
    "sentry_app",
    "github",
    "github_enterprise",
    "gitlab",
    "jira",
    "jira_server",
    "vsts",
}
"""Kinds of actions that reach a person, a chat, a pager or a tracker."""
_HOSTED = "sentry.io"
_HOUR_SECONDS = 3600
_FEW = 3


@pytest.mark.check("sentry-project")
def test_project_exists(sentry: SentryEvidence) -> None:
    """Errors that are sent to a removed project are lost silently.

    Fix: create it at Sentry, or correct sentry.organization and sentry.project; the token must be able to see it, and
    an organisation of another region is asked at that region's address (sentry.api = "https://de.sentry.io").
    """
    assert so(not sentry.moved_to, "name of the project", sentry.project, sentry.moved_to), (
        f"the project {sentry.project} was renamed to {sentry.moved_to}; sentry.project must name it"
    )
    assert so(sentry.found, "project", "found", "not found"), (
        f"Sentry has no project {sentry.project}, or does not show it to this token"
    )
    if not sentry.status:
        raise Unobserved(f"this server does not say whether the project {sentry.project} is active")
    assert equal(sentry.status, "active", "status"), f"the project {sentry.project} is {sentry.status}"


@pytest.mark.check("sentry-key")
def test_dsn_belongs_to_the_project(sentry: SentryEvidence, environment: Environment) -> None:
    """With the DSN of another project, errors of the launch appear where nobody looks, or are lost.

    Fix: copy the DSN again from Sentry → Settings → Projects → Client Keys (DSN). Declare a Relay of your own in
    sentry.ingest_hosts.
    """
    sentry.require("key_known")
    assert so(sentry.key_known, "client key of the DSN", "of this project", "unknown"), (
        f"the service's DSN is not among the client keys of {sentry.project}"
    )
    assert so(sentry.key_active, "client key of the DSN now", "active", "disabled"), (
        f"the client key of the service's DSN is disabled in {sentry.project}"
    )
    assert equal(sentry.dsn_number, sentry.number, "project of the DSN"), (
        f"the service's DSN names project {sentry.dsn_number or 'without a number'}; {sentry.project} has number "
        f"{sentry.number}: its events are refused"
    )
    limit = sentry.key_limit
    assert limit is None or at_least(limit.count, 1, "events that the key takes"), (
        f"the client key of the service's DSN accepts no events in {sentry.project}"
    )
    if not sentry.ingest_host:
        raise Unobserved(f"Sentry does not say where {sentry.project} accepts its events")
    declared = _section(environment).ingest_hosts
    host = re.split("[:/]", sentry.dsn_host, maxsplit=1)[0]
    right = host.casefold() in {origin.casefold() for origin in declared} or (
        _region(sentry.dsn_host) == _region(sentry.ingest_host)
    )
    assert shown(right, "events are sent to", sentry.dsn_host, " or ".join(sorted({sentry.ingest_host, *declared}))), (
        f"the service sends its events to {sentry.dsn_host or 'no host'}; {sentry.project} accepts them at "
        f"{', '.join(sorted({sentry.ingest_host, *declared}))}"
    )


@pytest.mark.check("sentry-key-limit")
def test_key_takes_what_a_bad_day_brings(sentry: SentryEvidence, policy: Policy) -> None:
    """Sentry drops events over the rate limit of a client key: on a bad day, all but the first errors.

    Fix: Sentry → Settings → Projects → Client Keys (DSN) → Configure: raise the rate limit, or disable it.
    """
    sentry.require("key_known")
    limit, least = sentry.key_limit, policy.number("least_per_hour")
    if limit is None:
        decided("events an hour that the key takes", "no limit", f"at least {least:g}")
        return
    per_hour = limit.count / limit.window.total_seconds() * _HOUR_SECONDS
    assert at_least(per_hour, least, "events an hour that the key takes"), (
        f"the client key of the service's DSN accepts {limit.count} {'event' if limit.count == 1 else 'events'} in "
        f"{format_duration(limit.window)}; at least {least:g} in an hour are expected"
    )


@pytest.mark.check("sentry-alerts")
def test_somebody_is_told(sentry: SentryEvidence, environment: Environment, policy: Policy) -> None:
    """If nobody is notified of a stored error, it waits until a customer calls.

    Fix: create an alert that is connected to the project's error monitor, starts with new issues, or with few events of
    one, is for this environment or for all, and has an action that reaches a person: https://docs.sentry.io/product/alerts/
    """
    sentry.require("alerts")
    assert at_least(len(sentry.alerts), 1, "alerts"), f"{sentry.project} has no alert"
    name, most = _section(environment).environment, policy.number("most_per_hour")
    faults = [next(_faults(alert, name, most), "") for alert in sentry.alerts]
    assert at_least(faults.count(""), 1, "alerts that tell of new errors"), (
        f"{sentry.project}: nobody is notified of new errors: {'; '.join(faults)}"
    )
    telling = [alert for alert, fault in zip(sentry.alerts, faults, strict=True) if not fault]
    doubts = [next(_doubts(alert, name), "") for alert in telling]
    if all(doubts):
        raise Unobserved(
            f"{sentry.project}: it is not known whether somebody is notified of every new error: {'; '.join(doubts)}",
            hint="sentry.environment must be spelled as in the service's events; one alert without a filter is enough",
        )


@pytest.mark.check("sentry-alerts-rate")
def test_somebody_is_told_of_frequent_errors(sentry: SentryEvidence, environment: Environment, policy: Policy) -> None:
    """An alert about new errors alone is silent when one that is known breaks every request.

    Fix: create an alert that starts with a number of events of an issue, with issues that become of high priority, or
    connect a metric monitor of the error rate to one.
    """
    sentry.require("alerts")
    name, most = _section(environment).environment, policy.number("most_per_hour")
    telling = [alert for alert in sentry.alerts if not any(_faults(alert, name, most))]
    repeated = [alert for alert in telling if _tells_of_known_errors(alert)]
    assert at_least(len(repeated), 1, "alerts that tell of known errors"), (
        f"{sentry.project}: {', '.join(alert.name for alert in telling)} notifies once, when an error is new; nobody is "
        "notified when a known error becomes frequent"
    )


@pytest.mark.check("sentry-alerts-owners")
def test_somebody_is_told_of_issues_without_an_owner(sentry: SentryEvidence, environment: Environment) -> None:
    """A mail to the owners of an issue reaches nobody if no rule says who owns it.

    Fix: in the alert, choose a team, or "active members" for issues without an owner.
    """
    sentry.require("alerts")
    name = _section(environment).environment
    telling = [alert for alert in sentry.alerts if not any(_faults(alert, name))]
    reached = [alert for alert in telling if not all(_owners_only(action) for action in _reaching(alert))]
    assert at_least(len(reached), 1, "alerts that reach somebody without an owner"), (
        f"{sentry.project}: {', '.join(alert.name for alert in telling)} notifies only the owners of an issue, and nobody "
        "of an issue without an owner"
    )


@pytest.mark.check("sentry-new-issues")
def test_no_error_is_new(sentry_issues: SentryIssuesEvidence) -> None:
    """A kind of error that did not exist before the launch was probably caused by it, even if no threshold fires.

    Fix: look at each issue in Sentry: resolve it with a release, or archive it with a reason.
    """
    seen = sentry_issues
    words = [f"{issue.id}: {issue.words}" for issue in seen.issues]
    where = f"{seen.project}, {seen.environment}" if seen.environment else seen.project
    assert nothing(words, "new issues"), (
        f"{counted(len(words), 'new issue')} in {where} since {seen.since:%Y-%m-%d %H:%M} UTC: {and_more(words, _FEW)}"
    )


@pytest.mark.check("sentry-alerts-repeat")
def test_somebody_is_told_again(sentry: SentryEvidence, environment: Environment, policy: Policy) -> None:
    """If an alert repeats only after a month, an error that was overlooked once stays unnoticed.

    Fix: in the alert, set the action interval to a day or less.
    """
    sentry.require("alerts")
    longest, name = policy.duration("longest"), _section(environment).environment
    telling = [alert for alert in sentry.alerts if not any(_faults(alert, name)) and set(alert.triggers) - _ONCE]
    if not telling:
        decided("alerts that repeat", "none: all are about new issues alone", "none, or soon again")
        return  # what is about new issues alone repeats nothing
    intervals = [alert.repeats for alert in telling if alert.repeats is not None]
    if not intervals:
        raise Unobserved(f"{sentry.project}: Sentry does not say how often {telling[0].name} repeats")
    assert at_most(min(intervals), longest, "silence about an issue"), (
        f"{sentry.project}: {', '.join(alert.name for alert in telling)} repeats its notification of an issue only after "
        f"{format_duration(min(intervals))}; at most {format_duration(longest)} is expected"
    )


def _tells_of_known_errors(alert: Alert) -> bool:
    """Whether it starts with an error that was there before; one of a metric is new whenever its limit is passed."""
    return not alert.triggers or bool(set(alert.triggers) & (_NEW_ERRORS - _ONCE)) or "metric_issue" in alert.monitors


def _faults(alert: Alert, environment: str | None, most: float = inf) -> Iterator[str]:
    """Everything for which an alert tells nobody of new errors in this environment, once there are ``most`` an hour."""
    if not alert.enabled:
        yield f"{alert.name} is disabled"
    if alert.muted == "everybody":
        yield f"{alert.name} is muted for everybody"
    if not alert.monitors:
        yield f"{alert.name} is connected to no monitor of the project that is switched on"
    elif not _ABOUT_ERRORS.intersection(alert.monitors):
        yield f"{alert.name} is connected only to monitors of {', '.join(alert.monitors)}"
    if alert.environment and environment is None:
        yield f"{alert.name} is for the environment {alert.environment}, but sentry.environment names none"
    elif alert.environment and not alike(alert.environment, environment or ""):
        yield f"{alert.name} is for the environment {alert.environment}, not {environment}"
    yield from _rareness(alert, most)
    if not _reaching(alert):
        yield f"{alert.name} has {_actions(alert)}"


def _rareness(alert: Alert, most: float) -> Iterator[str]:
    """Why it does not start with new errors, or with too many of them only."""
    if not _starts_with_new_errors(alert, inf):
        yield f"{alert.name} starts only with {', '.join(alert.triggers)}"
    elif not _starts_with_new_errors(alert, most):
        yield f"{alert.name} starts only with more than {most:g} events of an error an hour"
    if min((action.needs for action in _reaching(alert)), default=0) > most:
        yield f"{alert.name} notifies only of an error with more than {most:g} events"


def _doubts(alert: Alert, environment: str | None) -> Iterator[str]:
    """Everything for which an alert may tell nobody of some new errors in this environment."""
    if alert.environment and alert.environment != environment:
        yield f"{alert.name} is for the environment {alert.environment}; sentry.environment is {environment}"
    reaching = _reaching(alert)
    if alert.muted == "reader" and all(action.target == "user" for action in reaching):
        yield f"{alert.name} is muted for the token's user, and notifies only named users"
    if not any(action.passes for action in reaching):
        yield f"{alert.name} depends on {', '.join(reaching[0].filters)}"


def _starts_with_new_errors(alert: Alert, most: float) -> bool:
    matching = [trigger for trigger in alert.triggers if _is_set_off(trigger) and alert.needs.get(trigger, 0) <= most]
    if alert.every_trigger:
        return len(matching) == len(alert.triggers)
    return bool(matching) or not alert.triggers


def _is_set_off(trigger: str) -> bool:
    """Whether a new error sets a trigger off; ``not issue_resolved_trigger`` is true of a new error as well."""
    kind = trigger.removeprefix("not ")
    return (kind in _NEW_ERRORS) == (kind == trigger)


def _reaching(alert: Alert) -> list[Recipient]:
    return [
        action
        for action in alert.recipients
        if action.kind in _REACHING and action.status == "active" and action.passes is not False and action.named
    ]


def _owners_only(action: Recipient) -> bool:
    return action.target == "issue_owners" and action.fallthrough == "NoOne"


def _actions(alert: Alert) -> str:
    if not alert.recipients:
        return "no action"
    return ", ".join(
        f"an action {action.kind} that is {action.status or 'without a state'}"
        if action.status != "active"
        else f"an action {action.kind} that {_no_use(action)}"
        for action in alert.recipients
    )


def _no_use(action: Recipient) -> str:
    if action.passes is False:
        return f"no ordinary error triggers, because of {', '.join(action.filters)}"
    return "reaches nobody known" if action.named else f"names no {action.target}"


def _region(host: str) -> str:
    """A host that takes events; those of sentry.io by their region only, since each has several names there."""
    host = host.casefold()
    if host != _HOSTED and not host.endswith(f".{_HOSTED}"):
        return host
    label = host.removesuffix(_HOSTED).rstrip(".").rpartition(".")[2]
    return f"{'us' if label in {'', 'ingest'} else label}.{_HOSTED}"


def _section(environment: Environment) -> Sentry:
    return environment.require(Sentry)
