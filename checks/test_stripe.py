"""The account that takes the money."""

import pytest

from gonogo.environment.model import Environment
from gonogo.evidence.stripe import StripeEvidence, WebhookEndpoint
from gonogo.families.stripe.section import Stripe

_ALL = "*"


@pytest.mark.check("stripe-keys")
def test_secret_key_is_accepted(stripe: StripeEvidence) -> None:
    """A key that was rolled, or copied without its last character: no payment works.

    Fix: copy the secret key anew from https://dashboard.stripe.com/apikeys; a restricted key needs read access.
    """
    assert stripe.accepted, f"Stripe refuses the secret key: {stripe.problem}"


@pytest.mark.check("stripe-mode")
def test_mode_is_the_declared_one(stripe: StripeEvidence, environment: Environment) -> None:
    """Test keys in production take no money; live keys in staging take real money from testers.

    Fix: put the keys of the right mode into the environment; test keys begin with sk_test_, live keys with sk_live_.
    """
    declared = _declared(environment).mode
    found = "live" if stripe.live else "test"
    assert found == declared, f"the account answers in {found} mode, declared is {declared}"


@pytest.mark.check("stripe-business")
def test_business_is_verified_and_paid_out(stripe: StripeEvidence) -> None:
    """Charges that are switched off on the first day, or money that never reaches the bank.

    Fix: https://dashboard.stripe.com/account/status shows what Stripe still wants to know.
    """
    assert stripe.details_submitted, "the business was never verified: its details are not submitted"
    assert stripe.charges_enabled, "the account may not charge anybody"
    assert stripe.payouts_enabled, "the account is not paid out: the bank account is missing or not verified"
    assert not stripe.currently_due, f"Stripe still wants {', '.join(stripe.currently_due)}"


@pytest.mark.check("stripe-brazil")
def test_account_is_of_the_market(stripe: StripeEvidence, environment: Environment) -> None:
    """PIX, and prices in reais, are for Brazilian accounts.

    Fix: the country of an account cannot be changed; open one in the right country.
    """
    declared = _declared(environment)
    assert stripe.country == declared.country, f"the account is in {stripe.country}, declared is {declared.country}"
    assert stripe.currency == declared.currency, f"its currency is {stripe.currency}, declared is {declared.currency}"


@pytest.mark.check("stripe-pix")
def test_pix_is_enabled(stripe: StripeEvidence) -> None:
    """Half of the customers would leave at the till.

    Fix: switch PIX on at https://dashboard.stripe.com/settings/payment_methods; Stripe may take days to review it.
    """
    state = stripe.pix_capability or "not there"
    assert stripe.pix_capability == "active", f"the capability pix_payments is {state}; active is wanted"
    assert stripe.pix_available, "no payment method configuration offers PIX"


@pytest.mark.check("stripe-webhook")
def test_events_are_sent_to_this_service(stripe: StripeEvidence, environment: Environment) -> None:
    """Without its webhook the service never learns that PIX was paid.

    Fix: https://dashboard.stripe.com/webhooks → Add endpoint, with exactly the address named here.
    """
    endpoint = _endpoint(stripe, environment)
    assert endpoint.status == "enabled", f"the endpoint {endpoint.url} is {endpoint.status}"
    live = _declared(environment).mode == "live"
    assert endpoint.live == live, f"the endpoint {endpoint.url} is for {'live' if endpoint.live else 'test'} events"


@pytest.mark.check("stripe-webhook-events")
def test_declared_types_are_sent(stripe: StripeEvidence, environment: Environment) -> None:
    """A type that is not sent is a refund, or a failed payment, that nobody hears of.

    Fix: https://dashboard.stripe.com/webhooks → the endpoint → Update details → Select events.
    """
    sent = set(_endpoint(stripe, environment).events)
    missing = [] if _ALL in sent else [wanted for wanted in _declared(environment).events if wanted not in sent]
    assert not missing, f"{', '.join(missing)}: declared, and not sent to the endpoint"


def _endpoint(stripe: StripeEvidence, environment: Environment) -> WebhookEndpoint:
    url = environment.service.base_url + _declared(environment).webhook
    others = ", ".join(endpoint.url for endpoint in stripe.webhooks) or "no endpoint at all"
    found = [endpoint for endpoint in stripe.webhooks if endpoint.url == url]
    assert found, f"no endpoint is registered for {url}; there is {others}"
    enabled = [endpoint for endpoint in found if endpoint.status == "enabled"]
    return (enabled or found)[0]


def _declared(environment: Environment) -> Stripe:
    return environment.require(Stripe)
