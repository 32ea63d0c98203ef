"""Removes synthetic data, wherever it may lie, and looks whether it is gone."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.clients.stripe import StripeApi
from gonogo.families.mail.section import Mail
from gonogo.families.mongodb.section import MongoDb
from gonogo.families.redis.section import Redis
from gonogo.families.stripe.section import Stripe
from gonogo.journey.inbox import Inbox
from gonogo.journey.walk import Walk

_MOST_ROUNDS = 20
_MOST_KEYS = 10_000
_AT_ONCE = 4
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "processing", "requires_capture")
_LOOK_BACK = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was there, and what still is. Kinds to numbers; kinds of which there was nothing are left out."""

    found: Mapping[str, int]
    remaining: Mapping[str, int]
    unasked: Sequence[Unobserved] = ()
    """Why places could not be asked."""

    @property
    def found_words(self) -> str:
        """For people."""
        return _words(self.found)

    @property
    def remaining_words(self) -> str:
        """For people."""
        return _words(self.remaining)


def sweep(walk: Walk, mark: str) -> Swept:
    """Remove all that carries this mark, or one that begins with it.

    Raises AssertionError when the service does not let us; a place that does not answer is told in what is returned.
    """
    found: dict[str, int] = {}
    remaining: dict[str, int] = {}
    unasked: list[Unobserved] = []
    for kind, remove, count in _places(walk, mark):
        try:
            if there := count():
                found[kind] = there
                remove()
                if still := count():
                    remaining[kind] = still
        except Unobserved as error:  # the other places can be swept nevertheless
            unasked.append(error)
    walk.world.swept = not unasked
    return Swept(found=found, remaining=remaining, unasked=unasked)


def told(swept: Swept, cure: str) -> Sequence[str]:
    """For the notes of a run."""
    notes = [f"removed afterwards: {swept.found_words}"] if swept.found else []
    notes += [f"stayed behind: {swept.remaining_words}; {cure}"] if swept.remaining else []
    return [*notes, *(f"synthetic data may have stayed behind: {gap.reason}; {cure}" for gap in swept.unasked)]


Place = tuple[str, Callable[[], None], Callable[[], int]]


def _places(walk: Walk, mark: str) -> Iterator[Place]:
    """Users first: the service erases with them what belongs to them. What it should have erased is only counted."""
    environment = walk.world.environment
    yield "users", lambda: _remove_users(walk, mark), lambda: len(_users(walk, mark))
    if environment.section(MongoDb) is not None:
        for collection, field in walk.world.smoke.leftovers.items():
            yield f"documents in {collection}", _nothing, _counting(walk, collection, field, mark)
    if environment.section(Redis) is not None:
        yield "keys in Redis", lambda: _remove_keys(walk, mark), lambda: len(_keys(walk, mark))
    if environment.section(Stripe) is not None:
        yield "open payments at Stripe", lambda: _close_payments(walk, mark), lambda: len(_payments(walk, mark))
    if (mail := environment.section(Mail)) is not None:
        inbox = Inbox(walk.world, mail)
        yield "messages", lambda: inbox.remove(mark), lambda: inbox.count(mark)


def _nothing() -> None:
    """The service's database is the service's."""


def _users(walk: Walk, mark: str) -> Sequence[str]:
    found = walk.admin.get("/api/beta/users", email=mark).documents(200)
    # Whoever else the service may show: nobody is removed who does not carry the mark.
    return [user.text("id") for user in found if user.text("email").startswith(mark)]


def _remove_users(walk: Walk, mark: str) -> None:
    for _ in range(_MOST_ROUNDS):
        users = _users(walk, mark)
        if not users:
            return
        admin = walk.admin
        removals = [partial(admin.delete, f"/api/beta/users/{user}") for user in users]
        for first in range(0, len(removals), _AT_ONCE):
            for reply in walk.at_once(removals[first : first + _AT_ONCE]):
                reply.answers(204, 404)


def _counting(walk: Walk, collection: str, field: str, mark: str) -> Callable[[], int]:
    return lambda: walk.count(collection, **{field: {"$regex": re.escape(mark)}})


def _keys(walk: Walk, mark: str) -> Sequence[bytes]:
    async def scan(redis: Any) -> list[bytes]:  # noqa: ANN401 - the driver's client
        found: list[bytes] = []
        async for key in redis.scan_iter(match=f"*{mark}*", count=1000):
            found.append(key)
            if len(found) >= _MOST_KEYS:
                break
        return found

    return walk.world.redis(scan)


def _remove_keys(walk: Walk, mark: str) -> None:
    keys = _keys(walk, mark)

    async def remove(redis: Any) -> None:  # noqa: ANN401 - as above
        if keys:
            await redis.delete(*keys)

    walk.world.redis(remove)


def _payments(walk: Walk, mark: str) -> Sequence[tuple[str, str]]:
    """Id and status of payments that are open, or that took real money and did not give it back."""
    since = int((datetime.now(UTC) - _LOOK_BACK).timestamp())
    wanted = {"created": {"gte": since}, "limit": 100, "expand": ["data.latest_charge"]}
    live = walk.world.live

    async def look(api: StripeApi) -> list[tuple[str, str]]:
        async def work(v1: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - the SDK's services
            page = await v1.payment_intents.list_async(wanted)
            return [
                (intent.id, intent.status)
                async for intent in page.auto_paging_iter()
                if any(mark in str(value) for value in intent.metadata.to_dict().values())
                and (intent.status in _OPEN or (live and _kept(intent)))
            ]

        return await api.look(work)

    found: list[tuple[str, str]] = walk.stripe(look, "payments of this run")
    return found


def _kept(intent: Any) -> bool:  # noqa: ANN401 - the SDK's PaymentIntent
    return intent.status == "succeeded" and not getattr(intent.latest_charge, "refunded", False)


def _close_payments(walk: Walk, mark: str) -> None:
    async def close(api: StripeApi, intent: str, status: str) -> None:
        if status in _OPEN:
            await api.look(lambda v1: v1.payment_intents.cancel_async(intent))
        else:
            await api.look(lambda v1: v1.refunds.create_async({"payment_intent": intent}))

    for intent, status in _payments(walk, mark):
        walk.stripe(partial(close, intent=intent, status=status), f"close {intent}")


def _words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counted.items()) or "nothing"
