"""One request to an address that is itself a secret: no word of what is told holds the address, or a part of it."""

import asyncio
import base64
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from gonogo.base.errors import Unobserved
from gonogo.clients.http import address_client
from gonogo.clients.trust import trust_context

_PORTS = {"http": 80, "https": 443}
_LARGEST_BYTES = 64 * 1024


class NotTaken(Exception):
    """There was no answer, or none that means success; the message says why."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(reason)


class SecretUrl:
    """An http:// or https:// address. Raises ValueError for any other, without a word of it."""

    def __init__(self, url: str, *, trust: str = "public", patience_seconds: float = 10.0) -> None:
        try:
            parts = urlsplit(url)
            self._host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError("is a URL that cannot be read: look at its host, its port and its brackets") from None
        if parts.scheme not in _PORTS or not self._host:
            raise ValueError("is no http:// or https:// address of a host")
        self._port = port or _PORTS[parts.scheme]
        self._tls_wanted, self._trust, self._patience = parts.scheme == "https", trust, patience_seconds
        self._path = parts.path
        self._query = f"?{parts.query}" if parts.query else ""
        self._headers: dict[str, str] = {}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"

    def ask(
        self, method: str, path: str = "", *, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> str:
        """The text of a successful answer. Raises NotTaken. Blocks, for as long as the patience lasts."""
        try:
            return asyncio.run(self._ask(method, path, content, headers or {}))
        except Unobserved as error:
            raise NotTaken(self._without_address(str(error))) from None

    async def _ask(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> str:
        async with address_client(
            trust_context(self._trust) if self._tls_wanted else None,
            host=self._host,
            address=self._host,
            port=self._port,
            patience_seconds=self._patience,
            largest_body_bytes=_LARGEST_BYTES,
        ) as client:
            where = f"{self._path.rstrip('/')}{path}" if path else self._path or "/"
            body = await client.send(method, where + self._query, {**self._headers, **headers}, content)
        status, problem = body.exchange.status, body.exchange.problem
        if status is None or problem:
            raise NotTaken(self._without_address(problem or "it did not answer"), status)
        if not 200 <= status < 300:  # noqa: PLR2004 - the successes of HTTP
            raise NotTaken(f"it answered {status}", status)
        return body.text

    def _without_address(self, text: str) -> str:
        for part in (f"[{self._host}]:{self._port}", f"{self._host}:{self._port}", self._host):
            text = text.replace(part, "its address")
        return text
