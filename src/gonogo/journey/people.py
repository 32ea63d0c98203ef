"""Synthetic users: each knows how to speak to the service as itself."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from gonogo.clients.replies import Reply

Speak = Callable[[str, str, Mapping[str, str], bytes | AsyncIterator[bytes]], Reply]
"""Method, path, headers, body."""


@dataclass(slots=True)
class Person:
    """Somebody at a browser or an app; without a token, a stranger."""

    speak: Speak = field(repr=False)
    email: str = ""
    password: str = field(default="", repr=False)
    name: str = ""
    id: str = ""
    token: str = field(default="", repr=False)

    def get(self, path: str, **query: str) -> Reply:
        """GET, with a query string."""
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, **body: Any) -> Reply:  # noqa: ANN401 - JSON values
        """POST a JSON object."""
        return self.send("POST", path, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def put(self, path: str, **body: Any) -> Reply:  # noqa: ANN401 - JSON values
        """PUT a JSON object."""
        return self.send("PUT", path, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def delete(self, path: str) -> Reply:
        """DELETE."""
        return self.send("DELETE", path)

    def upload(self, path: str, name: str, content: bytes, kind: str) -> Reply:
        """POST one file, as a browser's form does (RFC 7578)."""
        boundary = f"gonogo-{uuid4().hex}"
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self.send("POST", path, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body)

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | AsyncIterator[bytes] = b"",
    ) -> Reply:
        """Anything, as this person."""
        identity = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.speak(method, path, {**identity, **(headers or {})}, body)
