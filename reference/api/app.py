"""The application: routes, headers, errors, from the inside out."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from reference.api import accounts, health, metrics
from reference.api.config import ApiConfig
from reference.api.metrics import Measured
from reference.api.service import Service

_HEADERS = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"server", b"WorkMe"),
)
Asgi = Any


def build_app(config: ApiConfig) -> tuple[Asgi, Service]:
    """The service behind https, and what its requests share."""
    app = FastAPI(title="WorkMe", version=config.release, docs_url=None, redoc_url=None)
    app.state.service = service = Service.create(config)
    for module in (health, accounts, metrics):
        app.include_router(module.router)
    app.add_exception_handler(PyMongoError, _unavailable)
    app.add_exception_handler(RedisError, _unavailable)
    return _Headers(Measured(app, service.metrics)), service


def build_redirect(config: ApiConfig) -> Asgi:
    """What plain http answers: the way to https, method and path kept (RFC 9110, 308)."""

    async def redirect(scope: dict[str, Any], receive: Asgi, send: Asgi) -> None:
        del receive
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        location = f"https://{config.host}:{config.https_port}{scope['path']}{query}"
        headers = [(b"location", location.encode("latin-1", "replace")), (b"server", b"WorkMe")]
        await send({"type": "http.response.start", "status": 308, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return redirect


class _Headers:
    """ASGI middleware: what every reply of an API should carry."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Asgi, send: Asgi) -> None:
        async def with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        await self._app(scope, receive, with_headers)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    """A dependency is down: say so, and nothing about which or where."""
    del request, error
    return JSONResponse({"detail": "temporarily unavailable"}, 503)
