"""Support: the server that takes the domain's mail, the inbox that it goes to, and a GitLab project with the tickets."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.doubles.imap import ImapDouble
from reference.web import WebServer

ADDRESS = "beta-support@workme.test"
PROJECT = "workme/support"
LABEL = "beta"
_NUMBER, _USER, _AGENT, _OWN = 3, 11, 7, 42
_SCOPES = frozenset({"api"})
_READING = frozenset({"api", "read_api"})
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportSettings:
    """The defaults are healthy."""

    takes: Literal["known", "everybody", "nobody", "later"] = "known"
    """Whose mail the server takes; ``later``: it wants to be asked again (greylisting)."""
    mail_running: bool = True
    delivers: bool = True
    """Otherwise mail is accepted, and lost."""
    encrypts: bool = True
    tracker_exists: bool = True
    issues_enabled: bool = True
    keeps_issues: bool = True
    """Otherwise a new issue gets its number, and is nowhere to be found."""
    waits_hours: float = 1.0
    """How long the user of the one open ticket waits."""
    answered_by: Literal["agent", "nobody"] = "nobody"
    """Who wrote to it last."""
    scopes: frozenset[str] = _SCOPES


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportPorts:
    """Where it listens."""

    mail: int
    inbox: int
    tickets: int


class SupportDouble:
    """SMTP, IMAP and the API, each on a port of its own."""

    def __init__(  # noqa: PLR0913 - three servers
        self, settings: SupportSettings, *, ports: SupportPorts, token: str, password: str, chain: Path, key: Path
    ) -> None:
        self._settings, self._token, self._ports = settings, token, ports
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(chain, key)
        self._inbox = ImapDouble(port=ports.inbox, user=ADDRESS, password=password, tls=self._tls)
        self._mail: asyncio.Server | None = None
        self._issues = _first_issues(settings)
        project = "/api/v4/projects/{project:path}"
        routes = [
            Route(f"{project}/issues/{{iid:int}}/notes", self._guarded(self._notes)),
            Route(f"{project}/issues/{{iid:int}}", self._guarded(self._issue)),
            Route(f"{project}/issues/{{iid:int}}", self._guarded(self._change, writes=True), methods=["PUT"]),
            Route(f"{project}/issues", self._guarded(self._list)),
            Route(f"{project}/issues", self._guarded(self._create, writes=True), methods=["POST"]),
            Route(project, self._guarded(self._project)),
        ]
        self._api = WebServer(Starlette(routes=routes), "127.0.0.1", ports.tickets)

    async def start(self) -> None:
        """Listen on all."""
        await self._api.start()
        await self._inbox.start()
        if self._settings.mail_running:
            loop = asyncio.get_running_loop()
            self._mail = await loop.create_server(self._protocol, "127.0.0.1", self._ports.mail)

    async def stop(self) -> None:
        """End them."""
        if self._mail is not None:
            self._mail.close()
        await self._inbox.stop()
        await self._api.stop()

    # -- mail ---------------------------------------------------------------------------------------------------------

    def _protocol(self) -> SMTP:
        tls = self._tls if self._settings.encrypts else None
        return SMTP(self, hostname="mail.workme.test", tls_context=tls, loop=asyncio.get_running_loop())

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's hook
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Say whether mail for this address is taken."""
        takes = self._settings.takes
        if takes == "later":
            return "450 4.2.0 Greylisted, see http://postgrey.schweikert.ch/"
        if takes == "nobody" or (takes == "known" and address.lower() != ADDRESS):
            return "550 5.1.1 Recipient address rejected: User unknown in local recipient table"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take a message."""
        if self._settings.delivers and isinstance(envelope.content, bytes):
            self._inbox.receive(envelope.content)
        return "250 2.0.0 Ok: queued"

    # -- tickets ------------------------------------------------------------------------------------------------------

    def _guarded(self, answer: Any, *, writes: bool = False) -> Any:  # noqa: ANN401 - an endpoint
        async def respond(request: Request) -> Response:
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return JSONResponse({"message": "401 Unauthorized"}, 401)
            if not self._settings.scopes & (_SCOPES if writes else _READING):
                description = "The request requires higher privileges than provided by the access token."
                wanted = "api" if writes else "api read_api"
                refusal = {"error": "insufficient_scope", "error_description": description, "scope": wanted}
                return JSONResponse(refusal, 403)
            if not self._settings.tracker_exists or request.path_params["project"] not in {PROJECT, str(_NUMBER)}:
                return JSONResponse({"message": "404 Project Not Found"}, 404)
            if not self._settings.issues_enabled and answer != self._project:
                return JSONResponse({"message": "403 Forbidden"}, 403)
            if "iid" in request.path_params and request.path_params["iid"] not in self._issues:
                return JSONResponse({"message": "404 Issue Not Found"}, 404)
            response: Response = await answer(request)
            return response

        return respond

    async def _project(self, _request: Request) -> Response:
        enabled = self._settings.issues_enabled
        return JSONResponse(
            {
                "id": _NUMBER,
                "path_with_namespace": PROJECT,
                "archived": False,
                "issues_enabled": enabled,
                "issues_access_level": "enabled" if enabled else "disabled",
            }
        )

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        issues = [issue for issue in self._issues.values() if _matches(issue, query)]
        size, number = int(query.get("per_page", "20")), int(query.get("page", "1"))
        headers = {}
        if size * number < len(issues):
            following = request.url.replace(query=urlencode({**query, "page": number + 1}))
            headers["Link"] = f'<{following}>; rel="next"'
        return JSONResponse(issues[size * (number - 1) : size * number], headers=headers)

    async def _issue(self, request: Request) -> Response:
        return JSONResponse(self._issues[request.path_params["iid"]])

    async def _notes(self, request: Request) -> Response:
        issue = self._issues[request.path_params["iid"]]
        return JSONResponse([_note(issue)] if issue["user_notes_count"] else [])

    async def _create(self, request: Request) -> Response:
        sent = await request.json()
        number = len(self._issues) + 1
        issue = _issue(number, sent["title"], _OWN, datetime.now(UTC), labels=sent.get("labels", "").split(","))
        if self._settings.keeps_issues:
            self._issues[number] = issue
        return JSONResponse(issue, 201)

    async def _change(self, request: Request) -> Response:
        issue = self._issues[request.path_params["iid"]]
        if (await request.json()).get("state_event") == "close":
            issue |= {"state": "closed", "closed_at": datetime.now(UTC).isoformat()}
        return JSONResponse(issue)


def _first_issues(settings: SupportSettings) -> dict[int, Json]:
    """Three questions of testers: one is closed, one answered, and one waits; and what is no ticket."""
    now = datetime.now(UTC)
    closed = _issue(1, "I cannot log in", _USER, now - timedelta(hours=20), state="closed")
    answered = _issue(2, "Where is my invoice?", _USER, now - timedelta(hours=9), notes=1)
    notes = int(settings.answered_by == "agent")
    waiting = _issue(3, "PIX does not open", _USER, now - timedelta(hours=settings.waits_hours), notes=notes)
    task = _issue(4, "Clean up labels", _AGENT, now - timedelta(days=30), labels=["internal"])
    return {issue["iid"]: issue for issue in (closed, answered, waiting, task)}


def _issue(  # noqa: PLR0913 - what an issue consists of
    number: int,
    title: str,
    author: int,
    at: datetime,
    *,
    state: str = "opened",
    notes: int = 0,
    labels: Sequence[str] = (LABEL,),
) -> Json:
    return {
        "id": 9000 + number,
        "iid": number,
        "project_id": _NUMBER,
        "title": title,
        "description": "",
        "state": state,
        "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "closed_at": None,
        "labels": list(labels),
        "author": {"id": author, "username": f"user{author}", "name": f"User {author}"},
        "user_notes_count": notes,
        "confidential": False,
        "issue_type": "issue",
    }


def _note(issue: Json) -> Json:
    """What an agent answered, half an hour later."""
    at = datetime.fromisoformat(issue["created_at"]) + timedelta(minutes=30)
    return {
        "id": 70000 + issue["iid"],
        "body": "We look into it.",
        "author": {"id": _AGENT, "username": "paula", "name": "Paula Costa"},
        "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "system": False,
        "internal": False,
        "noteable_iid": issue["iid"],
    }


def _matches(issue: Json, query: Mapping[str, str]) -> bool:
    """The filters of GitLab that gonogo uses; one that it does not know would let everything through."""
    labels = {label for label in query.get("labels", "").split(",") if label}
    since = query.get("created_after")
    return (
        query.get("state", "all") in {"all", issue["state"]}
        and labels <= set(issue["labels"])
        and (since is None or datetime.fromisoformat(issue["created_at"]) >= datetime.fromisoformat(since))
        and query.get("search", "").lower() in issue["title"].lower()
    )
