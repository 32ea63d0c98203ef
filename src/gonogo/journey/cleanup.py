"""Removes the test data of journeys and load, wherever it may lie, and looks whether it is gone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.clients.stripe import StripeApi
from gonogo.families.mail.section import Mail
from gonogo.families.redis.section import Redis
from gonogo.families.stripe.section import Stripe
from gonogo.journey.inbox import Inbox
from gonogo.journey.marks import PREFIX, Marks
from gonogo.journey.walk import Leftovers, Walk

_MOST_ROUNDS = 20
_MOST_KEYS = 10_000
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "processing", "requires_capture")
_LOOK_BACK = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """The result of a clean-up: kind of test data to number, before and after. Kinds without any are left out."""

    found: Mapping[str, int]
    remaining: Mapping[str, int]
    unasked: Sequence[Unobserved] = ()
    """Why places could not be asked."""

    @property
    def found_words(self) -> str:
        """The test data that was there, as a list in words."""
        return _words(self.found)

    @property
    def remaining_words(self) -> str:
        """The test data that stayed behind, as a list in words."""
        return _words(self.remaining)


def clean_up(walk: Walk, marks: Marks) -> Cleanup:
    """Remove all that carries one of these marks: the project's test data first, then what gonogo knows of.

    Raises AssertionError when the service does not let us; a place that does not answer is named in what is returned.
    """
    counted: dict[str, int] = {}
    remaining: dict[str, int] = {}
    unasked: list[Unobserved] = []
    for place in (*walk.test_data(marks), *_places(walk, marks)):
        try:
            count, still = _emptied(place)
            counted |= {place.kind: count} if count else {}
            remaining |= {place.kind: still} if still else {}
        except Unobserved as error:  # the other places can be cleaned nevertheless
            unasked.append(error)
    walk.world.cleaned = not unasked
    return Cleanup(found=counted, remaining=remaining, unasked=unasked)


def _emptied(place: Leftovers) -> tuple[int, int]:
    """How many things were there, and how many still are when removing changes nothing any more."""
    there = place.find()
    count = len(there)
    for _ in range(_MOST_ROUNDS):  # a service may show no more than a page of them at a time
        if not there:
            break
        before = set(there)
        place.remove(there)
        there = place.find()
        count += len(set(there) - before)
        if before & set(there):
            break
    return count, len(there)


def notes_of(cleanup: Cleanup, fix: str) -> Sequence[str]:
    """The notes that a run carries about its clean-up."""
    notes = [f"removed afterwards: {cleanup.found_words}"] if cleanup.found else []
    notes += [f"stayed behind: {cleanup.remaining_words}; {fix}"] if cleanup.remaining else []
    return [*notes, *(f"synthetic data may have stayed behind: {gap.reason}; {fix}" for gap in cleanup.unasked)]


def _places(walk: Walk, marks: Marks) -> Iterator[Leftovers]:
    """Where gonogo's own steps leave something, whatever the product is."""
    environment = walk.world.environment
    if environment.section(Redis) is not None:
        yield Leftovers("keys in Redis", partial(_keys, walk, marks), partial(_remove_keys, walk))
    if environment.section(Stripe) is not None:
        yield Leftovers("open payments at Stripe", partial(_payments, walk, marks), partial(_close_payments, walk))
    if (mail := environment.section(Mail)) is not None:
        inbox = Inbox(walk.world, mail)
        yield Leftovers("messages", lambda: inbox.carrying(marks), inbox.remove)


def _keys(walk: Walk, marks: Marks) -> Sequence[str]:
    async def scan(redis: Any) -> list[str]:  # noqa: ANN401 - the driver's client
        keys: list[str] = []
        async for key in redis.scan_iter(match=f"*{PREFIX}*", count=1000):
            name = key.decode(errors="surrogateescape")
            if marks.in_text(name):
                keys.append(name)
            if len(keys) >= _MOST_KEYS:
                break
        return keys

    return walk.world.redis(scan)


def _remove_keys(walk: Walk, keys: Sequence[str]) -> None:
    async def remove(redis: Any) -> None:  # noqa: ANN401 - as above
        await redis.delete(*(key.encode(errors="surrogateescape") for key in keys))

    walk.world.redis(remove)


def _payments(walk: Walk, marks: Marks) -> Sequence[str]:
    """Ids of payments that are open, or that took real money and did not give it back."""
    since = int((datetime.now(UTC) - _LOOK_BACK).timestamp())
    wanted = {"created": {"gte": since}, "limit": 100, "expand": ["data.latest_charge"]}
    live = walk.world.live

    async def look(api: StripeApi) -> list[str]:
        async def work(v1: Any) -> list[str]:  # noqa: ANN401 - the SDK's services
            page = await v1.payment_intents.list_async(wanted)
            return [
                intent.id
                async for intent in page.auto_paging_iter()
                if any(marks.in_text(str(value)) for value in intent.metadata.to_dict().values())
                and (intent.status in _OPEN or (live and _kept(intent)))
            ]

        return await api.look(work)

    payments: list[str] = walk.stripe(look, "payments of this run")
    return payments


def _kept(intent: Any) -> bool:  # noqa: ANN401 - the SDK's PaymentIntent
    return intent.status == "succeeded" and not getattr(intent.latest_charge, "refunded", False)


def _close_payments(walk: Walk, payments: Sequence[str]) -> None:
    async def close(api: StripeApi, intent: str) -> None:
        status = (await api.look(lambda v1: v1.payment_intents.retrieve_async(intent))).status
        if status in _OPEN:
            await api.look(lambda v1: v1.payment_intents.cancel_async(intent))
        else:
            await api.look(lambda v1: v1.refunds.create_async({"payment_intent": intent}))

    for intent in payments:
        walk.stripe(partial(close, intent=intent), f"close {intent}")


def counting(find: Callable[[], Sequence[str]], kind: str) -> Leftovers:
    """Test data that the service itself should have removed: it is only counted."""
    return Leftovers(kind, find, lambda _identifiers: None)


def _words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counted.items()) or "nothing"
