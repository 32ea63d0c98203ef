"""Sentry's Web API (https://docs.sentry.io/api/), read with a token."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from gonogo.clients.json_api import JsonApi

_TOKENS = "a token with project:read and event:read is made at Sentry under Settings → Auth Tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryApi:
    """One project of one organisation."""

    api: str
    token: str = field(repr=False)
    organization: str
    project: str

    async def project_path(self, path: str = "") -> Any:  # noqa: ANN401 - JSON
        """What stands below the project; None if it is not there."""
        return await self._get(f"projects/{quote(self.organization)}/{quote(self.project)}/{path}")

    async def organization_path(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What stands below the organisation; None if it is not there."""
        return await self._get(f"organizations/{quote(self.organization)}/{path}")

    async def has_event(self, event_id: str) -> bool:
        """Whether an event was stored: only this proves that it was delivered."""
        return await self.project_path(f"events/{event_id}/") is not None

    async def has_transaction(self, trace_id: str) -> bool:
        """Whether a transaction of this trace was stored."""
        query = f"trace:{trace_id} event.type:transaction"
        path = f"events/?field=id&field=transaction&statsPeriod=1h&query={quote(query)}"
        found = await self.organization_path(path)
        return bool(isinstance(found, dict) and found.get("data"))

    async def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        api = JsonApi(
            name="Sentry",
            base=self.api,
            headers={"Authorization": f"Bearer {self.token}"},
            key="sentry.api",
            login_hint=_TOKENS,
            status_page="https://status.sentry.io",
        )
        return await api.get(f"api/0/{path}")
