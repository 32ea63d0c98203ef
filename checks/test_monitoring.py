"""The team's own monitoring: Prometheus, Alertmanager and Grafana, by what they say of themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from gonogo.base.comparing import at_least, at_most, below, equal, nothing, so, unnoted
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wording import and_more
from gonogo.environment.model import Environment
from gonogo.evidence.monitoring import (
    AlertmanagerEvidence,
    AlertRule,
    DashboardEvidence,
    DashboardPanel,
    MonitoringAlert,
    PrometheusEvidence,
    ScrapeTarget,
)
from gonogo.families.monitoring.firing import mentions, never_fires
from gonogo.families.monitoring.section import Monitoring
from gonogo.policy.catalogue import Policy

_FEW = 3
_INTERVALS = 2
"""So many times its interval after the last time, something is late."""
_UNTOLD = timedelta(minutes=1)
"""Prometheus' own default for an interval that it does not tell."""


@pytest.mark.check("prometheus-rules")
def test_rules_are_evaluated(prometheus: PrometheusEvidence, environment: Environment, policy: Policy) -> None:
    """A rule that cannot be evaluated never fires, and looks as if all were well.

    Fix: open the page /rules of this Prometheus, correct the expression, and reload the rules.
    """
    prometheus.require("rules")
    rules = _ours(prometheus, environment)
    assert at_least(len(rules), 1, "alerting rules"), "Prometheus has no alerting rule: nothing there could ever fire"
    broken = [_broken(rule) for rule in rules if rule.health == "err"]
    assert nothing(broken, "rules that are broken", of=len(rules)), and_more(broken, _FEW)
    late = [
        f"the rule {rule.name} was last evaluated {_ago(prometheus, rule.last_evaluation)}"
        for rule in rules
        if _late(prometheus, rule.last_evaluation, rule.interval, policy)
    ]
    assert nothing(late, "rules that are late", of=len(rules)), and_more(late, _FEW)
    if new := [rule.name for rule in rules if rule.health != "ok" or rule.last_evaluation is None]:
        raise Unobserved(f"not evaluated yet: {and_more(new, _FEW)}", hint="wait for an interval, and run it again")


@pytest.mark.check("prometheus-quiet")
def test_no_alert_of_prometheus_fires(prometheus: PrometheusEvidence, environment: Environment) -> None:
    """If an alert fires when users come, the launch begins with an incident.

    Fix: resolve the alert. Name alerts that fire all the time on purpose in monitoring.always_firing, and alerts that do
    not matter for the launch in monitoring.may_fire.
    """
    prometheus.require("alerts")
    firing = [alert for alert in prometheus.alerts if alert.state == "firing"]
    _judge_alerts(firing, environment)


@pytest.mark.check("prometheus-scrapes")
def test_service_is_scraped(prometheus: PrometheusEvidence, environment: Environment, policy: Policy) -> None:
    """Metrics that nobody collects cannot show a problem.

    Fix: open the page /targets of this Prometheus. If it reaches the service by another address, name the label of each
    of its targets in monitoring.instances.
    """
    prometheus.require("targets")
    targets, declared = prometheus.targets, environment.require(Monitoring).instances
    missing = [one for one in declared if one not in {target.instance for target in targets}]
    assert nothing(missing, "instances that are missing", of=len(declared)), (
        f"Prometheus has no active target with the instance {', '.join(missing)}"
    )
    assert at_least(len(targets), 1, "targets that are the service"), (
        f"none of the {prometheus.other_targets} active targets of Prometheus is the service: none has the URL of http.metrics"
    )
    problems = [problem for target in targets if (problem := _unread(prometheus, target, policy))]
    assert nothing(problems, "targets that nobody reads", of=len(targets)), and_more(problems, _FEW)
    if new := [target.url for target in targets if target.health == "unknown"]:
        raise Unobserved(f"not scraped yet: {and_more(new, _FEW)}", hint="wait for an interval, and run it again")


@pytest.mark.check("prometheus-payment-alert")
def test_alert_on_payments_can_fire(
    prometheus: PrometheusEvidence,
    alertmanager_all: tuple[AlertmanagerEvidence, ...],
    environment: Environment,
    policy: Policy,
) -> None:
    """Failed payments cost money every minute; a rule that never fires, or that a route leads to nobody, is none.

    Fix: write an alerting rule over monitoring.payments (gonogo rules writes one from watch.thresholds), with a limit that
    can be passed and a short `for`; let Prometheus send to an Alertmanager whose route for it ends at a receiver with an
    integration.
    """
    prometheus.require("rules", "payments", "alertmanagers")
    series = environment.require(Monitoring).payments or ""
    rules = [rule for rule in _ours(prometheus, environment) if mentions(rule.query, series)]
    assert at_least(len(rules), 1, "rules about payments"), f"no alerting rule of Prometheus uses {series}"
    working = [
        rule
        for rule in rules
        if rule.health == "ok" and not _is_late(prometheus, rule.last_evaluation, rule.interval, policy)
    ]
    for rule in working:
        _late(prometheus, rule.last_evaluation, rule.interval, policy)
    assert at_least(len(working), 1, "rules about payments that work"), and_more(
        [_broken(rule) for rule in rules], _FEW
    )
    assert at_least(prometheus.payments, 1, f"series of {series}"), (
        f"Prometheus has no series {series} now, so {working[0].name} cannot fire"
    )
    faults = [_useless(rule, series, prometheus.payment_labels, policy) for rule in working]
    assert at_least(faults.count(""), 1, "rules about payments that can fire in time"), and_more(faults, _FEW)
    assert at_least(prometheus.alertmanagers, 1, "Alertmanagers"), (
        "Prometheus sends its alerts to no Alertmanager, so nobody would be notified"
    )
    firing = [rule for rule, fault in zip(working, faults, strict=True) if not fault]
    for alertmanager in alertmanager_all:
        alertmanager.require("route")
        unheard = [fault for rule in firing if (fault := _unheard(rule, alertmanager))]
        assert below(len(unheard), len(firing), "rules about payments that notify nobody"), and_more(unheard, _FEW)


def _useless(rule: AlertRule, series: str, labels: Sequence[str], policy: Policy) -> str:
    """Why a rule that is evaluated does not fire, or not in time; empty if it does."""
    if reason := never_fires(rule.query, series, labels):
        return f"the rule {rule.name} {reason}: {rule.query}"
    hold, longest = rule.hold or timedelta(), policy.duration("longest_hold")
    if hold > longest:
        return f"the rule {rule.name} waits {format_duration(hold)} (for) before it fires; {format_duration(longest)} is allowed"
    return ""


def _unheard(rule: AlertRule, alertmanager: AlertmanagerEvidence) -> str:
    """Why nobody is notified of a rule's alert; empty if a receiver with an integration may get it."""
    if alertmanager.route is None:
        return ""
    receivers = alertmanager.route.receivers({"alertname": rule.name, **rule.labels})
    if receivers & {*alertmanager.notifying}:
        return ""
    return f"the Alertmanager sends {rule.name} to {', '.join(sorted(receivers))}, which has no integration: it notifies nobody"


@pytest.mark.check("alertmanager-quiet")
def test_no_alert_of_alertmanager_stands(alertmanager: AlertmanagerEvidence, environment: Environment) -> None:
    """An alert that is silenced or suppressed is still a problem.

    Fix: resolve the alert. Name alerts that do not matter for the launch in monitoring.may_fire.
    """
    alertmanager.require("alerts")
    _judge_alerts(alertmanager.alerts, environment)


@pytest.mark.check("alertmanager-hears")
def test_alerts_arrive(alertmanager: AlertmanagerEvidence, environment: Environment) -> None:
    """No alerts and no connection look the same; an alert that always fires shows the difference.

    Fix: check whether Prometheus lists this Alertmanager (page /status), whether the rule exists, and who silenced it.
    """
    alertmanager.require("alerts")
    section = environment.require(Monitoring)
    arrived = [alert for alert in alertmanager.alerts if alert.name in section.always_firing]
    ours = [alert for alert in arrived if section.surely_ours(alert.labels)]
    silent = sorted({*section.always_firing} - {alert.name for alert in ours})
    labels = ", ".join(f"{name}={value}" for name, value in section.labels.items())
    foreign = f" with {labels}, though without" if {alert.name for alert in arrived} & {*silent} else ""
    assert nothing(silent, "alerts that always fire, and did not arrive", of=len(section.always_firing)), (
        f"{', '.join(silent)} always fires, but did not arrive{foreign}: no other alert would arrive either"
    )
    held = [_described(alert) for alert in ours if alert.state == "suppressed"]
    assert nothing(held, "alerts that always fire, and are held back"), (
        f"alerts that always fire are suppressed, so others may be too: {and_more(held, _FEW)}"
    )


@pytest.mark.check("dashboard-shows")
def test_dashboard_shows_what_happens_now(
    dashboard: DashboardEvidence, environment: Environment, policy: Policy
) -> None:
    """Somebody notices a panel with "No data" only when they need it at 3 a.m.

    Fix: open the dashboard, and check what the query of that panel returns; name a panel that is empty while all is well in
    may_be_empty of the dashboard.
    """
    assert so(dashboard.found, "dashboard", "found", "not found"), f"Grafana has no dashboard {dashboard.uid}"
    dashboard.require("database")
    assert equal(dashboard.database, "ok", "database of Grafana"), f"Grafana's own database is {dashboard.database}"
    assert at_least(len(dashboard.panels), 1, "panels"), f"no panel of {dashboard.title or dashboard.uid} has a query"
    empty = environment.require(Monitoring).dashboards[dashboard.scope[-1]].may_be_empty
    problems = [problem for panel in dashboard.panels if (problem := _not_shown(panel, dashboard, policy, empty))]
    assert nothing(problems, "panels that do not show", of=len(dashboard.panels)), (
        f"{dashboard.title or dashboard.uid}: {and_more(problems, _FEW)}"
    )
    if unasked := [f"{panel.title}: {panel.unasked}" for panel in dashboard.panels if panel.unasked]:
        raise Unobserved(
            and_more(unasked, _FEW), hint="see variables of monitoring.dashboards, and the log of that Grafana"
        )


def _not_shown(panel: DashboardPanel, dashboard: DashboardEvidence, policy: Policy, empty: Sequence[str]) -> str:
    """What is wrong with a panel; empty where nothing is known to be."""
    if panel.error:
        return f"the panel {panel.title} shows an error: {panel.error}"
    if panel.unasked or (panel.newest is None and panel.title in empty):
        return ""
    if panel.newest is None:
        return f'the panel {panel.title} says "No data"'
    age = dashboard.clock - panel.newest
    late = not at_most(
        max(age, timedelta(0)), policy.duration("newest"), f"age of the newest point of {panel.title}", kind="point"
    )
    return f"the newest point of the panel {panel.title} is {format_duration(age)} old" if late else ""


def _judge_alerts(alerts: Sequence[MonitoringAlert], environment: Environment) -> None:
    section = environment.require(Monitoring)
    known = {*section.always_firing, *section.may_fire}
    told = [_described(alert) for alert in alerts if alert.name not in known and section.ours(alert.labels)]
    assert nothing(told, "alerts that stand", of=len(alerts)), f"{len(told)} firing: {and_more(told, _FEW)}"
    foreign = [_described(alert) for alert in alerts if not section.ours(alert.labels)]
    if foreign and not any(section.surely_ours(alert.labels) for alert in alerts):
        raise Unobserved(
            f"no alert has the labels of this environment, others are there: {and_more(foreign, _FEW)}",
            hint="check monitoring.labels; an alert that always fires with these labels shows that they are right",
        )


def _described(alert: MonitoringAlert) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))
    words = [f"{alert.name} ({labels})" if labels else alert.name]
    words += [f"since {alert.since:%Y-%m-%d %H:%M} UTC"] if alert.since else []
    words += [f"silenced by {one}" for one in alert.silences]
    words += ["held back by another alert"] if alert.inhibited else []
    return ", ".join(words) + (f": {alert.summary}" if alert.summary else "")


def _ours(prometheus: PrometheusEvidence, environment: Environment) -> Sequence[AlertRule]:
    return [rule for rule in prometheus.rules if environment.require(Monitoring).ours(rule.labels)]


def _broken(rule: AlertRule) -> str:
    return f"the rule {rule.name} is {rule.health or 'of no health'}: {rule.last_error or 'not evaluated recently'}"


def _late(prometheus: PrometheusEvidence, moment: datetime | None, interval: timedelta | None, policy: Policy) -> bool:
    """Whether it was last done too long ago; judged, and noted."""
    allowed = _INTERVALS * (interval or _UNTOLD) + policy.duration("late")
    return moment is not None and not at_most(max(prometheus.clock - moment, timedelta(0)), allowed, "last done ago")


def _is_late(
    prometheus: PrometheusEvidence, moment: datetime | None, interval: timedelta | None, policy: Policy
) -> bool:
    """The same, where another one may do in its place."""
    with unnoted():
        return _late(prometheus, moment, interval, policy)


def _ago(prometheus: PrometheusEvidence, moment: datetime | None) -> str:
    return f"{format_duration(max(prometheus.clock - moment, timedelta(0)))} ago" if moment else "never"


def _unread(prometheus: PrometheusEvidence, target: ScrapeTarget, policy: Policy) -> str:
    """Why nobody reads this target; empty where it is read."""
    where = f"{target.url} (job {target.job})"
    if target.health not in {"up", "unknown"}:
        return f"{where} is {target.health or 'of no health'}: {target.last_error or 'no reason given'}"
    late = _late(prometheus, target.last_scrape, target.interval, policy)
    return f"{where} was last scraped {_ago(prometheus, target.last_scrape)}" if late else ""
