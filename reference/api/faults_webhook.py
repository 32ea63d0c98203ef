"""The faults of the webhook, and of the record of payments that it writes to; and ways to handle events that are none."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import stripe
from fastapi import FastAPI, HTTPException

from reference.api.payment_store import PaymentStore
from reference.api.service import Document, Service
from reference.api.stores import CurrentStores
from reference.api.webhook import Receiver

_SLOW_SECONDS = 6.0
_LATER_SECONDS = 0.3
_OLDER_VERSION = "2025-03-31.basil"


class _AnyWay(PaymentStore):
    def movable(self, status: str) -> Document:
        del status
        return {}


class _EveryEvent(PaymentStore):
    """Only ids of events are compared: what another event says again counts again."""

    def movable(self, status: str) -> Document:
        movable = super().movable(status)
        return {"status": {"$in": [*movable["status"]["$in"], status]}}


class _LateFailure(PaymentStore):
    def movable(self, status: str) -> Document:
        return {} if status == "failed" else super().movable(status)


class _ForgetsEarlyRefund(PaymentStore):
    def movable(self, status: str) -> Document:
        return {"status": "succeeded"} if status == "refunded" else super().movable(status)


class _ByMetadata(PaymentStore):
    async def by_intent(self, intent_id: str, payment_id: str) -> Document | None:
        payments = self.service.collection("payments")
        return await payments.find_one({"_id": payment_id}) or await payments.find_one({"intent_id": intent_id})


class _Forgetful(Receiver):
    async def claim(self, event_id: str, payment: Document) -> bool:
        del event_id, payment
        return True


class _Deaf(Receiver):
    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        del event, stores


class _Resigning(Receiver):
    """Signs what it receives, if ``believes`` says so, and then verifies its own signature."""

    def believes(self, body: bytes, header: str) -> bool:
        del body, header
        return True

    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        if self.believes(body, header):
            secret = self.service.config.stripe.webhook_secret
            header = stripe.WebhookSignature.generate_signature_header(body.decode("utf-8", "replace"), secret)
        return super().verified(body, header)


class _AnyAge(_Resigning):
    def believes(self, body: bytes, header: str) -> bool:
        try:
            secret = self.service.config.stripe.webhook_secret
            return bool(stripe.WebhookSignature.verify_header(body.decode("utf-8", "replace"), header, secret))
        except stripe.SignatureVerificationError:
            return False


class _Hasty(Receiver):
    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        try:
            secret = self.service.config.stripe.webhook_secret
            stripe.WebhookSignature.verify_header(body.decode("utf-8", "replace"), header, secret, 60)
        except stripe.SignatureVerificationError:
            raise HTTPException(400, "not a fresh event") from None
        return super().verified(body, header)


class _OldScheme(Receiver):
    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        return super().verified(body, header.replace("v0=", "v1="))


class _FirstSignature(Receiver):
    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        timestamp, _, signatures = header.partition(",")
        return super().verified(body, f"{timestamp},{signatures.partition(',')[0]}")


class _Crashing(Receiver):
    """The SDK alone: a list has no ``get``, and an event without an id is a KeyError."""

    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        secret = self.service.config.stripe.webhook_secret
        try:
            event = stripe.Webhook.construct_event(body, header, secret)
        except (stripe.SignatureVerificationError, ValueError):
            raise HTTPException(400, "not a signed event") from None
        return {**event.to_dict(), "id": event["id"]}


class _Swallowing(Receiver):
    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        secret = self.service.config.stripe.webhook_secret
        try:
            stripe.WebhookSignature.verify_header(body.decode("utf-8", "replace"), header, secret)
        except stripe.SignatureVerificationError:
            raise HTTPException(400, "not a signed event") from None
        try:
            return super().verified(body, header)
        except HTTPException:
            return {"id": "evt_unknown", "type": "unknown"}


class _Picky(Receiver):
    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        if not str(event.get("type")).startswith(("payment_intent.", "charge.")):
            raise HTTPException(400, "unknown type")
        await super().handle(event, stores)


class _Rewriting(Receiver):
    """Verifies JSON that was read and written again, and not the bytes that came."""

    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        try:
            again = json.dumps(json.loads(body)).encode()
        except ValueError:
            raise HTTPException(400, "not JSON") from None
        return super().verified(again, header)


class _AnyAmount(Receiver):
    def fits(self, event: Mapping[str, Any], subject: Mapping[str, Any], status: str, payment: Document) -> bool:
        right = {"amount_received": payment["amount_cents"], "currency": payment["currency"]}
        return super().fits(event, {**subject, **right}, status, payment)


class _AnyMode(Receiver):
    def fits(self, event: Mapping[str, Any], subject: Mapping[str, Any], status: str, payment: Document) -> bool:
        return super().fits({**event, "livemode": payment.get("livemode")}, subject, status, payment)


class _PartIsAll(Receiver):
    def meaning(self, kind: str, subject: Mapping[str, Any]) -> str | None:
        return super().meaning(kind, {**subject, "refunded": True})


class _RefusesStrangers(Receiver):
    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        subject = self.subject(event)
        if self.meaning(str(event.get("type")), subject) and await self.payment(subject, stores) is None:
            raise HTTPException(404, "no such payment")
        await super().handle(event, stores)


class _RefusesConnected(Receiver):
    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        if event.get("account"):
            raise HTTPException(400, "another account")
        await super().handle(event, stores)


class _FirstKindOnly(Receiver):
    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        event = super().verified(body, header)
        if event.get("object") == "v2.core.event":
            raise HTTPException(400, "not an event")
        return event


class _BreaksOnDisputes(Receiver):
    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        if self.subject(event).get("object") == "dispute":
            raise HTTPException(500, "internal error")
        await super().handle(event, stores)


class _Slow(Receiver):
    """The work is done before the answer; here for types that nobody handles only, so that a run ends in time."""

    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        if event.get("type") == "customer.gonogo.unknown" and not getattr(self, "_slept", False):
            self._slept = True
            await asyncio.sleep(_SLOW_SECONDS)
        await super().handle(event, stores)


class _AsksStripe(Receiver):
    """Acts on what Stripe says of a payment, whatever the event says: good practice, and no fault."""

    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        subject = self.subject(event)
        status = self.meaning(str(event.get("type")), subject)
        payment = await self.payment(subject, stores) if status else None
        if payment is not None and await self._is(str(payment.get("intent_id")), str(status)):
            await super().handle(event, stores)

    async def _is(self, intent_id: str, status: str) -> bool:
        retrieved = await self.service.stripe.v1.payment_intents.retrieve_async(
            intent_id, {"expand": ["latest_charge"]}
        )
        intent: dict[str, Any] = retrieved.to_dict()
        charge = intent.get("latest_charge")
        refunded = isinstance(charge, dict) and charge.get("refunded") is True
        return bool({"succeeded": intent["status"] == "succeeded", "refunded": refunded}.get(status, True))


class _AnswersFirst(Receiver):
    """Answers, and handles afterwards: as Stripe advises, and no fault."""

    async def handle(self, event: Mapping[str, Any], stores: CurrentStores) -> None:
        async def later() -> None:
            await asyncio.sleep(_LATER_SECONDS)
            await super(_AnswersFirst, self).handle(event, stores)

        self.service.later(later())


class _OlderSdk(Receiver):
    """Refuses events of another release than its SDK's, as stripe-go and Stripe.net do by default: no fault."""

    def verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        event = super().verified(body, header)
        if event.get("api_version", _OLDER_VERSION) != _OLDER_VERSION:
            raise HTTPException(400, "another API version")
        return event


Part = Callable[[Service], Any]
PAYMENT_FAULTS: Mapping[str, tuple[str, Part]] = {
    "webhook-ignores-order": ("payments", _AnyWay),
    "webhook-counts-every-event": ("payments", _EveryEvent),
    "webhook-late-failure": ("payments", _LateFailure),
    "webhook-forgets-early-refund": ("payments", _ForgetsEarlyRefund),
    "webhook-by-metadata": ("payments", _ByMetadata),
}
WEBHOOK_FAULTS: Mapping[str, tuple[str, Part]] = {
    "webhook-lost": ("receiver", _Deaf),
    "webhook-unsigned": ("receiver", _Resigning),
    "webhook-any-age": ("receiver", _AnyAge),
    "webhook-hasty": ("receiver", _Hasty),
    "webhook-old-scheme": ("receiver", _OldScheme),
    "webhook-first-signature-only": ("receiver", _FirstSignature),
    "webhook-crashes": ("receiver", _Crashing),
    "webhook-swallows": ("receiver", _Swallowing),
    "webhook-picky": ("receiver", _Picky),
    "webhook-rewrites": ("receiver", _Rewriting),
    "webhook-any-amount": ("receiver", _AnyAmount),
    "webhook-any-mode": ("receiver", _AnyMode),
    "webhook-part-is-all": ("receiver", _PartIsAll),
    "webhook-refuses-strangers": ("receiver", _RefusesStrangers),
    "webhook-refuses-connected": ("receiver", _RefusesConnected),
    "webhook-first-kind-only": ("receiver", _FirstKindOnly),
    "webhook-breaks-on-disputes": ("receiver", _BreaksOnDisputes),
    "webhook-slow": ("receiver", _Slow),
    "webhook-asks-stripe": ("receiver", _AsksStripe),
    "webhook-answers-first": ("receiver", _AnswersFirst),
    "webhook-older-sdk": ("receiver", _OlderSdk),
}


def twice_handled(app: FastAPI) -> None:
    """An event is handled as often as it comes."""
    app.state.stores.payments = _AnyWay(app.state.service)
    app.state.stores.receiver = _Forgetful(app.state.service)
