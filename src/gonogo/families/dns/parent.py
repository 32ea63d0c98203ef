"""Asks the servers of the zone above for the delegation: a resolver with an empty cache follows nothing else."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from gonogo.evidence.dns import Delegation, NameServer, agreed
from gonogo.evidence.dns_zone import Parent, Referral
from gonogo.families.dns.delegation import find_servers, heard, parents
from gonogo.families.dns.messages import host_text
from gonogo.families.dns.query import Vantage

_ROOT = "."
_MOST_SERVERS = 6
"""Registries have up to 13 that are equal by their contract; a company's own parent zone has fewer."""
_MOST_NAMES = 64
_WITNESSES = 2
"""Resolvers that are asked for the addresses of the parent's servers."""
Authorities = dict[tuple[str, str], tuple[str, ...]]
"""Name and address of a server → who names it: the parent, the zone, or both."""


async def find_parent(zone: str, vantage: Vantage) -> Parent:
    """The closest zone above, and what its servers say about this one."""
    above = [*parents(zone, shortest=1)[1:], _ROOT]
    replies = await asyncio.gather(*(vantage.ask_resolvers(name, "NS", checked=False) for name in above))
    for name, answers in zip(above, replies, strict=True):
        majority = agreed(answers)
        if majority is not None and majority.records and not majority.aliases:
            return await _parent(zone, name, majority.records[:_MOST_SERVERS], heard(vantage, answers))
    denials = "; ".join(f"{answer.server}: {answer.told}" for answer in replies[0])
    return Parent(problem=f"no resolver names the servers of {above[0]} ({denials})")


def authorities(delegation: Delegation, parent: Parent, further: Iterable[NameServer] = ()) -> Authorities:
    """Every address at which somebody would look for the zone; ``further`` are the parent's servers without glue."""
    places: Authorities = {}
    for source, servers in (("parent", (*parent.servers, *further)), ("zone", delegation.servers)):
        for server in servers:
            for address in server.addresses:
                places[server.name, address] = tuple(dict.fromkeys((*places.get((server.name, address), ()), source)))
    return places


async def without_glue(delegation: Delegation, parent: Parent, vantage: Vantage) -> tuple[NameServer, ...]:
    """Servers that the parent names without an address, and that the zone itself does not name."""
    named = {server.name for server in delegation.servers}
    homeless = [server.name for server in parent.servers if not server.addresses and server.name not in named]
    return await find_servers(homeless, vantage) if homeless else ()


async def _parent(zone: str, name: str, servers: Sequence[str], vantage: Vantage) -> Parent:
    """Return what every server of the parent zone says of the delegation, or why none could be asked."""
    few = replace(vantage, resolvers=vantage.resolvers[:_WITNESSES])
    addresses = await _addresses(servers, few)
    if not addresses:
        return Parent(zone=name, problem=f"no server of {name} ({', '.join(servers)}) has an address")
    referrals = await asyncio.gather(*(_referral(zone, *place, vantage) for place in addresses))
    return Parent(zone=name, referrals=tuple(referrals))


async def _addresses(servers: Sequence[str], vantage: Vantage) -> list[tuple[str, str]]:
    """One address of each, of IPv4 unless none of them has any."""
    for rdtype in ("A", "AAAA"):
        replies = await asyncio.gather(*(vantage.ask_resolvers(name, rdtype, checked=False) for name in servers))
        answers = zip(servers, map(agreed, replies), strict=True)
        addresses = [(name, answer.records[0]) for name, answer in answers if answer is not None and answer.records]
        if addresses:
            return addresses
    return []


async def _referral(zone: str, name: str, address: str, vantage: Vantage) -> Referral:
    reply = await vantage.reply_of(address, zone, "NS")
    servers = _delegated(reply.message, zone) if reply.message is not None else ()
    return Referral(name=name, address=address, answer=reply.answer, servers=servers)


def _delegated(message: dns.message.QueryMessage, zone: str) -> tuple[NameServer, ...]:
    """The NS records of the zone itself; those of a zone above it are a referral to somebody else."""
    origin = dns.name.from_text(zone)
    rrsets: list[dns.rrset.RRset] = [
        rrset
        for rrset in (*message.answer, *message.authority)
        if rrset.rdtype == dns.rdatatype.NS and rrset.name == origin
    ]
    names = {host_text(cast(Any, rdata).target) for rrset in rrsets for rdata in rrset}
    glue: dict[str, list[str]] = {name: [] for name in sorted(names)[:_MOST_NAMES]}
    for rrset in message.additional:
        if rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA} and host_text(rrset.name) in glue:
            glue[host_text(rrset.name)] += [cast(Any, rdata).address for rdata in rrset]
    return tuple(NameServer(name=name, addresses=tuple(addresses)) for name, addresses in glue.items())
