"""Those who speak to a service: strangers, users, and whoever shows a token."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import uuid4

from gonogo.clients.replies import Reply
from gonogo.families.api.placeholders import filled
from gonogo.families.api.section import Call, FilePart, SentToken, Upload

_PART_BYTES = 64 * 1024


class Speak(Protocol):
    """Asks the service: method, path, headers, body."""

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes], /
    ) -> Reply:
        """The reply, recorded."""
        ...


@dataclass(slots=True)
class Caller:
    """Somebody who asks; without a token, a stranger."""

    speak: Speak = field(repr=False)
    sent: SentToken
    known: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What stands for placeholders: e-mail, password, and so on."""
    token: str = field(default="", repr=False)
    who: str = ""
    """As the service names this user."""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """GET."""
        return self.send("GET", path, headers)

    def call(self, call: Call, *, padding: int = 0, headers: Mapping[str, str] | None = None, **other: Any) -> Reply:  # noqa: ANN401 - JSON values
        """A declared request. ``padding``: so many bytes more than needed; ``other``: placeholders that differ."""
        values_by_name = {**self.known, **other}
        kind, body = _body(call, values_by_name, padding)
        return self.send(
            call.method, filled(call.path, values_by_name), {"Content-Type": kind, **(headers or {})}, body
        )

    def upload(self, upload: Upload, size: int, name: str, *, in_parts: bool = False) -> Reply:
        """A file of so many bytes, under this name before its own. ``in_parts``: nobody says beforehand how many they are."""
        if upload.file is not None:
            upload = upload.model_copy(
                update={"file": upload.file.model_copy(update={"name": f"{name}-{upload.file.name}"})}
            )
        _, smallest = _body(upload, self.known, 0)
        if upload.counts == "file" and upload.file is not None:
            smallest = _content(upload.file, self.known)
        kind, body = _body(upload, self.known, max(size - len(smallest), 0))
        sent = _parts(body) if in_parts else body
        return self.send(upload.method, filled(upload.path, self.known), {"Content-Type": kind}, sent)

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | AsyncIterator[bytes] = b"",
    ) -> Reply:
        """Anything, as this user."""
        return self.speak(method, path, {**self.identity, **(headers or {})}, body)

    @property
    def identity(self) -> Mapping[str, str]:
        """The header that shows the token; none for a stranger."""
        if not self.token:
            return {}
        if self.sent.cookie:
            return {"Cookie": f"{self.sent.cookie}={self.token}"}
        return {self.sent.header: f"{self.sent.scheme} {self.token}".strip()}


def _body(call: Call, values_by_name: Mapping[str, Any], padding: int) -> tuple[str, bytes]:
    """Content type and bytes."""
    if call.method == "GET":
        return "application/json", b""
    if call.file is not None:
        return _multipart(call.file, values_by_name, filled(call.send, values_by_name), padding)
    values = filled(call.send, values_by_name)
    if call.form:
        extra = {"padding": "x" * padding} if padding else {}
        return "application/x-www-form-urlencoded", urlencode({**values, **extra}).encode()
    # Blanks after a JSON value change nothing of it, so that no validation of fields stands in the way.
    return "application/json", json.dumps(values).encode() + b" " * padding


def _multipart(
    part: FilePart, values_by_name: Mapping[str, Any], values: Mapping[str, Any], padding: int
) -> tuple[str, bytes]:
    """The padding is within the file."""
    boundary = f"gonogo-{uuid4().hex}"
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    )
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{part.field}"; filename="{part.name}"\r\n'
        f"Content-Type: {part.type}\r\n\r\n"
    )
    content = _content(part, values_by_name) + b"\n" * padding
    body = f"{fields}{head}".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _content(part: FilePart, values_by_name: Mapping[str, Any]) -> bytes:
    return str(filled(part.content, values_by_name)).encode()


async def _parts(body: bytes) -> AsyncIterator[bytes]:
    for first in range(0, len(body), _PART_BYTES):
        yield body[first : first + _PART_BYTES]
