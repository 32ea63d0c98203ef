"""Faults of systems that others run and the service calls: payments, error reports, the language model, mail, support."""

from collections.abc import Mapping
from dataclasses import replace

from reference.changes import Change, misdeclared, part
from reference.doubles.sentry_objects import SCOPES
from reference.settings import Settings


def _older_sdk(settings: Settings) -> Settings:
    endpoint = replace(settings.stripe, webhook_version="2025-03-31.basil")
    return replace(settings, stripe=endpoint, api=settings.api | {"webhook-older-sdk"})


OUTSIDE: Mapping[str, Mapping[str, tuple[str, Change]]] = {
    "stripe": {
        "stripe-down": ("Stripe cannot be reached", part("stripe", running=False)),
        "stripe-key-rolled": ("the secret key was rolled", part("stripe", rolled_key=True)),
        "stripe-live": ("the account answers in live mode", part("stripe", livemode=True)),
        "stripe-unverified": ("the business is not verified", part("stripe", details_submitted=False)),
        "stripe-no-payouts": ("there is no bank account", part("stripe", payouts_enabled=False)),
        "stripe-requirements-due": ("Stripe wants a document", part("stripe", currently_due=("company.tax_id",))),
        "stripe-other-country": ("the account is in Portugal", part("stripe", country="PT", default_currency="eur")),
        "stripe-pix-inactive": ("PIX is still under review", part("stripe", pix_capability="pending")),
        "stripe-pix-not-offered": ("PIX is not offered to payers", part("stripe", pix_available=False)),
        "stripe-webhook-missing": ("no webhook is registered", part("stripe", webhook_registered=False)),
        "stripe-webhook-wrong-url": ("the webhook goes elsewhere", part("stripe", webhook_path="/webhooks/stripe")),
        "stripe-webhook-disabled": ("Stripe gave up on the webhook", part("stripe", webhook_status="disabled")),
        "stripe-event-missing": (
            "refunds are not sent to the webhook",
            part("stripe", webhook_events=("payment_intent.succeeded", "payment_intent.payment_failed")),
        ),
        "stripe-key-restricted": (
            "the key may not read the account itself",
            part("stripe", forbidden=("/v1/account",)),
        ),
        "stripe-cards-inactive": ("cards cannot be charged yet", part("stripe", card_capability="inactive")),
        "stripe-requirements-coming": (
            "Stripe will want a document in two days",
            part("stripe", future_due=("company.tax_id",)),
        ),
        "stripe-payouts-by-hand": ("nobody sends the money on", part("stripe", payout_interval="manual")),
        "stripe-payout-failed": ("the bank gave the last payout back", part("stripe", last_payout="failed")),
        "stripe-payout-late": ("a payout is a week late", part("stripe", payout_late_days=7)),
        "stripe-cards-off": ("cards are off in the default configuration", part("stripe", card_offered=False)),
        "stripe-webhook-thin": ("events without their objects are all that is sent", part("stripe", webhook_thin=True)),
        "stripe-pix-not-default": ("PIX is offered in a second configuration", part("stripe", pix_in_default=False)),
        "stripe-webhook-of-connect": (
            "the endpoint is for accounts connected to an application",
            part("stripe", webhook_application="ca_1WorkMe"),
        ),
        "stripe-webhook-twice": ("two endpoints send to one address", part("stripe", webhooks=2)),
        "stripe-webhook-old-version": (
            "events come in the shape of twelve years ago",
            part("stripe", webhook_version="2014-01-31"),
        ),
        "stripe-events-undelivered": ("the events of the last hours were not taken", part("stripe", undelivered=3)),
        "stripe-older-sdk": (
            "the service's SDK, and the endpoint made for it, are of another release than the one declared",
            _older_sdk,
        ),
        "stripe-delivers-nothing": ("events never reach the service", part("stripe", delivers=False)),
    },
    "sentry": {
        "sentry-down": ("Sentry cannot be reached", part("sentry", running=False)),
        "sentry-drops-events": ("Sentry takes events, and keeps none", part("sentry", drops_events=True)),
        "sentry-drops-transactions": ("the quota for traces is used up", part("sentry", drops_transactions=True)),
        "sentry-no-project": ("the project is gone", part("sentry", project_exists=False)),
        "sentry-project-of-production": ("the project that is declared is production's", misdeclared("project")),
        "sentry-other-key": ("the DSN is of another project", part("sentry", key_is_another=True)),
        "sentry-project-renamed": ("the project was renamed", part("sentry", renamed_to="workme-api2")),
        "sentry-other-number": ("the DSN has another project's number", part("sentry", number=4777)),
        "sentry-key-limited": ("the key takes one event a day", part("sentry", key_limit=(1, 86400))),
        "sentry-key-shut": ("the key takes no event at all", part("sentry", key_limit=(0, 3600))),
        "sentry-token-narrow": ("the token may not read alerts", part("sentry", scopes=SCOPES - {"alerts:read"})),
        "sentry-no-alerts": ("nobody set up an alert", part("sentry", alerts=False)),
        "sentry-alerts-disabled": ("the alert is switched off", part("sentry", alerts_enabled=False)),
        "sentry-alert-elsewhere": ("the alert is another project's", part("sentry", alerts_connected=False)),
        "sentry-alert-of-staging": ("the alert is for staging", part("sentry", alerts_environment="staging")),
        "sentry-alert-tagged-staging": (
            "the alert's action is for errors tagged as staging's",
            part("sentry", alerts_tag=("environment", "staging")),
        ),
        "sentry-alert-of-resolved": (
            "the alert tells of issues that are resolved",
            part("sentry", alerts_triggers=("issue_resolved_trigger",)),
        ),
        "sentry-alert-only-new": (
            "the alert tells of new errors alone",
            part("sentry", alerts_triggers=("first_seen_event",)),
        ),
        "sentry-alert-never-enough": (
            "the alert tells of errors with a million events an hour",
            part("sentry", alerts_events=1_000_000),
        ),
        "sentry-alert-seldom": (
            "the alert tells of each error once in thirty days",
            part("sentry", alerts_triggers=("every_event",), alerts_frequency=43_200),
        ),
        "sentry-action-disabled": ("the alert's action is disabled", part("sentry", action_status="disabled")),
        "sentry-alert-for-owners": ("only owners of an issue are told", part("sentry", owners_only=True)),
        "sentry-alert-reaches-nobody": (
            "the older rules are all there is, and they tell nobody",
            part("sentry", workflows=False, alerts_have_recipient=False),
        ),
    },
    "client": {
        "assistant-overloaded": ("the language model is overloaded", part("llm", answers=False)),
        "assistant-excuses-itself": (
            "the assistant has one answer to every question",
            part("llm", excuse="I am sorry, I cannot help with that right now."),
        ),
    },
    "mail": {
        "mail-lost": ("the relay takes mail, and loses it", part("mail", delivers=False)),
        "mail-down": ("the relay cannot be reached", part("mail", running=False)),
    },
    "support": {
        "support-address-bounces": ("nobody made the mailbox of support", part("support", takes="nobody")),
        "support-takes-everybody": ("the mail server takes mail for any address", part("support", takes="everybody")),
        "support-mail-put-off": ("the mail server wants to be asked later", part("support", takes="later")),
        "support-mail-lost": ("mail to support is taken, and lost", part("support", delivers=False)),
        "support-mail-down": ("no mail server listens", part("support", mail_running=False)),
        "support-mail-plain": ("mail to support is not encrypted", part("support", encrypts=False)),
        "support-tracker-gone": ("the project with the tickets was deleted", part("support", tracker_exists=False)),
        "support-tracker-closed": ("the tracker takes no issues", part("support", issues_enabled=False)),
        "support-ticket-lost": ("a new ticket is nowhere to be found", part("support", keeps_issues=False)),
        "support-ticket-waits": ("a user waits for an answer since yesterday", part("support", waits_hours=30.0)),
        "support-token-narrow": ("the token may not read issues", part("support", scopes=frozenset({"read_user"}))),
    },
}
"""Faults by the family of checks, or the journey, that notices."""
