"""Evidence about the Stripe account that takes the money."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gonogo.base.errors import Unobserved
from gonogo.evidence.base import Evidence
from gonogo.evidence.stripe_names import WITHOUT_CAPABILITY, capabilities_of, same_address

KEYS_PAGE = "https://dashboard.stripe.com/apikeys"

_THIN = ("v1.", "v2.")
Fact = Literal["account", "balance", "methods", "webhooks", "destinations", "payouts", "deliveries"]
"""What is asked apart: each by a request of its own, so that one refusal leaves one fact unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFact:
    """A fact that Stripe did not give."""

    fact: Fact
    reason: str
    permission: str = ""
    """The permission that the key lacks, by Stripe's own name where Stripe gives one; empty if the key was not the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """One address that events are sent to."""

    url: str
    status: str
    live: bool
    events: tuple[str, ...]
    id: str = ""
    api_version: str = ""
    """The version that its events are rendered in; empty: the account's default."""
    application: str = ""
    """The Connect application whose accounts' events it gets; empty: this account's own events."""
    created: datetime | None = None
    thin: bool = False
    """Whether its events name their object only, and do not hold it: another kind of event, with types of its own."""

    def takes(self, kind: str) -> bool:
        """Whether Stripe sends it events of this type."""
        return is_thin(kind) == self.thin and ("*" in self.events or kind in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodConfiguration:
    """The payment methods that are offered to payers where the service does not name the methods itself."""

    id: str
    active: bool
    default: bool
    """Whether Stripe takes it for a payment that names no configuration."""
    application: str = ""
    """The Connect application that it belongs to; empty: this account's own."""
    parent: str = ""
    """The configuration of a platform that it follows; empty: none."""
    available: tuple[str, ...] = ()
    """The methods that may be offered: switched on, and their capability is active."""
    switched_off: tuple[str, ...] = ()
    """The methods whose display preference is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementError:
    """A document or detail that Stripe looked at, and did not accept."""

    requirement: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """Facts about the business that Stripe demands, now or from a coming day on."""

    currently_due: tuple[str, ...] = ()
    """Wanted before ``deadline``."""
    past_due: tuple[str, ...] = ()
    """Wanted earlier, and not given: Stripe may have stopped payouts or charges for it."""
    eventually_due: tuple[str, ...] = ()
    """Wanted once the account has moved more money."""
    pending_verification: tuple[str, ...] = ()
    """Given, and still looked at by Stripe."""
    disabled_reason: str = ""
    errors: tuple[RequirementError, ...] = ()
    deadline: datetime | None = None
    """When what is currently due must be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money on its way to the bank."""

    id: str
    status: str
    arrival: datetime
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDelivery:
    """An event of Stripe's own list, and how many endpoints have not taken it."""

    id: str
    type: str
    created: datetime
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeEvidence(Evidence):
    """The account, as its keys see it. A fact that is listed in ``unread`` has no value here."""

    accepted: bool
    """Whether the secret key is."""
    problem: str = ""
    unread: tuple[UnreadFact, ...] = ()
    live: bool | None = None
    """Mode by the balance: in live mode money is real. None if nothing told."""
    account: str = ""
    """The account's id, as the key that reads it sees it."""
    service_account: str = ""
    """The id of the account of the secret key, where another key reads; empty if it is the same key, or may not tell."""
    country: str = ""
    currency: str = ""
    details_submitted: bool | None = None
    charges_enabled: bool | None = None
    payouts_enabled: bool | None = None
    """None, as for the two above: Stripe does not say so."""
    capabilities: dict[str, str] | None = None
    """States by name: ``active``, ``inactive`` or ``pending``. None if the account shows none."""
    requirements: Requirements | None = None
    """None if Stripe shows none: of an account that is not connected to a platform it need not."""
    future_requirements: Requirements = Requirements()
    """Those that will hold from their deadline on."""
    payout_interval: str = ""
    """``daily``, ``weekly``, ``monthly`` or ``manual``."""
    payouts: tuple[Payout, ...] = ()
    """The newest first."""
    configurations: tuple[MethodConfiguration, ...] = ()
    webhooks: tuple[WebhookEndpoint, ...] = ()
    destinations: tuple[WebhookEndpoint, ...] = ()
    """Addresses among the event destinations of Stripe's second API, which lists those of ``webhooks`` as well."""
    buses: tuple[str, ...] = ()
    """Event destinations that are no address but a bus at Amazon or Azure: type and id."""
    default_version: str = ""
    """The account's default API version."""
    undelivered: tuple[EventDelivery, ...] = ()
    """Events of the last 24 h that at least one endpoint has not taken, or has not taken yet; the newest first."""
    newest_delivered: datetime | None = None
    """When the newest event was made that every endpoint took; None if there is none in the last 24 h."""

    @property
    def endpoints(self) -> tuple[WebhookEndpoint, ...]:
        """Every address that events go to; a destination of whole events that is an endpoint as well stands here once."""
        further = (
            destination
            for destination in self.destinations
            if destination.thin or not any(same_address(hook.url, destination.url) for hook in self.webhooks)
        )
        return (*self.webhooks, *further)

    @property
    def own_configurations(self) -> tuple[MethodConfiguration, ...]:
        """Those that Stripe may use for payments of this account itself."""
        return tuple(
            configuration
            for configuration in self.configurations
            if configuration.active and not configuration.application and not configuration.parent
        )

    def listening(self, kind: str) -> tuple[WebhookEndpoint, ...]:
        """All endpoints of the account that Stripe sends this type of its own events to, whoever they belong to."""
        return tuple(
            endpoint
            for endpoint in self.endpoints
            if endpoint.status == "enabled" and not endpoint.application and endpoint.takes(kind)
        )

    def require(self, fact: Fact) -> None:
        """Raise Unobserved if Stripe did not give this fact."""
        missing = next((gap for gap in self.unread if gap.fact == fact), None)
        if missing is not None:
            needed = f"; it needs {missing.permission}" if missing.permission else ""
            raise Unobserved(
                f"Stripe's {fact} could not be read: {missing.reason}{needed}",
                hint=f"give the restricted key {missing.permission} at {KEYS_PAGE}" if missing.permission else "",
            )

    def capability(self, method: str) -> str:
        """The state of the capability that a payment method needs, in words; empty for one that needs none of its own.

        Raises Unobserved if the account shows no capabilities.
        """
        if self.capabilities is None:
            raise Unobserved("the account shows no capabilities", hint=f"read it with a key that may; see {KEYS_PAGE}")
        states = [self.capabilities[name] for name in capabilities_of(method) if name in self.capabilities]
        if not states and method in WITHOUT_CAPABILITY:
            return ""
        return "active" if "active" in states else next(iter(states), "not there")


def is_thin(kind: str) -> bool:
    """Whether a type of events is one of those that name their object only, as ``v1.charge.refunded``."""
    return kind.startswith(_THIN)
