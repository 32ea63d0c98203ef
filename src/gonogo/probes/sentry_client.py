"""Sentry's Web API (https://docs.sentry.io/api/), read with a token."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from gonogo.errors import Unobserved
from gonogo.probes.http_client import AddressClient, Body, address_client
from gonogo.probes.tls import trust_context

_FOUND, _REFUSED, _MISSING = 200, (401, 403), 404
_PORTS = {"http": 80, "https": 443}
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
        parts = urlsplit(self.api)
        host = parts.hostname or ""
        tls = trust_context("public") if parts.scheme == "https" else None
        port = parts.port or _PORTS[parts.scheme]
        async with address_client(tls, host=host, address=host, port=port) as client:
            return self._read(await self._asked(client, path))

    async def _asked(self, client: AddressClient, path: str) -> Body:
        prefix = urlsplit(self.api).path
        return await client.get(f"{prefix}/api/0/{path}", {"Authorization": f"Bearer {self.token}"})

    def _read(self, answer: Body) -> Any:  # noqa: ANN401 - JSON
        exchange = answer.exchange
        if exchange.status == _MISSING:
            return None
        if exchange.status in _REFUSED:
            raise Unobserved(f"Sentry at {self.api} refuses the token ({exchange.status})", hint=_TOKENS)
        if exchange.status != _FOUND or exchange.problem:
            said = exchange.problem or f"it answered {exchange.status}"
            raise Unobserved(f"Sentry at {self.api} could not be asked: {said}", hint="see https://status.sentry.io")
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError):
            raise Unobserved(f"Sentry at {self.api} answered no JSON", hint="is sentry.api right?") from None
