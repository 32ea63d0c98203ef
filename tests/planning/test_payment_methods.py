"""Checks of a method of payment, or of a declared key, are planned where there is such a thing."""

from typing import Any

import pytest

from gonogo.base.bundled import bundled_root
from gonogo.base.secrets import Secrets
from gonogo.families.registry import environment_from, installed_families
from gonogo.planning.plan import PlannedCheck, build_plan
from gonogo.planning.suite import read_suite

FAMILIES = installed_families(bundled_root())
SUITE = read_suite([bundled_root() / "checks", bundled_root() / "smoke"])
BRAZIL: dict[str, Any] = {
    "mode": "test",
    "secret_key": "A_KEY",
    "publishable_key": "B_KEY",
    "webhook_secret": "C_KEY",
    "webhook": "/hook",
    "events": ["charge.refunded"],
}
GERMANY = {**BRAZIL, "country": "DE", "currency": "eur"}
SECRETS = Secrets({name: f"{name}-value-0" for name in ("A_KEY", "B_KEY", "C_KEY")})


def planned(stripe: dict[str, Any]) -> dict[str, PlannedCheck]:
    """What is planned for a service that takes money like this."""
    environment = environment_from(
        {"service": {"name": "S", "base_url": "https://a.test"}, "permits": {"effects": ["read"]}, "stripe": stripe}
    )
    questions = ((name, probe.questions(environment, SECRETS)) for name, probe in FAMILIES.probes().items())
    scopes = {name: [question.scope for question in asked] for name, asked in questions}
    return dict(build_plan(SUITE, environment, FAMILIES.kinds, scopes, wanted=SUITE.order).checks)


PIX = ("stripe-pix", "payment-pix", "payment-pix-expires")


@pytest.mark.parametrize(
    ("stripe", "expected"),
    [
        (BRAZIL, True),
        (GERMANY, False),
        ({**GERMANY, "methods": ["card", "sepa_debit"]}, False),
        ({**GERMANY, "methods": ["card", "pix"]}, True),
        ({**BRAZIL, "methods": ["card", "boleto"]}, False),
    ],
    ids=["Brazil", "Germany", "Germany with direct debit", "Germany with PIX", "Brazil without PIX"],
)
def test_pix_is_asked_for_where_payers_have_it(stripe: dict[str, Any], *, expected: bool) -> None:
    """An account in Germany cannot have it: a NO-GO for ever."""
    checks = planned(stripe)
    assert [name in checks for name in PIX] == [expected] * len(PIX)
    assert "stripe-pix" not in {need for check in checks.values() for need in check.policy.needs} or expected


@pytest.mark.parametrize(("mode", "expected"), [("live", True), ("test", False)])
def test_money_that_arrives_is_asked_for_where_it_is_real(mode: str, *, expected: bool) -> None:
    """Payouts of test mode are simulated: one that fails may be meant to, and is no reason not to launch."""
    checks = planned({**BRAZIL, "mode": mode})
    assert ("stripe-payout-arrives" in checks) == expected
    assert "stripe-business" in checks


def test_webhook_is_tried_without_pix_as_well() -> None:
    """Its needs are those that are left."""
    assert "webhook-payment" in planned(GERMANY)


def test_version_is_compared_where_one_is_declared() -> None:
    """A check that compares nothing would be green for nothing."""
    assert "stripe-webhook-version" not in planned(BRAZIL)
    assert "stripe-webhook-version" in planned({**BRAZIL, "api_version": "2026-10-28.endive"})


def test_where_money_is_real_no_event_is_planned_that_pays() -> None:
    """What moves a number of the business that nobody can take back is for test mode."""
    paying = {"webhook-valid", "webhook-again", "webhook-duplicate", "webhook-twice-at-once", "webhook-order"}
    paying |= {"webhook-partial-refund", "webhook-reverse-order"}
    assert paying <= planned(BRAZIL).keys()
    assert not paying & planned({**BRAZIL, "mode": "live"}).keys()
