"""Sentry: takes envelopes of the real SDK, and answers for them through the Web API."""

import gzip
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sentry_sdk.envelope import Envelope
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.web import WebServer

_MOST_EVENTS = 5000
_LARGEST_BYTES = 1024 * 1024
_RECIPIENT = {"type": "email", "config": {"targetType": "team", "targetIdentifier": "1"}, "status": "active"}
_MISSING = JSONResponse({"detail": "The requested resource does not exist"}, 404)
Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentrySettings:
    """The defaults are healthy."""

    running: bool = True
    drops_events: bool = False
    """Ingest says 200, and keeps nothing: a quota that is used up, or an inbound filter."""
    drops_transactions: bool = False
    project_exists: bool = True
    key_is_another: bool = False
    """The DSN's key is none of the project's."""
    workflows: bool = True
    """Otherwise only the older rules are offered."""
    alerts: bool = True
    alerts_enabled: bool = True
    alerts_have_recipient: bool = True


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
        project: str = "workme-api",
        project_id: int = 4501,
    ) -> None:
        self._settings = settings
        self._public_key = public_key
        self._token = token
        self._project = {"id": str(project_id), "slug": project, "name": project, "status": "active"}
        self._dsn = self.dsn(port, public_key, project_id)
        self._events: OrderedDict[str, Event] = OrderedDict()
        self._server = WebServer(self._app(organization, project, project_id), "127.0.0.1", port)

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

    def _app(self, organization: str, project: str, project_id: int) -> Starlette:
        below = f"/api/0/projects/{organization}/{project}"
        answers = {
            f"{below}/": self._read_project,
            f"{below}/keys/": self._read_keys,
            f"{below}/events/{{event_id}}/": self._read_event,
            f"{below}/rules/": self._read_rules,
            f"/api/0/organizations/{organization}/events/": self._read_events,
            f"/api/0/organizations/{organization}/workflows/": self._read_workflows,
        }
        routes = [Route(path, self._guarded(answer), methods=["GET"]) for path, answer in answers.items()]
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

    def _guarded(self, answer: Any) -> Any:  # noqa: ANN401 - endpoints of Starlette
        async def respond(request: Request) -> Response:
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return JSONResponse({"detail": "Invalid token"}, 401)
            found = answer(request)
            return _MISSING if found is None else JSONResponse(found)

        return respond

    def _read_project(self, _request: Request) -> Event | None:
        return self._project if self._settings.project_exists else None

    def _read_keys(self, _request: Request) -> list[Event]:
        key = "0" * 32 if self._settings.key_is_another else self._public_key
        return [{"id": key, "name": "Default", "public": key, "isActive": True, "dsn": {"public": self._dsn}}]

    def _read_event(self, request: Request) -> Event | None:
        event = self._events.get(request.path_params["event_id"])
        if event is None:
            return None
        return {
            "id": event["event_id"],
            "eventID": event["event_id"],
            "groupID": "1",
            "projectID": self._project["id"],
            "type": event["type"],
            "title": _title(event),
            "message": str(event.get("message") or ""),
            "platform": event.get("platform", "python"),
            "dateReceived": datetime.now(UTC).isoformat(),
            "release": event.get("release"),
            "tags": [{"key": key, "value": value} for key, value in (event.get("tags") or {}).items()],
            "contexts": event.get("contexts") or {},
        }

    def _read_events(self, request: Request) -> Event:
        terms = dict(term.split(":", 1) for term in request.query_params.get("query", "").split() if ":" in term)
        found = [event for event in self._events.values() if _matches(event, terms)]
        data = [{"id": event["event_id"], "transaction": event.get("transaction", "")} for event in found]
        return {"data": data, "meta": {"fields": {"id": "string", "transaction": "string"}}}

    def _read_workflows(self, _request: Request) -> list[Event] | None:
        if not self._settings.workflows:
            return None
        actions = [_RECIPIENT] if self._settings.alerts_have_recipient else []
        enabled = self._settings.alerts_enabled
        alert = {"id": "1", "name": "Errors", "enabled": enabled, "actionFilters": [{"id": "1", "actions": actions}]}
        return [alert] if self._settings.alerts else []

    def _read_rules(self, _request: Request) -> list[Event]:
        actions = [{"id": "sentry.mail.actions.NotifyEmailAction", "targetType": "Team"}]
        rule = {
            "id": "1",
            "name": "Errors",
            "status": "active" if self._settings.alerts_enabled else "disabled",
            "actions": actions if self._settings.alerts_have_recipient else [],
        }
        return [rule] if self._settings.alerts else []


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
    """Of an envelope, up to what Sentry takes; None if it is larger."""
    body = _DECODERS[encoding](body[:_LARGEST_BYTES])
    return body if len(body) <= _LARGEST_BYTES else None


def _matches(event: Event, terms: dict[str, str]) -> bool:
    trace = (event.get("contexts") or {}).get("trace", {}).get("trace_id")
    return terms.get("trace") in {None, trace} and terms.get("event.type") in {None, event["type"]}


def _title(event: Event) -> str:
    values = (event.get("exception") or {}).get("values") or []
    if values:
        return f"{values[-1].get('type')}: {values[-1].get('value')}"
    return str(event.get("message") or event.get("transaction") or "")
