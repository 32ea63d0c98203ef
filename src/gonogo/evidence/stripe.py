"""What Stripe says about the account that takes the money."""

from dataclasses import dataclass

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """One address that events are sent to."""

    url: str
    status: str
    live: bool
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeEvidence(Evidence):
    """The account, as its secret key sees it."""

    accepted: bool
    """Whether the secret key is."""
    problem: str = ""
    live: bool = False
    """By the balance: in live mode money is real."""
    country: str = ""
    currency: str = ""
    details_submitted: bool = False
    charges_enabled: bool = False
    payouts_enabled: bool = False
    currently_due: tuple[str, ...] = ()
    """What Stripe still wants to know, and by when charges would end without it."""
    pix_capability: str = ""
    pix_available: bool = False
    """In at least one active payment method configuration."""
    webhooks: tuple[WebhookEndpoint, ...] = ()
