"""Asks Stripe about one payment: questions for ``Walk.stripe``."""

from collections.abc import Awaitable, Callable
from typing import Any

from gonogo.clients.stripe import StripeApi

Look = Callable[[StripeApi], Awaitable[Any]]


def intent(identifier: str) -> Look:
    """The payment intent, as a dictionary."""

    async def look(api: StripeApi) -> dict[str, Any]:
        intent = await api.look(lambda v1: v1.payment_intents.retrieve_async(identifier))
        whole: dict[str, Any] = intent.to_dict()
        return {key: whole.get(key) for key in ("id", "status", "amount", "amount_received", "currency", "livemode")}

    return look


def whole_intent(identifier: str) -> Look:
    """All of its fields."""

    async def look(api: StripeApi) -> dict[str, Any]:
        intent: dict[str, Any] = (await api.look(lambda v1: v1.payment_intents.retrieve_async(identifier))).to_dict()
        return intent

    return look


def owner_of(method: str) -> Look:
    """The customer that a payment method belongs to; empty if it belongs to none."""

    async def look(api: StripeApi) -> str:
        details = (await api.look(lambda v1: v1.payment_methods.retrieve_async(method))).to_dict()
        return str(details.get("customer") or "")

    return look


def give_back(identifier: str, amount: int) -> Look:
    """Refund this much of a payment, at Stripe itself."""

    async def look(api: StripeApi) -> str:
        made = await api.look(lambda v1: v1.refunds.create_async({"payment_intent": identifier, "amount": amount}))
        return str(made.id)

    return look


def canceled(identifier: str) -> Look:
    """Whether nobody can complete it any more."""

    async def look(api: StripeApi) -> bool:
        intent = await api.look(lambda v1: v1.payment_intents.retrieve_async(identifier))
        return bool(intent.status == "canceled")

    return look


def refunded(identifier: str) -> Look:
    """How much of it was given back, in the currency's smallest unit. A refund that is pending counts: it is on its way."""

    async def look(api: StripeApi) -> int:
        refunds = await api.look(lambda v1: v1.refunds.list_async({"payment_intent": identifier, "limit": 100}))
        return sum(refund.amount for refund in refunds.data if refund.status in {"succeeded", "pending"})

    return look
