"""One query to one server, and what it said. Every error of dnspython becomes a fact."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset

from gonogo.clients.network import unobserved
from gonogo.environment.types import join_socket_address, split_socket_address
from gonogo.evidence.dns import Answer, Delivery

_MOST_RECORDS = 32
_LONGEST_TEXT = 300
_PAYLOAD_BYTES = 1232
"""What fits into one packet on every path (DNS flag day 2020)."""


class Transport(StrEnum):
    """How a query travels."""

    UDP = "UDP"
    TCP = "TCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query to one server. Not recursive means that the server shall answer from its own zone."""

    server: str
    name: str
    rdtype: str
    recursive: bool = False
    checked: bool = True
    """False asks a resolver for what it has, even if its signatures are broken (CD)."""
    transport: Transport = Transport.UDP


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """From where, and for how long, DNS is looked at: the resolvers, each by itself, and the port of the servers.

    Several name servers in one resolver object would hide the one that is stale behind the one that is fast.
    """

    resolvers: tuple[str, ...]
    port: int
    patience: timedelta

    async def ask_resolvers(self, name: str, rdtype: str, *, checked: bool = True) -> tuple[Answer, ...]:
        """The same question to all of them at once."""
        queries = (
            Query(server=resolver, name=name, rdtype=rdtype, recursive=True, checked=checked)
            for resolver in self.resolvers
        )
        return tuple(await asyncio.gather(*(ask(query, self.patience) for query in queries)))

    async def ask_server(self, address: str, name: str, rdtype: str, transport: Transport = Transport.UDP) -> Answer:
        """A question to an authoritative server."""
        server = join_socket_address(address, self.port)
        return await ask(Query(server=server, name=name, rdtype=rdtype, transport=transport), self.patience)


async def ask(query: Query, patience: timedelta) -> Answer:
    """Ask, and once more if nothing came, or if a resolver failed: its first attempt may have run out of time."""
    answer = await _attempt(query, patience)
    if answer.delivery is Delivery.SILENT or (query.recursive and answer.rcode == "SERVFAIL"):
        return replace(await _attempt(query, patience), attempts=2)
    return answer


def undelivered(error: Exception, server: str) -> tuple[Delivery, str]:
    """What a failed exchange means. Total for dnspython's exceptions and for those of sockets."""
    match error:
        case dns.exception.Timeout() | TimeoutError():
            return Delivery.SILENT, "nothing came back"
        case ConnectionRefusedError():
            return Delivery.REFUSED, "nobody listens"
        case ConnectionError() | EOFError():
            return Delivery.REFUSED, "the server hung up"
        case OSError():
            return Delivery.NOT_SENT, unobserved(error, *split_socket_address(server)).reason
        case _:
            return Delivery.GARBLED, f"{type(error).__name__}: {error}"[:_LONGEST_TEXT]


async def _attempt(query: Query, patience: timedelta) -> Answer:
    blank = Answer(
        server=query.server,
        name=query.name,
        rdtype=query.rdtype,
        transport=query.transport,
        delivery=Delivery.ANSWERED,
    )
    try:
        transport, response = await _exchange(query, patience.total_seconds())
        return replace(blank, transport=transport, **_facts(response))
    except (dns.exception.DNSException, OSError, EOFError) as error:
        delivery, detail = undelivered(error, query.server)
        return replace(blank, delivery=delivery, detail=detail)


async def _exchange(query: Query, seconds: float) -> tuple[Transport, dns.message.QueryMessage]:
    message = _message(query)
    address, port = split_socket_address(query.server)
    if query.transport is Transport.UDP:
        try:
            return Transport.UDP, await _over_udp(message, address, port, seconds)
        except dns.message.Truncated:
            # A truncated answer may look like a whole one without records.
            pass
    response = await dns.asyncquery.tcp(message, address, timeout=seconds, port=port)
    return Transport.TCP, _reply(response)


async def _over_udp(message: dns.message.Message, address: str, port: int, seconds: float) -> dns.message.QueryMessage:
    """Over a connected socket: only there does the kernel tell that nobody listens, and drop what others send."""
    backend: Any = dns.asyncbackend.get_default_backend()
    connected = await backend.make_socket(dns.inet.af_for_address(address), socket.SOCK_DGRAM, 0, None, (address, port))
    async with connected:
        response = await dns.asyncquery.udp(
            message, address, timeout=seconds, port=port, sock=connected, raise_on_truncation=True
        )
    return _reply(response)


def _reply(response: dns.message.Message) -> dns.message.QueryMessage:
    """What dnspython parses may be another kind of message, whose class knows no answers."""
    if not isinstance(response, dns.message.QueryMessage):
        raise dns.message.NotQueryResponse
    return response


def _message(query: Query) -> dns.message.Message:
    """Resolvers are asked for signatures too (DO): only then do they say whether they validated (AD)."""
    flags = dns.flags.RD if query.recursive else dns.flags.Flag(0)
    if not query.checked:
        flags |= dns.flags.CD
    message = dns.message.make_query(query.name, query.rdtype, flags=flags)
    message.use_edns(0, ednsflags=dns.flags.DO if query.recursive else 0, payload=_PAYLOAD_BYTES)
    return message


def _facts(response: dns.message.QueryMessage) -> dict[str, Any]:
    """What the reply says. Raises DNSException where it contradicts itself."""
    facts = {
        "rcode": dns.rcode.to_text(response.rcode()),
        "authoritative": bool(response.flags & dns.flags.AA),
        "authenticated": bool(response.flags & dns.flags.AD),
    }
    # Some servers refuse without repeating the question; then there is no chain to follow.
    return {**facts, **_records(response)} if response.question else facts


def _records(response: dns.message.QueryMessage) -> dict[str, Any]:
    chain = response.resolve_chaining()
    found = list(chain.answer or ())
    ttls = [rrset.ttl for rrset in (*chain.cnames, chain.answer) if rrset is not None]
    soa = next(_soa_records(response), None)
    return {
        "aliases": tuple(_host(cast(Any, alias[0]).target) for alias in chain.cnames),
        "records": tuple(sorted(_text(rdata) for rdata in found[:_MOST_RECORDS])),
        "omitted_records": max(0, len(found) - _MOST_RECORDS),
        "ttl": timedelta(seconds=max(ttls)) if ttls else None,
        "serial": soa[0].serial if soa else None,
        "negative_ttl": timedelta(seconds=min(soa[0].minimum, soa[1])) if soa else None,
    }


def _soa_records(response: dns.message.QueryMessage) -> Iterator[tuple[dns.rdtypes.ANY.SOA.SOA, int]]:
    for rrset in (*response.answer, *response.authority):
        if rrset.rdtype == dns.rdatatype.SOA:
            yield cast(dns.rdtypes.ANY.SOA.SOA, rrset[0]), rrset.ttl


def _text(rdata: dns.rdata.Rdata) -> str:
    if rdata.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
        return str(ipaddress.ip_address(cast(Any, rdata).address))
    if rdata.rdtype == dns.rdatatype.NS:
        return _host(cast(Any, rdata).target)
    return rdata.to_text()[:_LONGEST_TEXT]


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()[:_LONGEST_TEXT]
