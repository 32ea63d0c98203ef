"""The account that takes the money."""

import pytest

from gonogo.base.comparing import at_least, at_most, decided, equal, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.stripe import (
    KEYS_PAGE,
    MethodConfiguration,
    Requirements,
    StripeEvidence,
)
from gonogo.evidence.stripe_names import capabilities_of
from gonogo.families.stripe.section import Stripe
from gonogo.policy.catalogue import Policy

_PIX = "pix"
_STATUS = "https://dashboard.stripe.com/account/status"


@pytest.mark.check("stripe-keys")
def test_secret_key_is_accepted(stripe: StripeEvidence) -> None:
    """If the key was rolled, or copied without its last character, no payment works.

    Fix: copy the secret key again from https://dashboard.stripe.com/apikeys; create the monitoring key in the same account.
    """
    assert so(stripe.accepted, "secret key", "accepted", "refused"), f"Stripe refuses the secret key: {stripe.problem}"
    apart = stripe.service_account and stripe.account and stripe.service_account != stripe.account
    assert so(not apart, "accounts of both keys", "one, as far as told", "two"), (
        f"the secret key belongs to account {stripe.service_account}, and the monitoring key to account {stripe.account}"
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
    assert equal(observed, declared, "mode"), f"the account answers in {observed} mode; {declared} is declared"


@pytest.mark.check("stripe-business")
def test_business_is_verified_and_paid_out(stripe: StripeEvidence, environment: Environment) -> None:
    """Without verification, Stripe may disable charges on the first day, or the money never reaches the bank.

    Fix: see https://dashboard.stripe.com/account/status for the information that Stripe still needs.
    """
    stripe.require("account")
    due = stripe.requirements or Requirements()
    assert so(stripe.details_submitted is not False, "details", "not missing", "missing"), (
        "the business was never verified: its details are not submitted"
    )
    assert so(stripe.charges_enabled is not False, "charges", "not off", "off"), "the account may not charge anybody"
    assert so(stripe.payouts_enabled is not False, "payouts", "not off", "off"), (
        "the account gets no payouts: the bank account is missing or not verified"
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
            f"Stripe does not say whether the account has {', '.join(unsaid)}",
            hint=f"see {_STATUS}, or ask with {KEYS_PAGE}",
        )


@pytest.mark.check("stripe-requirements")
def test_no_requirement_is_coming(stripe: StripeEvidence, policy: Policy) -> None:
    """If a requirement becomes due next week, charges or payouts stop next week.

    Fix: https://dashboard.stripe.com/account/status; hand in what is named here before its due date.
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
            "Stripe does not say what information it still needs: the account shows no requirements",
            hint=f"look at {_STATUS}",
        )


@pytest.mark.check("stripe-payouts")
def test_money_is_sent_on_by_itself(stripe: StripeEvidence) -> None:
    """With manual payouts, money stays at Stripe until somebody starts a payout.

    Fix: https://dashboard.stripe.com/settings/payouts → Payout schedule.
    """
    stripe.require("account")
    assert shown(stripe.payout_interval != "manual", "payout schedule", stripe.payout_interval, "not manual"), (
        "payouts are made by hand only: the payout schedule is manual"
    )
    _require_told(stripe.payout_interval, "when it is paid out")


@pytest.mark.check("stripe-payout-arrives")
def test_money_reaches_the_bank(stripe: StripeEvidence, policy: Policy) -> None:
    """After a payout that the bank returned, or that never arrived, Stripe sends nothing more to that bank account.

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
    assert nothing([payout.id for payout in late], "payouts that are late", of=len(under_way)), (
        f"the payout {late[0].id} was due on {late[0].arrival:%Y-%m-%d}, and is still {late[0].status} "
        f"{(stripe.taken_at - late[0].arrival).days} days later"
    )


@pytest.mark.check("stripe-brazil")
def test_account_is_of_the_market(stripe: StripeEvidence, environment: Environment) -> None:
    """The country of the account decides which payment methods and prices are possible.

    Fix: the country of an account cannot be changed; open one in the right country.
    """
    declared = _declared(environment)
    stripe.require("account")
    _require_told(stripe.country, "which country it is in")
    _require_told(stripe.currency, "which currency it has")
    assert equal(stripe.country, declared.country, "country"), (
        f"the account is in {stripe.country}; {declared.country} is declared"
    )
    assert equal(stripe.currency, declared.currency, "currency"), (
        f"its currency is {stripe.currency}; {declared.currency} is declared"
    )


@pytest.mark.check("stripe-pix")
def test_pix_is_enabled(stripe: StripeEvidence, environment: Environment) -> None:
    """Without PIX, half of the customers would leave at the checkout.

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


def _offered(stripe: StripeEvidence, method: str, section: Stripe) -> None:
    """Fail unless payers see the method: by the declared configuration, or by the one that Stripe takes by itself."""
    declared = section.payment_method_configuration
    if not section.names_methods_itself:
        stripe.require("methods")
    if section.names_methods_itself or (not stripe.configurations and declared is None):
        # The service names its methods at each payment, and the capability is all that they need.
        if not stripe.capability(method):
            raise Unobserved(f"Stripe has no capability for {method}, so only its configuration would show it")
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
        f"{method} is offered only in {', '.join(configuration.id for configuration in offering)}, which is not the "
        f"default: it is not offered{why}; declare stripe.payment_method_configuration if the service names another"
    )


def _why(configuration: MethodConfiguration, method: str) -> str:
    return ": it is switched off there" if method in configuration.switched_off else ""


def _require_told(value: str, subject: str) -> None:
    """What the account does not show is not known. Raises Unobserved."""
    if not value:
        raise Unobserved(f"Stripe does not show, for this account, {subject}", hint=f"look at {_STATUS}")


def _by(requirements: Requirements) -> str:
    return f" by {requirements.deadline:%Y-%m-%d %H:%M} UTC" if requirements.deadline else ""


def _declared(environment: Environment) -> Stripe:
    return environment.require(Stripe)
