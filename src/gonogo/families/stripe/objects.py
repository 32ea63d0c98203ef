"""Stripe's objects as evidence. What is not of the kind that was asked for raises ValueError: it is no absence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gonogo.evidence.stripe import (
    EventDelivery,
    MethodConfiguration,
    Payout,
    RequirementError,
    Requirements,
    StripeEvidence,
    WebhookEndpoint,
)

MOST_OBJECTS = 1000
_LONGEST = 300
_MOST_ITEMS = 100
_OWN_EVENTS = frozenset({"@self", "self"})
"""Origins of a destination's events that mean the account itself; without the sign in versions before 2026-03-25."""
Object = Mapping[str, Any]
Fill = Callable[[StripeEvidence], StripeEvidence]
"""Adds facts to the evidence. They are read before there is one: what cannot be read has raised by then."""


def named(document: Object, kind: str) -> Object:
    """The document, if it is of this kind. Raises ValueError."""
    if document.get("object") != kind:
        message = f"an object {kind!r} was expected, the reply has the keys {sorted(document)[:10]}"
        raise ValueError(message)
    return document


def listed(page: Object) -> list[Object]:
    """The objects of one page. Raises ValueError for what is no list."""
    data = named(page, "list").get("data")
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        message = "a list was expected, its 'data' is none"
        raise ValueError(message)
    return data


def listed_in_v2(page: Object) -> list[Object]:
    """The objects of one page of the second API, which gives its lists no name. Raises ValueError for what is no list."""
    return listed({"object": "list", **page})


def newest_first(items: Sequence[Object]) -> list[Object]:
    """In the order that Stripe lists objects in, and others do not. Raises ValueError for one without ``created``."""
    if not all(isinstance(item.get("created"), int) for item in items):
        message = "an object without 'created'"
        raise ValueError(message)
    return sorted(items, key=lambda item: int(item["created"]), reverse=True)


def flag(document: Object, key: str) -> bool:
    """True or false. Raises ValueError for anything else."""
    value = document.get(key)
    if not isinstance(value, bool):
        message = f"{key!r} is {value!r}, and neither true nor false"
        raise ValueError(message)  # noqa: TRY004 - somebody else's reply, and no argument
    return value


def _flag_or_none(document: Object, key: str) -> bool | None:
    return None if document.get(key) is None else flag(document, key)


def account(document: Object) -> Fill:
    """``/v1/account``: what it may do, and what Stripe still wants to know."""
    named(document, "account")
    capabilities = document.get("capabilities")
    schedule = _part(_part(_part(document, "settings"), "payouts"), "schedule")
    shown = isinstance(document.get("requirements"), dict)
    requirements = _requirements(_part(document, "requirements")) if shown else None
    future_requirements = _requirements(_part(document, "future_requirements"))
    return lambda evidence: replace(
        evidence,
        account=_text(document, "id"),
        country=_text(document, "country"),
        currency=_text(document, "default_currency"),
        details_submitted=_flag_or_none(document, "details_submitted"),
        charges_enabled=_flag_or_none(document, "charges_enabled"),
        payouts_enabled=_flag_or_none(document, "payouts_enabled"),
        capabilities={str(name): str(state) for name, state in capabilities.items()}
        if isinstance(capabilities, dict)
        else None,
        requirements=requirements,
        future_requirements=future_requirements,
        payout_interval=_text(schedule, "interval"),
    )


def endpoint(document: Object) -> WebhookEndpoint:
    """One of ``/v1/webhook_endpoints``."""
    named(document, "webhook_endpoint")
    return WebhookEndpoint(
        id=_text(document, "id"),
        url=_address(_text(document, "url")),
        status=_text(document, "status"),
        live=flag(document, "livemode"),
        events=_texts(document, "enabled_events", most=MOST_OBJECTS),
        api_version=_text(document, "api_version"),
        application=_text(document, "application"),
        created=_moment(document.get("created")),
    )


def destination(document: Object) -> WebhookEndpoint | str:
    """One of ``/v2/core/event_destinations``: an address, or the type and id of one that is a bus at Amazon or Azure."""
    kind, identifier = _text(named(document, "v2.core.event_destination"), "type"), _text(document, "id")
    if kind != "webhook_endpoint":
        return f"{kind} {identifier}"
    url, origins = _text(_part(document, "webhook_endpoint"), "url"), _texts(document, "events_from")
    if not url:
        message = f"the event destination {identifier} shows no address"
        raise ValueError(message)
    return WebhookEndpoint(
        id=identifier,
        url=_address(url),
        status=_text(document, "status"),
        live=flag(document, "livemode"),
        events=_texts(document, "enabled_events", most=MOST_OBJECTS),
        api_version=_text(document, "snapshot_api_version"),
        application="" if not origins or _OWN_EVENTS.intersection(origins) else ", ".join(origins),
        created=datetime.fromisoformat(_text(document, "created")),
        thin=document.get("event_payload") == "thin",
    )


def _address(url: str) -> str:
    """An address without what may be a password: the user, and the values of the query. It is shown to people."""
    head, mark, query = url.partition("?")
    scheme, _, rest = head.rpartition("//")
    place, slash, path = rest.partition("/")
    names = "&".join(f"{part.partition('=')[0]}=…" if "=" in part else part for part in query.split("&"))
    return f"{scheme}{'//' if scheme else ''}{place.rpartition('@')[2]}{slash}{path}{mark}{names}"


def configuration(document: Object) -> MethodConfiguration:
    """One of ``/v1/payment_method_configurations``: its methods are the keys whose value says ``available``."""
    named(document, "payment_method_configuration")
    methods = {name: value for name, value in document.items() if isinstance(value, dict) and "available" in value}
    switched_off = {name for name, value in methods.items() if _part(value, "display_preference").get("value") == "off"}
    available = {name for name, value in methods.items() if flag(value, "available")} - switched_off
    return MethodConfiguration(
        id=_text(document, "id"),
        active=document.get("active") is not False,
        default=document.get("is_default") is True,
        application=_text(document, "application"),
        parent=_text(document, "parent"),
        available=tuple(sorted(available)),
        switched_off=tuple(sorted(switched_off)),
    )


def payout(document: Object) -> Payout:
    """One of ``/v1/payouts``."""
    named(document, "payout")
    arrival = _moment(document.get("arrival_date"))
    if arrival is None:
        message = "a payout without an arrival_date"
        raise ValueError(message)
    failure = _text(document, "failure_message") or _text(document, "failure_code")
    return Payout(id=_text(document, "id"), status=_text(document, "status"), arrival=arrival, failure=failure)


def delivery(document: Object) -> EventDelivery:
    """One of ``/v1/events``."""
    named(document, "event")
    created, pending = _moment(document.get("created")), document.get("pending_webhooks")
    if created is None or not isinstance(pending, int):
        message = "an event without 'created' or 'pending_webhooks'"
        raise ValueError(message)
    return EventDelivery(id=_text(document, "id"), type=_text(document, "type"), created=created, pending=pending)


def mode_of(endpoints: Sequence[WebhookEndpoint]) -> bool | None:
    """The mode by the endpoints, where the balance may not be read: a key sees those of its own mode only."""
    modes = {endpoint.live for endpoint in endpoints}
    return modes.pop() if len(modes) == 1 else None


def _requirements(document: Object) -> Requirements:
    """Return what Stripe still wants to know of the account, and by when."""
    errors = [error for error in document.get("errors") or () if isinstance(error, dict)]
    return Requirements(
        currently_due=_texts(document, "currently_due"),
        past_due=_texts(document, "past_due"),
        eventually_due=_texts(document, "eventually_due"),
        pending_verification=_texts(document, "pending_verification"),
        disabled_reason=_text(document, "disabled_reason"),
        errors=tuple(
            RequirementError(requirement=_text(error, "requirement"), code=_text(error, "code"))
            for error in errors[:_MOST_ITEMS]
        ),
        deadline=_moment(document.get("current_deadline")),
    )


def _part(document: Object, key: str) -> Object:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _text(document: Object, key: str) -> str:
    value = document.get(key)
    return "" if value is None else str(value)[:_LONGEST]


def _texts(document: Object, key: str, *, most: int = _MOST_ITEMS) -> tuple[str, ...]:
    return tuple(str(item)[:_LONGEST] for item in (document.get(key) or ())[:most])


def _moment(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and not isinstance(value, bool) else None
