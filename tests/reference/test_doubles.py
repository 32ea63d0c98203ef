"""The service's faults and doubles are what they say: nothing is declared that is not built, and the reverse."""

from inspect import get_annotations
from typing import Any

import pytest
import stripe

from reference.api.faulty import REPLIES
from reference.api.sabotage import SABOTAGE
from reference.doubles.stripe.objects import (
    StripeSettings,
    account,
    balance,
    charge,
    endpoint,
    event,
    method_configuration,
    payment_intent,
    pix_code,
    refund,
)
from reference.faults import FAULTS
from reference.settings import Settings

SETTINGS = StripeSettings()
INTENT = payment_intent(SETTINGS, {"currency": "brl"}, 100)
PAID = charge(INTENT)
SHAPES: dict[type[Any], dict[str, Any]] = {
    stripe.Account: account(SETTINGS),
    stripe.Balance: balance(SETTINGS),
    stripe.WebhookEndpoint: endpoint(SETTINGS, "https://api.workme.test/hook"),
    stripe.PaymentMethodConfiguration: method_configuration(SETTINGS),
    stripe.PaymentIntent: INTENT,
    stripe.Charge: PAID,
    stripe.Refund: refund(PAID, 100),
    stripe.Event: event("payment_intent.succeeded", INTENT),
}


def test_every_fault_of_the_service_is_built() -> None:
    """A fault by a name that nobody implements would be green for the wrong reason."""
    declared = set[str]()
    for fault in FAULTS.values():
        declared |= fault.change(Settings()).api
    assert declared == {*REPLIES, *SABOTAGE}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_stripe_objects_have_the_fields_of_the_sdk(shape: type[Any]) -> None:
    """A field that the real Stripe does not send would prove checks against nothing."""
    known = {name for one in shape.__mro__ for name in get_annotations(one)}
    assert set(SHAPES[shape]) <= known
    assert SHAPES[shape]["object"] == shape.OBJECT_NAME


def test_pix_code_has_the_fields_of_the_sdk() -> None:
    """A code that is paid from a screen."""
    shown = pix_code(INTENT, 1_900_000_000)
    assert set(shown) <= set(get_annotations(stripe.PaymentIntent.NextAction))
    assert set(shown["pix_display_qr_code"]) <= set(get_annotations(stripe.PaymentIntent.NextAction.PixDisplayQrCode))
