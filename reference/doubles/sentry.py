"""Sentry: takes envelopes of the real SDK, and answers for them through the Web API."""

import gzip
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sentry_sdk.envelope import Envelope
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.doubles.sentry_objects import (
    SentrySettings,
    client_key,
    detector,
    issue,
    project,
    rule,
    stored_event,
    workflow,
)
from reference.web import WebServer

_MOST_EVENTS = 5000
_LARGEST_BYTES = 1024 * 1024
_MISSING = JSONResponse({"detail": "The requested resource does not exist"}, 404)
_PAGE = 2
_SDK_ENVIRONMENT = "production"
"""What the SDK names where nobody names anything."""
_ENVIRONMENTS = {"reference", "staging", "production"}
"""Of which events came before, long ago."""
_DATASETS = {"errors", "logs", "profile_functions", "spans", "tracemetrics", "uptime_results"}
Event = dict[str, Any]


class SentryDouble:
    """One organisation with several projects; what is asked of the organisation is told as the first one's settings say."""

    def __init__(self, *projects: "SentryProject", port: int, token: str, organization: str = "workme") -> None:
        self._projects = projects
        self._settings = projects[0].settings
        self._token = token
        self._server = WebServer(self._app(organization), "127.0.0.1", port)

    async def start(self) -> None:
        """Listen, unless it is down."""
        if self._settings.running:
            await self._server.start()

    async def stop(self) -> None:
        """End it."""
        await self._server.stop()

    def _app(self, organization: str) -> Starlette:
        above = f"/api/0/organizations/{organization}"
        answers: dict[str, tuple[str, Callable[[Request], Any]]] = {
            f"{above}/events/": ("org:read", self._read_events),
            f"{above}/issues/": ("event:read", self._of_project(SentryProject.read_issues)),
            f"{above}/workflows/": ("alerts:read", self._of_project(SentryProject.read_workflows)),
            f"{above}/detectors/": ("alerts:read", self._of_project(SentryProject.read_detectors)),
        }
        for each in self._projects:
            answers |= each.answers(f"/api/0/projects/{organization}/{each.settings.slug}")
        routes = [
            Route(path, self._guarded(scope, answer), methods=["GET"]) for path, (scope, answer) in answers.items()
        ]
        ingest = [
            Route(f"/api/{each.settings.project_id}/envelope/", each.ingest, methods=["POST"])
            for each in self._projects
        ]
        return Starlette(routes=[*ingest, *routes], exception_handlers={404: lambda *_: _MISSING})

    def _of_project(self, read: Callable[["SentryProject", Request], Any]) -> Callable[[Request], Any]:
        """A question to the organisation about the project that it names by slug or number; the first if it names none."""
        names = {name: each for each in self._projects for name in (each.settings.slug, str(each.number))}

        def answer(request: Request) -> Any:  # noqa: ANN401 - a response, or JSON
            asked = names.get(request.query_params.get("project", self._projects[0].settings.slug))
            return None if asked is None else read(asked, request)

        return answer

    def _guarded(self, scope: str, answer: Callable[[Request], Any]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return JSONResponse({"detail": "Invalid token"}, 401)
            if scope not in self._settings.scopes:
                return JSONResponse({"detail": "You do not have permission to perform this action."}, 403)
            answered = answer(request)
            if isinstance(answered, Response):
                return answered
            return _MISSING if answered is None else JSONResponse(answered)

        return respond

    def _read_events(self, request: Request) -> Event | Response:
        """Events of all projects, each with the name of its own."""
        query = request.query_params
        if query.get("dataset") not in _DATASETS or not query.getlist("field"):
            return JSONResponse({"detail": "dataset must be one of: " + ", ".join(sorted(_DATASETS))}, 400)
        terms = dict(term.split(":", 1) for term in query.get("query", "").split() if ":" in term)
        wanted = "transaction" if query["dataset"] == "spans" else "error"
        data = [row for each in self._projects for row in each.rows(wanted, terms)]
        return {"data": data, "meta": {"fields": dict.fromkeys(("id", "transaction", "project"), "string")}}


class SentryProject:
    """One project: its key, and the events that came with it."""

    def __init__(self, settings: SentrySettings, *, port: int, public_key: str) -> None:
        self.settings = settings
        self.number = settings.number or settings.project_id
        self._public_key = public_key
        self._dsn = dsn(port, public_key, self.number)
        self._events: OrderedDict[str, Event] = OrderedDict()
        self._issues: dict[tuple[str, ...], Event] = {}
        """The first event of each issue, in their order."""

    def answers(self, path: str) -> Mapping[str, tuple[str, Callable[[Request], Any]]]:
        """What is read below the project's own path: the scope that it takes, and what reads it."""
        return {
            f"{path}/": ("project:read", self._read_project),
            f"{path}/keys/": ("project:read", self._read_keys),
            f"{path}/events/{{event_id}}/": ("project:read", self._read_event),
            f"{path}/rules/": ("alerts:read", self._read_rules),
        }

    async def ingest(self, request: Request) -> Response:
        """Take an envelope of the SDK, if it comes with the project's key."""
        auth = request.headers.get("X-Sentry-Auth", "")
        if f"sentry_key={self._public_key}" not in f"{auth}&{request.url.query}".replace(" ", ""):
            return JSONResponse({"detail": "bad sentry DSN public key"}, 403)
        body = _inflated(await request.body(), request.headers.get("Content-Encoding", ""))
        if body is None:
            return JSONResponse({"detail": "envelope too large"}, 413)
        envelope = Envelope.deserialize(body)
        for item in envelope.items:
            event = item.payload.json
            if isinstance(event, dict) and item.type in {"event", "transaction"}:
                self._keep(str(item.type), event)
        return JSONResponse({"id": envelope.headers.get("event_id")})

    def _keep(self, kind: str, event: Event) -> None:
        if self.settings.drops_events or (kind == "transaction" and self.settings.drops_transactions):
            return
        received = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        kept = {**event, "type": kind if kind == "transaction" else "error", "received": received}
        self._events[event["event_id"]] = kept
        if kept["type"] == "error":
            self._issues.setdefault(_group(event), kept)
        while len(self._events) > _MOST_EVENTS:
            self._events.popitem(last=False)

    def rows(self, kind: str, terms: dict[str, str]) -> list[Event]:
        """Rows of a search for events of this kind."""
        matching = [event for event in self._events.values() if event["type"] == kind and _matches(event, terms)]
        slug = self.settings.slug
        return [
            {"id": event["event_id"], "transaction": event.get("transaction", ""), "project": slug}
            for event in matching
        ]

    def _read_project(self, _request: Request) -> Event | Response | None:
        moved = self.settings.renamed_to
        if moved:
            detail = {"code": "resource-moved", "message": "Resource has been moved", "extra": {"slug": moved}}
            return JSONResponse({"slug": moved, "detail": detail}, 302)
        return project(self.number, self.settings.slug) if self.settings.project_exists else None

    def _read_keys(self, _request: Request) -> list[Event]:
        key = "0" * 32 if self.settings.key_is_another else self._public_key
        return [client_key(self.settings, self.number, key, self._dsn)]

    def _read_event(self, request: Request) -> Event | None:
        event = self._events.get(request.path_params["event_id"])
        return None if event is None else stored_event(event, self.number, datetime.now(UTC).isoformat())

    def read_issues(self, request: Request) -> list[Event] | Response | None:
        """Pages of two, so that nobody takes the first for all of them."""
        query = request.query_params
        terms = dict(term.split(":", 1) for term in query.get("query", "is:unresolved").split() if ":" in term)
        since = terms.get("firstSeen", ">=").removeprefix(">=")
        environments = {event.get("environment", _SDK_ENVIRONMENT) for event in self._issues.values()} | _ENVIRONMENTS
        wanted = query.getlist("environment") or sorted(environments)
        if not environments.issuperset(wanted):
            return None
        issues = [
            issue(number, self.number, self.settings.slug, event)
            for number, event in enumerate(self._issues.values(), start=1)
            if event["received"] >= since and event.get("environment", _SDK_ENVIRONMENT) in wanted
        ]
        issues.reverse()
        offset = int(query.get("cursor", "0:0:0").split(":")[1])
        more, following = "true" if offset + _PAGE < len(issues) else "false", f"0:{offset + _PAGE}:0"
        link = f'<{request.url}&cursor={following}>; rel="next"; results="{more}"; cursor="{following}"'
        return JSONResponse(issues[offset : offset + _PAGE], headers={"Link": link})

    def read_workflows(self, request: Request) -> list[Event] | None:
        """The alerts; None where only the older rules are offered."""
        settings = self.settings
        if not settings.workflows:
            return None
        # An alert that is connected to no monitor of the project is listed for the organisation only.
        of_project = settings.alerts_connected or not request.query_params.getlist("project")
        return [workflow(settings)] if settings.alerts and of_project else []

    def read_detectors(self, _request: Request) -> list[Event] | None:
        """The monitors; None where only the older rules are offered."""
        return [detector(self.number)] if self.settings.workflows else None

    def _read_rules(self, _request: Request) -> list[Event]:
        return [rule(self.settings)] if self.settings.alerts else []


def dsn(port: int, public_key: str, project_id: int) -> str:
    """Where the SDK sends to."""
    return f"http://{public_key}@127.0.0.1:{port}/{project_id}"


def _group(event: Event) -> tuple[str, ...]:
    """Events of one issue: the same error of the same route, or the same message."""
    thrown = (event.get("exception") or {}).get("values") or [{}]
    words = event.get("message") or (event.get("logentry") or {}).get("message") or ""
    return str(thrown[-1].get("type")), str(event.get("transaction")), words, event.get("environment", "")


def _brotli(body: bytes) -> bytes:
    """The SDK uses it wherever it can be imported, so it can be imported here."""
    import brotli  # noqa: PLC0415 - as above

    return bytes(brotli.decompress(body))


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": _brotli,
}


def _inflated(body: bytes, encoding: str) -> bytes | None:
    """The content of an envelope, up to what Sentry takes; None if it is larger."""
    body = _DECODERS[encoding](body[:_LARGEST_BYTES])
    return body if len(body) <= _LARGEST_BYTES else None


def _matches(event: Event, terms: dict[str, str]) -> bool:
    trace = (event.get("contexts") or {}).get("trace", {}).get("trace_id")
    return terms.get("trace") in {None, trace}
