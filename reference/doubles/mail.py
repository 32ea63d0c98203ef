"""The mail relay of the service, and the inbox of everybody it writes to, with Mailpit's API to read it."""

import asyncio
import email.policy
import secrets
import ssl
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from shlex import split
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from reference.web import WebServer

_LARGEST_BYTES = 1024 * 1024
_MOST_MESSAGES = 5000
Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The defaults are healthy."""

    running: bool = True
    """Whether the relay listens; the inbox can be read in any case."""
    delivers: bool = True
    """Otherwise mail is accepted, and lost."""


class MailDouble:
    """SMTP with STARTTLS and a login on one port, the inbox on another."""

    def __init__(  # noqa: PLR0913 - two servers
        self,
        settings: MailSettings,
        *,
        smtp_port: int,
        api_port: int,
        user: str,
        password: str,
        chain: Path,
        key: Path,
    ) -> None:
        self._settings = settings
        self._smtp_port = smtp_port
        self._user, self._password = user, password
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(chain, key)
        self._messages: list[Message] = []
        self._relay: asyncio.Server | None = None
        routes = [
            Route("/api/v1/info", self._tell, methods=["GET"]),
            Route("/api/v1/search", self._search, methods=["GET"]),
            Route("/api/v1/search", self._remove, methods=["DELETE"]),
            Route("/api/v1/message/{identifier}", self._read, methods=["GET"]),
        ]
        self._inbox = WebServer(_Guarded(Starlette(routes=routes), user, password), "127.0.0.1", api_port)

    async def start(self) -> None:
        """Listen on both."""
        await self._inbox.start()
        if self._settings.running:
            loop = asyncio.get_running_loop()
            self._relay = await loop.create_server(self._protocol, "127.0.0.1", self._smtp_port)

    async def stop(self) -> None:
        """End both."""
        if self._relay is not None:
            self._relay.close()
        await self._inbox.stop()

    def _protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="mail.workme.test",
            data_size_limit=_LARGEST_BYTES,
            tls_context=self._tls,
            require_starttls=True,
            auth_required=True,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401 - aiosmtpd's callback
        expected = LoginPassword(self._user.encode(), self._password.encode())
        return AuthResult(success=data == expected, handled=False)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's hook
        """Take one message."""
        if self._settings.delivers:
            content = envelope.content if isinstance(envelope.content, bytes) else b""
            self._messages = [*self._messages, _message(content, envelope.rcpt_tos)][-_MOST_MESSAGES:]
        return "250 OK"

    async def _tell(self, _request: Request) -> Response:
        return JSONResponse({"Version": "double", "Messages": len(self._messages)})

    async def _search(self, request: Request) -> Response:
        matching = [
            message for message in reversed(self._messages) if _matches(message, request.query_params.get("query", ""))
        ]
        shown = matching[: int(request.query_params.get("limit", "50"))]
        messages = [{key: value for key, value in message.items() if key != "Text"} for message in shown]
        counts = {"total": len(self._messages), "messages_count": len(matching), "count": len(shown), "start": 0}
        return JSONResponse({**counts, "messages": messages, "tags": [], "unread": len(matching)})

    async def _remove(self, request: Request) -> Response:
        query = request.query_params.get("query", "")
        self._messages = [message for message in self._messages if not _matches(message, query)]
        return PlainTextResponse("ok")

    async def _read(self, request: Request) -> Response:
        wanted = request.path_params["identifier"]
        match = next((message for message in self._messages if message["ID"] == wanted), None)
        return JSONResponse(match) if match else PlainTextResponse("404 page not found", 404)


class _Guarded:
    """ASGI middleware: the inbox is its user's."""

    def __init__(self, app: Any, user: str, password: str) -> None:  # noqa: ANN401 - an ASGI application
        self._app = app
        self._expected = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        given = dict(scope.get("headers", ())).get(b"authorization", b"").decode("latin-1")
        allowed = scope["type"] != "http" or given == self._expected
        app = self._app if allowed else PlainTextResponse("Unauthorised.", 401)
        await app(scope, receive, send)


def _message(content: bytes, recipients: list[str]) -> Message:
    parsed = message_from_bytes(content, policy=email.policy.default)
    body = parsed.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return {
        "ID": secrets.token_urlsafe(16),
        "From": {"Name": "", "Address": str(parsed["From"])},
        "To": [{"Name": "", "Address": address} for address in recipients],
        "Subject": str(parsed["Subject"] or ""),
        "Created": datetime.now(UTC).isoformat(),
        "Size": len(content),
        "Snippet": text[:100],
        "Text": text,
    }


def _matches(message: Message, query: str) -> bool:
    """Every term must: ``to:"…"``, ``subject:"…"``, or a word of the subject."""
    to = " ".join(recipient["Address"] for recipient in message["To"]).lower()
    subject = message["Subject"].lower()
    for term in split(query.lower()):
        name, colon, value = term.partition(":")
        haystack, needle = {"to": (to, value), "subject": (subject, value)}.get(name if colon else "", (subject, term))
        if needle not in haystack:
            return False
    return True
