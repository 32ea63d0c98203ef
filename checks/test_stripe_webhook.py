"""Stripe's webhook: which events it sends to the service, and whether they arrive."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from gonogo.base.comparing import at_least, at_most, decided, nothing, shown
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.stripe import (
    EventDelivery,
    StripeEvidence,
    WebhookEndpoint,
)
from gonogo.evidence.stripe_names import age_of, same_address, same_release
from gonogo.families.stripe.section import Stripe
from gonogo.policy.catalogue import Policy

FAMILY = "stripe"

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.check("stripe-webhook")
def test_events_are_sent_to_this_service(stripe: StripeEvidence, environment: Environment) -> None:
    """Without its webhook the service never learns that PIX was paid.

    Fix: https://dashboard.stripe.com/webhooks → Add endpoint, with exactly the address named here.
    """
    endpoints = _endpoints(stripe, environment)
    own = [endpoint for endpoint in endpoints if not endpoint.application]
    assert at_least(len(own), 1, "endpoints for this account's own events"), (
        f"the endpoint {endpoints[0].url} is for accounts connected to application {endpoints[0].application}, "
        "not for this account's own events"
    )
    enabled = [endpoint for endpoint in own if endpoint.status == "enabled"]
    assert at_least(len(enabled), 1, "endpoints that are enabled"), f"the endpoint {own[0].url} is {own[0].status}"
    live = _declared(environment).mode == "live"
    right = [endpoint for endpoint in enabled if endpoint.live == live]
    assert at_least(len(right), 1, "endpoints of this mode"), (
        f"the endpoint {own[0].url} is for {'live' if own[0].live else 'test'} events"
    )


@pytest.mark.check("stripe-webhook-events")
def test_declared_types_are_sent(stripe: StripeEvidence, environment: Environment) -> None:
    """The service never learns of what is not sent to it, such as a refund or a payment that failed.

    Fix: https://dashboard.stripe.com/webhooks → the endpoint → Update details → Select events.
    """
    endpoints = _own(stripe, environment)
    wanted = _declared(environment).events
    missing = [kind for kind in wanted if not any(endpoint.takes(kind) for endpoint in endpoints)]
    thin = ", ".join(endpoint.id for endpoint in endpoints if endpoint.thin)
    only = f"; {thin} sends thin events, which contain no object and have other types (v1.…, v2.…)" if thin else ""
    assert nothing(missing, "declared types that are not sent", of=len(wanted)), (
        f"{', '.join(missing)}: declared, but not sent to the endpoint{only}"
    )


@pytest.mark.check("stripe-webhook-single")
def test_one_endpoint_sends_to_this_service(stripe: StripeEvidence, environment: Environment) -> None:
    """Each endpoint has its own secret: events from a second one are refused, or arrive twice.

    Fix: https://dashboard.stripe.com/webhooks → delete the endpoints that you do not need; give all types to one.
    """
    endpoints = _own(stripe, environment)
    names = ", ".join(endpoint.id or endpoint.url for endpoint in endpoints)
    assert at_most(len(endpoints), 1, "endpoints that send to the service"), (
        f"{len(endpoints)} endpoints send to {endpoints[0].url}: {names}; each signs with its own secret, and the "
        "environment file declares one"
    )


@pytest.mark.check("stripe-webhook-version")
def test_events_come_in_the_declared_version(stripe: StripeEvidence, environment: Environment) -> None:
    """If events have another API version than the SDK, fields are missing, or the SDK refuses the events.

    Fix: create a new endpoint with the SDK's API version, since the version of an endpoint cannot be changed.
    """
    declared = _declared(environment).api_version or ""
    for endpoint in _versioned(stripe, environment):
        version = _version(stripe, endpoint)
        assert shown(same_release(version, declared), "version of events", version, declared), (
            f"the endpoint {endpoint.url} sends events in API version {version}; the service reads {declared}"
        )


@pytest.mark.check("stripe-webhook-age")
def test_events_come_in_a_recent_version(stripe: StripeEvidence, environment: Environment, policy: Policy) -> None:
    """Events in an old API version lack fields that today's SDKs and documentation expect.

    Fix: create a new endpoint with the version of the service's SDK, and declare it as stripe.api_version.
    """
    oldest = policy.duration("max_age")
    for endpoint in _versioned(stripe, environment):
        version = _version(stripe, endpoint)
        age = age_of(version, stripe.taken_at)
        if age is None:
            raise Unobserved(f"the API version {version!r} of {endpoint.url} contains no date")
        assert at_most(age, oldest, "age of the version of events"), (
            f"events have the API version {version}, which is {age.days // 365} years old; at most {oldest.days} d are expected"
        )


@pytest.mark.check("stripe-deliveries")
def test_stripe_delivers_to_this_service(stripe: StripeEvidence, environment: Environment) -> None:
    """A registered endpoint proves nothing: only Stripe's own list of events shows that the service accepts them.

    Fix: https://dashboard.stripe.com/webhooks → the endpoint → Event deliveries shows what the service answered.
    """
    stripe.require("deliveries")
    failed = _undelivered(stripe, environment)
    newest = stripe.newest_delivered
    since = [event for event in failed if newest is None or event.created > newest]
    if not since:
        decided("events not delivered since the newest that was", "none", "none")
        return
    stripe.require("webhooks")
    certain = [event for event in since if event.pending >= len(stripe.listening(event.type))]
    text = f"{len(since)} {'event' if len(since) == 1 else 'events'} of the last 24 h"
    first = f"{since[0].type} {since[0].id} of {since[0].created:%Y-%m-%d %H:%M} UTC"
    if not certain:
        raise Unobserved(
            f"{text} did not reach every endpoint of the account, and Stripe does not say which: {first}",
            hint="repair or disable the other endpoints of the account, or see Event deliveries in the dashboard",
        )
    nothing([event.id for event in since], "events not delivered since the newest that was")
    raise AssertionError(f"Stripe could not deliver {text}, and none since; the newest: {first}")


@pytest.mark.check("stripe-undelivered")
def test_no_event_was_lost(stripe: StripeEvidence, environment: Environment) -> None:
    """If an event was not accepted, the service does not know of a payment or a refund.

    Fix: https://docs.stripe.com/webhooks/process-undelivered-events; resend the events from the dashboard.
    """
    stripe.require("deliveries")
    lost = _undelivered(stripe, environment)
    assert nothing([event.id for event in lost], "events that were lost"), (
        f"{len(lost)} {'event' if len(lost) == 1 else 'events'} of the last 24 h did not reach every endpoint, "
        f"the newest is {lost[0].type} {lost[0].id}"
    )


def _endpoints(stripe: StripeEvidence, environment: Environment) -> Sequence[WebhookEndpoint]:
    """Those with the service's address; at least one."""
    stripe.require("webhooks")
    url = environment.service.base_url + _declared(environment).webhook
    others = ", ".join([*(endpoint.url for endpoint in stripe.endpoints), *stripe.buses]) or "no endpoint at all"
    matching = [endpoint for endpoint in stripe.endpoints if same_address(endpoint.url, url)]
    if not matching:
        stripe.require("destinations")
    assert at_least(len(matching), 1, "endpoints of this address"), (
        f"no endpoint is registered for {url}; registered: {others}"
    )
    return matching


def _own(stripe: StripeEvidence, environment: Environment) -> Sequence[WebhookEndpoint]:
    """Those with the service's address that are switched on, for this account and mode; at least one."""
    live = _declared(environment).mode == "live"
    endpoints = _endpoints(stripe, environment)
    own = [
        endpoint
        for endpoint in endpoints
        if not endpoint.application and endpoint.status == "enabled" and endpoint.live == live
    ]
    assert at_least(len(own), 1, "endpoints enabled for this account"), (
        f"no endpoint of {endpoints[0].url} is enabled for this account's own events"
    )
    return own


def _undelivered(stripe: StripeEvidence, environment: Environment) -> Sequence[EventDelivery]:
    """Those that an endpoint of this service was there for, and that had the time that a delivery may take."""
    latest = stripe.taken_at - _declared(environment).delivery
    created = [endpoint.created or _EVER for endpoint in _own(stripe, environment) if not endpoint.thin]
    if not created:
        raise Unobserved("only thin events are sent to this service, and Stripe lists no deliveries of those")
    return [event for event in stripe.undelivered if event.pending and min(created) <= event.created <= latest]


def _versioned(stripe: StripeEvidence, environment: Environment) -> Iterator[WebhookEndpoint]:
    """Those whose events hold an object, which is of some version; thin ones are of none."""
    return (endpoint for endpoint in _own(stripe, environment) if not endpoint.thin)


def _version(stripe: StripeEvidence, endpoint: WebhookEndpoint) -> str:
    """The endpoint's own, or the account's default."""
    version = endpoint.api_version or stripe.default_version
    if not version:
        raise Unobserved(f"the endpoint {endpoint.url} has the account's API version, and Stripe did not say which")
    return version


def _declared(environment: Environment) -> Stripe:
    return environment.require(Stripe)
