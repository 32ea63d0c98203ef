"""The account: what it may do, what it offers, where its events go, in the shapes that the SDK's own annotations declare."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from reference.doubles.stripe.objects import Object, new_id

_DAY_SECONDS = 86_400
_ACCOUNT = "acct_1WorkMeReference"
PERMISSIONS = {
    "/v1/account": "rak_accounts_kyc_basic_read",
    "/v1/webhook_endpoints": "rak_webhook_read",
}
"""What a restricted key needs for a path, in the words of Stripe's own refusals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """The account. The defaults are healthy."""

    account: str = _ACCOUNT
    running: bool = True
    details_submitted: bool = True
    charges_enabled: bool = True
    payouts_enabled: bool = True
    currently_due: tuple[str, ...] = ()
    country: str = "BR"
    default_currency: str = "brl"
    livemode: bool = False
    rolled_key: bool = False
    """The secret key that everybody has is not valid any more."""
    forbidden: tuple[str, ...] = ()
    """Paths that the key, a restricted one, may not read."""
    card_capability: str = "active"
    future_due: tuple[str, ...] = ()
    """What Stripe will want in two days."""
    payout_interval: str = "daily"
    last_payout: str = "paid"
    payout_late_days: int = 0
    """How long ago the payout that is on its way was to arrive."""
    pix_capability: str = "active"
    pix_available: bool = True
    card_offered: bool = True
    """Whether the default configuration offers cards."""
    webhook_registered: bool = True
    webhook_path: str = "/api/payment/stripe/webhook"
    webhook_status: str = "enabled"
    webhook_events: tuple[str, ...] = (
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "charge.refunded",
        "charge.dispute.created",
    )
    webhook_version: str | None = None
    """The version that its events are rendered in; the account's own if None."""
    webhook_application: str | None = None
    webhook_thin: bool = False
    """Whether an event destination of thin events is all that leads to the service."""
    webhooks: int = 1
    """How many endpoints have the same address; each signs with a secret of its own."""
    pix_in_default: bool = True
    """Whether the default configuration is the one that offers PIX; a second one does if not."""
    undelivered: int = 0
    """How many events of the last hours the endpoint never took."""
    delivers: bool = True
    """Whether events reach the endpoint at all."""
    declines: bool = False
    """Whether the bank declines every card."""


def _requirements(due: tuple[str, ...] = (), deadline: int | None = None) -> Object:
    return {
        "alternatives": [],
        "current_deadline": deadline,
        "currently_due": list(due),
        "disabled_reason": None,
        "errors": [],
        "eventually_due": list(due),
        "past_due": [],
        "pending_verification": [],
    }


def account(settings: StripeSettings) -> Object:
    """``/v1/account``."""
    soon = int(time.time()) + 2 * _DAY_SECONDS if settings.future_due else None
    return {
        "id": settings.account,
        "object": "account",
        "business_profile": None,
        "business_type": "company",
        "capabilities": {
            "card_payments": settings.card_capability,
            "pix_payments": settings.pix_capability,
            "transfers": "active",
        },
        "charges_enabled": settings.charges_enabled,
        "controller": {"type": "account"},
        "country": settings.country,
        "created": int(time.time()) - 90 * _DAY_SECONDS,
        "default_currency": settings.default_currency,
        "details_submitted": settings.details_submitted,
        "email": "finance@workme.test",
        "future_requirements": _requirements(settings.future_due, soon),
        "metadata": {},
        "payouts_enabled": settings.payouts_enabled,
        "requirements": _requirements(settings.currently_due),
        "settings": {
            "payouts": {
                "debit_negative_balances": True,
                "schedule": {"delay_days": 2, "interval": settings.payout_interval},
                "statement_descriptor": None,
            },
        },
        "type": "standard",
    }


def balance(settings: StripeSettings) -> Object:
    """``/v1/balance``."""
    money = {"amount": 0, "currency": settings.default_currency, "source_types": {"card": 0}}
    return {"object": "balance", "available": [money], "pending": [money], "livemode": settings.livemode}


def method_configurations(settings: StripeSettings) -> list[Object]:
    """The payment methods that are offered: the default configuration first."""
    default = settings.pix_available and settings.pix_in_default
    configurations = [_configuration(settings, "pmc_1WorkMeReference", default=True, pix=default)]
    if settings.pix_available and not settings.pix_in_default:
        configurations.append(_configuration(settings, "pmc_2WorkMeReference", default=False, pix=True))
    return configurations


def _configuration(settings: StripeSettings, identifier: str, *, default: bool, pix: bool) -> Object:
    return {
        "id": identifier,
        "object": "payment_method_configuration",
        "active": True,
        "application": None,
        "card": _method(offered=settings.card_offered),
        "is_default": default,
        "livemode": settings.livemode,
        "name": "Default" if default else "Checkout",
        "parent": None,
        "pix": _method(offered=pix),
    }


def _method(*, offered: bool) -> Object:
    value = "on" if offered else "off"
    return {"available": offered, "display_preference": {"overridable": None, "preference": value, "value": value}}


def endpoints(settings: StripeSettings, base_url: str) -> list[Object]:
    """Where events go."""
    if not settings.webhook_registered or settings.webhook_thin:
        return []
    names = ["we_1WorkMeReference", *(new_id("we") for _ in range(settings.webhooks - 1))]
    return [endpoint(settings, base_url + settings.webhook_path, name) for name in names]


def endpoint(settings: StripeSettings, url: str, identifier: str = "we_1WorkMeReference") -> Object:
    """One address."""
    return {
        "id": identifier,
        "object": "webhook_endpoint",
        "api_version": settings.webhook_version,
        "application": settings.webhook_application,
        "created": int(time.time()) - 30 * _DAY_SECONDS,
        "description": None,
        "enabled_events": list(settings.webhook_events),
        "livemode": settings.livemode,
        "metadata": {},
        "status": settings.webhook_status,
        "url": url,
    }


def destinations(settings: StripeSettings, base_url: str) -> list[Object]:
    """``/v2/core/event_destinations``: where events go, the endpoints of the first API among them."""
    if settings.webhook_thin:
        return [destination(settings, base_url + settings.webhook_path)]
    return [
        destination(
            settings,
            hook["url"],
            id=hook["id"],
            enabled_events=hook["enabled_events"],
            event_payload="snapshot",
            snapshot_api_version=hook["api_version"],
            status=hook["status"],
            events_from=["@accounts" if hook["application"] else "@self"],
        )
        for hook in endpoints(settings, base_url)
    ]


def destination(settings: StripeSettings, url: str, **changes: Any) -> Object:  # noqa: ANN401 - fields of a destination
    """One address of the second API; of thin events, unless that is changed."""
    made = datetime.now(UTC) - timedelta(days=30)
    return {
        "id": "ed_test_61WorkMeReference",
        "object": "v2.core.event_destination",
        "amazon_eventbridge": None,
        "azure_event_grid": None,
        "created": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "description": "",
        "enabled_events": ["v1.charge.refunded", "v1.payment_intent.succeeded"],
        "event_payload": "thin",
        "events_from": ["@self"],
        "livemode": settings.livemode,
        "metadata": {},
        "name": "WorkMe",
        "snapshot_api_version": None,
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "webhook_endpoint": {"signing_secret": None, "url": url},
        **changes,
    }


def payouts(settings: StripeSettings) -> list[Object]:
    """The newest first: one on its way, one that ended."""
    arrives_in_days = -settings.payout_late_days or 1
    return [_payout(settings, "in_transit", arrives_in_days), _payout(settings, settings.last_payout, -1)]


def _payout(settings: StripeSettings, status: str, arrives_in_days: int) -> Object:
    failed = status == "failed"
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": 12_500,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": int(time.time()) + arrives_in_days * _DAY_SECONDS,
        "automatic": True,
        "balance_transaction": new_id("txn"),
        "created": int(time.time()) + (arrives_in_days - 2) * _DAY_SECONDS,
        "currency": settings.default_currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_1WorkMeReference",
        "failure_balance_transaction": new_id("txn") if failed else None,
        "failure_code": "account_closed" if failed else None,
        "failure_message": "The bank account has been closed." if failed else None,
        "livemode": settings.livemode,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": status,
        "type": "bank_account",
    }


def refusal(path: str, key: str, account: str = _ACCOUNT) -> Object:
    """The error of a restricted key that lacks a permission."""
    permission = PERMISSIONS.get(path, f"rak_{path.rpartition('/')[2].removesuffix('s')}_read")
    text = (
        f"The provided key '{key[:8]}{'*' * 12}{key[-4:]}' does not have the required permissions for this endpoint on "
        f"account '{account}'. Having the '{permission}' permission would allow this request to continue."
    )
    return {"type": "invalid_request_error", "code": "more_permissions_required", "message": text}
