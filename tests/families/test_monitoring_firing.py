"""Alerting rules that never fire, and routes of an Alertmanager that lead to nobody."""

from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.alert_routes import AlertRoute
from gonogo.families.monitoring.firing import mentions, never_fires
from gonogo.families.monitoring.routing import read_routing

SERIES, LABELS = "paid_total", ("__name__", "result", "job", "instance")
ALERT = {"alertname": "PaymentFailures", "severity": "critical", "team": "{{ $labels.team }}"}
PAGER = "receivers: [{name: 'null'}, {name: pager, pagerduty_configs: [{routing_key: <secret>}]}]"
Keys = dict[str, Any]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("absent(paid_total)", "fires only while there is no paid_total"),
        ("absent_over_time( paid_total[1h])", "fires only while there is no paid_total"),
        ('rate(paid_total{status="failed"}[5m]) > 1', "selects by the label status, which paid_total does not have"),
        ('rate(paid_total{result="a", code=~"5.."}[5m]) > 1', "selects by the label code"),
        (
            'sum(rate(paid_total{result="failed"}[5m])) / sum(rate(paid_total[5m])) > 10',
            "fires at > 10, and a share is 1",
        ),
        ("sum(rate(paid_total[5m])) / sum(rate(paid_total[5m])) > 1", "a share is 1 at the most"),
        ("100 * sum(rate(paid_total[5m])) / sum(rate(paid_total[5m])) > 1000", "a share is 100 at the most"),
    ],
)
def test_rule_that_never_fires(query: str, words: str) -> None:
    """A wrong label, a limit in the wrong unit, and the absence of the series in place of failures."""
    assert words in never_fires(query, SERIES, LABELS)


@pytest.mark.parametrize(
    "query",
    [
        'sum(rate(paid_total{result=~"failed|error"}[5m])) / sum(rate(paid_total[5m])) > 0.1',
        '100 * sum(rate(paid_total{result="failed"}[5m])) / sum(rate(paid_total[5m])) > 10',
        'sum(rate(paid_total{result="failed"}[5m])) / sum(rate(paid_total[5m])) >= 1',
        'sum(rate(paid_total{result="failed"}[5m])) / sum(rate(paid_total[5m])) > 0.1 and sum(rate(paid_total[5m])) > 5',
        'rate(paid_total{region!="eu"}[5m]) > 1',
        "increase(paid_total{result='failed'}[10m]) > 3 or absent(paid_total)",
        "rate(paid_total{result=`fai}led`}[5m]) > 1",
        'rate(paid_total{result="\\d"}[5m]) > 1',
    ],
)
def test_rule_that_may_fire(query: str) -> None:
    """However it is written; a value of a label that no payment has had yet may come."""
    assert not never_fires(query, SERIES, LABELS)


def test_records_of_before_tell_no_labels() -> None:
    """What is not known is held against nobody."""
    assert not never_fires('rate(paid_total{status="failed"}[5m]) > 1', SERIES, ())


def test_series_is_known_by_its_whole_name() -> None:
    """Not in a text, and not as a part of another name."""
    assert [
        text for _, text in mentions("paid_total / x:paid_total + paid_total_created + paid_total {a='b'}", SERIES)
    ] == [
        "paid_total",
        "paid_total {a='b'}",
    ]
    assert not mentions('label_replace(up, "a", "paid_total", "b", "")', SERIES)


def routed(route: str, receivers: str = PAGER) -> tuple[AlertRoute, tuple[str, ...]]:
    """What is read of this configuration."""
    return read_routing({"config": {"original": f"route: {route}\n{receivers}\n"}})


@pytest.mark.parametrize(
    ("route", "reached"),
    [
        ("{receiver: 'null'}", {"null"}),
        ("{receiver: pager, routes: [{receiver: 'null', match: {severity: critical}}]}", {"null"}),
        ("{receiver: 'null', routes: [{receiver: pager, match_re: {severity: critical|page}}]}", {"pager"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['severity = warning']}]}", {"null"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['severity=\"critical\"']}]}", {"pager"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['severity!=critical']}]}", {"null"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['{severity=~\"crit.*\"}']}]}", {"pager"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['alertname=~\"(\"']}]}", {"null", "pager"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['team=web']}]}", {"null", "pager"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['a=b,c=d']}]}", {"null", "pager"}),
        ("{receiver: 'null', routes: [{receiver: pager, matchers: ['region=eu']}]}", {"null", "pager"}),
        (
            "{receiver: pager, routes: [{receiver: 'null', match: {severity: critical}, continue: true}, {continue: false}]}",
            {"null", "pager"},
        ),
        ("{receiver: pager, routes: [{match: {severity: critical}, routes: [{receiver: 'null'}]}]}", {"null"}),
    ],
)
def test_route_of_an_alert(route: str, reached: set[str]) -> None:
    """The first route that fits, its parent's receiver where it names none, and every one that may fit."""
    root, notifying = routed(route)
    assert root.receivers(ALERT) == reached
    assert notifying == ("pager",)


@pytest.mark.parametrize("status", [{}, {"config": {"original": "a: ["}}, {"config": {"original": "route: {}"}}])
def test_hidden_configuration_is_not_known(status: Keys) -> None:
    """A server that is like an Alertmanager, and shows no routes."""
    with pytest.raises(Unobserved, match="does not show its configuration"):
        read_routing(status)


def test_receiver_with_an_empty_integration_notifies_nobody() -> None:
    """As a template leaves it."""
    _, notifying = routed(
        "{receiver: a}", "receivers: [{name: a, email_configs: []}, {name: b, slack_configs: [{channel: x}]}]"
    )
    assert notifying == ("b",)
