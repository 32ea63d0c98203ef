"""Stripe's HTTP API: keys, forms, idempotency and errors as the real one has them; the money is in ``payments``."""

import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reference.doubles.stripe.account import (
    StripeSettings,
    account,
    balance,
    destinations,
    endpoints,
    method_configurations,
    payouts,
    refusal,
)
from reference.doubles.stripe.deliveries import Deliveries
from reference.doubles.stripe.forms import Form, parse_form
from reference.doubles.stripe.objects import API_VERSION, Object, listed, new_id
from reference.doubles.stripe.payments import Payments, Problem, no_such
from reference.web import WebServer

Answer = Callable[[Request, Form], Awaitable[Object]]


class StripeDouble:
    """Several accounts at one port: whose key is given is told of that account, and of no other."""

    def __init__(self, *accounts: "StripeAccount", port: int) -> None:
        self._accounts = accounts
        self._server = WebServer(self._dispatch, "127.0.0.1", port)

    async def start(self) -> None:
        """Listen, unless it is down."""
        if self._accounts[0].settings.running:
            await self._server.start()

    async def stop(self) -> None:
        """End it, and every delivery under way."""
        for holder in self._accounts:
            await holder.stop()
        await self._server.stop()

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = _key_of(Headers(scope=scope).get("Authorization", ""))
        holder = next((holder for holder in self._accounts if holder.takes(given)), self._accounts[0])
        await holder.app(scope, receive, send)


class StripeAccount:
    """One account in one mode; what it knows lasts as long as the object."""

    def __init__(  # noqa: PLR0913 - what the dashboard and the network would know
        self,
        settings: StripeSettings,
        *,
        secret_key: str,
        webhook_secret: str,
        webhook_base_url: str,
        address: str,
        trust: Path,
    ) -> None:
        self.settings = settings
        self._key = new_id("sk_test") if settings.rolled_key else secret_key
        self._deliveries = Deliveries(address=address, trust=trust, test_mode=not settings.livemode)
        self._endpoints = endpoints(settings, webhook_base_url)
        self._destinations = destinations(settings, webhook_base_url)
        self._payouts = payouts(settings)
        self._payments = Payments(settings, self._deliveries, self._endpoints, webhook_secret)
        self._replayed: dict[str, tuple[bytes, int, Object]] = {}
        self.app = self._app()

    def takes(self, key: str) -> bool:
        """Whether it is this account's. An account has a key for each mode; in which it answers is a setting here."""
        return _modeless(key) == _modeless(self._key)

    async def stop(self) -> None:
        """End every delivery under way."""
        await self._deliveries.stop()

    def _app(self) -> Starlette:
        payments = self._payments
        get: dict[str, Answer] = {
            "/v1/account": self._fixed(account(self.settings)),
            "/v1/balance": self._fixed(balance(self.settings)),
            "/v1/payment_method_configurations": self._list(lambda: method_configurations(self.settings)),
            "/v1/webhook_endpoints": self._list(lambda: self._endpoints),
            "/v2/core/event_destinations": self._destinations_with_address,
            "/v1/payouts": self._list(lambda: self._payouts),
            "/v1/payment_methods/{id}": self._method,
            "/v1/payment_intents": self._list(lambda: list(payments.intents.values())[::-1]),
            "/v1/payment_intents/{id}": self._one(payments.intents, "payment_intent"),
            "/v1/charges/{id}": self._one(payments.charges, "charge"),
            "/v1/refunds/{id}": self._one(payments.refunds, "refund"),
            "/v1/refunds": self._refunds,
            "/v1/events": self._list(lambda: list(payments.events.values())[::-1]),
            "/v1/events/{id}": self._one(payments.events, "event"),
        }
        post: dict[str, Answer] = {
            "/v1/payment_intents": lambda _, form: payments.create(form),
            "/v1/payment_intents/{id}/confirm": lambda request, form: payments.confirm(request.path_params["id"], form),
            "/v1/payment_intents/{id}/cancel": lambda request, _: payments.cancel(request.path_params["id"]),
            "/v1/refunds": lambda _, form: payments.refund_payment(form),
        }
        routes = [
            *(Route(path, self._guarded(answer), methods=["GET"]) for path, answer in get.items()),
            *(Route(path, self._guarded(answer), methods=["POST"]) for path, answer in post.items()),
            Route("/_double/deliveries", self._log, methods=["GET"]),
        ]
        return Starlette(routes=routes, exception_handlers={404: self._unknown})

    def _guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            headers = {
                "Request-Id": new_id("req"),
                "Stripe-Version": request.headers.get("Stripe-Version", API_VERSION),
            }
            try:
                self._authenticate(request)
                status, reply, replayed = await self._once(request, answer)
            except Problem as problem:
                return JSONResponse({"error": problem.error}, problem.status, headers)
            if replayed:
                headers["Idempotent-Replayed"] = "true"
            return JSONResponse(reply, status, headers)

        return respond

    async def _once(self, request: Request, answer: Answer) -> tuple[int, Object, bool]:
        """Answers a repeated idempotency key as the first time, an error included; with other parameters it is a mistake."""
        body = await request.body()
        form = parse_form(body.decode() if request.method == "POST" else request.url.query)
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if key in self._replayed:
            first_body, status, reply = self._replayed[key]
            if first_body != body:
                text = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                raise Problem(400, type="idempotency_error", message=text)
            return status, reply, True
        try:
            # Through JSON: the answer is what it was then, whatever becomes of the object.
            status, reply = 200, json.loads(json.dumps(await answer(request, form)))
        except Problem as problem:
            status, reply = problem.status, {"error": problem.error}
        if key is not None:
            self._replayed[key] = (body, status, reply)
        return status, reply, False

    def _authenticate(self, request: Request) -> None:
        given = _key_of(request.headers.get("Authorization", ""))
        if not self.takes(given):
            shown = f"{given[:8]}{'*' * 12}{given[-4:]}" if given else "none"
            raise Problem(401, type="invalid_request_error", message=f"Invalid API Key provided: {shown}")
        if request.method == "GET" and request.url.path in self.settings.forbidden:
            raise Problem(403, **refusal(request.url.path, given, self.settings.account))

    def _fixed(self, fixed: Object) -> Answer:
        async def answer(_request: Request, _form: Form) -> Object:
            return fixed

        return answer

    def _list(self, items: Callable[[], list[Object]]) -> Answer:
        async def answer(request: Request, form: Form) -> Object:
            matching = [item for item in items() if _matches(item, form)]
            if "latest_charge" in str(form.get("expand")):
                matching = [self._payments.expanded(item) for item in matching]
            names = [item.get("id") for item in matching]
            after = form.get("starting_after")
            rest = matching[names.index(after) + 1 :] if after in names else matching
            most = int(form.get("limit", 10))
            return {**listed(rest[:most], request.url.path), "has_more": len(rest) > most}

        return answer

    def _one(self, kind: dict[str, Object], name: str) -> Answer:
        async def answer(request: Request, form: Form) -> Object:
            stored = kind.get(request.path_params["id"])
            if stored is None:
                raise no_such(name, request.path_params["id"])
            return self._payments.expanded(stored) if "latest_charge" in str(form.get("expand")) else stored

        return answer

    async def _destinations_with_address(self, _request: Request, form: Form) -> Object:
        """A page of the second API, which shows an address only to who asks for it."""
        shown = "webhook_endpoint.url" in (form.get("include") or ())
        hidden = {} if shown else {"webhook_endpoint": {"signing_secret": None, "url": None}}
        return {
            "data": [{**destination, **hidden} for destination in self._destinations],
            "next_page_url": None,
            "previous_page_url": None,
        }

    async def _method(self, request: Request, _form: Form) -> Object:
        return self._payments.method(request.path_params["id"])

    async def _refunds(self, request: Request, form: Form) -> Object:
        wanted = form.get("payment_intent")
        refunds = [refund for refund in self._payments.refunds.values() if wanted in {None, refund["payment_intent"]}]
        return listed(refunds, request.url.path)

    async def _log(self, _request: Request) -> Response:
        return JSONResponse(self._deliveries.log)

    async def _unknown(self, request: Request, _error: Any) -> Response:  # noqa: ANN401 - Starlette's exception
        message = f"Unrecognized request URL ({request.method}: {request.url.path})."
        return JSONResponse({"error": {"type": "invalid_request_error", "message": message}}, 404)


def _key_of(authorization: str) -> str:
    """The key that a request gives; empty if it gives none."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        return base64.b64decode(given).decode(errors="replace").partition(":")[0]
    return given


def _modeless(key: str) -> str:
    return key.replace("sk_live_", "sk_test_", 1)


def _matches(item: Object, form: Form) -> bool:
    """Whether a list that is narrowed like this holds the object."""
    since = int((form.get("created") or {}).get("gte", 0))
    types = [*(form.get("types") or ()), *([form["type"]] if "type" in form else [])]
    delivered = form.get("delivery_success")
    return (
        item.get("created", since) >= since
        and (not types or item.get("type") in types)
        and (delivered is None or (item.get("pending_webhooks") == 0) == (delivered == "true"))
    )
