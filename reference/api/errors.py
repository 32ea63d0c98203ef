"""Errors as the caller sees them: enough to act on, nothing about the inside."""

from typing import Any

import sentry_sdk
from fastapi import Request
from fastapi.responses import JSONResponse

from reference.api.metrics import Metrics

Asgi = Any


class Unexpected:
    """ASGI middleware: what nobody foresaw is reported, and its caller gets the id that support can look up."""

    def __init__(self, app: Asgi, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: dict[str, Any], receive: Asgi, send: Asgi) -> None:
        """Answer 500 unless the reply has begun already."""
        begun = False

        async def watch(message: dict[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            self._metrics.unhandled.inc()
            error_id = sentry_sdk.capture_exception(error)
            if begun:
                raise
            reply = JSONResponse({"detail": "internal error", "error_id": error_id}, 500)
            await reply(scope, receive, send)


async def unavailable(request: Request, error: Exception) -> JSONResponse:
    """A dependency is down: say so, and nothing about which or where."""
    del request
    sentry_sdk.capture_exception(error)
    return JSONResponse({"detail": "temporarily unavailable"}, 503)
