"""What a dashboard of Grafana shows, asked as its API is published, and as `gonogo rules` writes one."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.monitoring import DashboardEvidence, DashboardPanel
from gonogo.families.monitoring.grafana import dashboard_questions, probe_dashboard
from gonogo.families.registry import environment_from
from gonogo.watching.rules_grafana import grafana_dashboard
from tests.checks.conftest import Judge, catalogue, declarations, judge
from tests.support.ports import closed_port
from tests.support.watch_day import watch_of

__all__ = ["catalogue", "declarations", "judge"]

NOW = datetime.now(UTC).replace(microsecond=0)
SOURCE = {"type": "prometheus", "uid": "P1"}
Json = dict[str, Any]


def frame(*columns: list[Any], kinds: str = "time number") -> Json:
    """As the documentation of /api/ds/query has it."""
    fields = [{"name": kind, "type": kind, "typeInfo": {}} for kind in kinds.split()]
    return {"schema": {"refId": "A", "fields": fields}, "data": {"values": list(columns)}}


def milliseconds(**ago: float) -> int:
    """A time as Grafana writes it."""
    return int(1000 * (NOW - timedelta(**ago)).timestamp())


LATELY = frame([milliseconds(minutes=2), milliseconds(minutes=1), milliseconds()], [0.5, 0.0, None])


class Grafana(BaseHTTPRequestHandler):
    """A Grafana by hand: what it is asked is kept."""

    protocol_version = "HTTP/1.1"
    dashboard: ClassVar[Json] = {}
    answers: ClassVar[Mapping[str, tuple[int, Json]]] = {}
    asked: ClassVar[list[Json]] = []

    def do_GET(self) -> None:
        """Health, and the one dashboard."""
        if self.path == "/api/health":
            self._reply(200, {"database": "ok", "version": "11.2.0"})
        else:
            self._reply(200, {"dashboard": self.dashboard, "meta": {}})

    def do_POST(self) -> None:
        """The answer for the expression of the first query."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        self._reply(*self.answers.get(body["queries"][0]["expr"], (200, {"results": {"A": {"frames": [LATELY]}}})))

    def _reply(self, status: int, document: Json) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@contextmanager
def grafana(dashboard: Json, answers: Mapping[str, tuple[int, Json]] | None = None) -> Iterator[str]:
    """The address of one that has this dashboard."""
    Grafana.dashboard, Grafana.answers, Grafana.asked = dashboard, answers or {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Grafana)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(api: str, **dashboard: Any) -> Environment:  # noqa: ANN401 - keys of the section
    """One dashboard of it."""
    monitoring = {
        "grafana": {"api": api, "token": "GRAFANA_TOKEN"},
        "dashboards": {"launch": {"uid": "w", **dashboard}},
    }
    return environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "monitoring": monitoring})


def shown(declared: Environment) -> DashboardEvidence:
    """What the probe reads."""
    (question,) = dashboard_questions(declared, Secrets({"GRAFANA_TOKEN": "glsa_0123456789"}))
    return asyncio.run(probe_dashboard(question))


def panel(title: str, expression: str, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """A panel with one query."""
    return {"title": title, "datasource": SOURCE, "targets": [{"refId": "A", "expr": expression, **more}]}


ROWS = {"title": "More", "type": "row", "panels": [panel("In a row", "rowed")]}
TEXT = {"title": "Words", "type": "text", "options": {}}
BROWSER = {"title": "Annotations", "datasource": {"uid": "-- Grafana --"}, "targets": [{"refId": "A"}]}


def test_each_panel_is_asked_what_it_asks() -> None:
    """In rows as well, with the variables of the dashboard; what is hidden, or has no query, is not asked."""
    hidden = {"refId": "B", "expr": "hidden", "hide": True}
    first = panel("Errors", 'rate(errors{job="$job",at=~"${at:regex}"}[$__rate_interval])', legendFormat="{{x}} $gone")
    first["targets"].append(hidden)
    variables = [
        {"name": "job", "current": {"value": "api"}},
        {"name": "at", "current": {"value": ["$__all"]}},
    ]
    dashboard = {"title": "Launch", "templating": {"list": variables}, "panels": [first, ROWS, TEXT, BROWSER]}
    with grafana(dashboard) as api:
        evidence = shown(environment(api, variables={"job": "shop"}))
        asked = {body["queries"][0]["expr"]: body for body in Grafana.asked}
    expression = 'rate(errors{job="shop",at=~".*"}[$__rate_interval])'
    assert asked.keys() == {expression, "rowed"}
    assert asked[expression]["queries"][0]["datasource"] == SOURCE
    assert (asked[expression]["from"], asked[expression]["to"]) == ("now-15m", "now")
    newest = NOW - timedelta(minutes=1)
    assert {one.title: one.newest for one in evidence.panels} == {"Errors": newest, "In a row": newest}
    assert (evidence.title, evidence.database, evidence.found) == ("Launch", "ok", True)


def test_labels_of_the_environment_win_over_what_was_saved() -> None:
    """Somebody looked at staging, and saved the dashboard: production's panels may be empty all the same."""
    saved = [{"name": "environment", "current": {"value": "staging"}}]
    dashboard = {"title": "Launch", "templating": {"list": saved}, "panels": [panel("Errors", "e{env='$environment'}")]}
    with grafana(dashboard) as api:
        (question,) = dashboard_questions(environment(api), Secrets({"GRAFANA_TOKEN": "glsa_0123456789"}))
        asyncio.run(probe_dashboard(replace(question, labels={"environment": "production"})))
        assert [body["queries"][0]["expr"] for body in Grafana.asked] == ["e{env='production'}"]


def results(*frames: Json) -> tuple[int, Json]:
    """An answer of the data source."""
    return 200, {"results": {"A": {"status": 200, "frames": list(frames)}}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (results(LATELY), None),
        (results(frame([7], kinds="number")), None),
        (results(), 'the panel P says "No data"'),
        (results(frame([], [])), 'the panel P says "No data"'),
        (results(frame([milliseconds()], [None])), 'the panel P says "No data"'),
        (results(frame([milliseconds(minutes=9)], [1.0])), "the newest point of the panel P is 9 min old"),
        ((400, {"results": {"A": {"error": "parse error", "status": 400}}}), "the panel P shows an error: parse error"),
        ((207, {"results": {"A": {"error": "refused", "status": 502}}}), "the panel P shows an error: refused"),
    ],
)
def test_panel_is_green_with_a_number_of_the_last_minutes(
    judge: Judge, answer: tuple[int, Json], words: str | None
) -> None:
    """Null is no number, and a data source that failed is no silence."""
    with grafana({"panels": [panel("P", "x")]}, {"x": answer}) as api:
        declared = environment(api)
        evidence = replace(shown(declared), clock=NOW)
    told = judge("dashboard-shows", dashboard=evidence, environment=declared)
    assert (told is None) if words is None else (words in (told or "")), told
    if words and "No data" in words:
        assert judge("dashboard-shows", dashboard=evidence, environment=environment(api, may_be_empty=["P"])) is None


def test_what_cannot_be_asked_is_unseen_and_named(judge: Judge) -> None:
    """A variable without a value, a data source that refuses, and nobody at the address."""
    dashboard = {"panels": [panel("P", "rate(x[$range])"), panel("Q", "q")]}
    with grafana(dashboard, {"q": (403, {"message": "Access denied"})}) as api:
        declared = environment(api)
        evidence = shown(declared)
    with pytest.raises(Unobserved, match=r"P: the value of \$range is not known.*Q: Grafana at .* \(403\)"):
        judge("dashboard-shows", dashboard=evidence, environment=declared)
    broken = replace(evidence, panels=(*evidence.panels, DashboardPanel(title="R")))
    assert "R says" in (judge("dashboard-shows", dashboard=broken, environment=declared) or "")
    with pytest.raises(Unobserved, match=r"Grafana at .* could not be asked"):
        shown(environment(f"http://127.0.0.1:{closed_port()}"))
    with grafana({"title": "Empty", "panels": [TEXT]}) as api:
        assert "no panel of Empty has a query" in (
            judge("dashboard-shows", dashboard=shown(environment(api)), environment=declared) or ""
        )


def test_dashboard_that_gonogo_writes_is_asked_as_any_other() -> None:
    """Its data source is a variable that whoever imports it chooses."""
    written = json.loads(grafana_dashboard("production", watch_of()))
    with grafana(written) as api:
        evidence = shown(environment(api, variables={"datasource": "P1"}))
        sources = {query["datasource"]["uid"] for body in Grafana.asked for query in body["queries"]}
        unchosen = shown(environment(api))
    assert len(evidence.panels) == len(written["panels"]) == 3
    assert sources == {"P1"}
    assert all("$datasource is not known" in one.unasked for one in unchosen.panels)
