"""The account that takes the money."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from gonogo.base.comparing import at_least, at_most, decided, equal, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.stripe import (
    KEYS_PAGE,
    EventDelivery,
    MethodConfiguration,
    Requirements,
    StripeEvidence,
    WebhookEndpoint,
)
from gonogo.evidence.stripe_names import age_of, capabilities_of, same_address, same_release
from gonogo.families.stripe.section import Stripe
from gonogo.policy.catalogue import Policy

_PIX = "pix"
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_STATUS = "https://dashboard.stripe.com/account/status"


@pytest.mark.check("stripe-keys")
def test_secret_key_is_accepted(stripe: StripeEvidence) -> None:
    """A key that was rolled, or copied without its last character: no payment works.

    Fix: copy the secret key anew from https://dashboard.stripe.com/apikeys; a monitoring key is made in the same account.
    """
    assert so(stripe.accepted, "secret key", "accepted", "refused"), f"Stripe refuses the secret key: {stripe.problem}"
    apart = stripe.service_account and stripe.account and stripe.service_account != stripe.account
    assert so(not apart, "accounts of both keys", "one, as far as told", "two"), (
        f"the secret key is of account {stripe.service_account}, and the monitoring key of account {stripe.account}"
    )


@pytest.mark.check("stripe-mode")
def test_mode_is_the_declared_one(stripe: StripeEvidence, environment: Environment) -> None:
    """Test keys in production take no money; live keys in staging take real money from testers.

    Fix: put the keys of the right mode into the environment; test keys begin with sk_test_, live keys with sk_live_.
    """
    declared = _declared(environment).mode
    if stripe.live is None:
        stripe.require("balance")
        raise Unobserved("Stripe's answers do not contain the mode of the account")
    observed = "live" if stripe.live else "test"
    assert equal(observed, declared, "mode"), f"the account answers in {observed} mode, declared is {declared}"


@pytest.mark.check("stripe-business")
def test_business_is_verified_and_paid_out(stripe: StripeEvidence, environment: Environment) -> None:
    """Charges that are switched off on the first day, or money that never reaches the bank.

    Fix: https://dashboard.stripe.com/account/status shows what Stripe still wants to know.
    """
    stripe.require("account")
    due = stripe.requirements or Requirements()
    assert so(stripe.details_submitted is not False, "details", "not missing", "missing"), (
        "the business was never verified: its details are not submitted"
    )
    assert so(stripe.charges_enabled is not False, "charges", "not off", "off"), "the account may not charge anybody"
    assert so(stripe.payouts_enabled is not False, "payouts", "not off", "off"), (
        "the account is not paid out: the bank account is missing or not verified"
    )
    assert so(not due.disabled_reason, "account", "not disabled", due.disabled_reason), (
        f"Stripe disabled the account: {due.disabled_reason}"
    )
    wanted = list(dict.fromkeys((*due.past_due, *due.currently_due)))
    assert nothing(wanted, "what Stripe still wants"), f"Stripe still wants {', '.join(wanted)}"
    for method in _declared(environment).payment_methods:
        if method != _PIX:
            state = stripe.capability(method)
            name = capabilities_of(method)[0]
            assert shown(state in {"active", ""}, f"capability {name}", state, "active"), (
                f"the capability {name} is {state}; active is expected"
            )
    flags = {
        "details_submitted": stripe.details_submitted,
        "charges_enabled": stripe.charges_enabled,
        "payouts_enabled": stripe.payouts_enabled,
    }
    unsaid = [name for name, value in flags.items() if value is None]
    if unsaid:
        raise Unobserved(
            f"Stripe does not say of the account whether {', '.join(unsaid)}",
            hint=f"see {_STATUS}, or ask with {KEYS_PAGE}",
        )


@pytest.mark.check("stripe-requirements")
def test_no_requirement_is_coming(stripe: StripeEvidence, policy: Policy) -> None:
    """A requirement that becomes due next week switches charges or payouts off next week.

    Fix: https://dashboard.stripe.com/account/status; hand in what is named here before its day.
    """
    stripe.require("account")
    now, coming = stripe.requirements or Requirements(), stripe.future_requirements
    refused = [f"{error.requirement} ({error.code})" for error in (*now.errors, *coming.errors)]
    assert nothing(refused, "what Stripe did not accept"), f"Stripe did not accept {', '.join(refused)}"
    assert nothing(now.pending_verification, "what Stripe still verifies"), (
        f"Stripe still verifies {', '.join(now.pending_verification)}"
    )
    future = list(dict.fromkeys((*coming.past_due, *coming.currently_due)))
    assert nothing(future, "what Stripe will want"), f"Stripe will want {', '.join(future)}{_by(coming)}"
    notice = policy.duration("min_notice")
    if now.deadline is None or not now.eventually_due:
        decided("notice of the next requirement", "none is coming", f"at least {format_duration(notice)}")
    else:
        left = now.deadline - stripe.taken_at
        assert at_least(left, notice, "notice of the next requirement"), (
            f"Stripe will want {', '.join(now.eventually_due)}{_by(now)}"
        )
    if stripe.requirements is None:
        raise Unobserved(
            "Stripe does not say what it still wants to know: the account shows no requirements",
            hint=f"look at {_STATUS}",
        )


@pytest.mark.check("stripe-payouts")
def test_money_is_sent_on_by_itself(stripe: StripeEvidence) -> None:
    """Money that stays at Stripe because nobody sends it on.

    Fix: https://dashboard.stripe.com/settings/payouts → Payout schedule.
    """
    stripe.require("account")
    assert shown(stripe.payout_interval != "manual", "payout schedule", stripe.payout_interval, "not manual"), (
        "payouts are made by hand only: the payout schedule is manual"
    )
    _require_told(stripe.payout_interval, "when it is paid out")


@pytest.mark.check("stripe-payout-arrives")
def test_money_reaches_the_bank(stripe: StripeEvidence, policy: Policy) -> None:
    """Money that the bank gives back, or that never arrives: after a failure Stripe sends nothing more to that account.

    Asked in live mode only: in test mode Stripe simulates payouts, also those that fail, and no bank hears of them
    (docs.stripe.com/connect/testing, "Test payouts").

    Fix: https://dashboard.stripe.com/payouts → the payout named here; correct the bank account in the payout settings.
    """
    stripe.require("payouts")
    ended = next((payout for payout in stripe.payouts if payout.status in {"paid", "failed"}), None)
    if ended is not None and ended.status == "failed":
        decided("last payout", "failed", "paid", met=False)
        raise AssertionError(f"the last payout, {ended.id}, failed: {ended.failure or 'Stripe gives no cause'}")
    most, waiting = policy.duration("max_late"), {"pending", "in_transit"}
    under_way = [payout for payout in stripe.payouts if payout.status in waiting]
    if not under_way:
        decided("payouts under way", "none", f"at most {format_duration(most)} late")
    late = [payout for payout in under_way if not at_most(stripe.taken_at - payout.arrival, most, "payout late by")]
    assert not late, (
        f"the payout {late[0].id} was to arrive on {late[0].arrival:%Y-%m-%d}, and is still {late[0].status} "
        f"{(stripe.taken_at - late[0].arrival).days} days later"
    )


@pytest.mark.check("stripe-brazil")
def test_account_is_of_the_market(stripe: StripeEvidence, environment: Environment) -> None:
    """Methods of payment, and prices, are those of the account's country.

    Fix: the country of an account cannot be changed; open one in the right country.
    """
    declared = _declared(environment)
    stripe.require("account")
    _require_told(stripe.country, "which country it is in")
    _require_told(stripe.currency, "which currency it has")
    assert equal(stripe.country, declared.country, "country"), (
        f"the account is in {stripe.country}, declared is {declared.country}"
    )
    assert equal(stripe.currency, declared.currency, "currency"), (
        f"its currency is {stripe.currency}, declared is {declared.currency}"
    )


@pytest.mark.check("stripe-pix")
def test_pix_is_enabled(stripe: StripeEvidence, environment: Environment) -> None:
    """Half of the customers would leave at the checkout.

    Fix: switch PIX on at https://dashboard.stripe.com/settings/payment_methods; Stripe may take days to review it.
    """
    stripe.require("account")
    state = stripe.capability(_PIX)
    assert equal(state, "active", "capability pix_payments"), (
        f"the capability pix_payments is {state}; active is expected"
    )
    _offered(stripe, _PIX, _declared(environment))


@pytest.mark.check("stripe-methods")
def test_declared_methods_are_offered(stripe: StripeEvidence, environment: Environment) -> None:
    """A checkout without cards, or without the method that half of the country pays with, sells nothing to them.

    Fix: switch the method on at https://dashboard.stripe.com/settings/payment_methods, in the configuration named here.
    """
    section = _declared(environment)
    for method in section.payment_methods:
        if method != _PIX:
            _offered(stripe, method, section)


@pytest.mark.check("stripe-webhook")
def test_events_are_sent_to_this_service(stripe: StripeEvidence, environment: Environment) -> None:
    """Without its webhook the service never learns that PIX was paid.

    Fix: https://dashboard.stripe.com/webhooks → Add endpoint, with exactly the address named here.
    """
    endpoints = _endpoints(stripe, environment)
    own = [endpoint for endpoint in endpoints if not endpoint.application]
    assert at_least(len(own), 1, "endpoints for this account's own events"), (
        f"the endpoint {endpoints[0].url} is for accounts connected to application {endpoints[0].application}, "
        "and not for this account's own events"
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
    """A type that is not sent is a refund, or a failed payment, that nobody hears of.

    Fix: https://dashboard.stripe.com/webhooks → the endpoint → Update details → Select events.
    """
    endpoints = _own(stripe, environment)
    wanted = _declared(environment).events
    missing = [kind for kind in wanted if not any(endpoint.takes(kind) for endpoint in endpoints)]
    thin = ", ".join(endpoint.id for endpoint in endpoints if endpoint.thin)
    only = f"; {thin} sends thin events, which hold no object and are of other types (v1.…, v2.…)" if thin else ""
    assert nothing(missing, "declared types that are not sent", of=len(wanted)), (
        f"{', '.join(missing)}: declared, and not sent to the endpoint{only}"
    )


@pytest.mark.check("stripe-webhook-single")
def test_one_endpoint_sends_to_this_service(stripe: StripeEvidence, environment: Environment) -> None:
    """Each endpoint signs with a secret of its own: what the second one sends is refused, or comes twice.

    Fix: https://dashboard.stripe.com/webhooks → delete the endpoints that are left over; give all types to one.
    """
    endpoints = _own(stripe, environment)
    names = ", ".join(endpoint.id or endpoint.url for endpoint in endpoints)
    assert at_most(len(endpoints), 1, "endpoints that send to the service"), (
        f"{len(endpoints)} endpoints send to {endpoints[0].url}: {names}; each signs with a secret of its own, and the "
        "environment file declares one"
    )


@pytest.mark.check("stripe-webhook-version")
def test_events_come_in_the_declared_version(stripe: StripeEvidence, environment: Environment) -> None:
    """An SDK reads events of its own release; of another one, fields are missing or the event is refused.

    Fix: create the endpoint anew with the SDK's API version, since the version of an endpoint cannot be changed.
    """
    declared = _declared(environment).api_version or ""
    for endpoint in _versioned(stripe, environment):
        version = _version(stripe, endpoint)
        assert shown(same_release(version, declared), "version of events", version, declared), (
            f"the endpoint {endpoint.url} sends events in the shape of {version}, the service reads {declared}"
        )


@pytest.mark.check("stripe-webhook-age")
def test_events_come_in_a_recent_version(stripe: StripeEvidence, environment: Environment, policy: Policy) -> None:
    """Events in the shape of years ago lack the fields that today's SDKs and documents speak of.

    Fix: create the endpoint anew with the version of the service's SDK, and declare it as stripe.api_version.
    """
    oldest = policy.duration("max_age")
    for endpoint in _versioned(stripe, environment):
        version = _version(stripe, endpoint)
        age = age_of(version, stripe.taken_at)
        if age is None:
            raise Unobserved(f"the API version {version!r} of {endpoint.url} tells no day")
        assert at_most(age, oldest, "age of the version of events"), (
            f"events come in the shape of {version}, {age.days // 365} years old; at most {oldest.days} d are expected"
        )


@pytest.mark.check("stripe-deliveries")
def test_stripe_delivers_to_this_service(stripe: StripeEvidence, environment: Environment) -> None:
    """A registered endpoint proves nothing: Stripe's own list of events tells whether the service takes them.

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
            f"{text} did not reach every endpoint of the account, and Stripe does not tell which: {first}",
            hint="repair or disable the other endpoints of the account, or see Event deliveries in the dashboard",
        )
    nothing([event.id for event in since], "events not delivered since the newest that was")
    raise AssertionError(f"Stripe could not deliver {text}, and none since; the newest: {first}")


@pytest.mark.check("stripe-undelivered")
def test_no_event_was_lost(stripe: StripeEvidence, environment: Environment) -> None:
    """An event that was not taken is a payment or a refund that the service does not know of.

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
        f"no endpoint is registered for {url}; there is {others}"
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
        raise Unobserved(f"the endpoint {endpoint.url} has the account's API version, and Stripe did not tell which")
    return version


def _offered(stripe: StripeEvidence, method: str, section: Stripe) -> None:
    """Fail unless payers see the method: by the declared configuration, or by the one that Stripe takes by itself."""
    declared = section.payment_method_configuration
    if not section.names_methods_itself:
        stripe.require("methods")
    if section.names_methods_itself or (not stripe.configurations and declared is None):
        # The service names its methods at each payment, and the capability is all that they need.
        if not stripe.capability(method):
            raise Unobserved(f"Stripe knows no capability of {method}, so that its configuration alone would tell")
        return
    if declared is None:
        _offered_by_default(stripe, method)
        return
    named = [configuration for configuration in stripe.own_configurations if configuration.id == declared]
    assert at_least(len(named), 1, "active configurations of this name"), (
        f"there is no active payment method configuration {declared} of this account"
    )
    assert so(method in named[0].available, method, "offered", "not offered"), (
        f"{method} is not offered in {declared}{_why(named[0], method)}"
    )


def _offered_by_default(stripe: StripeEvidence, method: str) -> None:
    own = stripe.own_configurations
    offering = [configuration for configuration in own if method in configuration.available]
    foreign = "".join(
        f"; {configuration.id} does, and belongs to {configuration.application or configuration.parent}"
        for configuration in stripe.configurations
        if configuration not in own and method in configuration.available and configuration.active
    )
    default = next((configuration for configuration in own if configuration.default), None)
    why = f" in {default.id}, the default one{_why(default, method)}" if default else ""
    assert at_least(len(offering), 1, f"configurations that offer {method}"), (
        f"no payment method configuration of this account offers {method}: it is not offered{why}{foreign}"
    )
    if default is None:
        raise Unobserved(
            "none of the account's payment method configurations is the default one",
            hint="declare stripe.payment_method_configuration if the service names one",
        )
    assert so(default in offering, f"{method}, by default", "offered", "not offered"), (
        f"{method} is offered in {', '.join(configuration.id for configuration in offering)} only, which is not the "
        f"default: it is not offered{why}; declare stripe.payment_method_configuration if the service names another"
    )


def _why(configuration: MethodConfiguration, method: str) -> str:
    return ": it is switched off there" if method in configuration.switched_off else ""


def _require_told(value: str, subject: str) -> None:
    """What the account does not show is not known. Raises Unobserved."""
    if not value:
        raise Unobserved(f"Stripe does not say of the account {subject}", hint=f"look at {_STATUS}")


def _by(requirements: Requirements) -> str:
    return f" by {requirements.deadline:%Y-%m-%d %H:%M} UTC" if requirements.deadline else ""


def _declared(environment: Environment) -> Stripe:
    return environment.require(Stripe)
