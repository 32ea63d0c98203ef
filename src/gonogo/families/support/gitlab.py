"""Issues of a GitLab project as tickets (https://docs.gitlab.com/api/issues/)."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonSession, mapping, text, whole
from gonogo.families.support.desk import Message, Ticket
from gonogo.families.support.issues import IssueTracker, listed, moment, sent

GITLAB = "https://gitlab.com"
_READ, _WRITE = "the scope read_api (or api)", "the scope api, and the role Reporter"
_HINT = "a project's access token with the role Reporter and the scope read_api, or api for a trial, reads its issues"
_BOT = re.compile(r"(project|group)_\d+_bot(_|$)|(alert|visual-review|ghost)(-bot)?$")
"""User names of machines; the support bot is left out of it: users of the service desk write by it."""


class GitLabDesk(IssueTracker):
    """One project."""

    @property
    def name(self) -> str:
        """The project and its label."""
        return f"GitLab {self.project}" + (f", label {self.label}" if self.label else "")

    @asynccontextmanager
    async def session(self) -> AsyncIterator["GitLabSession"]:
        """Open connections that all questions share."""
        api = self.client("GitLab", {}, _HINT, "https://status.gitlab.com")
        async with api.session() as session:
            yield GitLabSession(session, self)


class GitLabSession:
    """Questions about one project."""

    def __init__(self, session: JsonSession, desk: GitLabDesk) -> None:
        self._session, self._desk = session, desk
        self._project = f"api/v4/projects/{quote(desk.project, safe='')}"
        self._issues = f"{self._project}/issues"

    async def problem(self) -> str:
        """Why the project takes no issues, by its own document."""
        document = await self._session.get(self._project, right=_READ)
        if document is None:
            return "there is no such project, or the token's user is no member of it"
        project = mapping(document)
        if text(project.get("path_with_namespace")).lower() not in {self._desk.project.lower(), ""}:
            raise Unobserved(f"GitLab gave the project {project['path_with_namespace']}", hint="is it the right one?")
        if project.get("archived") is True:
            return "the project is archived: nobody can open an issue"
        if project.get("issues_access_level") == "disabled" or project.get("issues_enabled") is False:
            return "issues are switched off"
        return ""

    async def opened_since(self, begin: datetime) -> Sequence[Ticket]:
        """Issues that were created from then on, whatever their state."""
        return await self._tickets(state="all", created_after=f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")

    async def open_tickets(self) -> Sequence[Ticket]:
        """Open issues."""
        return await self._tickets(state="opened")

    async def messages(self, ticket: Ticket) -> Sequence[Message]:
        """Notes that the writer can see: no changes of labels, no internal notes, and nothing of machines."""
        issue = mapping(await self._session.get(f"{self._issues}/{ticket.identifier}", right=_READ))
        writer = mapping(issue.get("author")).get("id")
        path = f"{self._issues}/{ticket.identifier}/notes"
        notes = await listed(self._session, path, _READ, sort="asc", order_by="created_at")
        return [
            Message(
                at=moment(note, "created_at", self._desk.name),
                by_support=mapping(note.get("author")).get("id") != writer,
            )
            for note in notes
            if note.get("system") is not True and not _hidden(note) and not _of_machine(note)
        ]

    async def create(self, title: str, words: str) -> str:
        """Open an issue."""
        document = {"title": title, "description": words, **self._desk.labels}
        made = await sent(self._session, "POST", self._issues, document, _WRITE)
        return _identifier(made)

    async def marked(self, mark: str) -> Sequence[Ticket]:
        """Open issues with this in their title."""
        return await self._tickets(state="opened", search=mark, **{"in": "title"})

    async def close(self, identifier: str) -> None:
        """Close an issue."""
        await sent(self._session, "PUT", f"{self._issues}/{identifier}", {"state_event": "close"}, _WRITE)

    async def _tickets(self, **query: str) -> Sequence[Ticket]:
        issues = await listed(self._session, self._issues, _READ, **self._desk.labels, **query)
        return [_ticket(issue, self._desk.name) for issue in issues]


def _ticket(issue: dict[str, Any], place: str) -> Ticket:
    return Ticket(
        identifier=_identifier(issue),
        title=text(issue.get("title")),
        opened_at=moment(issue, "created_at", place),
        replies=whole(issue.get("user_notes_count")) or 0,
    )


def _identifier(issue: dict[str, Any]) -> str:
    number = whole(issue.get("iid"))
    if number is None:
        raise Unobserved("GitLab gave an issue without its iid", hint="is support.tickets.api right?")
    return str(number)


def _hidden(note: dict[str, Any]) -> bool:
    return note.get("internal") is True or note.get("confidential") is True


def _of_machine(note: dict[str, Any]) -> bool:
    return bool(_BOT.match(text(mapping(note.get("author")).get("username"))))
