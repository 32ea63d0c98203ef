"""Asks every resolver for a name, as its users do, and every server of its zone; looks at what answers where it leads."""

import asyncio
from datetime import UTC, datetime

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Addresses, Answer, DnsNameEvidence
from gonogo.families.dns.host import at_servers, closest_zone
from gonogo.families.dns.landing import landings
from gonogo.families.dns.question import DnsQuestion


async def probe_dns_name(question: DnsQuestion) -> DnsNameEvidence:
    """A and AAAA at every resolver; TXT as well where an underscore says that the name is not one of a machine."""
    taken_at = datetime.now(UTC)
    a, aaaa, text, authoritative = await asyncio.gather(
        question.vantage.ask_resolvers(question.name, "A"),
        question.vantage.ask_resolvers(question.name, "AAAA"),
        _text(question),
        _authoritative(question),
    )
    resolvers = tuple(
        Addresses(server=answer.server, a=answer, aaaa=other) for answer, other in zip(a, aaaa, strict=True)
    )
    addresses = {address for view in (*resolvers, *authoritative) for address in view.ever}
    return DnsNameEvidence(
        scope=question.scope,
        taken_at=taken_at,
        name=question.name,
        resolvers=resolvers,
        text=text,
        authoritative=authoritative,
        landings=() if text else await landings(question, addresses),
    )


async def _authoritative(question: DnsQuestion) -> tuple[Addresses, ...]:
    """At every server of the zone: resolvers ask one of them, by chance. Hosts are asked there in any case."""
    if question.is_host:
        return ()
    try:
        return await at_servers(question, *await closest_zone(question))
    except Unobserved:
        return ()  # no resolver serves this machine, which is told of them


async def _text(question: DnsQuestion) -> tuple[Answer, ...]:
    if not any(label.startswith("_") for label in question.name.split(".")):
        return ()
    return await question.vantage.ask_resolvers(question.name, "TXT")
