"""Journeys where money is real: what moves, what is proved of Stripe's own delivery, and what a used card looks like."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gonogo.base.wakefulness import BUSY
from gonogo.record.results import CheckResult, Outcome
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from tests.smoke.conftest import Smoke
from tests.smoke.endurance import MONEY, contents
from tests.smoke.test_journeys import LIVE, PERMITTED, live_keys

PAYING = ("webhook-valid", "webhook-again", "webhook-duplicate", "webhook-partial-refund", "webhook-order")
"""Their events have the service book income that nobody paid."""

_TRIES = 12


def switched(process: ReferenceProcess, instance: ReferenceInstance, *faults: str) -> None:
    """Until the end of the test."""
    process.set_faults(list(faults))
    instance.faults = list(faults)


def message(check: CheckResult) -> str:
    """What it said."""
    return check.observations[0].message


def real_payment(smoke: Smoke, keys: Mapping[str, str]) -> CheckResult:
    """The one that is permitted twice; again where this machine was too busy to tell."""
    for _ in range(_TRIES):
        paid = smoke([MONEY], PERMITTED, keys, allow_money=True)[MONEY]
        if BUSY not in message(paid):
            break
    return paid


def test_no_event_pays_where_money_is_real(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke
) -> None:
    """A counter of income cannot be marked, and nobody can take it back."""
    switched(process, instance, "stripe-live")
    before = contents(instance)
    overlay = {**LIVE, "stripe": {"mode": "live"}}
    walked = smoke(overlay=overlay, environ=live_keys(instance))
    webhook: Sequence[CheckResult] = [check for name, check in walked.items() if name.startswith("webhook-")]
    assert webhook
    assert not walked.keys() & set(PAYING)
    assert [(check.id, message(check)) for check in webhook if check.outcome is not Outcome.PASS] == []
    assert contents(instance) == before


def test_real_payment_whose_events_never_arrive_is_red(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke
) -> None:
    """A card is charged without any webhook: the first PIX payment would be the one that shows it."""
    switched(process, instance, "stripe-live", "stripe-delivers-nothing")
    paid = real_payment(smoke, live_keys(instance))
    assert paid.outcome is Outcome.FAIL, message(paid)
    assert "could not deliver payment_intent.succeeded" in message(paid)


@pytest.mark.parametrize(("method", "cause"), [("pm_1OwnCard", "to no customer"), ("pm_1OfCustomer", "to a customer")])
def test_used_up_payment_method_is_our_inability(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke, method: str, cause: str
) -> None:
    """On launch day the rehearsal's card is refused by Stripe: nothing is wrong with the service."""
    switched(process, instance, "stripe-live")
    keys = {**live_keys(instance), "SMOKE_CARD": method}
    outcomes = [real_payment(smoke, keys) for _ in range(2)]
    assert outcomes[0].outcome is (Outcome.PASS if "OwnCard" in method else Outcome.ERROR)
    assert outcomes[1].outcome is Outcome.ERROR
    assert cause in message(outcomes[1])


HARMLESS = ["webhook-asks-stripe", "webhook-answers-first"]


@pytest.mark.parametrize("way", HARMLESS)
def test_other_ways_to_handle_events_are_right(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke, way: str
) -> None:
    """Who asks Stripe before acting, or answers before acting, does what Stripe advises."""
    switched(process, instance, way)
    walked: Mapping[str, Any] = smoke(["webhook-valid", "webhook-amount", "webhook-again"])
    assert {walked[name].outcome for name in ("webhook-valid", "webhook-amount", "webhook-again")} == {Outcome.PASS}


def test_service_of_another_release_is_sent_its_own_version(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke
) -> None:
    """SDKs refuse events of another release: the endpoint's own version is what Stripe sends, and so do we."""
    switched(process, instance, "stripe-older-sdk")
    walked = smoke(["webhook-valid", "webhook-unknown-type"], {"stripe": {"api_version": "2025-03-31.basil"}})
    assert {walked[name].outcome for name in ("webhook-valid", "webhook-unknown-type")} == {Outcome.PASS}
