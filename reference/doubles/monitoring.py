"""A Prometheus and an Alertmanager, beside a Grafana: the parts of their APIs that tell rules, alerts, targets and silences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from reference.doubles.grafana import GRAFANA, GrafanaDouble, GrafanaSettings
from reference.web import WebServer

Json = dict[str, Any]
PROMETHEUS, ALERTMANAGER = "/prometheus", "/alertmanager"
_PAYMENTS = 'sum(rate(workme_payments_total{result=~"failed|error"}[5m])) / sum(rate(workme_payments_total[5m])) > 0.1'
_ERRORS = 'sum(rate(workme_http_requests_total{status=~"5.."}[5m])) / sum(rate(workme_http_requests_total[5m])) > 0.05'
_SILENCE = "43a76913-8e35-4653-a411-956f0e8d6825"
_EXPRESSIONS = {"Watchdog": "vector(1)", "HighErrorRate": _ERRORS}
_SEVERITIES = {"Watchdog": "none"}
_CONFIGURATION = """\
global:
  resolve_timeout: 5m
route:
  receiver: RECEIVER
  group_by:
  - alertname
  continue: false
  routes:
  - receiver: deadmansswitch
    matchers:
    - alertname="Watchdog"
    continue: false
receivers:
- name: oncall
  pagerduty_configs:
  - send_resolved: true
    routing_key: <secret>
- name: deadmansswitch
  webhook_configs:
  - url: <secret>
- name: blackhole
templates: []
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSettings:
    """The defaults are healthy."""

    prometheus: bool = True
    """Whether it answers."""
    alertmanager: bool = True
    rules: tuple[str, ...] = ("Watchdog", "HighErrorRate", "PaymentFailures")
    broken_rule: str = ""
    evaluated_minutes: float = 0.0
    """How long ago the rules were last evaluated."""
    firing: tuple[str, ...] = ("Watchdog",)
    arrived: tuple[str, ...] = ("Watchdog",)
    """What the Alertmanager has."""
    silenced: tuple[str, ...] = ()
    sends: bool = True
    """Whether Prometheus knows the Alertmanager."""
    payments: bool = True
    """Whether it has the series of payments."""
    payments_rule: str = _PAYMENTS
    """The expression of the rule about them."""
    hold_seconds: int = 60
    """How long a condition must last before it fires."""
    receiver: str = "oncall"
    """The receiver of everything but the alert that always fires; ``blackhole`` has no integration."""
    target: str = "https"
    """The service's own metrics; ``node``: another exporter at the same address; ``none``: the target was dropped."""
    health: str = "up"
    scraped_minutes: float = 0.0
    grafana: GrafanaSettings = field(default_factory=GrafanaSettings)


class MonitoringDouble:
    """All at one port, each below a path of its own."""

    def __init__(self, settings: MonitoringSettings, *, port: int, service: str) -> None:
        """``service`` is the URL of the service's metrics."""
        self._settings = settings
        self._service = service
        self._own = f"http://127.0.0.1:{port}"
        routes = [
            *(Route(f"{PROMETHEUS}/api/v1/{name}", self._prometheus) for name in _ANSWERS),
            Route(f"{ALERTMANAGER}/api/v2/alerts", self._alerts),
            Route(f"{ALERTMANAGER}/api/v2/silences", self._silences),
            Route(f"{ALERTMANAGER}/api/v2/status", self._status_of_alertmanager),
            *GrafanaDouble(settings.grafana).routes,
        ]
        self._server = WebServer(Starlette(routes=routes), "127.0.0.1", port)

    async def start(self) -> None:
        """Listen; who is down answers 503."""
        await self._server.start()

    async def stop(self) -> None:
        """End it."""
        await self._server.stop()

    def _prometheus(self, request: Request) -> Response:
        if not self._settings.prometheus:
            return PlainTextResponse("Service Unavailable", 503)
        name = request.url.path.rpartition("/")[2]
        return JSONResponse({"status": "success", "data": _ANSWERS[name](self)})

    def rules(self) -> Json:
        """As /api/v1/rules."""
        rules = [self._rule(name) for name in self._settings.rules]
        group = {
            "name": "workme",
            "file": "/etc/prometheus/workme.yml",
            "rules": rules,
            "interval": 15,
            "limit": 0,
            "evaluationTime": 0.0008,
            "lastEvaluation": _ago(self._settings.evaluated_minutes),
        }
        return {"groups": [group] if rules else []}

    def _rule(self, name: str) -> Json:
        broken = name == self._settings.broken_rule
        error = {"lastError": "vector contains metrics with the same labelset after applying rule labels"}
        return {
            "state": "firing" if name in self._settings.firing else "inactive",
            "name": name,
            "query": self._settings.payments_rule if name == "PaymentFailures" else _EXPRESSIONS[name],
            "duration": 0 if name == "Watchdog" else self._settings.hold_seconds,
            "keepFiringFor": 0,
            "labels": {"severity": _SEVERITIES.get(name, "critical")},
            "annotations": {},
            "alerts": [],
            "health": "err" if broken else "ok",
            **(error if broken else {}),
            "evaluationTime": 0.0003,
            "lastEvaluation": _ago(self._settings.evaluated_minutes),
            "type": "alerting",
        }

    def firing(self) -> Json:
        """As /api/v1/alerts."""
        return {
            "alerts": [
                {
                    "labels": {"alertname": name, "severity": _SEVERITIES.get(name, "critical")},
                    "annotations": {},
                    "state": "firing",
                    "activeAt": _ago(20),
                    "value": "1e+00",
                }
                for name in self._settings.firing
            ]
        }

    def targets(self) -> Json:
        """As /api/v1/targets."""
        url = {"https": self._service, "node": "http://127.0.0.1:9100/metrics"}.get(self._settings.target)
        own = self._target("prometheus", f"{self._own}/metrics", health="up", minutes=0)
        settings = self._settings
        service = [self._target("workme", url, health=settings.health, minutes=settings.scraped_minutes)] if url else []
        return {"activeTargets": [own, *service], "droppedTargets": []}

    def _target(self, job: str, url: str, *, health: str, minutes: float) -> Json:
        instance = url.split("/")[2]
        return {
            "discoveredLabels": {"__address__": instance, "__scheme__": url.split(":", 1)[0], "job": job},
            "labels": {"instance": instance, "job": job},
            "scrapePool": job,
            "scrapeUrl": url,
            "globalUrl": url,
            "lastError": "" if health == "up" else "server returned HTTP status 401 Unauthorized",
            "lastScrape": _ago(minutes),
            "lastScrapeDuration": 0.004,
            "health": health,
            "scrapeInterval": "15s",
            "scrapeTimeout": "10s",
        }

    def alertmanagers(self) -> Json:
        """As /api/v1/alertmanagers."""
        url = {"url": f"{self._own}{ALERTMANAGER}/api/v2/alerts"}
        return {"activeAlertmanagers": [url] if self._settings.sends else [], "droppedAlertmanagers": []}

    def payments(self) -> Json:
        """As /api/v1/query of the series of payments."""
        value = [datetime.now(UTC).timestamp(), "41"]
        sample = {"metric": {"__name__": "workme_payments_total", "result": "succeeded"}, "value": value}
        return {"resultType": "vector", "result": [sample] if self._settings.payments else []}

    def _alerts(self, _request: Request) -> Response:
        if not self._settings.alertmanager:
            return PlainTextResponse("Service Unavailable", 503)
        alerts = [
            {
                "annotations": {},
                "endsAt": _ago(-4),
                "fingerprint": f"e7690c3961d02e{number:02x}",
                "receivers": [{"name": "deadmansswitch" if name == "Watchdog" else self._settings.receiver}],
                "startsAt": _ago(20),
                "status": self._status(name),
                "updatedAt": _ago(0),
                "generatorURL": f"{self._own}{PROMETHEUS}/graph",
                "labels": {"alertname": name, "severity": _SEVERITIES.get(name, "critical")},
            }
            for number, name in enumerate(self._settings.arrived)
        ]
        return JSONResponse(alerts)

    def _status(self, name: str) -> Json:
        silenced = name in self._settings.silenced
        return {
            "inhibitedBy": [],
            "silencedBy": [_SILENCE] if silenced else [],
            "state": "suppressed" if silenced else "active",
        }

    def _status_of_alertmanager(self, _request: Request) -> Response:
        if not self._settings.alertmanager:
            return PlainTextResponse("Service Unavailable", 503)
        status = {"name": "01KB1X", "peers": [], "status": "ready"}
        original = _CONFIGURATION.replace("RECEIVER", self._settings.receiver)
        return JSONResponse({"cluster": status, "config": {"original": original}, "uptime": _ago(4000)})

    def _silences(self, _request: Request) -> Response:
        if not self._settings.alertmanager:
            return PlainTextResponse("Service Unavailable", 503)
        return JSONResponse([_silence(name) for name in self._settings.silenced])


def monitoring_at(port: int) -> Mapping[str, Json]:
    """What ``[monitoring]`` says of where they are."""
    paths = {"prometheus": PROMETHEUS, "alertmanager": ALERTMANAGER, "grafana": GRAFANA}
    return {name: {"api": f"http://127.0.0.1:{port}{path}"} for name, path in paths.items()}


def _silence(name: str) -> Json:
    return {
        "id": _SILENCE,
        "status": {"state": "active"},
        "updatedAt": _ago(5),
        "comment": "noise, look at it after the launch",
        "createdBy": "Davi Lima",
        "endsAt": _ago(-240),
        "matchers": [{"isEqual": True, "isRegex": False, "name": "alertname", "value": name}],
        "startsAt": _ago(5),
    }


def _ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="microseconds").replace("+00:00", "Z")


_ANSWERS: Mapping[str, Callable[[MonitoringDouble], Json]] = {
    "rules": MonitoringDouble.rules,
    "alerts": MonitoringDouble.firing,
    "targets": MonitoringDouble.targets,
    "alertmanagers": MonitoringDouble.alertmanagers,
    "query": MonitoringDouble.payments,
}
