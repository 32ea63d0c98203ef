"""Asks about a zone: its parent, each of its servers, and what resolvers make of its signatures."""

import asyncio
import ipaddress
import secrets as randomness
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from gonogo.evidence.dns import Answer, Delegation, Delivery, agreed
from gonogo.evidence.dns_zone import DnsZoneEvidence, ServerAnswers, Validation
from gonogo.families.dns.delegation import find_delegation, heard
from gonogo.families.dns.parent import Authorities, authorities, find_parent, without_glue
from gonogo.families.dns.query import DnsReply, Transport
from gonogo.families.dns.question import DnsQuestion
from gonogo.families.dns.signatures import Keys, examined, usable_keys, zone_keys

_MOST_SERVER_ADDRESSES = 64
_MOST_HOSTS = 16
_FORMAT_REFUSALS = {"FORMERR", "NOTIMP", "BADVERS"}


async def probe_dns_zone(question: DnsQuestion) -> DnsZoneEvidence:
    """Find the zone's servers and ask each; ask each resolver about signatures, and about a name that cannot exist."""
    taken_at = datetime.now(UTC)
    # Random, so that no cache has it: an answer to it is a wildcard's, or a resolver's invention.
    random_name = f"gonogo-{randomness.token_hex(8)}.{question.name}"
    delegation, parent, validations, invented = await asyncio.gather(
        find_delegation([question.name], question.vantage),
        find_parent(question.name, question.vantage),
        _validations(question),
        _both(question, random_name),
    )
    further = await without_glue(delegation, parent, heard(question.vantage, delegation.answers))
    places = authorities(delegation, parent, further)
    servers = await _servers(question, places, random_name)
    return DnsZoneEvidence(
        scope=question.scope,
        taken_at=taken_at,
        zone=question.name,
        delegation=delegation,
        servers=servers,
        validations=validations,
        random_name=invented,
        parent=parent,
        omitted_addresses=max(0, len(places) - _MOST_SERVER_ADDRESSES)
        + sum(server.omitted_addresses for server in delegation.servers),
        primary=await _primary(question, delegation, servers),
    )


async def _servers(question: DnsQuestion, by_server: Authorities, random_name: str) -> tuple[ServerAnswers, ...]:
    """Ask every address of every name server at once, up to a bound that a zone of many servers may exceed."""
    # The parent's own addresses come first: they are what a cold resolver asks.
    bounded = list(by_server.items())[:_MOST_SERVER_ADDRESSES]
    return tuple(
        await asyncio.gather(
            *(_server(question, name, address, sources, random_name) for (name, address), sources in bounded)
        )
    )


async def _server(
    question: DnsQuestion, name: str, address: str, sources: tuple[str, ...], random_name: str
) -> ServerAnswers:
    """Ask one address of one name server all questions at once, a made-up name and a transfer among them."""
    vantage, zone = question.vantage, question.name
    (udp, tcp, dnskey), (ns, alias, invented, transfer) = await asyncio.gather(
        asyncio.gather(
            vantage.reply_of(address, zone, "SOA", signatures=True),
            vantage.reply_of(address, zone, "SOA", Transport.TCP, signatures=True),
            vantage.reply_of(address, zone, "DNSKEY", signatures=True),
        ),
        asyncio.gather(
            vantage.ask_server(address, zone, "NS"),
            vantage.ask_server(address, zone, "CNAME"),
            vantage.ask_server(address, random_name, "A"),
            vantage.ask_server(address, zone, "AXFR", Transport.TCP),
        ),
    )
    keys = usable_keys(dnskey, zone)
    return ServerAnswers(
        name=name,
        address=address,
        sources=sources,
        udp=examined(udp, keys),
        tcp=examined(tcp, keys),
        plain=await _plain(question, address, udp.answer),
        ns=ns,
        apex_alias=alias,
        transfer=transfer,
        random_name=invented,
        dnskey=examined(dnskey, keys),
        keys=zone_keys(dnskey, zone),
        hosts=await _hosts(question, address, dnskey, keys),
    )


async def _plain(question: DnsQuestion, address: str, udp: Answer) -> Answer | None:
    """The SOA without EDNS, where the server was silent or refused the format with it; None where there is no need."""
    if udp.delivery is not Delivery.SILENT and udp.rcode not in _FORMAT_REFUSALS:
        return None
    return (await question.vantage.reply_of(address, question.name, "SOA", edns=False)).answer


async def _hosts(question: DnsQuestion, address: str, dnskey: DnsReply, keys: Keys) -> tuple[Answer, ...]:
    """The declared names, where there are keys to hold their signatures against."""
    if not dnskey.answer.records:
        return ()
    names_and_types = [(name, rdtype) for name in question.in_zone[:_MOST_HOSTS] for rdtype in ("A", "AAAA")]
    replies = await asyncio.gather(
        *(question.vantage.reply_of(address, name, rdtype, signatures=True) for name, rdtype in names_and_types)
    )
    return tuple(examined(reply, keys) for reply in replies)


async def _validations(question: DnsQuestion) -> tuple[Validation, ...]:
    """Return what each resolver says of the DS and the SOA, checked and unchecked."""
    vantage, zone = question.vantage, question.name
    # Once as users ask, and once with checking disabled: an answer that comes only without checking is a bogus one.
    answers = await asyncio.gather(
        vantage.ask_resolvers(zone, "DS", checked=False),
        vantage.ask_resolvers(zone, "SOA"),
        vantage.ask_resolvers(zone, "SOA", checked=False),
    )
    return tuple(
        Validation(resolver=ds.server, ds=ds, checked=checked, unchecked=unchecked)
        for ds, checked, unchecked in zip(*answers, strict=True)
    )


async def _both(question: DnsQuestion, name: str) -> tuple[Answer, ...]:
    """Addresses of both families, by all resolvers. Unchecked: whether signatures hold is judged by itself."""
    a, aaaa = await asyncio.gather(
        *(question.vantage.ask_resolvers(name, rdtype, checked=False) for rdtype in ("A", "AAAA"))
    )
    return *a, *aaaa


async def _primary(question: DnsQuestion, delegation: Delegation, servers: Sequence[ServerAnswers]) -> Answer | None:
    """The address of the server that the SOA names; None where it is one of the name servers, or no name.

    A primary that is not among the name servers (hidden) is sound, and its name must exist all the same.
    """
    name = next(_origins(servers), "")
    if not name or name in {server.name for server in delegation.servers} or _is_address(name):
        return None
    vantage = heard(question.vantage, delegation.answers)
    return agreed(await vantage.ask_resolvers(name, "A", checked=False))


def _origins(servers: Iterable[ServerAnswers]) -> Iterator[str]:
    for server in servers:
        for answer in (server.udp, server.tcp):
            for record in answer.records:
                yield record.split()[0].rstrip(".").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
