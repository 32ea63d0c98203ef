"""Asks Stripe about the delivery of its events: the only proof that they reach the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import stripe

from gonogo.base.errors import Unobserved
from gonogo.clients.stripe import StripeApi
from gonogo.environment.model import Environment
from gonogo.evidence.stripe import WebhookEndpoint
from gonogo.evidence.stripe_names import same_address
from gonogo.families.stripe import objects
from gonogo.families.stripe.section import Stripe
from gonogo.journey.walk import Walk

_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Who is told of a type of event."""

    endpoints: int
    """All endpoints of the account that Stripe sends it to."""
    own: bool
    """Whether one of them has the service's address."""


def events_version(walk: Walk) -> str:
    """The API version that Stripe renders the service's events in: the endpoint's, or the account's own."""
    section = walk.world.environment.require(Stripe)
    try:
        endpoints, default = _endpoints(walk)
    except Unobserved:
        if section.api_version is None:
            raise
        return section.api_version
    own = [endpoint for endpoint in endpoints if _is_own(endpoint, walk.world.environment, section)]
    return (own[0].api_version if own else "") or default or section.api_version or stripe.api_version


def delivered(walk: Walk, intent: str, kind: str) -> str:
    """Empty if Stripe delivered the event of this type about a payment, or why it did not. Raises Unobserved."""
    section = walk.world.environment.require(Stripe)
    listening = _listening(walk, section, kind)
    if not listening.own:
        return f"no enabled endpoint of this service is sent {kind}"

    def pending() -> Sequence[int]:
        counts: list[int] = walk.stripe(_pending(intent, kind), f"{kind} of {intent}")
        return counts

    if walk.until(lambda: set(pending()) == {0}, section.delivery):
        return ""
    left = pending()
    if not left:
        return walk.waited(f"Stripe made no event {kind} about {intent}", section.delivery)
    if max(left) < listening.endpoints:
        raise Unobserved(
            f"{kind} of {intent} did not reach {max(left)} of {listening.endpoints} endpoints of the account, and Stripe "
            "does not tell which",
            hint="repair or disable the other endpoints of the account",
        )
    return walk.waited(f"Stripe could not deliver {kind} of {intent} to the service", section.delivery)


def _pending(intent: str, kind: str) -> Any:  # noqa: ANN401 - a question for Walk.stripe
    """How many endpoints have not taken each event of this type about the payment."""

    async def look(api: StripeApi) -> list[int]:
        page = (await api.look(lambda v1: v1.events.list_async({"type": kind, "limit": _MOST}))).to_dict()
        events = [event for event in page.get("data", ()) if intent in _subjects(event)]
        return [objects.delivery(event).pending for event in events]

    return look


def _subjects(event: dict[str, Any]) -> Sequence[object]:
    about = (event.get("data") or {}).get("object") or {}
    return [about.get("id"), about.get("payment_intent")]


def _listening(walk: Walk, section: Stripe, kind: str) -> Listening:
    endpoints, _ = _endpoints(walk)
    there = [
        endpoint
        for endpoint in endpoints
        if endpoint.status == "enabled" and not endpoint.application and endpoint.takes(kind)
    ]
    own = any(_is_own(endpoint, walk.world.environment, section) for endpoint in there)
    return Listening(endpoints=len(there), own=own)


def _endpoints(walk: Walk) -> tuple[Sequence[WebhookEndpoint], str]:
    """All of the account, and its default API version."""

    async def look(api: StripeApi) -> tuple[Sequence[WebhookEndpoint], str]:
        async def work(v1: Any) -> list[WebhookEndpoint]:  # noqa: ANN401 - the SDK's services
            page = (await v1.webhook_endpoints.list_async({"limit": _MOST})).to_dict()
            return [objects.endpoint(item) for item in objects.listed(page)]

        return await api.look_in_account_version(work)

    listed: tuple[Sequence[WebhookEndpoint], str] = walk.stripe(look, "webhook endpoints")
    return listed


def _is_own(endpoint: WebhookEndpoint, environment: Environment, section: Stripe) -> bool:
    return not endpoint.application and same_address(endpoint.url, environment.service.base_url + section.webhook)
