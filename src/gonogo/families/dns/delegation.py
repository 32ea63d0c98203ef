"""Finds out who serves a zone, the way the world does: by asking resolvers."""

import asyncio
from collections.abc import Iterable, Sequence

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer, Delegation, NameServer, agreed
from gonogo.families.dns.query import Vantage

_MOST_SERVERS = 32
"""More than any zone has for a reason. A hostile delegation costs no more than this, and the rest is counted."""
_MOST_ADDRESSES = 8
_LONGEST_CLIMB = 10


def parents(name: str, *, shortest: int = 2) -> list[str]:
    """The name and those above it, down to so many labels: ``a.b.test`` → ``a.b.test``, ``b.test``."""
    labels = name.split(".")
    count = max(1, len(labels) - shortest + 1)
    return [".".join(labels[start:]) for start in range(count)][:_LONGEST_CLIMB]


async def find_delegation(candidates: Sequence[str], vantage: Vantage) -> Delegation:
    """The first candidate that is a zone, and its servers. Raises Unobserved if no resolver serves this machine."""
    replies = await asyncio.gather(*(vantage.ask_resolvers(name, "NS", checked=False) for name in candidates))
    if not any(answer.conclusive for answers in replies for answer in answers):
        raise _nobody_to_ask(replies[0])
    for name, answers in zip(candidates, replies, strict=True):
        majority = agreed(answers)
        # Behind an alias stand the servers of somebody else's zone.
        if majority is not None and majority.records and not majority.aliases:
            servers = await find_servers(majority.records[:_MOST_SERVERS], heard(vantage, answers))
            unasked = max(0, len(majority.records) - _MOST_SERVERS) + majority.omitted_records
            return Delegation(zone=name, answers=answers, servers=servers, omitted_servers=unasked)
    if not any(map(_credible, replies[0])):
        raise _impostor(replies[0])
    return Delegation(zone="", answers=replies[0])


async def find_servers(names: Iterable[str], vantage: Vantage) -> tuple[NameServer, ...]:
    """The addresses of these servers, as most resolvers know them."""
    return tuple(await asyncio.gather(*(_server(name, vantage) for name in names)))


def heard(vantage: Vantage, answers: Iterable[Answer]) -> Vantage:
    """The vantage without resolvers that did not reply: waiting for them again would cost the next steps their time."""
    return vantage.without(frozenset(answer.server for answer in answers if not answer.heard))


def _credible(answer: Answer) -> bool:
    """A denial comes with the SOA of whoever denies (RFC 2308). Portals and filters, which deny all, have none."""
    return answer.rcode == "SERVFAIL" or answer.negative_ttl is not None


async def _server(name: str, vantage: Vantage) -> NameServer:
    """One name server with its addresses, by what the resolvers agree on."""
    replies = await asyncio.gather(*(vantage.ask_resolvers(name, rdtype, checked=False) for rdtype in ("A", "AAAA")))
    answers = [answer for answer in map(agreed, replies) if answer is not None]
    aliases = [answer.aliases[-1] for answer in answers if answer.aliases]
    return NameServer(
        name=name,
        addresses=tuple(address for answer in answers for address in answer.records[:_MOST_ADDRESSES]),
        alias=aliases[0] if aliases else "",
        omitted_addresses=sum(
            max(0, len(answer.records) - _MOST_ADDRESSES) + answer.omitted_records for answer in answers
        ),
    )


def _nobody_to_ask(answers: Sequence[Answer]) -> Unobserved:
    complaints = "; ".join(f"{answer.server}: {answer.told}" for answer in answers)
    return Unobserved(
        f"none of the declared resolvers answers this machine ({complaints})",
        hint="declare resolvers in [dns] that this machine reaches, as '9.9.9.9:53'",
    )


def _impostor(answers: Sequence[Answer]) -> Unobserved:
    """The error for a denial without an SOA: a real server proves who denies (RFC 2308, section 2.1)."""
    denials = "; ".join(f"{answer.server}: {answer.told}" for answer in answers)
    return Unobserved(
        f"{answers[0].name} is denied without an SOA to show who denies it ({denials}): "
        "something on this network seems to answer in place of the resolvers",
        hint="ask from a network that lets DNS through, or declare resolvers in [dns] that this machine reaches",
    )
