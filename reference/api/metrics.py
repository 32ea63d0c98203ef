"""The series that the checklist asks for, in a registry of their own."""

import secrets
import time
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

Scope = dict[str, Any]
router = APIRouter()
BOOKING_STATES = ("requested", "accepted", "declined", "canceled", "in_progress", "completed")


class Metrics:
    """Technical and business series."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("method", "route", "status")
        self.requests = Counter("workme_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "workme_http_request_duration_seconds", "Time to answer.", labels[:2], registry=self.registry
        )
        self.in_progress = Gauge("workme_http_requests_in_progress", "Requests under way.", registry=self.registry)
        self.unhandled = Counter("workme_unhandled_errors", "Errors that nobody foresaw.", registry=self.registry)
        self.commands = Histogram(
            "workme_mongodb_command_duration_seconds", "Time of commands to MongoDB.", registry=self.registry
        )
        self._business()

    def _business(self) -> None:
        self.registrations = self._counter("registrations", "Registrations, by result.", "accepted", "refused", "error")
        self.logins = self._counter("logins", "Logins, by result.", "accepted", "refused")
        self.profiles = Counter("workme_profiles_completed", "Profiles completed.", registry=self.registry)
        self.uploads = self._counter("uploads", "Documents, by result.", "accepted", "refused", "error")
        self.searches = self._counter("searches", "Searches, by where the answer came from.", "cache", "database")
        self.bookings = self._counter("bookings", "Bookings that reached a state.", *BOOKING_STATES)
        self.payments = self._counter("payments", "Payments, by result.", "succeeded", "failed", "refunded", "error")
        self.replies = self._counter("assistant_replies", "Replies of the assistant, by result.", "answered", "failed")
        self.mails = self._counter("mails", "Mail, by result.", "sent", "failed")
        self.feedback = Histogram(
            "workme_feedback_score", "Scores given.", buckets=(1, 2, 3, 4, 5), registry=self.registry
        )
        self.tickets = Counter("workme_support_tickets", "Feedback that asks for an answer.", registry=self.registry)

    def _counter(self, name: str, meaning: str, *results: str) -> Counter:
        """A series that exists only after its first event cannot be alerted on: every result is there from the start."""
        counter = Counter(f"workme_{name}", meaning, ("result",), registry=self.registry)
        for result in results:
            counter.labels(result)
        return counter


class Measured:
    """ASGI middleware: counts and times every request by its route, never by its raw path."""

    def __init__(self, app: Any, metrics: Metrics) -> None:  # noqa: ANN401 - an ASGI application
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's callables
        """Pass on, and watch the status go by."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        self._metrics.in_progress.inc()
        started = time.perf_counter()

        async def watch(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._metrics.in_progress.dec()
            route = getattr(scope.get("route"), "path", "(none)")
            self._metrics.requests.labels(scope["method"], route, str(status)).inc()
            self._metrics.seconds.labels(scope["method"], route).observe(time.perf_counter() - started)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """For the monitoring system only: it shows the token that it was given."""
    service = request.app.state.service
    expected = f"Bearer {service.config.metrics_token}"
    if not secrets.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
        raise HTTPException(401, "a token is needed", headers={"WWW-Authenticate": "Bearer"})
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)
