"""Asks a Grafana what its dashboards show: each panel's own queries, as the browser would send them; reads only.

https://grafana.com/docs/grafana/latest/developers/http_api/ (health, dashboard, data source).
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, number, objects, text
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.monitoring import DashboardEvidence, DashboardPanel
from gonogo.families.monitoring.section import Dashboard, Monitoring
from gonogo.families.monitoring.server import clock_of, server_api
from gonogo.families.reading import Reading

_VARIABLE = re.compile(r"\$(?:([a-zA-Z_]\w*)|\{(\w+)(?::\w+)?\})|\[\[(\w+)\]\]")
"""As Grafana writes them; ``$1`` is what PromQL's label_replace has of an expression."""
_BUILT_IN = "__"
"""How variables begin that data sources fill in: ``$__rate_interval``."""
_ALL = "$__all"
_IN_BROWSER = {"-- Grafana --", "-- Dashboard --", "grafana"}
"""Data sources that only a browser has."""
_FOR_PEOPLE = {"legendFormat", "alias"}
_SPAN, _POINTS, _INTERVAL_MS = "now-15m", 300, 15_000
"""Longer than what is wanted, so that an old point is told from none."""
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardQuestion:
    """One dashboard."""

    api: JsonApi
    name: str
    dashboard: Dashboard
    labels: Mapping[str, str] = field(default_factory=dict)
    """Those of this environment, which win over what the dashboard was saved with by somebody who looked at another."""

    @property
    def scope(self) -> Scope:
        """Its name in the environment file."""
        return "monitoring", "grafana", self.name

    @property
    def host(self) -> str:
        """All dashboards are asked of one Grafana."""
        return "monitoring-grafana"


def dashboard_questions(environment: Environment, secrets: Secrets) -> Sequence[DashboardQuestion]:
    """One for each that is declared."""
    section = environment.section(Monitoring)
    if section is None or section.grafana is None:
        return []
    api = server_api("Grafana", "grafana", section.grafana, environment, secrets)
    return [
        DashboardQuestion(api=api, name=name, dashboard=one, labels=section.labels)
        for name, one in section.dashboards.items()
    ]


async def probe_dashboard(question: DashboardQuestion) -> DashboardEvidence:
    """Read it, and ask what its panels ask. Raises Unobserved where nobody knows whether it is there."""
    taken_at, reading, uid = datetime.now(UTC), Reading(), question.dashboard.uid
    async with question.api.session() as session:
        where = f"api/dashboards/uid/{uid}"
        reply = await session.ask("GET", where)
        clock = clock_of(reply) or taken_at
        document = session.read(reply, where, "the role Viewer")
        database = await reading.fact("database", _database(session), "")
        dashboard = mapping(mapping(document).get("dashboard"))
        asked = _Panels(session, clock, {**_saved(dashboard), **question.labels, **question.dashboard.variables})
        panels = await asyncio.gather(*(asked.panel(panel) for panel in _panels(dashboard)))
    return DashboardEvidence(
        scope=question.scope,
        taken_at=taken_at,
        uid=uid,
        clock=clock,
        found=document is not None,
        title=text(dashboard.get("title")),
        database=database,
        panels=tuple(panels),
        unread=reading.unread,
    )


async def _database(session: JsonSession) -> str:
    """Grafana answers 503 where its database fails, and says so all the same."""
    reply = await session.ask("GET", "api/health")
    said = text(mapping(reply.document).get("database"))
    return said or text(mapping(session.read(reply, "api/health", "")).get("database"))


def _panels(dashboard: Object) -> Iterator[Object]:
    """Those that ask something, those within rows that are folded among them."""
    for panel in objects(dashboard.get("panels")):
        yield from (inner for inner in objects(panel.get("panels")) if _targets(inner))
        if _targets(panel):
            yield panel


def _targets(panel: Object) -> list[Object]:
    """Its queries that are shown, each with its data source."""
    own = panel.get("datasource")
    targets = [
        {
            **{key: value for key, value in target.items() if key not in _FOR_PEOPLE},
            "datasource": target.get("datasource") or own,
            "refId": text(target.get("refId")) or "A",
        }
        for target in objects(panel.get("targets"))
        if target.get("hide") is not True
    ]
    return [target for target in targets if mapping(target["datasource"]).get("uid") not in _IN_BROWSER]


def _saved(dashboard: Object) -> dict[str, str]:
    """The values of its variables that it was saved with."""
    values: dict[str, str] = {}
    for variable in objects(mapping(dashboard.get("templating")).get("list")):
        value = mapping(variable.get("current")).get("value")
        several = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
        if _ALL in several:
            values[text(variable.get("name"))] = text(variable.get("allValue")) or ".*"
        elif several:
            values[text(variable.get("name"))] = several[0] if len(several) == 1 else f"({'|'.join(several)})"
    return values


@dataclass(frozen=True, slots=True)
class _Panels:
    session: JsonSession
    clock: datetime
    variables: Mapping[str, str]

    async def panel(self, panel: Object) -> DashboardPanel:
        """What it would show."""
        title, targets = text(panel.get("title")) or f"panel {panel.get('id')}", _targets(panel)
        if unknown := sorted(self._unknown(json.dumps(targets))):
            reason = f"the value of ${', $'.join(unknown)} is not known; declare it as a variable of the dashboard"
            return DashboardPanel(title=title, unasked=reason)
        try:
            results = await self._results([mapping(self._filled(target)) for target in targets])
        except Unobserved as error:
            return DashboardPanel(title=title, unasked=str(error))
        refused = next((said for result in results if (said := text(result.get("error")))), "")
        points = [
            point for result in results for frame in objects(result.get("frames")) for point in self._points(frame)
        ]
        return DashboardPanel(title=title, newest=max(points, default=None), error=refused)

    async def _results(self, targets: Sequence[Object]) -> Sequence[Object]:
        """By query; a data source that fails says so within a reply whose status is an error."""
        queries = [{"intervalMs": _INTERVAL_MS, "maxDataPoints": _POINTS, **target} for target in targets]
        content = json.dumps({"queries": queries, "from": _SPAN, "to": "now"}).encode()
        headers = {"Content-Type": "application/json"}
        reply = await self.session.ask("POST", "api/ds/query", headers=headers, content=content)
        results = mapping(reply.document).get("results")
        if not isinstance(results, dict):
            results = mapping(self.session.read(reply, "api/ds/query", "the role Viewer")).get("results")
        return objects(list(mapping(results).values()))

    def _points(self, frame: Object) -> Iterator[datetime]:
        """The times of its numbers; of numbers without times, as a table has them, now."""
        fields = objects(mapping(frame.get("schema")).get("fields"))
        values = mapping(frame.get("data")).get("values")
        columns = [
            column if isinstance(column, list) else [] for column in (values if isinstance(values, list) else [])
        ]
        times = next(
            (column for described, column in zip(fields, columns, strict=False) if described.get("type") == "time"),
            None,
        )
        for described, column in zip(fields, columns, strict=False):
            if described.get("type") == "time":
                continue
            for place, value in enumerate(column):
                if value is None:
                    continue
                milliseconds = number(times[place]) if times and place < len(times) else None
                yield (
                    self.clock
                    if milliseconds is None
                    else datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
                )

    def _unknown(self, words: str) -> set[str]:
        names = {next(filter(None, found)) for found in _VARIABLE.findall(words)}
        return {name for name in names if not name.startswith(_BUILT_IN) and name not in self.variables}

    def _filled(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, str):
            return _VARIABLE.sub(lambda found: self.variables.get(next(filter(None, found.groups())), found[0]), value)
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}
        return [self._filled(inner) for inner in value] if isinstance(value, list) else value
