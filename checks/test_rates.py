"""How often one user may ask: beyond it the service says so, to this user and to nobody else.

A journey of gonogo's own: walked wherever the environment file declares ``[api.limits]``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gonogo.base.comparing import at_most, equal, shown
from gonogo.base.errors import Unobserved
from gonogo.families.api.attempts import OTHER_ADDRESS

if TYPE_CHECKING:
    from gonogo.clients.replies import Reply
    from gonogo.families.api.callers import Caller
    from gonogo.families.api.section import RateLimit
    from gonogo.journey.walk import Walk

_TOO_MANY, _BROKEN = 429, 500


@pytest.mark.check("rates-limited")
def test_one_user_cannot_ask_without_end(walk: Walk) -> None:
    """One user with a loop can slow the service down for all others, or try codes until one fits.

    Fix: count requests by user and class of routes, in Redis with an expiry, and answer 429 with Retry-After.
    """
    limits = walk.api.section.limits
    unlimited = walk.looked("routes without a limit of their own", walk.api.unlimited, shown=", ".join)
    for name, limit in limits.items():
        labels = (f"{name}-asks", f"{name}-waits")
        users = (walk.api.nobody(label) if limit.stranger else walk.api.join(label, limit.user) for label in labels)
        asking, other = users
        refused = _asked_without_end(name, limit, asking)
        after = refused.exchange.headers.get("retry-after")
        assert shown(after, "Retry-After", after, "a time"), f"{name}: {refused.said}, and it has no Retry-After header"
        again = _asked(limit, asking, 0, OTHER_ADDRESS)
        assert equal(again.status, _TOO_MANY, "answer from another address"), (
            f"{name}: {again.said}; it said 429 until X-Forwarded-For named another address"
        )
        waiting = _asked(limit, other, 0)
        assert shown(waiting.status != _TOO_MANY, "answer to another user", waiting.status, "no 429"), (
            f"{name}: one user sent too many requests, and another user is refused: {waiting.said}"
        )
    if not limits:
        raise Unobserved(
            f"no limit is declared; these have none: {', '.join(unlimited)}", hint="declare [api.limits.NAME]"
        )


def _asked_without_end(name: str, limit: RateLimit, asking: Caller) -> Reply:
    """The first refusal. Counted in fixed times, twice as many may be answered where one of these ends amid them."""
    began = time.monotonic()
    for number in range(1, 2 * limit.most + 2):
        reply = _asked(limit, asking, number)
        if reply.status == _TOO_MANY:
            at_most(number, 2 * limit.most + 1, f"requests until a 429 ({name})", kind="requests")
            return reply
        assert shown(reply.status < _BROKEN, "answers", reply.status, "no error"), f"{name}: {reply.said}"
        if time.monotonic() - began > limit.within.total_seconds():
            raise Unobserved(
                f"{name}: only {number} requests could be sent within its time; {limit.most} are permitted",
                hint="run gonogo nearer to the service, or when this machine has less to do",
            )
    raise AssertionError(
        f"{name}: {2 * limit.most + 1} requests of one user got no 429, although {limit.most} are permitted; {reply.said}"
    )


def _asked(limit: RateLimit, caller: Caller, number: int, headers: dict[str, str] | None = None) -> Reply:
    return caller.call(limit, number=str(number), headers=headers)
