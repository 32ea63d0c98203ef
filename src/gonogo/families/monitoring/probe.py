"""Asks Prometheus and Alertmanager over their HTTP APIs what they say of themselves; reads only.

https://prometheus.io/docs/prometheus/latest/querying/api/ and Alertmanager's OpenAPI document of its API v2.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, objects, text, texts
from gonogo.environment.model import Environment
from gonogo.evidence.alert_routes import AlertRoute
from gonogo.evidence.base import Scope
from gonogo.evidence.monitoring import (
    AlertmanagerEvidence,
    AlertRule,
    MonitoringAlert,
    PrometheusEvidence,
    ScrapeTarget,
)
from gonogo.families.http.section import Http
from gonogo.families.kind import Probe
from gonogo.families.monitoring.grafana import dashboard_questions, probe_dashboard
from gonogo.families.monitoring.routing import read_routing
from gonogo.families.monitoring.section import Monitoring
from gonogo.families.monitoring.server import clock_of, server_api
from gonogo.families.reading import Reading
from gonogo.families.times import time_of

_NEVER = "0001-01-01"
"""How Go's zero time begins, which stands for never."""
_DURATION = re.compile(r"(\d+)(ms|[smhdw])")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ALERTS = "api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true"
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringQuestion:
    """One of both."""

    api: JsonApi
    part: str
    """``prometheus`` or ``alertmanager``."""
    urls: frozenset[tuple[str, int, str]] = frozenset()
    """Host, port and path at which the service has its metrics."""
    instances: frozenset[str] = frozenset()
    payments: str | None = None

    @property
    def scope(self) -> Scope:
        """Which one it is."""
        return "monitoring", self.part

    @property
    def host(self) -> str:
        """Each by itself."""
        return f"monitoring-{self.part}"


def prometheus_questions(environment: Environment, secrets: Secrets) -> Sequence[MonitoringQuestion]:
    """One, where it is declared."""
    section = environment.section(Monitoring)
    if section is None or section.prometheus is None:
        return []
    return [
        MonitoringQuestion(
            api=server_api("Prometheus", "prometheus", section.prometheus, environment, secrets),
            part="prometheus",
            urls=_metrics_at(environment),
            instances=frozenset(section.instances),
            payments=section.payments,
        )
    ]


def alertmanager_questions(environment: Environment, secrets: Secrets) -> Sequence[MonitoringQuestion]:
    """One, where it is declared."""
    section = environment.section(Monitoring)
    if section is None or section.alertmanager is None:
        return []
    api = server_api("Alertmanager", "alertmanager", section.alertmanager, environment, secrets)
    return [MonitoringQuestion(api=api, part="alertmanager")]


def _metrics_at(environment: Environment) -> frozenset[tuple[str, int, str]]:
    """Where the service's own metrics are, by name and by address."""
    http = environment.section(Http)
    if http is None or http.metrics is None:
        return frozenset()
    return frozenset(
        (name, host.https_port, http.metrics)
        for host_name, host in environment.hosts.items()
        for name in (host_name, *host.addresses)
    )


async def probe_prometheus(question: MonitoringQuestion) -> PrometheusEvidence:
    """Every fact by itself: what cannot be read is missing alone."""
    taken_at, reading = datetime.now(UTC), Reading()
    async with question.api.session() as session:
        asked = _Prometheus(session, taken_at)
        rules, alerts, targets, alertmanagers, payments = await asyncio.gather(
            reading.fact("rules", asked.list_of("rules?type=alert", "groups"), []),
            reading.fact("alerts", asked.list_of("alerts", "alerts"), []),
            reading.fact("targets", asked.list_of("targets?state=active", "activeTargets"), []),
            reading.fact("alertmanagers", asked.list_of("alertmanagers", "activeAlertmanagers"), []),
            reading.fact("payments", _series(asked, question.payments), []),
        )
    mine = [target for target in map(_target, targets) if _is_service(target, question)]
    return PrometheusEvidence(
        scope=question.scope,
        taken_at=taken_at,
        clock=asked.clock,
        rules=tuple(_rules(rules)),
        alerts=tuple(_alert(alert) for alert in alerts),
        targets=tuple(mine),
        other_targets=len(targets) - len(mine),
        alertmanagers=len(alertmanagers),
        payments=len(payments),
        payment_labels=tuple(sorted({label for one in payments for label in mapping(one.get("metric"))})),
        unread=reading.unread,
    )


class _Prometheus:
    """Its lists, and what its clock says."""

    def __init__(self, session: JsonSession, now: datetime) -> None:
        self._session = session
        self.clock = now

    async def list_of(self, path: str, key: str) -> list[dict[str, Any]]:
        where = f"api/v1/{path}"
        reply = await self._session.ask("GET", where)
        self.clock = clock_of(reply) or self.clock
        document = mapping(self._session.read(reply, where, ""))
        found = mapping(document.get("data")).get(key)
        if document.get("status") != "success" or not isinstance(found, list):
            api = self._session.api
            raise Unobserved(f"{api.base} gave no {key} as a Prometheus does", hint=f"is {api.key} right?")
        return objects(found)


async def _series(asked: _Prometheus, name: str | None) -> list[dict[str, Any]]:
    return await asked.list_of(f"query?query={name}", "result") if name else []


def _rules(groups: Sequence[Object]) -> Sequence[AlertRule]:
    return [
        AlertRule(
            name=text(rule.get("name")),
            query=text(rule.get("query")),
            labels=_labels(rule),
            health=text(rule.get("health")),
            last_error=text(rule.get("lastError")),
            last_evaluation=_moment(rule.get("lastEvaluation")),
            interval=_seconds(group.get("interval")),
            hold=_seconds(rule.get("duration")),
        )
        for group in groups
        for rule in objects(group.get("rules"))
        if rule.get("type") == "alerting"
    ]


def _without_queries(words: str) -> str:
    """URLs in them without user, query and fragment, in which tokens stand."""
    nobody = re.sub(r"(https?://)[^\s/@\"']+@", r"\1", words)
    return re.sub(r"(https?://[^\s?#\"']*)[?#][^\s\"']*", r"\1?…", nobody)


def _target(target: Object) -> ScrapeTarget:
    labels = mapping(target.get("labels"))
    return ScrapeTarget(
        url=_without_queries(text(target.get("scrapeUrl"))),
        instance=text(labels.get("instance")),
        job=text(labels.get("job")),
        health=text(target.get("health")),
        last_error=_without_queries(text(target.get("lastError"))),
        last_scrape=_moment(target.get("lastScrape")),
        interval=_interval(text(target.get("scrapeInterval"))),
    )


def _is_service(target: ScrapeTarget, question: MonitoringQuestion) -> bool:
    """Whether it is a declared instance; without any, whether it has the URL of the service's metrics."""
    if question.instances:
        return target.instance in question.instances
    try:
        parts = urlsplit(target.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return False
    return (parts.hostname or "", port, parts.path) in question.urls


async def probe_alertmanager(question: MonitoringQuestion) -> AlertmanagerEvidence:
    """The alerts, each with the silences that hold it back."""
    taken_at, reading = datetime.now(UTC), Reading()
    async with question.api.session() as session:
        alerts, silences, (route, notifying) = await asyncio.gather(
            reading.fact("alerts", _list(session, _ALERTS), []),
            reading.fact("silences", _list(session, "api/v2/silences"), []),
            reading.fact("route", _routing(session), (None, ())),
        )
    words = {text(silence.get("id")): _silence(silence) for silence in silences}
    return AlertmanagerEvidence(
        scope=question.scope,
        taken_at=taken_at,
        alerts=tuple(_held_back(alert, words) for alert in alerts),
        route=route,
        notifying=notifying,
        unread=reading.unread,
    )


async def _routing(session: JsonSession) -> tuple[AlertRoute | None, tuple[str, ...]]:
    return read_routing(mapping(await session.get("api/v2/status")))


async def _list(session: JsonSession, path: str) -> list[dict[str, Any]]:
    document = await session.get(path)
    if not isinstance(document, list):
        raise Unobserved(f"{session.api.base} answered as no Alertmanager does", hint=f"is {session.api.key} right?")
    return objects(document)


def _alert(alert: Object) -> MonitoringAlert:
    return MonitoringAlert(
        name=text(mapping(alert.get("labels")).get("alertname")),
        labels=_labels(alert),
        state=text(alert.get("state")),
        since=_moment(alert.get("activeAt")),
        summary=_summary(alert),
    )


def _held_back(alert: Object, silences: Mapping[str, str]) -> MonitoringAlert:
    status = mapping(alert.get("status"))
    return MonitoringAlert(
        name=text(mapping(alert.get("labels")).get("alertname")),
        labels=_labels(alert),
        state=text(status.get("state")),
        since=_moment(alert.get("startsAt")),
        summary=_summary(alert),
        silences=tuple(silences.get(one, f"the silence {one}") for one in texts(status.get("silencedBy"))),
        inhibited=bool(texts(status.get("inhibitedBy"))),
    )


def _silence(silence: Object) -> str:
    ends = _moment(silence.get("endsAt"))
    until = f" until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""
    return f"{text(silence.get('createdBy')) or 'somebody'}{until} ({text(silence.get('comment')) or 'no comment'})"


def _labels(item: Object) -> dict[str, str]:
    labels = mapping(item.get("labels"))
    return {name: value for name, value in labels.items() if name != "alertname" and isinstance(value, str)}


def _summary(alert: Object) -> str:
    annotations = mapping(alert.get("annotations"))
    return text(annotations.get("summary")) or text(annotations.get("description"))


def _moment(value: Any) -> datetime | None:  # noqa: ANN401 - JSON
    """A time; None for never."""
    return None if str(value).startswith(_NEVER) else time_of(value)


def _seconds(value: Any) -> timedelta | None:  # noqa: ANN401 - JSON
    return timedelta(seconds=value) if isinstance(value, int | float) and value > 0 else None


def _interval(value: str) -> timedelta | None:
    """As Prometheus writes it: ``1m30s``."""
    parts = {_UNITS[unit]: int(number) for number, unit in _DURATION.findall(value)}
    return timedelta(**parts) if parts else None


PROBES: Mapping[str, Probe] = {
    "prometheus": Probe(questions=prometheus_questions, ask=probe_prometheus),
    "alertmanager": Probe(questions=alertmanager_questions, ask=probe_alertmanager),
    "dashboard": Probe(questions=dashboard_questions, ask=probe_dashboard),
}
