"""How much one caller may ask for: attempts per minute, counted in Redis, and bytes per request."""

import hashlib
import json
from typing import Any

from fastapi import HTTPException

from reference.api.service import KEY_PREFIX, Service

Asgi = Any
_MINUTE = 60
_BODY_BYTES = 64 * 1024
_PATIENCE_BYTES = 8 * 1024 * 1024


def rate_key(action: str, subject: str) -> str:
    """Names nobody: the key is a digest."""
    return f"{KEY_PREFIX}rate:{action}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


async def limit(service: Service, action: str, subject: str, *, per_minute: int) -> None:
    """Count one attempt. Raises 429 beyond the limit, whatever address it comes from."""
    key = rate_key(action, subject)
    # Created with its end: a counter that lost its expiry to a crash would lock the account for good.
    async with service.redis.pipeline() as commands:
        commands.set(key, 0, ex=_MINUTE, nx=True)
        commands.incr(key)
        _, attempts = await commands.execute()
    if attempts > per_minute:
        raise HTTPException(429, "too many attempts; wait a minute", headers={"Retry-After": str(_MINUTE)})


async def limit_user(service: Service, action: str, subject: str) -> None:
    """Count one attempt of a user at what has a limit for everybody. Raises 429."""
    await limit(service, action, subject, per_minute=service.per_minute[action])


async def forgive(service: Service, action: str, subject: str) -> None:
    """Forget the attempts of somebody who turned out to be right, or who left."""
    await service.redis.delete(rate_key(action, subject))


class BodyLimit:
    """ASGI middleware: nobody makes this service hold more than it wants to. Bodies are small, and read at once."""

    def __init__(self, app: Asgi, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: dict[str, Any], receive: Asgi, send: Asgi) -> None:
        """Refuse what is too large, by its real length: a declared one is only a claim."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._service.body_bytes.get(scope["path"], _BODY_BYTES)
        body = await _read(receive, most)
        if body is None:
            await _refuse(send, most)
            return
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def replay() -> Any:  # noqa: ANN401 - an ASGI message
            return next(messages, None) or await receive()

        await self._app(scope, replay, send)


async def _read(receive: Asgi, most: int) -> bytes | None:
    """The whole body; None if it is too large. Goes on reading a while: a sender that is cut off sees no 413."""
    body, size = bytearray(), 0
    while size <= most + _PATIENCE_BYTES:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= most:
            body += part
        if not message.get("more_body"):
            break
    return bytes(body) if size <= most else None


async def _refuse(send: Asgi, most: int) -> None:
    content = json.dumps({"detail": f"at most {most} bytes are taken"}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": content})
