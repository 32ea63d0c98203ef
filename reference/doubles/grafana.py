"""A Grafana with one dashboard: its health, the dashboard, and the answers of the data source behind its panels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
GRAFANA, UID = "/grafana", "workme-launch"
_SOURCE = {"type": "prometheus", "uid": "P1809F7CD0C75ACF3"}
_PANELS = {
    "API errors": 'sum(rate(workme_http_requests_total{job="$job",status=~"5.."}[$__rate_interval]))',
    "Response times": "histogram_quantile(0.95, sum by (le) (rate(workme_http_request_duration_seconds_bucket[5m])))",
    "Payments": "sum by (result) (rate(workme_payments_total[5m]))",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GrafanaSettings:
    """The defaults are healthy."""

    running: bool = True
    database: str = "ok"
    dashboard: bool = True
    empty_panel: str = ""
    failing_panel: str = ""
    newest_minutes: float = 0.0


class GrafanaDouble:
    """Its part of whoever serves it."""

    def __init__(self, settings: GrafanaSettings) -> None:
        self._settings = settings

    @property
    def routes(self) -> Sequence[Route]:
        """Below a path of its own."""
        return [
            Route(f"{GRAFANA}/api/health", self._health),
            Route(f"{GRAFANA}/api/dashboards/uid/{{uid}}", self._dashboard),
            Route(f"{GRAFANA}/api/ds/query", self._query, methods=["POST"]),
        ]

    def _health(self, _request: Request) -> Response:
        if not self._settings.running:
            return _down()
        document = {"commit": "3b4b2a8", "database": self._settings.database, "version": "11.2.0"}
        return JSONResponse(document, 200 if self._settings.database == "ok" else 503)

    def _dashboard(self, request: Request) -> Response:
        if not self._settings.running:
            return _down()
        if not self._settings.dashboard or request.path_params["uid"] != UID:
            return JSONResponse({"message": "Dashboard not found"}, 404)
        panels = [
            {
                "id": number,
                "type": "timeseries",
                "title": title,
                "datasource": _SOURCE,
                "targets": [{"refId": "A", "datasource": _SOURCE, "expr": query, "legendFormat": "{{result}}"}],
            }
            for number, (title, query) in enumerate(_PANELS.items(), 1)
        ]
        words = {"id": 9, "type": "text", "title": "What to do", "options": {"content": "see the runbook"}}
        row = {"id": 8, "type": "row", "title": "Money", "collapsed": True, "panels": panels[2:]}
        job = {"name": "job", "type": "query", "current": {"text": "workme", "value": "workme"}}
        dashboard = {
            "uid": UID,
            "title": "WorkMe: launch",
            "schemaVersion": 39,
            "templating": {"list": [job]},
            "panels": [*panels[:2], row, words],
        }
        return JSONResponse({"dashboard": dashboard, "meta": {"slug": "workme-launch", "type": "db"}})

    async def _query(self, request: Request) -> Response:
        if not self._settings.running:
            return _down()
        queries = (await request.json())["queries"]
        results = {query["refId"]: self._result(query) for query in queries}
        failed = any("error" in result for result in results.values())
        return JSONResponse({"results": results}, 500 if failed else 200)

    def _result(self, query: Json) -> Json:
        titles = {asked.replace("$job", "workme"): title for title, asked in _PANELS.items()}
        title = titles.get(query["expr"])
        if title is None:
            return {"error": f"no such query: {query['expr']}", "status": 400}
        if title == self._settings.failing_panel:
            return {"error": "Post http://prometheus:9090/api/v1/query_range: connection refused", "status": 500}
        now = datetime.now(UTC).timestamp() - 60 * self._settings.newest_minutes
        times = [int(1000 * (now - 15 * age)) for age in range(3, -1, -1)]
        values = [[], []] if title == self._settings.empty_panel else [times, [0.0, 0.1, 0.1, None]]
        fields = [
            {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}},
            {"name": "Value", "type": "number", "typeInfo": {"frame": "float64", "nullable": True}, "labels": {}},
        ]
        return {"status": 200, "frames": [{"schema": {"refId": "A", "fields": fields}, "data": {"values": values}}]}


def _down() -> Response:
    return PlainTextResponse("Bad Gateway", 502)
