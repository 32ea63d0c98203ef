"""Issues as GitLab and GitHub have them: what both have in common."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, text
from gonogo.clients.paging import link_pages, read_pages


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTracker:
    """A project whose issues are tickets."""

    api: str
    project: str
    token: str = field(repr=False)
    label: str | None
    patience: timedelta

    def client(self, name: str, headers: Mapping[str, str], login_hint: str, status_page: str) -> JsonApi:
        """The API with its token."""
        return JsonApi(
            name=name,
            base=self.api,
            headers={"Authorization": f"Bearer {self.token}", **headers},
            key="support.tickets.api",
            login_hint=login_hint,
            status_page=status_page,
            is_absence=lambda document: bool(text(mapping(document).get("message"))),
            patience=self.patience,
        )

    @property
    def labels(self) -> Mapping[str, str]:
        """The part of a query that leaves out what is no ticket."""
        return {"labels": self.label} if self.label else {}


async def listed(session: JsonSession, path: str, right: str, **query: str) -> list[dict[str, Any]]:
    """All items of a list, whatever number of pages it has."""
    first, read = link_pages(**query)
    return await read_pages(session, path, first, read, right=right)


def moment(item: Mapping[str, Any], key: str, place: str) -> datetime:
    """A point in time with its zone. Raises Unobserved for what is none: nobody knows how long somebody waits."""
    try:
        when = datetime.fromisoformat(text(item.get(key)))
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise Unobserved(f"{place}: {key} of an issue is no time: {str(item.get(key))[:50]!r}")
    return when.astimezone(UTC)


async def sent(session: JsonSession, method: str, path: str, document: Mapping[str, Any], right: str) -> dict[str, Any]:
    """What a change answers with. Raises Unobserved unless it was made."""
    content = json.dumps(document).encode()
    reply = await session.ask(method, path, headers={"Content-Type": "application/json"}, content=content)
    made = session.read(reply, path, right)
    if made is None:
        raise Unobserved(f"{session.api.name} at {session.api.base} has no {path}", hint=f"is {session.api.key} right?")
    return mapping(made)
