"""Issues of a GitHub repository as tickets (https://docs.github.com/en/rest/issues/issues)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonSession, mapping, text, whole
from gonogo.families.support.desk import Message, Ticket
from gonogo.families.support.issues import IssueTracker, listed, moment, sent

GITHUB = "https://api.github.com"
_READ, _WRITE = "Issues: read", "Issues: read and write"
_HINT = "a fine-grained token of this repository with Issues: read, or read and write for a trial, reads its issues"
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_SUPPORT = {"OWNER", "MEMBER", "COLLABORATOR"}
"""Associations of those who answer for the repository; whoever else writes is a user."""


class GitHubDesk(IssueTracker):
    """One repository."""

    @property
    def name(self) -> str:
        """The repository and its label."""
        return f"GitHub {self.project}" + (f", label {self.label}" if self.label else "")

    @asynccontextmanager
    async def session(self) -> AsyncIterator["GitHubSession"]:
        """Open connections that all questions share."""
        api = self.client("GitHub", _HEADERS, _HINT, "https://www.githubstatus.com")
        async with api.session() as session:
            yield GitHubSession(session, self)


class GitHubSession:
    """Questions about one repository."""

    def __init__(self, session: JsonSession, desk: GitHubDesk) -> None:
        self._session, self._desk = session, desk
        self._repository = f"repos/{desk.project}"
        self._issues = f"{self._repository}/issues"

    async def problem(self) -> str:
        """Why the repository takes no issues, by its own document."""
        document = await self._session.get(self._repository, right="Metadata: read")
        if document is None:
            return "there is no such repository, or the token may not see it"
        repository = mapping(document)
        if repository.get("archived") is True:
            return "the repository is archived: nobody can open an issue"
        if repository.get("has_issues") is False:
            return "issues are switched off"
        return ""

    async def opened_since(self, begin: datetime) -> Sequence[Ticket]:
        """Issues that were created from then on: ``since`` is about the last change, so older ones are left out."""
        changed = await self._tickets(state="all", since=f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        return [ticket for ticket in changed if ticket.opened_at >= begin]

    async def open_tickets(self) -> Sequence[Ticket]:
        """Open issues."""
        return await self._tickets(state="open")

    async def messages(self, ticket: Ticket) -> Sequence[Message]:
        """Comments of the writer, and of those who answer for the repository."""
        issue = mapping(await self._session.get(f"{self._issues}/{ticket.identifier}", right=_READ))
        writer = mapping(issue.get("user")).get("id")
        comments = await listed(self._session, f"{self._issues}/{ticket.identifier}/comments", _READ)
        told = []
        for comment in comments:
            author = mapping(comment.get("user"))
            by_support = author.get("id") != writer and comment.get("author_association") in _SUPPORT
            if text(author.get("type")) != "Bot" and (by_support or author.get("id") == writer):
                told.append(Message(at=moment(comment, "created_at", self._desk.name), by_support=by_support))
        return told

    async def create(self, title: str, words: str) -> str:
        """Open an issue."""
        labels = {"labels": [self._desk.label]} if self._desk.label else {}
        made = await sent(self._session, "POST", self._issues, {"title": title, "body": words, **labels}, _WRITE)
        return _identifier(made)

    async def marked(self, mark: str) -> Sequence[Ticket]:
        """Open issues with this in their title. The search of GitHub lags behind, so the list is read."""
        return [ticket for ticket in await self._tickets(state="open") if mark in ticket.title]

    async def close(self, identifier: str) -> None:
        """Close an issue."""
        change = {"state": "closed", "state_reason": "not_planned"}
        await sent(self._session, "PATCH", f"{self._issues}/{identifier}", change, _WRITE)

    async def _tickets(self, **query: str) -> Sequence[Ticket]:
        """Issues and no pull requests, which GitHub lists among them."""
        issues = await listed(self._session, self._issues, _READ, **self._desk.labels, **query)
        return [_ticket(issue, self._desk.name) for issue in issues if "pull_request" not in issue]


def _ticket(issue: dict[str, Any], place: str) -> Ticket:
    return Ticket(
        identifier=_identifier(issue),
        title=text(issue.get("title")),
        opened_at=moment(issue, "created_at", place),
        replies=whole(issue.get("comments")) or 0,
    )


def _identifier(issue: dict[str, Any]) -> str:
    number = whole(issue.get("number"))
    if number is None:
        raise Unobserved("GitHub gave an issue without its number", hint="is support.tickets.api right?")
    return str(number)
