"""Asks every authoritative server for the addresses of a host, and climbs to its CAA."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Addresses, Answer, Delegation, DnsHostEvidence, agreed
from gonogo.evidence.dns_zone import Parent
from gonogo.families.dns.delegation import find_delegation, heard, parents
from gonogo.families.dns.landing import landings
from gonogo.families.dns.parent import authorities, find_parent
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import DnsQuestion

_ROUNDS = 5
"""How often a server is asked again whose answer is not what is declared: does it say the same every time?"""
_MOST_BEYOND = 4
_MOST_SERVERS = 64


async def probe_dns_host(question: DnsQuestion) -> DnsHostEvidence:
    """Every server that the parent or the zone names, asked for A, AAAA and HTTPS; where an alias leads, its servers."""
    taken_at = datetime.now(UTC)
    (delegation, parent), caa = await asyncio.gather(closest_zone(question), _climb_to_caa(question))
    authoritative = await at_servers(question, delegation, parent)
    beyond = await _beyond(question, authoritative, heard(question.vantage, delegation.answers))
    addresses = {address for server in (*authoritative, *beyond) for address in server.ever}
    return DnsHostEvidence(
        scope=question.scope,
        taken_at=taken_at,
        host=question.name,
        delegation=delegation,
        authoritative=authoritative,
        caa=caa,
        beyond=beyond,
        landings=await landings(question, addresses),
    )


async def closest_zone(question: DnsQuestion) -> tuple[Delegation, Parent]:
    """The zone that holds the name, as resolvers and as the zone above know it."""
    delegation = await find_delegation(parents(question.name), question.vantage)
    if not delegation.zone:
        return delegation, Parent()
    return delegation, await find_parent(delegation.zone, heard(question.vantage, delegation.answers))


async def at_servers(question: DnsQuestion, delegation: Delegation, parent: Parent) -> tuple[Addresses, ...]:
    """Return what each authoritative server says to A, AAAA and HTTPS of the name."""
    addresses = dict.fromkeys(address for _, address in authorities(delegation, parent))
    return tuple(await asyncio.gather(*(_at_server(question, address) for address in list(addresses)[:_MOST_SERVERS])))


async def _at_server(question: DnsQuestion, address: str) -> Addresses:
    """Return what one name server says of a host; asked again where it differs, since some rotate their answers."""
    a, aaaa, https = await asyncio.gather(
        *(question.vantage.ask_server(address, question.name, rdtype) for rdtype in ("A", "AAAA", "HTTPS"))
    )
    first = Addresses(server=a.server, a=a, aaaa=aaaa, https=https)
    if first.addresses and first.addresses != question.declared:
        return replace(first, again=await _again(question.name, address, question.vantage))
    return first


async def _again(name: str, address: str, vantage: Vantage) -> tuple[Answer, ...]:
    queries = (vantage.ask_server(address, name, rdtype) for _ in range(_ROUNDS) for rdtype in ("A", "AAAA"))
    return tuple(await asyncio.gather(*queries))


async def _beyond(question: DnsQuestion, servers: Iterable[Addresses], vantage: Vantage) -> tuple[Addresses, ...]:
    """Answers of the provider's own servers, asked several times: a resolver gives one answer until its TTL is over."""
    if not any(server.a.leaves_the_zone or server.aaaa.leaves_the_zone for server in servers):
        return ()
    resolved = agreed(await vantage.ask_resolvers(question.name, "A", checked=False))
    if resolved is None or not resolved.aliases:
        return ()
    target = resolved.aliases[-1]
    try:
        delegation = await find_delegation(parents(target, shortest=1), vantage)
    except Unobserved:
        # Resolvers are asked for the addresses in any case; what is missing is whether they change.
        return ()
    addresses = [address for server in delegation.servers for address in server.addresses][:_MOST_BEYOND]
    return tuple(await asyncio.gather(*(_at_provider(target, address, vantage) for address in addresses)))


async def _at_provider(target: str, address: str, vantage: Vantage) -> Addresses:
    answers = await _again(target, address, vantage)
    return Addresses(server=answers[0].server, a=answers[0], aaaa=answers[1], again=answers[2:])


async def _climb_to_caa(question: DnsQuestion) -> tuple[Answer, ...]:
    """All steps at once, since time is short; then only those that an authority would have taken."""
    steps = parents(question.name, shortest=1)
    steps_asked: Sequence[tuple[Answer, ...]] = await asyncio.gather(
        *(question.vantage.ask_resolvers(step, "CAA", checked=False) for step in steps)
    )
    climbed: list[Answer] = []
    for answers in steps_asked:
        climbed.append(agreed(answers) or answers[0])
        if climbed[-1].records:
            break
    return tuple(climbed)
