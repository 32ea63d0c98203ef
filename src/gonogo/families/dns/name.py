"""Asks every resolver for a name, as its users do, and looks at what answers where it leads."""

import asyncio
from datetime import UTC, datetime

from gonogo.evidence.dns import Addresses, Answer, DnsNameEvidence
from gonogo.families.dns.landing import landings
from gonogo.families.dns.question import DnsQuestion


async def probe_dns_name(question: DnsQuestion) -> DnsNameEvidence:
    """A and AAAA at every resolver; TXT as well where an underscore says that the name is not one of a machine."""
    taken_at = datetime.now(UTC)
    a, aaaa, text = await asyncio.gather(
        question.vantage.ask_resolvers(question.name, "A"),
        question.vantage.ask_resolvers(question.name, "AAAA"),
        _text(question),
    )
    resolvers = tuple(
        Addresses(server=answer.server, a=answer, aaaa=other) for answer, other in zip(a, aaaa, strict=True)
    )
    addresses = {address for resolver in resolvers for address in resolver.addresses}
    return DnsNameEvidence(
        scope=question.scope,
        taken_at=taken_at,
        name=question.name,
        resolvers=resolvers,
        text=text,
        landings=() if text else await landings(question, addresses),
    )


async def _text(question: DnsQuestion) -> tuple[Answer, ...]:
    if not any(label.startswith("_") for label in question.name.split(".")):
        return ()
    return await question.vantage.ask_resolvers(question.name, "TXT")
