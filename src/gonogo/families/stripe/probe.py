"""Asks Stripe about the account: who it is, what it may do, and where its events go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import stripe

from gonogo.base.secrets import Secrets
from gonogo.clients.stripe import StripeApi, unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.stripe import StripeEvidence, WebhookEndpoint
from gonogo.families.kind import Probe
from gonogo.families.stripe.section import Stripe

_MOST = 100
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeQuestion:
    """One account."""

    secret_key: str = field(repr=False)
    api: str

    @property
    def scope(self) -> Scope:
        """There is one."""
        return ("stripe",)

    @property
    def host(self) -> str:
        """There is one."""
        return "stripe"


def stripe_questions(environment: Environment, secrets: Secrets) -> Sequence[StripeQuestion]:
    """The account of the service."""
    section = environment.section(Stripe)
    return [] if section is None else [StripeQuestion(secret_key=secrets[section.secret_key], api=section.api)]


async def probe_stripe(question: StripeQuestion) -> StripeEvidence:
    """Read what there is; change nothing."""
    known: dict[str, Any] = {"scope": question.scope, "taken_at": datetime.now(UTC)}
    try:
        facts = await StripeApi(question.secret_key, question.api).ask(_facts)
    except (stripe.AuthenticationError, stripe.PermissionError) as refused:
        return StripeEvidence(**known, accepted=False, problem=str(refused.user_message or refused)[:_LONGEST])
    except stripe.StripeError as error:
        raise unobserved(error, question.api) from None
    return StripeEvidence(**known, accepted=True, **facts)


async def _facts(v1: Any) -> dict[str, Any]:  # noqa: ANN401 - the SDK's services
    # As dictionaries: a reply that lacks something is evidence, and no AttributeError.
    account = (await v1.accounts.retrieve_current_async()).to_dict()
    balance = (await v1.balance.retrieve_async()).to_dict()
    methods = (await v1.payment_method_configurations.list_async({"limit": _MOST})).to_dict()
    endpoints = (await v1.webhook_endpoints.list_async({"limit": _MOST})).to_dict()
    due = (account.get("requirements") or {}).get("currently_due") or ()
    return {
        "live": balance.get("livemode") is True,
        "country": str(account.get("country") or ""),
        "currency": str(account.get("default_currency") or ""),
        **{key: account.get(key) is True for key in ("details_submitted", "charges_enabled", "payouts_enabled")},
        "currently_due": tuple(str(item)[:_LONGEST] for item in due[:_MOST]),
        "pix_capability": str((account.get("capabilities") or {}).get("pix_payments") or ""),
        "pix_available": any(_has_pix(found) for found in methods.get("data", ())),
        "webhooks": tuple(_endpoint(found) for found in endpoints.get("data", ())),
    }


def _has_pix(configuration: dict[str, Any]) -> bool:
    return configuration.get("active") is not False and (configuration.get("pix") or {}).get("available") is True


def _endpoint(found: dict[str, Any]) -> WebhookEndpoint:
    return WebhookEndpoint(
        url=str(found.get("url"))[:_LONGEST],
        status=str(found.get("status")),
        live=found.get("livemode") is True,
        events=tuple(str(event) for event in found.get("enabled_events") or ()),
    )


PROBES: Mapping[str, Probe] = {
    "stripe": Probe(questions=stripe_questions, ask=probe_stripe),
}
