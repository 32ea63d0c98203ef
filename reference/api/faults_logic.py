"""The faults of the service's own logic: each replaces one good part by one that does one thing wrong."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sentry_sdk
from argon2 import PasswordHasher
from fastapi import FastAPI

from reference.api.app import build_stores, start_reporting
from reference.api.bookings import Bookings, State, Step, Wish
from reference.api.config import ApiConfig
from reference.api.documents import Documents
from reference.api.erasure import Erasure
from reference.api.faults_webhook import PAYMENT_FAULTS, WEBHOOK_FAULTS, twice_handled
from reference.api.listings import Listings
from reference.api.mailer import Mailer
from reference.api.passwords import PASSWORDS
from reference.api.payment_store import PaymentStore
from reference.api.service import BODY_BYTES, PER_MINUTE, Document, Service
from reference.api.stores import Stores
from reference.api.tokens import CurrentUser, admin_only

_HUGE = 64 * 1024 * 1024
_SLOW_SECONDS = 1.5
_FIRST_BUFFER = 64 * 1024


class _AnyPassword(PasswordHasher):
    def verify(self, *_: Any) -> Any:  # noqa: ANN401 - argon2's own signature
        return True


class _Silent(Mailer):
    async def send(self, to: str, subject: str, text: str) -> None:
        del to, subject, text


class _NoReceipts(Mailer):
    async def send(self, to: str, subject: str, text: str) -> None:
        if "Payment" not in subject:
            await super().send(to, subject, text)


class _AnyType(Documents):
    def type_of(self, content: bytes) -> str | None:
        return super().type_of(content) or "application/octet-stream"


class _AnySize(Documents):
    largest_bytes = _HUGE


class _CutOff(Documents):
    async def keep(self, owner: Document, name: str, content: bytes) -> Document:
        return await super().keep(owner, name, content[:_FIRST_BUFFER])


class _SharedDocuments(Documents):
    def visible_to(self, user: Document) -> Document:
        del user
        return {}


class _Eternal(Listings):
    async def remember(self, key: str, answer: str) -> None:
        await self.service.redis.set(key, answer)


class _Uncached(Listings):
    async def remember(self, key: str, answer: str) -> None:
        del key, answer


class _Stale(Listings):
    async def forget(self, listing: Document) -> None:
        del listing


class _Failing(Listings):
    async def search(self, user: Document, city: str, category: str) -> tuple[list[dict[str, Any]], bool]:
        raise RuntimeError(f"no index for {city} and {category}, asked by {user['_id']}")


class _Slow(Listings):
    async def search(self, user: Document, city: str, category: str) -> tuple[list[dict[str, Any]], bool]:
        await asyncio.sleep(_SLOW_SECONDS)
        return await super().search(user, city, category)


class _Unbookable(Bookings):
    async def request(self, client: Document, wish: Wish) -> tuple[Document, bool]:
        raise RuntimeError(f"{client['_id']} has no calendar for {wish.service_id}")


class _NoRoom(Documents):
    async def keep(self, owner: Document, name: str, content: bytes) -> Document:
        raise OSError(f"no space left for {name}, {len(content)} bytes, of {owner['_id']}")


class _NoHash(PasswordHasher):
    def hash(self, *_: Any, **__: Any) -> str:  # noqa: ANN401 - argon2's own signature
        raise MemoryError


class _Unfiltered(Listings):
    async def search(self, user: Document, city: str, category: str) -> tuple[list[dict[str, Any]], bool]:
        del city
        return await super().search(user, "", category)


class _Endless(Bookings):
    async def move(self, user: Document, booking_id: str, step: Step) -> Document:
        moved = await super().move(user, booking_id, step)
        if step == "complete":
            await self.service.collection("bookings").update_one(
                {"_id": booking_id}, {"$set": {"state": "in_progress"}}
            )
        return moved


class _Twice(Bookings):
    def slot(self, client: Document, wish: Wish) -> str:
        return super().slot(client, wish) + secrets.token_hex(4)


class _SharedBookings(Bookings):
    def visible_to(self, user: Document) -> Document:
        del user
        return {}


class _OneSided(Bookings):
    def visible_to(self, user: Document) -> Document:
        return {"client_id": user["_id"]}


class _AnyOrder(Bookings):
    def due(self, sources: tuple[State, ...]) -> Document:
        del sources
        return {}


class _InDollars(PaymentStore):
    card_currency = "usd"


class _SharedPayments(PaymentStore):
    def visible_to(self, user: Document) -> Document:
        del user
        return {}


class _Generous(PaymentStore):
    async def advance(self, payment_id: str, status: str) -> bool:
        return await super().advance(payment_id, "succeeded" if status in {"failed", "requires_action"} else status)


class _Unsettled(PaymentStore):
    async def advance(self, payment_id: str, status: str) -> bool:
        return status != "succeeded" and await super().advance(payment_id, status)


class _NeverFails(PaymentStore):
    async def advance(self, payment_id: str, status: str) -> bool:
        return status != "failed" and await super().advance(payment_id, status)


class _KeepsTheMoney(PaymentStore):
    async def refund(self, payment: Document) -> None:
        await self.advance(payment["_id"], "refunded")


class _Partial(Erasure):
    # Two parties of one booking who leave at once would each erase what the other keeps.
    _turn = asyncio.Lock()

    async def erase(self, user: Document) -> None:
        party = {"$or": [{"client_id": user["_id"]}, {"professional_id": user["_id"]}]}
        async with self._turn:
            kept = [booking async for booking in self.service.collection("bookings").find(party)]
            await super().erase(user)
            for booking in kept:
                await self.service.collection("bookings").insert_one(booking)


Part = Callable[[Service], Any]
_PARTS: Mapping[str, tuple[str, Part]] = {
    **WEBHOOK_FAULTS,
    **PAYMENT_FAULTS,
    "upload-any-type": ("documents", _AnyType),
    "upload-any-size": ("documents", _AnySize),
    "document-cut-off": ("documents", _CutOff),
    "document-leaks": ("documents", _SharedDocuments),
    "cache-never-expires": ("listings", _Eternal),
    "cache-unused": ("listings", _Uncached),
    "search-unfiltered": ("listings", _Unfiltered),
    "searches-fail": ("listings", _Failing),
    "searches-slow": ("listings", _Slow),
    "bookings-fail": ("bookings", _Unbookable),
    "uploads-fail": ("documents", _NoRoom),
    "booking-never-completes": ("bookings", _Endless),
    "search-stale": ("listings", _Stale),
    "booking-twice": ("bookings", _Twice),
    "booking-leaks": ("bookings", _SharedBookings),
    "booking-hidden": ("bookings", _OneSided),
    "booking-any-order": ("bookings", _AnyOrder),
    "payment-leaks": ("payments", _SharedPayments),
    "payment-in-dollars": ("payments", _InDollars),
    "payment-failed-is-paid": ("payments", _Generous),
    "payment-never-settles": ("payments", _Unsettled),
    "payment-never-fails": ("payments", _NeverFails),
    "refund-not-sent": ("payments", _KeepsTheMoney),
}


def _partial_erasure(app: FastAPI) -> None:
    stores, service = app.state.stores, app.state.service
    stores.erasure = _Partial(service, stores.payments, stores.listings)


def _configured(**changes: Any) -> Callable[[FastAPI], None]:  # noqa: ANN401 - fields of the configuration
    def change(app: FastAPI) -> None:
        app.state.service.config = replace(app.state.service.config, **changes)

    return change


def _wrong_webhook_secret(app: FastAPI) -> None:
    config = app.state.service.config
    other = {"webhook_secret": "whsec_of_another_endpoint"}
    app.state.service.config = replace(config, stripe=replace(config.stripe, **other))


def _open_to_all(app: FastAPI) -> None:
    def anybody(user: CurrentUser) -> Document:
        return user

    app.dependency_overrides[admin_only] = anybody


def _unlimited(path: str) -> Callable[[FastAPI], None]:
    return lambda app: setattr(app.state.service, "body_bytes", {**BODY_BYTES, path: _HUGE})


def _mailer(kind: type[Mailer]) -> Callable[[FastAPI], None]:
    def change(app: FastAPI) -> None:
        service = app.state.service
        service.mailer = kind(service.config.mail, service.config.ca_file, service.metrics)

    return change


_REST: Mapping[str, Callable[[FastAPI], None]] = {
    "webhook-handles-twice": twice_handled,
    "registrations-fail": lambda app: setattr(app.state.service, "passwords", _NoHash()),
    "login-any-password": lambda app: setattr(app.state.service, "passwords", _AnyPassword()),
    "token-key-guessable": _configured(secret_key="your-256-bit-secret"),  # noqa: S106 - that is the fault
    "signs-with-another-key": _configured(secret_key=secrets.token_urlsafe(48)),
    "beta-code-inactive": _configured(beta_code="another-code"),
    "beta-unlimited": _configured(beta_seats=100_000),
    "admin-open-to-all": _open_to_all,
    "assistant-key-wrong": _configured(llm_key="another-key"),
    "mail-not-sent": _mailer(_Silent),
    "receipt-not-sent": _mailer(_NoReceipts),
    "erasure-incomplete": _partial_erasure,
    "webhook-secret-wrong": _wrong_webhook_secret,
    "webhook-unlimited-body": _unlimited("/api/payment/stripe/webhook"),
    "login-unlimited-body": _unlimited("/api/auth/login"),
    "upload-any-size": _unlimited("/api/documents"),
    "search-unlimited": lambda app: setattr(app.state.service, "per_minute", {**PER_MINUTE, "search": _HUGE}),
    "sentry-silent": lambda app: start_reporting(app.state.service.config, dsn=""),
}
LOGIC_FAULTS = {*_PARTS, *_REST}


def inject(app: FastAPI, config: ApiConfig, faults: frozenset[str]) -> None:
    """Restore every good part, then replace those that these faults name."""
    service: Service = app.state.service
    service.config, service.passwords, service.body_bytes = config, PASSWORDS, BODY_BYTES
    service.per_minute = PER_MINUTE
    service.mailer = Mailer(config.mail, config.ca_file, service.metrics)
    app.dependency_overrides.clear()
    stores: Stores = build_stores(service)
    app.state.stores = stores
    if not sentry_sdk.get_client().dsn:
        start_reporting(config)
    for fault in sorted(faults & _PARTS.keys()):
        part, bad = _PARTS[fault]
        setattr(stores, part, bad(service))
    stores.erasure.payments, stores.erasure.listings = stores.payments, stores.listings
    for fault in sorted(faults & _REST.keys()):
        _REST[fault](app)
