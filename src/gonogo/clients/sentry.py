"""Sentry's Web API (https://docs.sentry.io/api/), read with a token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from gonogo.base.errors import Unobserved
from gonogo.clients.exchanges import EXCHANGE_SECONDS
from gonogo.clients.json_api import ApiReply, JsonApi, JsonSession, NotUnderstood, mapping, objects, text
from gonogo.clients.paging import find_pages, read_pages, sentry_pages

_TOKENS = (
    "a token with project:read, org:read, alerts:read and event:read is that of an internal integration (Settings → Custom "
    "Integrations) or a personal one (Settings → Auth Tokens); an organisation's own token may read none of it"
)
_LOOKALIKES = (
    " A server that only takes Sentry's events, as Bugsink, cannot be asked: put sentry into service.without, and attest "
    "the lines"
)
_REDIRECTS = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.TEMPORARY_REDIRECT}
_PROJECT, _ORGANIZATION, _ALERTS = "project:read", "org:read", "alerts:read (or org:read)"
_EVENTS = "event:read"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryApi:
    """One project of one organisation."""

    api: str
    token: str = field(repr=False)
    organization: str
    project: str
    patience: timedelta = timedelta(seconds=EXCHANGE_SECONDS)

    @asynccontextmanager
    async def session(self) -> AsyncIterator["SentrySession"]:
        """Several questions that share their connections and their time."""
        api = JsonApi(
            name="Sentry",
            base=self.api,
            headers={"Authorization": f"Bearer {self.token}"},
            key="sentry.api",
            login_hint=_TOKENS,
            status_page="https://status.sentry.io",
            is_absence=lambda document: bool(text(mapping(document).get("detail"))),
            lookalikes=_LOOKALIKES,
            patience=self.patience,
        )
        async with api.session() as session:
            yield SentrySession(session, self.organization, self.project)

    async def has_event(self, event_id: str) -> bool:
        """Whether an event was stored: only this proves that it was delivered."""
        async with self.session() as session:
            return await session.has_event(event_id)

    async def has_transaction(self, trace_id: str) -> bool:
        """Whether a transaction of this trace was stored."""
        async with self.session() as session:
            return await session.has_transaction(trace_id)


class SentrySession:
    """Questions about one project, each with the scope that it needs."""

    def __init__(self, session: JsonSession, organization: str, project: str) -> None:
        self._session = session
        self._slug = project
        self._organization = f"api/0/organizations/{quote(organization, safe='')}"
        self._project = f"api/0/projects/{quote(organization, safe='')}/{quote(project, safe='')}"

    async def project(self) -> dict[str, Any] | None:
        """The project; None if there is none. A project that was renamed has nothing but its new ``slug``."""
        path = f"{self._project}/"
        reply = await self._session.ask("GET", path)
        if reply.status in _REDIRECTS and (moved := _moved_to(reply)):
            return {"slug": moved}
        document = self._session.read(reply, path, _PROJECT)
        if document is None:
            return None
        project = mapping(document)
        if not (project.get("id") and text(project.get("slug"))):
            raise Unobserved(
                f"Sentry at {self._session.api.base} gave no project at {path}: it has neither id nor slug",
                hint="is sentry.api right?",
            )
        if self._slug not in {project["slug"], str(project["id"])}:
            raise Unobserved(
                f"Sentry at {self._session.api.base} gave the project {project['slug']} at {path}",
                hint="is sentry.api right?",
            )
        return project

    async def keys(self) -> list[dict[str, Any]]:
        """All client keys of the project."""
        first, read = sentry_pages()
        return await read_pages(self._session, f"{self._project}/keys/", first, read, right=_PROJECT)

    async def workflows(self, number: str) -> list[dict[str, Any]] | None:
        """All alerts of the project; None if this Sentry does not know them by this name."""
        return await self._of_project("workflows/", number)

    async def detectors(self, number: str) -> list[dict[str, Any]] | None:
        """All monitors of the project; None if this Sentry has none."""
        return await self._of_project("detectors/", number)

    async def rules(self) -> list[dict[str, Any]] | None:
        """All alerts of the older kind; None if this Sentry does not know them by this name."""
        return await self._pages(f"{self._project}/rules/", _ALERTS)

    async def new_issues(self, number: str, since: datetime, environment: str | None) -> list[dict[str, Any]] | None:
        """All issues of the project that were first seen, in this environment, from a moment on, whatever their status.

        ``number`` is the project's id. None if Sentry does not know the environment: no event has named it yet.
        """
        query = {"project": number, "query": f"firstSeen:>={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "sort": "new"}
        named = {"environment": environment} if environment else {}
        return await self._pages(f"{self._organization}/issues/", _EVENTS, **query, **named)

    async def has_event(self, event_id: str) -> bool:
        """Whether an event was stored."""
        return await self._session.get(f"{self._project}/events/{event_id}/", right=_PROJECT) is not None

    async def has_transaction(self, trace_id: str) -> bool:
        """Whether a transaction of this trace was stored, as spans or, by an older Sentry, as an event."""
        path = f"{self._organization}/events/"
        fields = [("field", "id"), ("field", "transaction"), ("field", "project"), ("statsPeriod", "1h")]
        spans = [*fields, ("dataset", "spans"), ("query", f"trace:{trace_id}")]
        reply = await self._session.ask("GET", f"{path}?{urlencode(spans)}")
        if reply.status == HTTPStatus.BAD_REQUEST:
            older = [*fields, ("query", f"trace:{trace_id} event.type:transaction")]
            reply = await self._session.ask("GET", f"{path}?{urlencode(older)}")
        document = self._session.read(reply, path, _ORGANIZATION)
        rows = mapping(document).get("data")
        if not isinstance(rows, list):
            raise Unobserved(f"Sentry at {self._session.api.base} gave no list of events", hint="is sentry.api right?")
        return any(row.get("project") in {None, self._slug} for row in objects(rows))

    async def _of_project(self, name: str, number: str) -> list[dict[str, Any]] | None:
        """A list of the organisation, only what belongs to the project."""
        path = f"{self._organization}/{name}"
        try:
            return await self._pages(path, _ALERTS, project=self._slug)
        except NotUnderstood:
            # Before it took slugs, Sentry wanted a number here.
            return await self._pages(path, _ALERTS, project=number)

    async def _pages(self, path: str, right: str, **query: str) -> list[dict[str, Any]] | None:
        first, read = sentry_pages(**query)
        return await find_pages(self._session, path, first, read, right=right)


def _moved_to(reply: ApiReply) -> str:
    """The new slug of a project that was renamed (``resource-moved``)."""
    detail = mapping(mapping(reply.document).get("detail"))
    return text(mapping(detail.get("extra")).get("slug"))
