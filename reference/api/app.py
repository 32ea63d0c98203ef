"""The application: routes, headers, errors, from the inside out."""

from typing import Any

import sentry_sdk
from fastapi import FastAPI
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from sentry_sdk.integrations.fastapi import FastApiIntegration
from sentry_sdk.integrations.starlette import StarletteIntegration
from starlette.middleware.cors import CORSMiddleware

from reference.api import (
    accounts,
    assistant,
    beta,
    bookings,
    documents,
    feedback,
    health,
    help_pages,
    listings,
    metrics,
    payments,
    webhook,
)
from reference.api.bookings import Bookings
from reference.api.config import ApiConfig
from reference.api.documents import Documents
from reference.api.erasure import Erasure
from reference.api.errors import Unexpected, unavailable
from reference.api.limits import BodyLimit
from reference.api.listings import Listings
from reference.api.metrics import Measured
from reference.api.payment_store import PaymentStore
from reference.api.service import Service
from reference.api.stores import Stores
from reference.api.webhook import Receiver

_HEADERS = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"server", b"WorkMe"),
)
_ENVIRONMENT = "reference"
"""What events name as theirs, at Sentry."""
_TRACED = 0.1
"""Share of the requests that are traced where the caller does not decide."""
_ROUTES = (
    health,
    help_pages,
    accounts,
    documents,
    listings,
    bookings,
    webhook,
    payments,
    assistant,
    feedback,
    beta,
    metrics,
)
Asgi = Any


def build_app(config: ApiConfig) -> tuple[Asgi, FastAPI]:
    """The service behind https: what a server calls, and the application inside of it."""
    start_reporting(config)
    app = FastAPI(title="WorkMe", version=config.release, docs_url=None, redoc_url=None)
    app.state.service = service = Service.create(config)
    app.state.stores = build_stores(service)
    for module in _ROUTES:
        app.include_router(module.router)
    app.add_exception_handler(PyMongoError, unavailable)
    app.add_exception_handler(RedisError, unavailable)
    app.add_middleware(Unexpected, metrics=service.metrics)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=config.origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type"],
    )
    return _Headers(Measured(BodyLimit(app, service), service.metrics)), app


def build_stores(service: Service) -> Stores:
    """The good ones."""
    payments, offers = PaymentStore(service), Listings(service)
    return Stores(
        bookings=Bookings(service),
        documents=Documents(service),
        erasure=Erasure(service, payments, offers),
        payments=payments,
        listings=offers,
        receiver=Receiver(service),
    )


def start_reporting(config: ApiConfig, dsn: str | None = None) -> None:
    """Send errors, and some traces, to Sentry; ``dsn`` in place of the configured one."""
    sentry_sdk.init(
        dsn=config.sentry_dsn if dsn is None else dsn,
        release=config.release,
        environment=_ENVIRONMENT,
        traces_sample_rate=_TRACED,
        send_default_pii=False,
        # A span for each middleware of each request costs more than most requests.
        integrations=[StarletteIntegration(middleware_spans=False), FastApiIntegration(middleware_spans=False)],
    )


def build_redirect(config: ApiConfig) -> Asgi:
    """Answer plain http: the way to https, method and path kept (RFC 9110, 308)."""

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
