"""Stripe's account, judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.stripe import (
    EventDelivery,
    Fact,
    MethodConfiguration,
    Payout,
    RequirementError,
    Requirements,
    StripeEvidence,
    UnreadFact,
    WebhookEndpoint,
)
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

URL = "https://a.test/hook"
HOOK = WebhookEndpoint(
    id="we_1",
    url=URL,
    status="enabled",
    live=False,
    events=("payment_intent.succeeded", "charge.refunded"),
    created=AT - timedelta(days=30),
)
OFFER = MethodConfiguration(id="pmc_1", active=True, default=True, available=("card", "pix"))
CARDS_ONLY = replace(OFFER, available=("card",))
PAID = Payout(id="po_1", status="paid", arrival=AT - timedelta(days=1))
ACCOUNT = StripeEvidence(
    scope=("stripe",),
    taken_at=AT,
    accepted=True,
    live=False,
    account="acct_1",
    country="BR",
    currency="brl",
    details_submitted=True,
    charges_enabled=True,
    payouts_enabled=True,
    capabilities={"card_payments": "active", "pix_payments": "active"},
    requirements=Requirements(),
    payout_interval="daily",
    payouts=(replace(PAID, id="po_2", status="in_transit"), PAID),
    configurations=(OFFER,),
    webhooks=(HOOK,),
    default_version="2024-06-20",
    newest_delivered=AT - timedelta(hours=5),
)
LATE = replace(PAID, id="po_3", status="in_transit", arrival=AT - timedelta(days=4))
CARDS_ON = replace(CARDS_ONLY, default=False)
THIN = replace(HOOK, id="ed_1", thin=True, events=("v1.charge.refunded",))
ALONE = {"stripe-keys", "stripe-requirements", "stripe-payouts", "stripe-payout-arrives"}
LOST = EventDelivery(id="evt_1", type="charge.refunded", created=AT - timedelta(hours=2), pending=1)


def environment(mode: Literal["test", "live"] = "test", **stripe: Any) -> Environment:  # noqa: ANN401 - keys of the section
    """One that takes money."""
    section = {
        "mode": mode,
        "secret_key": "A_KEY",
        "publishable_key": "B_KEY",
        "webhook_secret": "C_KEY",
        "webhook": "/hook",
        "events": ["payment_intent.succeeded", "charge.refunded"],
    }
    return environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "stripe": {**section, **stripe}})


def hooked(**changes: Any) -> StripeEvidence:  # noqa: ANN401 - fields
    """With another endpoint."""
    return replace(ACCOUNT, webhooks=(replace(HOOK, **changes),))


@pytest.mark.parametrize(
    ("check", "changes", "message"),
    [
        ("stripe-requirements", {"requirements": None}, "the account shows no requirements"),
        (
            "stripe-business",
            {"charges_enabled": None, "payouts_enabled": None},
            "whether the account has charges_enabled, payouts_enabled",
        ),
        ("stripe-brazil", {"country": ""}, "which country it is in"),
        ("stripe-brazil", {"currency": ""}, "which currency it has"),
        ("stripe-payouts", {"payout_interval": ""}, "when it is paid out"),
        ("stripe-methods", {"configurations": (CARDS_ON,)}, "none of the account's payment method configurations is"),
    ],
)
def test_what_the_account_does_not_show_is_not_known(
    judge: Judge, check: str, changes: dict[str, Any], message: str
) -> None:
    """Only ``id`` and ``object`` are required of an account: what is not there is neither right nor wrong."""
    account = replace(ACCOUNT, **changes)
    arguments = {"environment": environment()} if check not in ALONE else {}
    with pytest.raises(Unobserved, match=message):
        judge(check, stripe=account, **arguments)
    assert judge("stripe-business", stripe=replace(ACCOUNT, requirements=None), environment=environment()) is None


def due(**changes: Any) -> StripeEvidence:  # noqa: ANN401 - fields
    """With requirements."""
    return replace(ACCOUNT, requirements=Requirements(**changes))


def capable(**states: str) -> StripeEvidence:
    """With other capabilities."""
    return replace(ACCOUNT, capabilities={**(ACCOUNT.capabilities or {}), **states})


def without(fact: Fact, permission: str = "") -> StripeEvidence:
    """One fact was not given."""
    return replace(ACCOUNT, unread=(UnreadFact(fact=fact, reason="no", permission=permission),))


CONNECT = MethodConfiguration(
    id="pmc_3", active=True, default=False, application="ca_123", parent="pmc_9", available=("pix",)
)
SECOND = replace(OFFER, id="pmc_2", default=False)
DUE_SOON = Requirements(currently_due=("company.tax_id",), deadline=AT + timedelta(days=2))
RED = [
    ("stripe-keys", replace(ACCOUNT, accepted=False, problem="Invalid API Key"), "Invalid API Key"),
    ("stripe-keys", replace(ACCOUNT, service_account="acct_2"), "acct_2"),
    ("stripe-mode", replace(ACCOUNT, live=True), "answers in live mode; test is declared"),
    ("stripe-business", replace(ACCOUNT, details_submitted=False), "never verified"),
    ("stripe-business", replace(ACCOUNT, charges_enabled=False), "may not charge"),
    ("stripe-business", replace(ACCOUNT, payouts_enabled=False), "gets no payouts"),
    ("stripe-business", due(currently_due=("company.tax_id",)), "company.tax_id"),
    ("stripe-business", due(past_due=("company.tax_id",)), "company.tax_id"),
    ("stripe-business", due(disabled_reason="rejected.fraud"), "rejected.fraud"),
    ("stripe-business", capable(card_payments="inactive"), "card_payments is inactive"),
    ("stripe-business", capable(card_payments="pending"), "card_payments is pending"),
    ("stripe-business", replace(ACCOUNT, capabilities={"pix_payments": "active"}), "card_payments is not there"),
    ("stripe-requirements", replace(ACCOUNT, future_requirements=DUE_SOON), "company.tax_id by 20"),
    ("stripe-requirements", due(pending_verification=("person.document",)), "person.document"),
    ("stripe-requirements", due(errors=(RequirementError(requirement="a.b", code="failed"),)), "a.b (failed)"),
    ("stripe-requirements", due(eventually_due=("a.b",), deadline=AT + timedelta(days=3)), "will want a.b"),
    ("stripe-payouts", replace(ACCOUNT, payout_interval="manual"), "by hand"),
    ("stripe-payout-arrives", replace(ACCOUNT, payouts=(replace(PAID, status="failed", failure="closed"),)), "closed"),
    ("stripe-payout-arrives", replace(ACCOUNT, payouts=(LATE, PAID)), "is still in_transit 4 days later"),
    ("stripe-payout-arrives", replace(ACCOUNT, payouts=(replace(LATE, status="pending"),)), "is still pending"),
    ("stripe-methods", replace(ACCOUNT, configurations=(replace(OFFER, available=("pix",)),)), "offers card"),
    (
        "stripe-methods",
        replace(ACCOUNT, configurations=(replace(OFFER, available=("pix",), switched_off=("card",)),)),
        "not offered in pmc_1, the default one: it is switched off there",
    ),
    (
        "stripe-methods",
        replace(ACCOUNT, configurations=(replace(OFFER, available=()), replace(CARDS_ONLY, id="pmc_2", default=False))),
        "only in pmc_2, which is not the default: it is not offered in pmc_1",
    ),
    ("stripe-brazil", replace(ACCOUNT, country="PT"), "in PT; BR is declared"),
    ("stripe-brazil", replace(ACCOUNT, currency="eur"), "currency is eur"),
    ("stripe-pix", capable(pix_payments="pending"), "is pending"),
    ("stripe-pix", replace(ACCOUNT, capabilities={}), "is not there"),
    ("stripe-pix", replace(ACCOUNT, configurations=(CARDS_ONLY,)), "no payment method configuration"),
    ("stripe-pix", replace(ACCOUNT, configurations=(replace(OFFER, active=False),)), "no payment method configuration"),
    ("stripe-pix", replace(ACCOUNT, configurations=(CARDS_ONLY, SECOND)), "only in pmc_2, which is not the default"),
    ("stripe-pix", replace(ACCOUNT, configurations=(CARDS_ONLY, CONNECT)), "belongs to ca_123"),
    ("stripe-webhook", replace(ACCOUNT, webhooks=()), "no endpoint at all"),
    ("stripe-webhook", replace(ACCOUNT, webhooks=(), buses=("amazon_eventbridge ed_2",)), "amazon_eventbridge ed_2"),
    ("stripe-webhook", replace(ACCOUNT, webhooks=(), destinations=(replace(THIN, status="disabled"),)), "is disabled"),
    ("stripe-webhook-events", replace(ACCOUNT, webhooks=(), destinations=(THIN,)), "ed_1 sends thin events"),
    ("stripe-webhook-single", replace(ACCOUNT, destinations=(THIN,)), "we_1, ed_1"),
    ("stripe-webhook", hooked(url="https://a.test/hook/"), "https://a.test/hook/"),
    ("stripe-webhook", hooked(url="https://a.test:8443/hook"), "no endpoint is registered"),
    ("stripe-webhook", hooked(status="disabled"), "is disabled"),
    ("stripe-webhook", hooked(live=True), "is for live events"),
    ("stripe-webhook", hooked(application="ca_123"), "application ca_123"),
    ("stripe-webhook-events", hooked(events=("charge.refunded",)), "payment_intent.succeeded"),
    ("stripe-webhook-single", replace(ACCOUNT, webhooks=(HOOK, replace(HOOK, id="we_2"))), "we_1, we_2"),
    ("stripe-webhook-age", hooked(api_version="2014-01-31"), "2014-01-31"),
    ("stripe-webhook-age", replace(ACCOUNT, default_version="2014-01-31"), "2014-01-31"),
    ("stripe-deliveries", replace(ACCOUNT, undelivered=(LOST,)), "could not deliver 1 event"),
    ("stripe-deliveries", replace(ACCOUNT, undelivered=(LOST, LOST), newest_delivered=None), "2 events"),
    ("stripe-undelivered", replace(ACCOUNT, undelivered=(LOST,)), "charge.refunded evt_1"),
]


def complaint(judge: Judge, identifier: str, seen: StripeEvidence, **stripe: Any) -> str | None:  # noqa: ANN401 - keys
    """What a check says."""
    return judge(identifier, stripe=seen, **({} if identifier in ALONE else {"environment": environment(**stripe)}))


@pytest.mark.parametrize(("identifier", "seen", "message"), RED)
def test_red_and_green(judge: Judge, identifier: str, seen: StripeEvidence, message: str) -> None:
    """Each says what is wrong, and is silent when it is not."""
    assert message in (complaint(judge, identifier, seen) or "")
    assert complaint(judge, identifier, ACCOUNT) is None


GREEN = [
    ("stripe-webhook", hooked(url="https://a.test:443/hook")),
    ("stripe-webhook", hooked(url="HTTPS://A.Test/hook")),
    ("stripe-webhook", hooked(url="https://a.test/%68ook#x")),
    ("stripe-webhook", replace(ACCOUNT, webhooks=(replace(HOOK, status="disabled"), HOOK))),
    ("stripe-webhook", replace(ACCOUNT, webhooks=(replace(HOOK, application="ca_1"), HOOK))),
    ("stripe-webhook-events", hooked(events=("*",))),
    (
        "stripe-webhook-events",
        replace(ACCOUNT, webhooks=tuple(replace(HOOK, id=kind, events=(kind,)) for kind in HOOK.events)),
    ),
    ("stripe-webhook-single", replace(ACCOUNT, webhooks=(HOOK, replace(HOOK, id="we_2", url="https://b.test/hook")))),
    ("stripe-webhook-single", replace(ACCOUNT, webhooks=(HOOK, replace(HOOK, id="we_2", status="disabled")))),
    ("stripe-pix", replace(ACCOUNT, configurations=())),
    ("stripe-business", replace(ACCOUNT, capabilities={"legacy_payments": "active"})),
    ("stripe-requirements", due(eventually_due=("a.b",), deadline=AT + timedelta(days=60))),
    ("stripe-requirements", due(eventually_due=("a.b",))),
    ("stripe-payout-arrives", replace(ACCOUNT, payouts=(PAID, replace(PAID, status="failed")))),
    ("stripe-payout-arrives", replace(ACCOUNT, payouts=(replace(LATE, arrival=AT - timedelta(days=2)),))),
    ("stripe-payout-arrives", replace(ACCOUNT, payouts=(replace(LATE, status="canceled"),))),
    ("stripe-payout-arrives", replace(ACCOUNT, payouts=())),
    ("stripe-webhook", replace(ACCOUNT, webhooks=(), destinations=(THIN,))),
    ("stripe-webhook-age", replace(ACCOUNT, webhooks=(), destinations=(THIN,), default_version="")),
    ("stripe-webhook-single", replace(ACCOUNT, destinations=(replace(HOOK, id="ed_7", url="https://A.test/hook"),))),
    ("stripe-webhook-events", replace(ACCOUNT, webhooks=(), destinations=(replace(HOOK, id="ed_7"),))),
    ("stripe-methods", replace(ACCOUNT, configurations=())),
    ("stripe-deliveries", replace(ACCOUNT, undelivered=(LOST,), newest_delivered=AT - timedelta(hours=1))),
    ("stripe-undelivered", replace(ACCOUNT, undelivered=(replace(LOST, created=AT - timedelta(seconds=10)),))),
    ("stripe-undelivered", replace(ACCOUNT, undelivered=(LOST,), webhooks=(replace(HOOK, created=AT),))),
]


@pytest.mark.parametrize(("identifier", "seen"), GREEN)
def test_healthy_and_unusual(judge: Judge, identifier: str, seen: StripeEvidence) -> None:
    """What Stripe allows and a team may have is no finding."""
    assert complaint(judge, identifier, seen) is None


BLIND = [
    ("stripe-business", without("account", "rak_accounts_kyc_basic_read"), "rak_accounts_kyc_basic_read"),
    ("stripe-brazil", without("account"), "account could not be read"),
    ("stripe-pix", without("methods"), "methods could not be read"),
    ("stripe-pix", replace(ACCOUNT, capabilities=None), "shows no capabilities"),
    ("stripe-webhook", without("webhooks", "rak_webhook_read"), "rak_webhook_read"),
    ("stripe-payout-arrives", without("payouts"), "payouts could not be read"),
    ("stripe-methods", without("methods"), "methods could not be read"),
    ("stripe-webhook", replace(without("destinations"), webhooks=()), "destinations could not be read"),
    ("stripe-deliveries", replace(ACCOUNT, webhooks=(), destinations=(THIN,)), "only thin events"),
    ("stripe-deliveries", without("deliveries"), "deliveries could not be read"),
    ("stripe-mode", replace(without("balance"), live=None), "balance could not be read"),
    ("stripe-webhook-age", replace(ACCOUNT, default_version=""), "did not say which"),
    (
        "stripe-deliveries",
        replace(ACCOUNT, undelivered=(LOST,), webhooks=(HOOK, replace(HOOK, id="we_2", url="https://b.test/"))),
        "does not say which",
    ),
]


@pytest.mark.parametrize(("identifier", "seen", "message"), BLIND)
def test_what_was_not_read_is_unobserved(judge: Judge, identifier: str, seen: StripeEvidence, message: str) -> None:
    """Never absent, and never fine: the reader would repair what is whole, or launch what is broken."""
    with pytest.raises(Unobserved) as unobserved:
        complaint(judge, identifier, seen)
    assert message in unobserved.value.reason


@pytest.mark.parametrize("identifier", ["stripe-business", "stripe-webhook", "stripe-deliveries", "stripe-mode"])
def test_another_unread_fact_is_no_hindrance(judge: Judge, identifier: str) -> None:
    """One list that is refused must not take the family with it."""
    assert complaint(judge, identifier, without("payouts")) is None


def test_live_account_in_production(judge: Judge) -> None:
    """The mode is the declared one, whichever that is."""
    assert complaint(judge, "stripe-mode", replace(ACCOUNT, live=True), mode="live") is None
    assert "test mode; live is declared" in (complaint(judge, "stripe-mode", ACCOUNT, mode="live") or "")


def test_version_of_the_services_sdk(judge: Judge) -> None:
    """An SDK reads all versions of its release train, and no other."""
    seen = hooked(api_version="2026-10-28.endive")
    assert complaint(judge, "stripe-webhook-version", seen, api_version="2026-10-28.endive") is None
    assert complaint(judge, "stripe-webhook-version", seen, api_version="2026-11-25.endive") is None
    wrong = complaint(judge, "stripe-webhook-version", seen, api_version="2025-03-31.basil") or ""
    assert "in API version 2026-10-28.endive; the service reads 2025-03-31.basil" in wrong
    assert complaint(judge, "stripe-webhook-version", ACCOUNT, api_version="2024-06-20") is None
    assert complaint(judge, "stripe-webhook-version", ACCOUNT, api_version="2024-04-10")


def test_configuration_that_the_service_names(judge: Judge) -> None:
    """The default one does not matter where the service names another."""
    seen = replace(ACCOUNT, configurations=(CARDS_ONLY, SECOND))
    assert complaint(judge, "stripe-pix", seen, payment_method_configuration="pmc_2") is None
    assert "not offered in pmc_1" in (complaint(judge, "stripe-pix", seen, payment_method_configuration="pmc_1") or "")
    assert "no active" in (complaint(judge, "stripe-pix", seen, payment_method_configuration="pmc_7") or "")


@pytest.mark.parametrize(
    ("method", "capability"),
    [
        ("boleto", "boleto_payments"),
        ("us_bank_account", "us_bank_account_ach_payments"),
        ("customer_balance", "sepa_bank_transfer_payments"),
        ("apple_pay", "card_payments"),
    ],
)
def test_every_declared_method_must_be_possible_and_offered(judge: Judge, method: str, capability: str) -> None:
    """The capability has Stripe's own name, and the configuration that counts offers the method."""
    configuration = replace(OFFER, available=("card", method))
    seen = replace(
        ACCOUNT, capabilities={"card_payments": "active", capability: "active"}, configurations=(configuration,)
    )
    methods = ["card", method]
    assert complaint(judge, "stripe-business", seen, methods=methods) is None
    assert complaint(judge, "stripe-methods", seen, methods=methods) is None
    inactive = replace(seen, capabilities={"transfers": "active"})
    assert "is not there" in (complaint(judge, "stripe-business", inactive, methods=[method]) or "")
    hidden = replace(seen, configurations=(CARDS_ONLY,))
    assert f"offers {method}" in (complaint(judge, "stripe-methods", hidden, methods=methods) or "")


def test_method_without_a_capability_is_told_by_its_configuration_only(judge: Judge) -> None:
    """Stripe's specification names no capability of three methods."""
    offered = replace(ACCOUNT, configurations=(replace(OFFER, available=("card", "paypal")),))
    assert complaint(judge, "stripe-business", offered, methods=["card", "paypal"]) is None
    assert complaint(judge, "stripe-methods", offered, methods=["card", "paypal"]) is None
    assert "offers paypal" in (complaint(judge, "stripe-methods", ACCOUNT, methods=["paypal"]) or "")
    with pytest.raises(Unobserved, match="no capability for paypal"):
        complaint(judge, "stripe-methods", replace(ACCOUNT, configurations=()), methods=["paypal"])


def test_no_configuration_counts_where_the_service_names_its_methods(judge: Judge) -> None:
    """``payment_method_types`` of a payment leaves the dashboard's settings out."""
    hidden = replace(ACCOUNT, configurations=(replace(OFFER, available=(), switched_off=("card", "pix")),))
    for check in ("stripe-methods", "stripe-pix"):
        assert complaint(judge, check, hidden)
        assert complaint(judge, check, hidden, payment_method_configuration="none") is None


def test_thin_events_are_what_is_declared(judge: Judge) -> None:
    """A service that reads thin events needs no endpoint of the first API; `*` means types of the own kind."""
    seen = replace(ACCOUNT, webhooks=(), destinations=(replace(THIN, events=("*",)),))
    thin, whole = ["v1.charge.refunded"], ["charge.refunded"]
    assert complaint(judge, "stripe-webhook-events", seen, events=thin) is None
    assert complaint(judge, "stripe-webhook-events", seen, events=whole)
    assert complaint(judge, "stripe-webhook-events", hooked(events=("*",)), events=thin)


def test_declared_methods_are_what_counts(judge: Judge) -> None:
    """A shop that takes direct debits only needs no cards."""
    seen = replace(ACCOUNT, capabilities={"sepa_debit_payments": "active"})
    assert complaint(judge, "stripe-business", seen, methods=["sepa_debit"]) is None
    assert "boleto_payments is not there" in (complaint(judge, "stripe-business", seen, methods=["boleto"]) or "")
