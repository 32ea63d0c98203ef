"""Finds out who serves a zone, the way the world does: by asking resolvers."""

import asyncio
from collections.abc import Sequence

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer, Delegation, NameServer, agreed
from gonogo.families.dns.query import Vantage

_MOST_SERVERS = 13
"""As many as the root has. Whoever delegates to more costs us no more than this."""
_MOST_ADDRESSES = 4
_LONGEST_CLIMB = 10


def parents(name: str, *, shortest: int = 2) -> list[str]:
    """The name and those above it, down to so many labels: ``a.b.test`` → ``a.b.test``, ``b.test``."""
    labels = name.split(".")
    count = max(1, len(labels) - shortest + 1)
    return [".".join(labels[start:]) for start in range(count)][:_LONGEST_CLIMB]


async def find_delegation(candidates: Sequence[str], vantage: Vantage) -> Delegation:
    """The first candidate that is a zone, and its servers. Raises Unobserved if no resolver serves this machine."""
    asked = await asyncio.gather(*(vantage.ask_resolvers(name, "NS", checked=False) for name in candidates))
    if not any(answer.conclusive for answers in asked for answer in answers):
        raise _nobody_to_ask(asked[0])
    for name, answers in zip(candidates, asked, strict=True):
        said = agreed(answers)
        # Behind an alias stand the servers of somebody else's zone.
        if said is not None and said.records and not said.aliases:
            servers = await asyncio.gather(*(_server(server, vantage) for server in said.records[:_MOST_SERVERS]))
            unasked = max(0, len(said.records) - _MOST_SERVERS) + said.omitted_records
            return Delegation(zone=name, answers=answers, servers=tuple(servers), omitted_servers=unasked)
    if not any(map(_credible, asked[0])):
        raise _impostor(asked[0])
    return Delegation(zone="", answers=asked[0])


def _credible(answer: Answer) -> bool:
    """A denial comes with the SOA of whoever denies (RFC 2308). Portals and filters, which deny all, have none."""
    return answer.rcode == "SERVFAIL" or answer.negative_ttl is not None


async def _server(name: str, vantage: Vantage) -> NameServer:
    asked = await asyncio.gather(*(vantage.ask_resolvers(name, rdtype, checked=False) for rdtype in ("A", "AAAA")))
    said = [answer for answer in map(agreed, asked) if answer is not None]
    addresses = [address for answer in said for address in answer.records[:_MOST_ADDRESSES]]
    return NameServer(name=name, addresses=tuple(addresses))


def _nobody_to_ask(answers: Sequence[Answer]) -> Unobserved:
    complaints = "; ".join(f"{answer.server}: {answer.told}" for answer in answers)
    return Unobserved(
        f"none of the declared resolvers answers this machine ({complaints})",
        hint="declare resolvers in [dns] that this machine reaches, as '9.9.9.9:53'",
    )


def _impostor(answers: Sequence[Answer]) -> Unobserved:
    denials = "; ".join(f"{answer.server}: {answer.told}" for answer in answers)
    return Unobserved(
        f"{answers[0].name} is denied without an SOA to show who denies it ({denials}): "
        "something on this network seems to answer in place of the resolvers",
        hint="ask from a network that lets DNS through, or declare resolvers in [dns] that this machine reaches",
    )
