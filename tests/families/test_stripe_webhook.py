"""What we send as Stripe is what Stripe's own SDK verifies and reads."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest
import stripe

from gonogo.families.stripe.webhook import Sender, only_v0
from gonogo.families.verbs import Journey
from reference.doubles.stripe.objects import payment_intent
from tests.support.stripe_shapes import faults

SECRET = "whsec_0123456789abcdef"
INTENT = payment_intent({"currency": "brl", "metadata": {"payment_id": "7"}}, 5000, livemode=False)


@dataclass
class Recorded:
    """A stranger who keeps what was sent."""

    sent: list[dict[str, Any]] = field(default_factory=list)

    def speak(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:  # noqa: ANN401 - a reply
        """As somebody who answers in no time."""
        self.sent.append({"method": method, "path": path, "headers": headers, "body": body})
        return SimpleNamespace(exchange=SimpleNamespace(elapsed=timedelta(milliseconds=7), own=timedelta()))


def sender(mode: Literal["test", "live"] = "test") -> tuple[Sender, Recorded]:
    """And what it sent."""
    section = SimpleNamespace(live=mode == "live", webhook="/hook", webhook_secret="A_SECRET")
    world = SimpleNamespace(
        environment=SimpleNamespace(require=lambda _model: section), secrets={"A_SECRET": SECRET}, mark="gonogo-01abc"
    )
    recorded = Recorded()
    walk = SimpleNamespace(world=world, speak=recorded.speak, keep={})
    return Sender(cast("Journey", walk), INTENT, stripe.api_version), recorded


def subjects(one: Sender) -> dict[str, tuple[bytes, type[Any] | None]]:
    """Each kind of event, and the SDK's class of its object."""
    return {
        "succeeded": (one.succeeded(), stripe.PaymentIntent),
        "failed": (one.failed(), stripe.PaymentIntent),
        "waiting": (one.waiting(), stripe.PaymentIntent),
        "in another mode": (one.in_other_mode(), stripe.PaymentIntent),
        "connected": (one.connected(), stripe.PaymentIntent),
        **{what: (body, None) for what, body in one.foreign().items()},
    }


@pytest.mark.parametrize("kind", subjects(sender()[0]))
def test_sdk_verifies_and_reads_what_we_send(kind: str) -> None:
    """A body that Stripe would not send has right services fail, and wrong ones pass."""
    one, recorded = sender()
    body, shape = subjects(one)[kind]
    one.send(body)
    sent = recorded.sent[0]
    event = stripe.Webhook.construct_event(sent["body"], sent["headers"]["Stripe-Signature"], SECRET)
    document = json.loads(body)
    assert document["api_version"] == stripe.api_version
    assert [fault for fault in faults(stripe.Event, document, "Event") if ".type" not in fault] == []
    if shape is not None:
        assert list(faults(shape, document["data"]["object"], shape.__name__)) == []
    assert event["id"].startswith("evt_gonogo01abc")


@pytest.mark.parametrize(("amount", "whole"), [(None, True), (5000, True), (500, False)])
def test_refunds_say_whether_they_are_whole(amount: int | None, *, whole: bool) -> None:
    """Stripe's own flag, which a service has to look at."""
    charge = json.loads(sender()[0].refunded(amount))["data"]["object"]
    assert (charge["refunded"], charge["amount_refunded"]) == (whole, amount or 5000)


def test_layout_is_stripes() -> None:
    """Who verifies JSON that was written again must fail: two spaces, and letters outside of ASCII as they are."""
    body = sender()[0].succeeded()
    document = json.loads(body)
    assert body.startswith(b'{\n  "id": "evt_')
    assert "ç".encode() in body
    assert body not in {json.dumps(document).encode(), json.dumps(document, indent=2).encode()}


def test_headers_are_stripes() -> None:
    """A charset beside the media type, and in test mode a v0 beside the v1."""
    one, recorded = sender()
    one.send(one.succeeded())
    headers = recorded.sent[0]["headers"]
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert [part.partition("=")[0] for part in headers["Stripe-Signature"].split(",")] == ["t", "v1", "v0"]
    live, _ = sender("live")
    assert "v0=" not in live.signed(b"{}")
    assert one.slowest == timedelta(milliseconds=7)


def test_v0_alone_is_refused_by_the_sdk() -> None:
    """The right signature under the wrong name proves nothing."""
    one, _ = sender()
    body = one.succeeded()
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode(), only_v0(one.signed(body)), SECRET, 300)


def test_thin_event_is_read_by_the_sdk_as_one() -> None:
    """The second kind of event has its own reader."""
    one, _ = sender()
    body = one.thin()
    client = stripe.StripeClient("sk_test_abcdefgh")
    notification = client.parse_event_notification(body, one.signed(body), SECRET)
    assert notification.type == "v1.billing.meter.no_meter_found"


def test_dispute_has_the_fields_of_the_sdk() -> None:
    """What a handler of disputes reads first."""
    dispute = json.loads(sender()[0].disputed())["data"]["object"]
    assert [fault for fault in faults(stripe.Dispute, dispute, "dispute") if "unknown" in fault] == []
