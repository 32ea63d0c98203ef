"""``[monitoring]``: what may be declared, how one logs in, and what is read of answers that say little."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.monitoring import PrometheusEvidence
from gonogo.families.monitoring.probe import alertmanager_questions, probe_prometheus, prometheus_questions
from gonogo.families.registry import environment_from
from reference.listener import Listener
from tests.checks.conftest import Judge, catalogue, declarations, judge
from tests.support.http_doubles import http_server
from tests.support.threads import listening

__all__ = ["catalogue", "declarations", "judge"]

AT = {"api": "https://monitoring.a.test/prometheus"}
Keys = dict[str, Any]


def environment(**monitoring: Any) -> Environment:  # noqa: ANN401 - keys of the section
    """A service with metrics at two addresses, and its monitoring."""
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "hosts": {"a.test": {"addresses": ["203.0.113.10"], "https_port": 8443}},
            "http": {"metrics": "/metrics", "closed_paths": ["/.env"]},
            "monitoring": monitoring,
        }
    )


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({}, "there is nobody to ask"),
        ({"alertmanager": AT}, "an Alertmanager that nobody sends to is quiet as well"),
        (
            {"alertmanager": AT, "always_firing": ["W"], "instances": ["a:1"]},
            "instances and payments are asked of a Prometheus",
        ),
        ({"prometheus": AT, "payments": "payments_total"}, "that an alert arrives is shown by one that always fires"),
        ({"prometheus": AT, "always_firing": ["W"], "may_fire": ["W"]}, "both name W"),
        ({"prometheus": {**AT, "user": "u"}}, "user and password belong together"),
        ({"prometheus": {**AT, "user": "u", "password": "P", "token": "T"}}, "two ways to log in"),
        ({"prometheus": AT, "grafana": AT}, "grafana and dashboards belong together"),
        ({"prometheus": AT, "payments": "pay ments"}, "payments"),
    ],
)
def test_what_cannot_be_meant_is_refused(section: Keys, words: str) -> None:
    """With what to write instead."""
    with pytest.raises(ValidationError, match=words):
        environment(**section)


def test_each_server_has_its_own_login() -> None:
    """A token, a user with a password, or nobody."""
    declared = environment(
        prometheus={**AT, "token": "TOKEN"},
        alertmanager={**AT, "user": "gonogo", "password": "PASSWORD"},
        always_firing=["Watchdog"],
    )
    secrets = Secrets({"TOKEN": "t-0123456789", "PASSWORD": "test"})
    (prometheus,), (alertmanager,) = prometheus_questions(declared, secrets), alertmanager_questions(declared, secrets)
    assert prometheus.api.headers == {"Authorization": "Bearer t-0123456789"}
    assert alertmanager.api.headers == {"Authorization": "Basic Z29ub2dvOnRlc3Q="}
    assert prometheus_questions(environment(alertmanager=AT, always_firing=["Watchdog"]), secrets) == []


def answered(documents: Mapping[str, Any], **section: Any) -> PrometheusEvidence:  # noqa: ANN401 - keys
    """What is read where these are the answers, by the end of their path; all others are 503."""

    def answer(path: str, _sent: Mapping[str, str]) -> tuple[int, bytes]:
        name = path.partition("?")[0].rpartition("/")[2]
        if name not in documents:
            return 503, b""
        return 200, json.dumps({"status": "success", "data": documents[name]}).encode()

    with listening(Listener(http_server(answer), "127.0.0.1", 0)) as port:
        declared = environment(prometheus={"api": f"http://127.0.0.1:{port}"}, **section)
        (question,) = prometheus_questions(declared, Secrets({}))
        return asyncio.run(probe_prometheus(question))


def target(url: str, **more: Any) -> Keys:  # noqa: ANN401 - JSON
    """An active one."""
    usual = {"health": "up", "lastScrape": "2026-12-01T12:00:00Z", "scrapeInterval": "1m30s", "labels": {"job": "j"}}
    return {"scrapeUrl": url, **usual, **more}


def test_service_is_known_by_the_url_of_its_metrics() -> None:
    """By name or by address; another port, another path and another machine are something else."""
    urls = [
        "https://a.test:8443/metrics",
        "https://203.0.113.10:8443/metrics",
        "https://203.0.113.10:9100/metrics",
        "https://a.test:8443/other",
        "https://b.test:8443/metrics",
        "https://[",
    ]
    evidence = answered({"targets": {"activeTargets": [target(url) for url in urls]}})
    assert [one.url for one in evidence.targets] == urls[:2]
    assert evidence.other_targets == 4
    assert evidence.targets[0].interval == timedelta(seconds=90)
    assert {one.fact for one in evidence.unread} == {"alerts", "rules", "alertmanagers"}


def test_never_is_no_time(judge: Judge) -> None:
    """A target that was never scraped, and a rule that was never evaluated: nobody can say yet."""
    never = {"lastScrape": "0001-01-01T00:00:00Z", "health": "unknown"}
    rule = {"name": "R", "type": "alerting", "health": "unknown", "lastEvaluation": "0001-01-01T00:00:00Z"}
    evidence = answered(
        {
            "targets": {"activeTargets": [target("https://a.test:8443/metrics", **never)]},
            "rules": {"groups": [{"interval": 15, "rules": [rule, {"type": "recording", "name": "x"}]}]},
        }
    )
    declared = environment(prometheus=AT)
    with pytest.raises(Unobserved, match=r"not scraped yet: https://a\.test:8443/metrics"):
        judge("prometheus-scrapes", prometheus=evidence, environment=declared)
    with pytest.raises(Unobserved, match="not evaluated yet: R"):
        judge("prometheus-rules", prometheus=evidence, environment=declared)


def test_answers_of_somebody_else_are_no_answers() -> None:
    """An empty object at its address is no Prometheus without alerts."""
    evidence = answered({"alerts": {}, "rules": {"groups": None}, "targets": [], "alertmanagers": {}})
    assert {one.fact for one in evidence.unread} == {"alerts", "rules", "targets", "alertmanagers"}
    assert all("as a Prometheus does" in one.reason for one in evidence.unread)
