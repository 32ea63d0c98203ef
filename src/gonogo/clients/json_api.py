"""Somebody's web API: JSON over HTTPS, asked with a token. What it does not give says nothing about the product."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.errors import Unobserved
from gonogo.clients.http import Body, address_client
from gonogo.clients.trust import trust_context

_FOUND, _REFUSED, _MISSING = {200, 201}, {401, 403}, 404
_PORTS = {"http": 80, "https": 443}
PAGE_SIZE = 100
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """Where it is, and in whose words its refusals are told."""

    name: str
    base: str
    headers: Mapping[str, str] = field(repr=False)
    key: str
    """Of the environment file: where the address stands."""
    login_hint: str
    status_page: str

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What stands there; None if nothing does. Raises Unobserved."""
        return await self.send("GET", path)

    async def pages(self, path: str, items: str, query: str) -> list[dict[str, Any]]:
        """All objects of a list that comes in pages of PAGE_SIZE; ``query`` ends where the page's number belongs.

        None of them if there is no such list (404). Raises Unobserved for an answer that holds none.
        """
        found: list[dict[str, Any]] = []
        for number in range(1, _MOST_PAGES + 1):
            page = await self.get(f"{path}?{query}{number}")
            if page is None:
                return found
            if not isinstance(page, dict) or not isinstance(page.get(items), list):
                raise Unobserved(f"{self.name} at {self.base} gave no {items}", hint=f"is {self.key} right?")
            more = objects(page[items])
            found += more
            if len(more) < PAGE_SIZE:
                return found
        raise Unobserved(f"{self.name} has more than {_MOST_PAGES * PAGE_SIZE} {items} of {path}")

    async def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, content: bytes = b"") -> Any:  # noqa: ANN401 - JSON
        """The reply to one request; None if there is nothing. Raises Unobserved."""
        parts = urlsplit(self.base)
        host = parts.hostname or ""
        tls = trust_context("public") if parts.scheme == "https" else None
        port = parts.port or _PORTS[parts.scheme]
        async with address_client(tls, host=host, address=host, port=port) as client:
            told = {**self.headers, **(headers or {})}
            return self._read(await client.send(method, f"{parts.path}/{path}", told, content))

    def _read(self, answer: Body) -> Any:  # noqa: ANN401 - JSON
        exchange = answer.exchange
        if exchange.status == _MISSING:
            return None
        if exchange.status in _REFUSED:
            reason = f"{self.name} at {self.base} refuses the token ({exchange.status})"
            raise Unobserved(reason, hint=self.login_hint)
        if exchange.status not in _FOUND or exchange.problem:
            said = exchange.problem or f"it answered {exchange.status}"
            raise Unobserved(f"{self.name} at {self.base} could not be asked: {said}", hint=f"see {self.status_page}")
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError):
            raise Unobserved(f"{self.name} at {self.base} answered no JSON", hint=f"is {self.key} right?") from None


def objects(found: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The objects of a list; whatever else may have come is none."""
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def texts(found: Any) -> list[str]:  # noqa: ANN401 - JSON
    """The same of texts."""
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
