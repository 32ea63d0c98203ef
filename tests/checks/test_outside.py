"""Stripe's account, judged on literals."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from gonogo.environment.model import Environment
from gonogo.evidence.stripe import StripeEvidence, WebhookEndpoint
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

URL = "https://a.test/hook"
HOOK = WebhookEndpoint(url=URL, status="enabled", live=False, events=("payment_intent.succeeded", "charge.refunded"))
ACCOUNT = StripeEvidence(
    scope=("stripe",),
    taken_at=AT,
    accepted=True,
    country="BR",
    currency="brl",
    details_submitted=True,
    charges_enabled=True,
    payouts_enabled=True,
    pix_capability="active",
    pix_available=True,
    webhooks=(HOOK,),
)


def environment(mode: Literal["test", "live"] = "test") -> Environment:
    """One that takes money."""
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "stripe": {
                "mode": mode,
                "secret_key": "A_KEY",
                "publishable_key": "B_KEY",
                "webhook_secret": "C_KEY",
                "webhook": "/hook",
                "events": ["payment_intent.succeeded", "charge.refunded"],
            },
        }
    )


def hooked(**changes: Any) -> StripeEvidence:  # noqa: ANN401 - fields
    """With another endpoint."""
    return replace(ACCOUNT, webhooks=(replace(HOOK, **changes),))


WITH_ENVIRONMENT = {"stripe-mode", "stripe-brazil", "stripe-webhook", "stripe-webhook-events"}
STRIPE = [
    ("stripe-keys", replace(ACCOUNT, accepted=False, problem="Invalid API Key"), "Invalid API Key"),
    ("stripe-mode", replace(ACCOUNT, live=True), "answers in live mode, declared is test"),
    ("stripe-business", replace(ACCOUNT, details_submitted=False), "never verified"),
    ("stripe-business", replace(ACCOUNT, charges_enabled=False), "may not charge"),
    ("stripe-business", replace(ACCOUNT, payouts_enabled=False), "not paid out"),
    ("stripe-business", replace(ACCOUNT, currently_due=("company.tax_id",)), "company.tax_id"),
    ("stripe-brazil", replace(ACCOUNT, country="PT"), "in PT, declared is BR"),
    ("stripe-brazil", replace(ACCOUNT, currency="eur"), "currency is eur"),
    ("stripe-pix", replace(ACCOUNT, pix_capability="pending"), "is pending"),
    ("stripe-pix", replace(ACCOUNT, pix_capability=""), "is not there"),
    ("stripe-pix", replace(ACCOUNT, pix_available=False), "no payment method configuration"),
    ("stripe-webhook", replace(ACCOUNT, webhooks=()), "no endpoint at all"),
    ("stripe-webhook", hooked(url="https://a.test/hook/"), "https://a.test/hook/"),
    ("stripe-webhook", hooked(status="disabled"), "is disabled"),
    ("stripe-webhook", hooked(live=True), "is for live events"),
    ("stripe-webhook-events", hooked(events=("charge.refunded",)), "payment_intent.succeeded"),
]


@pytest.mark.parametrize(("identifier", "seen", "said"), STRIPE)
def test_stripe_red_and_green(judge: Judge, identifier: str, seen: StripeEvidence, said: str) -> None:
    """Each says what is wrong, and is silent when it is not."""
    more = {"environment": environment()} if identifier in WITH_ENVIRONMENT else {}
    assert said in (judge(identifier, stripe=seen, **more) or "")
    assert judge(identifier, stripe=ACCOUNT, **more) is None


def test_all_events_are_enough(judge: Judge) -> None:
    """Stripe's star stands for every type."""
    assert judge("stripe-webhook-events", stripe=hooked(events=("*",)), environment=environment()) is None


def test_an_old_disabled_endpoint_beside_the_right_one_is_no_finding(judge: Judge) -> None:
    """Nobody tidies the dashboard."""
    both = replace(ACCOUNT, webhooks=(replace(HOOK, status="disabled"), HOOK))
    assert judge("stripe-webhook", stripe=both, environment=environment()) is None


def test_live_account_in_production(judge: Judge) -> None:
    """The mode is the declared one, whichever that is."""
    assert judge("stripe-mode", stripe=replace(ACCOUNT, live=True), environment=environment("live")) is None
    assert "test mode, declared is live" in (
        judge("stripe-mode", stripe=ACCOUNT, environment=environment("live")) or ""
    )
