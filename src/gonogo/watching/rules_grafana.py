"""``gonogo rules --format grafana``: a dashboard over the recorded signals, each with its threshold as a line."""

import json
from collections.abc import Mapping
from typing import Any

from gonogo.families.watch.promql import expressions
from gonogo.families.watch.section import Threshold, Watch, Watched
from gonogo.watching.rules_export import UNCERTAIN, VALUE, recorded

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_UNITS = {"%": "percentunit", "s": "s", "ms": "ms", "/s": "ops", "B": "bytes", "": "short"}
_WIDTH, _HEIGHT, _ACROSS = 12, 8, 2


def grafana_dashboard(environment: str, watch: Watch) -> str:
    """A dashboard in Grafana's JSON, to be imported; it asks for the Prometheus that has the rules."""
    shown = {name: watched for name, watched in watch.watched.items() if expressions(watched) is not None}
    document = {
        "uid": f"gonogo-{environment}"[:40],
        "title": f"gonogo: {environment}",
        "tags": ["gonogo", environment],
        "timezone": "utc",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [
            _panel(environment, name, watched, position) for position, (name, watched) in enumerate(shown.items())
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _panel(environment: str, name: str, watched: Watched, position: int) -> Mapping[str, Any]:
    row, column = divmod(position, _ACROSS)
    series = ((VALUE, name), (UNCERTAIN, "uncertain"))
    return {
        "id": position + 1,
        "type": "timeseries",
        "title": watched.title or name,
        "description": ", ".join(watched.line),
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "targets": [
            {"refId": letter, "datasource": _SOURCE, "expr": recorded(kind, environment, name), "legendFormat": legend}
            for letter, (kind, legend) in zip("AB", series, strict=True)
        ],
        "fieldConfig": {"defaults": _defaults(watched), "overrides": []},
        # A gap is a gap: nobody knows what was in it.
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
    }


def _defaults(watched: Watched) -> Mapping[str, Any]:
    custom: dict[str, Any] = {"drawStyle": "line", "spanNulls": False}
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if isinstance(watched, Threshold):
        custom["thresholdsStyle"] = {"mode": "line"}
        begin, end = ("green", "red") if watched.above is not None else ("red", "green")
        steps = [{"color": begin, "value": None}, {"color": end, "value": watched.limit}]
    return {"unit": _UNITS[watched.unit], "custom": custom, "thresholds": {"mode": "absolute", "steps": steps}}
