"""Verbs of Stripe for the steps of journeys: payments as they are at Stripe, and the delivery of its events."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from gonogo.base.errors import Unobserved
from gonogo.base.marks import Leftovers, Marks
from gonogo.evidence.stripe import WebhookEndpoint
from gonogo.evidence.stripe_names import same_address
from gonogo.families.stripe import objects
from gonogo.families.stripe.section import Stripe
from gonogo.families.stripe.webhook import Sender
from gonogo.families.verbs import Verbs

if TYPE_CHECKING:
    from gonogo.clients.stripe import StripeApi

Answer = TypeVar("Answer")
_MOST = 100
_LOOK_BACK = timedelta(days=2)
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "processing", "requires_capture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The webhook endpoints that are told of a type of event."""

    endpoints: int
    """All endpoints of the account that Stripe sends it to."""
    own: bool
    """Whether one of them has the service's address."""


class StripeVerbs(Verbs[Stripe]):
    """``walk.stripe``, by the service's secret key. Every verb raises Unobserved when Stripe cannot tell."""

    model = Stripe

    @property
    def delivery(self) -> timedelta:
        """How long the events of a payment may take."""
        return self.section.delivery

    @property
    def currency(self) -> str:
        """The one that payers are charged in."""
        return self.section.currency

    @property
    def live(self) -> bool:
        """Whether payments are real."""
        return self.section.live

    # -- payments ---------------------------------------------------------------------------------------------------

    def intent(self, identifier: str) -> objects.Object:
        """The payment intent, with all of its fields."""

        async def work(v1: Any) -> objects.Object:  # noqa: ANN401 - the SDK's services
            document: objects.Object = (await v1.payment_intents.retrieve_async(identifier)).to_dict()
            return objects.named(document, "payment_intent")

        return self._looked(f"payment intent {identifier}", work, shown=_brief)

    def canceled(self, identifier: str) -> bool:
        """Whether nobody can complete this payment intent any more."""
        return bool(self.intent(identifier)["status"] == "canceled")

    def refunded(self, identifier: str) -> int:
        """How much of a payment was given back, in the currency's smallest unit. A refund that is on its way counts."""

        async def work(v1: Any) -> int:  # noqa: ANN401 - the SDK's services
            refunds = await v1.refunds.list_async({"payment_intent": identifier, "limit": _MOST})
            return sum(refund.amount for refund in refunds.data if refund.status in {"succeeded", "pending"})

        return self._looked(f"refunds of {identifier}", work)

    def give_back(self, identifier: str, amount: int) -> None:
        """Refund this much of a payment, at Stripe itself."""

        async def work(v1: Any) -> str:  # noqa: ANN401 - the SDK's services
            refund = await v1.refunds.create_async({"payment_intent": identifier, "amount": amount})
            return str(refund.id)

        self._looked(f"refund of {identifier}", work)

    def owner_of(self, method: str) -> str:
        """The customer that a payment method belongs to; empty if it belongs to none."""

        async def work(v1: Any) -> str:  # noqa: ANN401 - the SDK's services
            details = (await v1.payment_methods.retrieve_async(method)).to_dict()
            return str(details.get("customer") or "")

        return self._looked("customer of the payment method", work)

    # -- events -----------------------------------------------------------------------------------------------------

    def sender(self, intent: objects.Object, api_version: str) -> Sender:
        """Whoever speaks about this payment to the service's webhook, as Stripe would."""
        return Sender(self.walk, intent, api_version)

    def events_version(self) -> str:
        """The API version that Stripe renders the service's events in: the endpoint's, or the account's own."""
        declared = self.section.api_version
        try:
            endpoints, default = self._endpoints()
        except Unobserved:
            if declared is None:
                raise
            return declared
        own = [endpoint for endpoint in endpoints if self._is_own(endpoint)]
        return (own[0].api_version if own else "") or default or declared or _newest_version()

    def delivered(self, intent: str, kind: str) -> str:
        """Empty if Stripe delivered the event of this type about a payment, or why it did not."""
        listening = self._listening(kind)
        if not listening.own:
            return f"no enabled endpoint of this service is sent {kind}"
        pending = partial(self._pending, intent, kind)
        if self.walk.until(lambda: set(pending()) == {0}, self.delivery):
            return ""
        left = pending()
        if not left:
            return self.walk.waited(f"Stripe made no event {kind} about {intent}", self.delivery)
        if max(left) < listening.endpoints:
            raise Unobserved(
                f"{kind} of {intent} did not reach {max(left)} of {listening.endpoints} endpoints of the account, and "
                "Stripe does not tell which",
                hint="repair or disable the other endpoints of the account",
            )
        return self.walk.waited(f"Stripe could not deliver {kind} of {intent} to the service", self.delivery)

    def _pending(self, intent: str, kind: str) -> Sequence[int]:
        """How many endpoints have not taken each event of this type about the payment."""

        async def work(v1: Any) -> Sequence[int]:  # noqa: ANN401 - the SDK's services
            page = (await v1.events.list_async({"type": kind, "limit": _MOST})).to_dict()
            events = [event for event in objects.listed(page) if intent in _subjects(event)]
            return [objects.delivery(event).pending for event in events]

        return self._looked(f"{kind} of {intent}", work)

    def _listening(self, kind: str) -> Listening:
        """How many endpoints take events of this type, and whether the service's own is one of them."""
        endpoints, _ = self._endpoints()
        listeners = [
            endpoint
            for endpoint in endpoints
            if endpoint.status == "enabled" and not endpoint.application and endpoint.takes(kind)
        ]
        return Listening(endpoints=len(listeners), own=any(self._is_own(endpoint) for endpoint in listeners))

    def _endpoints(self) -> tuple[Sequence[WebhookEndpoint], str]:
        """All endpoints of the account, and its default API version."""

        async def work(v1: Any) -> Sequence[WebhookEndpoint]:  # noqa: ANN401 - the SDK's services
            page = (await v1.webhook_endpoints.list_async({"limit": _MOST})).to_dict()
            return [objects.endpoint(item) for item in objects.listed(page)]

        api = self._api
        return self.walk.looked("Stripe webhook endpoints", lambda: self.world.run(api.look_in_account_version, work))

    def _is_own(self, endpoint: WebhookEndpoint) -> bool:
        address = self.world.environment.service.base_url + self.section.webhook
        return not endpoint.application and same_address(endpoint.url, address)

    # -- clean-up ---------------------------------------------------------------------------------------------------

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Payments that are open, or that took real money and did not give it back."""
        yield Leftovers("open payments at Stripe", partial(self._unsettled, marks), self._close)

    def _unsettled(self, marks: Marks) -> Sequence[str]:
        """Payments of marked runs that are open, or, in live mode, paid and not given back."""
        since = int((datetime.now(UTC) - _LOOK_BACK).timestamp())
        wanted = {"created": {"gte": since}, "limit": _MOST, "expand": ["data.latest_charge"]}

        async def work(v1: Any) -> Sequence[str]:  # noqa: ANN401 - the SDK's services
            page = await v1.payment_intents.list_async(wanted)
            return [
                intent.id
                async for intent in page.auto_paging_iter()
                if any(marks.in_text(str(value)) for value in intent.metadata.to_dict().values())
                and (intent.status in _OPEN or (self.live and _kept(intent)))
            ]

        return self._looked("payments of this run", work)

    def _close(self, payments: Sequence[str]) -> None:
        """Cancel those that are open, and give the money of the others back."""

        async def work(v1: Any, identifier: str) -> str:  # noqa: ANN401 - the SDK's services
            status: str = (await v1.payment_intents.retrieve_async(identifier)).status
            if status in _OPEN:
                await v1.payment_intents.cancel_async(identifier)
            else:
                await v1.refunds.create_async({"payment_intent": identifier})
            return status

        for identifier in payments:
            self._looked(f"close {identifier}", partial(work, identifier=identifier))

    # -- asking -----------------------------------------------------------------------------------------------------

    @property
    def _api(self) -> "StripeApi":
        # The SDK takes a quarter of a second at every start, and most services take no payments.
        from gonogo.clients.stripe import StripeApi  # noqa: PLC0415

        return StripeApi(self.world.secrets[self.section.secret_key], self.section.api)

    def _looked(
        self,
        subject: str,
        work: Callable[[Any], Awaitable[Answer]],
        *,
        shown: Callable[[Answer], object] = lambda answer: answer,
    ) -> Answer:
        def look() -> Answer:
            answer: Answer = self.world.run(self._api.look, work)
            return answer

        return self.walk.looked(f"Stripe {subject}", look, shown=shown)


def _newest_version() -> str:
    from stripe import api_version  # noqa: PLC0415 - as above

    return api_version


def _brief(intent: objects.Object) -> objects.Object:
    """The fields that the record of a step shows: what matters, and no secret of the payer's."""
    return {key: intent.get(key) for key in ("id", "status", "amount", "amount_received", "currency", "livemode")}


def _subjects(event: objects.Object) -> Sequence[object]:
    subject = (event.get("data") or {}).get("object") or {}
    return [subject.get("id"), subject.get("payment_intent")]


def _kept(intent: Any) -> bool:  # noqa: ANN401 - the SDK's PaymentIntent
    return intent.status == "succeeded" and not getattr(intent.latest_charge, "refunded", False)
