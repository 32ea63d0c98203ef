"""Refusals, and the controls without which they would mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.base.comparing import shown, so
from gonogo.base.errors import Unobserved
from gonogo.clients.replies import demand
from gonogo.families.api.placeholders import looked_up

if TYPE_CHECKING:
    from gonogo.clients.replies import Reply
    from gonogo.families.api.callers import Caller
    from gonogo.families.api.journey import ApiVerbs

TOO_MANY, BROKEN = 429, 500
_REFUSED = {401, 403}


def control(reply: Reply, whom: str, key: str) -> Reply:
    """The reply to those who may, or a refusal of others would say nothing. Raises Unobserved; ``key`` is of ``[api]``."""
    if not reply.exchange.served:
        raise Unobserved(f"not even {whom} are answered: {reply.said}", hint=f"is {key} of [api] right?")
    return reply


def refused(reply: Reply, whom: str) -> None:
    """Fail the step if these are answered, or if that they ask is an error of the service."""
    outside = shown(not reply.exchange.served, f"answer to {whom}", reply.status, "a refusal")
    demand(outside, f"{whom} is answered: {reply.said}")
    demand(_is_no_error(reply), f"{whom} who asks is an error, and no refusal: {reply.said}")


def too_large(reply: Reply, what: str) -> None:
    """Fail the step unless it is refused for its size: only that is other than in what was taken just before."""
    if reply.exchange.status in {None, TOO_MANY}:
        raise Unobserved(f"it is not known whether {what} is refused: {reply.said}", hint="read on, and answer 413")
    is_refused = 400 <= reply.status < BROKEN  # noqa: PLR2004 - 4xx
    demand(shown(is_refused, f"answer to {what}", reply.status, "4xx"), f"{what} is not refused: {reply.said}")


def no_query(api: ApiVerbs, caller: Caller, path: str) -> None:
    """Fail the step if a quote in an address breaks the service, or finds what is not there."""
    own = caller.get(looked_up(path, caller.known, ""))
    if api.section.gave("lookups") and own.status in _REFUSED:
        return  # a document does not say which users may look each other up
    control(own, "users", "lookups")
    absent = caller.get(looked_up(path, api.nobody("absent").known, ""))
    for ending in ("'", "' OR '1'='1", '" OR "1"="1'):
        reply = caller.get(looked_up(path, api.nobody("absent").known, ending))
        demand(_is_no_error(reply), f"a quote in the address is an error, and no value: {reply.said}")
        served = reply.exchange.served and not absent.exchange.served
        finds = so(not served, "what a query in the address finds", "nothing", "something")
        demand(finds, f"a query in the address finds what is not there: {reply.said}")


def _is_no_error(reply: Reply) -> bool:
    return shown(reply.status < BROKEN, "answers, refusals among them", reply.status, "no error")
