"""The Stripe double's objects against the SDK's own annotations, which are generated from Stripe's specification."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from gonogo.evidence.stripe import StripeEvidence
from gonogo.evidence.stripe_names import WITHOUT_CAPABILITY, capabilities_of
from gonogo.families.stripe import objects as evidence
from reference.doubles.stripe.account import (
    StripeSettings,
    account,
    balance,
    destination,
    endpoint,
    method_configurations,
    payouts,
    refusal,
)
from reference.doubles.stripe.objects import (
    API_VERSION,
    charge,
    event,
    payment_intent,
    payment_method,
    pix_code,
    refund,
)
from tests.support.stripe_shapes import faults, fields

SETTINGS = StripeSettings(future_due=("company.tax_id",), last_payout="failed")
INTENT = payment_intent({"currency": "brl"}, 100, livemode=False)
PAID = charge(INTENT)
SHAPES: dict[type[Any], dict[str, Any]] = {
    stripe.Account: account(SETTINGS),
    stripe.Balance: balance(SETTINGS),
    stripe.WebhookEndpoint: endpoint(SETTINGS, "https://api.workme.test/hook"),
    stripe.v2.core.EventDestination: destination(SETTINGS, "https://api.workme.test/hook"),
    stripe.PaymentMethodConfiguration: method_configurations(SETTINGS)[0],
    stripe.PaymentMethod: payment_method("pm_1Own", customer=None),
    stripe.PaymentIntent: {**INTENT, "next_action": pix_code(INTENT, 1_900_000_000)},
    stripe.Charge: PAID,
    stripe.Refund: refund(PAID, 100),
    stripe.Payout: payouts(SETTINGS)[1],
    stripe.Event: event("payment_intent.succeeded", INTENT),
}


@pytest.mark.parametrize("kind", SHAPES, ids=lambda kind: kind.__name__)
def test_objects_are_as_the_sdk_declares_them(kind: type[Any]) -> None:
    """A field that the real Stripe does not send, or one that it always sends, would prove checks against nothing."""
    value = json.loads(json.dumps(SHAPES[kind]))
    assert value["object"] == kind.OBJECT_NAME
    assert list(faults(kind, value, kind.__name__)) == []


def test_a_wrong_field_would_be_seen() -> None:
    """The comparison itself: one unknown field, one that is missing, one of another type."""
    wrong = {**SHAPES[stripe.Payout], "colour": "red", "amount": "12", "status": 3}
    del wrong["currency"]
    complaints = " ".join(faults(stripe.Payout, wrong, "Payout"))
    assert all(
        text in complaints for text in ("colour is unknown", "currency is missing", "amount is '12'", "status is 3")
    )


def test_versions_are_those_of_the_sdk() -> None:
    """The double speaks the version that the service's SDK reads."""
    assert stripe.api_version == API_VERSION


def test_refusal_is_read_by_the_sdk_as_one_of_permission() -> None:
    """A key that lacks a right is no wrong key."""
    error = stripe.PermissionError(refusal("/v1/webhook_endpoints", "rk_test_abcdefgh")["message"], http_status=403)
    assert "rak_webhook_read" in str(error)


def test_capabilities_have_the_names_of_the_specification() -> None:
    """A method whose capability is called otherwise would be a NO-GO for ever."""
    capabilities = fields(stripe.Account.Capabilities).keys()
    configuration = fields(stripe.PaymentMethodConfiguration).keys()
    about = {"active", "application", "id", "is_default", "livemode", "name", "object", "parent"}
    unnamed = {method for method in configuration - about if not capabilities & set(capabilities_of(method))}
    assert unnamed == WITHOUT_CAPABILITY


def test_evidence_reads_what_the_double_says() -> None:
    """The other side of the same shapes."""
    blank = StripeEvidence(scope=("stripe",), taken_at=datetime.now(UTC), accepted=True)
    account_read = evidence.account(SHAPES[stripe.Account])(blank)
    assert account_read.future_requirements.currently_due == ("company.tax_id",)
    assert evidence.payout(SHAPES[stripe.Payout]).failure
    assert evidence.configuration(SHAPES[stripe.PaymentMethodConfiguration]).available == ("card", "pix")
    assert evidence.endpoint(SHAPES[stripe.WebhookEndpoint]).api_version == ""
