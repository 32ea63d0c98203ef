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
    project,
    rule,
    stored_event,
    workflow,
)
from reference.web import WebServer

_MOST_EVENTS = 5000
_LARGEST_BYTES = 1024 * 1024
_MISSING = JSONResponse({"detail": "The requested resource does not exist"}, 404)
_DATASETS = {"errors", "logs", "profile_functions", "spans", "tracemetrics", "uptime_results"}
Event = dict[str, Any]


class SentryDouble:
    """One organisation with one project."""

    def __init__(  # noqa: PLR0913 - what a project consists of
        self,
        settings: SentrySettings,
        *,
        port: int,
        public_key: str,
        token: str,
        organization: str = "workme",
        slug: str = "workme-api",
        project_id: int = 4501,
    ) -> None:
        self._settings = settings
        self._public_key = public_key
        self._token = token
        self._slug = slug
        self._number = settings.number or project_id
        self._dsn = self.dsn(port, public_key, self._number)
        self._events: OrderedDict[str, Event] = OrderedDict()
        self._server = WebServer(self._app(organization, slug, project_id), "127.0.0.1", port)

    @staticmethod
    def dsn(port: int, public_key: str, project_id: int = 4501) -> str:
        """Where the SDK sends to."""
        return f"http://{public_key}@127.0.0.1:{port}/{project_id}"

    async def start(self) -> None:
        """Listen, unless it is down."""
        if self._settings.running:
            await self._server.start()

    async def stop(self) -> None:
        """End it."""
        await self._server.stop()

    def _app(self, organization: str, slug: str, project_id: int) -> Starlette:
        below = f"/api/0/projects/{organization}/{slug}"
        above = f"/api/0/organizations/{organization}"
        answers = {
            f"{below}/": ("project:read", self._read_project),
            f"{below}/keys/": ("project:read", self._read_keys),
            f"{below}/events/{{event_id}}/": ("project:read", self._read_event),
            f"{below}/rules/": ("alerts:read", self._read_rules),
            f"{above}/events/": ("org:read", self._read_events),
            f"{above}/workflows/": ("alerts:read", self._read_workflows),
            f"{above}/detectors/": ("alerts:read", self._read_detectors),
        }
        routes = [
            Route(path, self._guarded(scope, answer), methods=["GET"]) for path, (scope, answer) in answers.items()
        ]
        ingest = Route(f"/api/{project_id}/envelope/", self._ingest, methods=["POST"])
        return Starlette(routes=[ingest, *routes], exception_handlers={404: lambda *_: _MISSING})

    async def _ingest(self, request: Request) -> Response:
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
        if self._settings.drops_events or (kind == "transaction" and self._settings.drops_transactions):
            return
        self._events[event["event_id"]] = {**event, "type": kind if kind == "transaction" else "error"}
        while len(self._events) > _MOST_EVENTS:
            self._events.popitem(last=False)

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

    def _read_project(self, _request: Request) -> Event | Response | None:
        moved = self._settings.renamed_to
        if moved:
            detail = {"code": "resource-moved", "message": "Resource has been moved", "extra": {"slug": moved}}
            return JSONResponse({"slug": moved, "detail": detail}, 302)
        return project(self._number, self._slug) if self._settings.project_exists else None

    def _read_keys(self, _request: Request) -> list[Event]:
        key = "0" * 32 if self._settings.key_is_another else self._public_key
        return [client_key(self._settings, self._number, key, self._dsn)]

    def _read_event(self, request: Request) -> Event | None:
        event = self._events.get(request.path_params["event_id"])
        return None if event is None else stored_event(event, self._number, datetime.now(UTC).isoformat())

    def _read_events(self, request: Request) -> Event | Response:
        query = request.query_params
        if query.get("dataset") not in _DATASETS or not query.getlist("field"):
            return JSONResponse({"detail": "dataset must be one of: " + ", ".join(sorted(_DATASETS))}, 400)
        terms = dict(term.split(":", 1) for term in query.get("query", "").split() if ":" in term)
        wanted = "transaction" if query["dataset"] == "spans" else "error"
        matching = [event for event in self._events.values() if event["type"] == wanted and _matches(event, terms)]
        data = [
            {"id": event["event_id"], "transaction": event.get("transaction", ""), "project": self._slug}
            for event in matching
        ]
        return {"data": data, "meta": {"fields": dict.fromkeys(("id", "transaction", "project"), "string")}}

    def _read_workflows(self, request: Request) -> list[Event] | None:
        settings = self._settings
        if not settings.workflows:
            return None
        # An alert that is connected to no monitor of the project is listed for the organisation only.
        of_project = settings.alerts_connected or not request.query_params.getlist("project")
        return [workflow(settings)] if settings.alerts and of_project else []

    def _read_detectors(self, _request: Request) -> list[Event] | None:
        return [detector(self._number)] if self._settings.workflows else None

    def _read_rules(self, _request: Request) -> list[Event]:
        return [rule(self._settings)] if self._settings.alerts else []


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
