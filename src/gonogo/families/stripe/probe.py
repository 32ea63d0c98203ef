"""Asks Stripe about the account: who it is, what it may do, where its events go, and whether they arrive."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import stripe

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.stripe import StripeApi, missing_permission, unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.stripe import EventDelivery, Fact, StripeEvidence, UnreadFact, WebhookEndpoint, is_thin
from gonogo.families.kind import Probe
from gonogo.families.stripe import objects
from gonogo.families.stripe.account_of_key import key_questions, probe_key
from gonogo.families.stripe.objects import Fill
from gonogo.families.stripe.section import Stripe

_LONGEST = 300
_MOST = 100
_MOST_TYPES = 20
"""Of one question for events; Stripe refuses more."""
_DAY_SECONDS = 24 * 60 * 60
_SHARE = 0.9
"""Share of the probe's time for each request: they run side by side, and what is slow must not end what was quick."""
_PERMISSIONS: dict[Fact, str] = {
    "account": "rak_accounts_kyc_basic_read",
    "balance": "read access to Balance",
    "methods": "read access to Payment Method Configurations",
    "webhooks": "rak_webhook_read",
    "destinations": "read access to Event Destinations",
    "payouts": "read access to Payouts",
    "deliveries": "read access to Events",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeQuestion:
    """One account."""

    secret_key: str = field(repr=False)
    monitor_key: str = field(default="", repr=False)
    """A restricted key to read with; empty: the secret key reads."""
    api: str
    patience_seconds: float = 5.0
    events: tuple[str, ...] = ()
    """The types of events whose delivery counts."""

    @property
    def scope(self) -> Scope:
        """An environment has one Stripe account, so its scope has no further part."""
        return ("stripe",)

    @property
    def host(self) -> str:
        """All questions to Stripe are bounded together."""
        return "stripe"


@dataclass(frozen=True, slots=True)
class _Reading:
    """The result of one request: what it adds to the evidence, or the reason why that is nothing."""

    fill: Fill = lambda evidence: evidence
    unread: UnreadFact | None = None
    refused: str = ""
    """Why Stripe does not accept the key at all."""
    unreached: Unobserved | None = None
    """Set if no Stripe answered."""


def stripe_questions(environment: Environment, secrets: Secrets) -> Sequence[StripeQuestion]:
    """The account of the service."""
    section = environment.section(Stripe)
    if section is None:
        return []
    return [
        StripeQuestion(
            secret_key=secrets[section.secret_key],
            monitor_key=secrets[section.monitor_key] if section.monitor_key else "",
            api=section.api,
            patience_seconds=environment.limits.probe.total_seconds() * _SHARE,
            events=section.events,
        )
    ]


async def probe_stripe(question: StripeQuestion) -> StripeEvidence:
    """Read what there is, each fact by a request of its own; change nothing."""
    taken_at = datetime.now(UTC)
    blank = StripeEvidence(scope=question.scope, taken_at=taken_at, accepted=True)
    own = StripeApi(question.secret_key, question.api, patience_seconds=question.patience_seconds)
    key = question.monitor_key or question.secret_key
    reader = StripeApi(key, question.api, patience_seconds=question.patience_seconds)
    async with own.connected() as service, reader.connected() as client:
        balance, service_account, *others = await asyncio.gather(
            _read(own, "balance", _bound(own, service.v1, _balance)),
            _read(own, "account", _bound(own, service.v1, _account if question.monitor_key else _nothing)),
            *(_read(reader, fact, _bound(reader, client.v1, work)) for fact, work in _WORK.items()),
            _read(reader, "webhooks", lambda: _webhooks(reader)),
            _read(reader, "destinations", _bound(reader, client.v2, _destinations)),
            _read(reader, "deliveries", _bound(reader, client.v1, _deliveries(question, taken_at))),
        )
    if balance.refused:
        return replace(blank, accepted=False, problem=balance.refused)
    # The secret key need not be allowed to: then the two cannot be compared, and nothing else is lost.
    return _evidence(replace(blank, service_account=service_account.fill(blank).account), [balance, *others])


def _evidence(evidence: StripeEvidence, readings: Sequence[_Reading]) -> StripeEvidence:
    """The evidence with all that was read. Raises Unobserved if no Stripe answered anything."""
    if all(reading.unreached for reading in readings) and (nobody := readings[0].unreached):
        raise nobody
    for reading in readings:
        evidence = reading.fill(evidence)
    unread = tuple(reading.unread for reading in readings if reading.unread is not None)
    live = objects.mode_of(evidence.webhooks) if evidence.live is None else evidence.live
    return replace(evidence, unread=unread, live=live)


async def _read(api: StripeApi, fact: Fact, ask: Callable[[], Awaitable[Fill]]) -> _Reading:
    """One fact, whatever becomes of the others."""
    try:
        return _Reading(await ask())
    except stripe.AuthenticationError as refused:
        message = str(refused.user_message or refused)[:_LONGEST]
        return _Reading(unread=UnreadFact(fact=fact, reason=f"Stripe refuses the key: {message}"), refused=message)
    except stripe.PermissionError as refused:
        named = missing_permission(refused)
        reason = "the key may not read it" + ("" if named else f": {refused.user_message or refused}"[:_LONGEST])
        return _Reading(unread=UnreadFact(fact=fact, reason=reason, permission=named or _PERMISSIONS[fact]))
    except stripe.StripeError as error:
        missing = unobserved(error, api.address)
    except Unobserved as unknown:
        missing = unknown
    return _Reading(unread=UnreadFact(fact=fact, reason=missing.reason), unreached=missing)


def _bound(api: StripeApi, services: Any, work: Callable[[Any], Awaitable[Fill]]) -> Callable[[], Awaitable[Fill]]:  # noqa: ANN401 - the SDK's
    return lambda: api.on(services, work)


async def _account(v1: Any) -> Fill:  # noqa: ANN401 - as above
    return objects.account((await v1.accounts.retrieve_current_async()).to_dict())


async def _nothing(_v1: Any) -> Fill:  # noqa: ANN401 - as above
    return lambda evidence: evidence


async def _balance(v1: Any) -> Fill:  # noqa: ANN401 - as above
    live = objects.flag(objects.named((await v1.balance.retrieve_async()).to_dict(), "balance"), "livemode")
    return lambda evidence: replace(evidence, live=live)


async def _methods(v1: Any) -> Fill:  # noqa: ANN401 - as above
    listed = await _all(await v1.payment_method_configurations.list_async({"limit": _MOST}))
    configurations = tuple(objects.configuration(item) for item in listed)
    return lambda evidence: replace(evidence, configurations=configurations)


async def _payouts(v1: Any) -> Fill:  # noqa: ANN401 - as above
    page = objects.listed((await v1.payouts.list_async({"limit": 10})).to_dict())
    payouts = tuple(objects.payout(item) for item in objects.newest_first(page))
    return lambda evidence: replace(evidence, payouts=payouts)


async def _webhooks(api: StripeApi) -> Fill:
    """Asks in the account's own version, since that is the version of the events of most endpoints."""

    async def work(v1: Any) -> tuple[WebhookEndpoint, ...]:  # noqa: ANN401 - as above
        listed = await _all(await v1.webhook_endpoints.list_async({"limit": _MOST}))
        return tuple(objects.endpoint(item) for item in listed)

    endpoints, version = await api.in_account_version(work)
    return lambda evidence: replace(evidence, webhooks=endpoints, default_version=version[:_LONGEST])


async def _destinations(v2: Any) -> Fill:  # noqa: ANN401 - as above
    asked = {"include": ["webhook_endpoint.url"], "limit": _MOST}
    page = await v2.core.event_destinations.list_async(asked)
    listed = [objects.destination(item) for item in await _all(page, objects.listed_in_v2)]
    addresses = tuple(place for place in listed if isinstance(place, WebhookEndpoint))
    buses = tuple(place for place in listed if isinstance(place, str))
    return lambda evidence: replace(evidence, destinations=addresses, buses=buses)


def _deliveries(question: StripeQuestion, now: datetime) -> Callable[[Any], Awaitable[Fill]]:
    """Events of the declared types in the last 24 h; of all types, if none are declared. Thin ones are listed nowhere."""
    since = {"gte": int(now.timestamp()) - _DAY_SECONDS}
    whole = [kind for kind in question.events if not is_thin(kind)]
    wanted = [whole[first : first + _MOST_TYPES] for first in range(0, len(whole), _MOST_TYPES)]
    kinds = [{"types": list(types)} for types in wanted] or [{}]

    async def events(v1: Any, limit: int, *, delivered: bool) -> list[EventDelivery]:  # noqa: ANN401 - as above
        asked = {"created": since, "delivery_success": delivered, "limit": limit}
        pages = [await v1.events.list_async({**asked, **kind}) for kind in kinds]
        listed = [objects.delivery(item) for page in pages for item in objects.listed(page.to_dict())]
        return sorted(listed, key=lambda event: event.created, reverse=True)

    async def work(v1: Any) -> Fill:  # noqa: ANN401 - as above
        if question.events and not whole:
            raise Unobserved("Stripe lists no deliveries of thin events, and the environment file declares no others")
        undelivered = tuple(await events(v1, _MOST, delivered=False))
        newest = next((event.created for event in await events(v1, 1, delivered=True)), None)
        return lambda evidence: replace(evidence, undelivered=undelivered, newest_delivered=newest)

    return work


_WORK: dict[Fact, Callable[[Any], Awaitable[Fill]]] = {"account": _account, "methods": _methods, "payouts": _payouts}


async def _all(page: Any, listed: Callable[[objects.Object], object] = objects.listed) -> list[dict[str, Any]]:  # noqa: ANN401 - the SDK's page
    """Every object of a list, page after page. ``listed`` raises ValueError for what is no list."""
    listed(page.to_dict())
    values: list[dict[str, Any]] = []
    async for item in page.auto_paging_iter():
        values.append(item.to_dict())
        if len(values) >= objects.MOST_OBJECTS:
            break
    return values


PROBES: Mapping[str, Probe] = {
    "stripe": Probe(questions=stripe_questions, ask=probe_stripe),
    "key_account": Probe(questions=key_questions, ask=probe_key),
}
