"""Looks at what answers where a name leads: over https, in the name of that name."""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from gonogo.base.errors import Unobserved
from gonogo.clients.http import address_client
from gonogo.clients.network import Swallowed
from gonogo.clients.trust import trust_context, unverified_context
from gonogo.evidence.dns import Landing
from gonogo.families.dns.question import DnsQuestion
from gonogo.families.dns.unclaimed import unclaimed_at

_MOST_ADDRESSES = 16
_PATIENCE_SECONDS = (1.5, 1.5, 3.0)
"""Patience of each attempt, in seconds: packets that were lost must not make a machine that lives a dead one."""
_REFUSED_CERTIFICATE = "its certificate was refused by us: "


async def landings(question: DnsQuestion, addresses: Iterable[str]) -> tuple[Landing, ...]:
    """One for each address that is not declared; of those, so many."""
    strange = sorted(set(addresses) - question.declared)[:_MOST_ADDRESSES]
    return tuple(await asyncio.gather(*(_landing(question, address) for address in strange)))


async def _landing(question: DnsQuestion, address: str) -> Landing:
    """Return what answers at an address that the name leads to; with an untrusted certificate, asked again without trust."""
    landing = Landing(address=address, port=question.https_port)
    try:
        first = await _asked(question, landing, trust_context(question.trust))
        if not first.problem.startswith(_REFUSED_CERTIFICATE):
            return first
        again = await _asked(question, landing, unverified_context())
    except Swallowed:
        return replace(landing, problem="nothing comes back")
    except Unobserved as unobserved:
        return replace(landing, problem=unobserved.reason, asked=False)
    return replace(again, certificate_problem=first.problem.removeprefix(_REFUSED_CERTIFICATE))


async def _asked(question: DnsQuestion, landing: Landing, tls: ssl.SSLContext) -> Landing:
    """Give what the first attempt with an answer brings, else what the last one does."""
    *early, last = _PATIENCE_SECONDS
    for patience_seconds in early:
        with suppress(Swallowed):
            landing_reply = await _attempt(question, landing, tls, patience_seconds)
            if landing_reply.status is not None or landing_reply.problem.startswith(_REFUSED_CERTIFICATE):
                return landing_reply
    return await _attempt(question, landing, tls, last)


async def _attempt(question: DnsQuestion, landing: Landing, tls: ssl.SSLContext, patience_seconds: float) -> Landing:
    """One GET of the root in the host's name, with as much patience as this attempt has."""
    async with address_client(
        tls, host=question.name, address=landing.address, port=landing.port, patience_seconds=patience_seconds
    ) as client:
        body = await client.get("/")
    return Landing(
        address=landing.address,
        port=landing.port,
        status=body.exchange.status,
        problem=body.exchange.problem if body.exchange.status is None else "",
        unclaimed=unclaimed_at(body.exchange.status, body.text),
    )
