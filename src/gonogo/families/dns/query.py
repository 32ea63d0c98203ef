"""One query to one server, and what it said. Every error of dnspython becomes a fact."""

import asyncio
import itertools
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.inet
import dns.message

from gonogo.clients.network import ours, unobserved
from gonogo.environment.types import join_socket_address, split_socket_address
from gonogo.evidence.dns import Answer, Delivery
from gonogo.families.dns.messages import LONGEST_TEXT, with_facts

_PAYLOAD_BYTES = 1232
"""What fits into one packet on every path: IPv6's least MTU of 1,280 less its header and UDP's (DNS flag day 2020)."""
_UDP_WAITS = (0.4, 0.4, 0.5, 0.7)
"""How long each of the four datagrams is waited for, as parts of the patience. A late reply to an earlier one counts."""
_TCP_WAITS = (0.5, 0.5, 0.5, 1.0)
"""Waits for each of four connections, as parts of the patience: a lost SYN costs a whole one."""
_SILENCES = {Delivery.SILENT, Delivery.REFUSED}
"""Whoever waits for us too long hangs up: both may be our own fault."""


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
    signatures: bool = False
    """Whether an authoritative server shall add its signatures (DO); resolvers are always asked for them."""
    edns: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsReply:
    """An answer, and the message that it was read from; None where nothing readable came."""

    answer: Answer
    message: dns.message.QueryMessage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """The place from which DNS is looked at, and the patience: the resolvers, each by itself, and the port of the servers.

    Several name servers in one resolver object would hide the one that is stale behind the one that is fast.
    """

    resolvers: tuple[str, ...]
    port: int
    patience: timedelta
    answering: set[str] = field(default_factory=set, compare=False, repr=False)
    """Servers that answered something: before one of them is called silent, it gets a further chance."""

    async def ask_resolvers(self, name: str, rdtype: str, *, checked: bool = True) -> tuple[Answer, ...]:
        """Ask all resolvers the same question at once."""
        queries = (
            Query(server=resolver, name=name, rdtype=rdtype, recursive=True, checked=checked)
            for resolver in self.resolvers
        )
        return tuple(reply.answer for reply in await asyncio.gather(*map(self._reply_to, queries)))

    async def ask_server(self, address: str, name: str, rdtype: str, transport: Transport = Transport.UDP) -> Answer:
        """A question to an authoritative server."""
        return (await self.reply_of(address, name, rdtype, transport)).answer

    async def reply_of(  # noqa: PLR0913 - whom, what, and how
        self,
        address: str,
        name: str,
        rdtype: str,
        transport: Transport = Transport.UDP,
        *,
        signatures: bool = False,
        edns: bool = True,
    ) -> DnsReply:
        """Ask one address, and return the message itself beside the answer."""
        server = join_socket_address(address, self.port)
        query = Query(server=server, name=name, rdtype=rdtype, transport=transport, signatures=signatures, edns=edns)
        return await self._reply_to(query)

    async def _reply_to(self, query: Query) -> DnsReply:
        """Lost packets alone must not make a server silent that lives. Without EDNS it is asked for the cause only."""
        reply = await exchange(query, self.patience)
        if reply.answer.delivery is Delivery.SILENT and query.server in self.answering and query.edns:
            reply = _after(reply, await exchange(query, self.patience))
        if reply.answer.heard:
            self.answering.add(query.server)
        return reply

    def without(self, mute: frozenset[str]) -> "Vantage":
        """The vantage without resolvers that gave no sign of life, unless none would be left."""
        left = tuple(resolver for resolver in self.resolvers if resolver not in mute)
        return replace(self, resolvers=left or self.resolvers)


async def exchange(query: Query, patience: timedelta) -> DnsReply:
    """Ask, and once more if a resolver failed: its first attempt may have run out of time."""
    reply = await _asked(query, patience)
    if query.recursive and reply.answer.rcode == "SERVFAIL":
        return _after(reply, await _asked(query, patience))
    return reply


def _after(first: DnsReply, again: DnsReply) -> DnsReply:
    """The second reply, with the attempts of both."""
    return replace(again, answer=replace(again.answer, attempts=first.answer.attempts + again.answer.attempts))


def undelivered(error: Exception, server: str) -> tuple[Delivery, str]:
    """The status that a failed exchange means. Total for dnspython's exceptions and for those of sockets."""
    match error:
        case dns.exception.Timeout() | TimeoutError():
            return Delivery.SILENT, "nothing came back"
        case ConnectionRefusedError():
            return Delivery.REFUSED, "nothing listens"
        case ConnectionError() | EOFError():
            return Delivery.REFUSED, "the server hung up"
        case OSError():
            return Delivery.NOT_SENT, unobserved(error, *split_socket_address(server)).reason
        case _:
            return Delivery.GARBLED, f"{type(error).__name__}: {error}"[:LONGEST_TEXT]


async def _asked(query: Query, patience: timedelta) -> DnsReply:
    """Ask once, by the transport that the query wants; a silence that this machine caused is told as not sent."""
    blank = Answer(
        server=query.server,
        name=query.name,
        rdtype=query.rdtype,
        transport=query.transport,
        delivery=Delivery.ANSWERED,
    )
    attempts, started = itertools.count(), time.monotonic()
    try:
        transport, message = await _exchange(query, patience.total_seconds(), attempts)
        return DnsReply(
            answer=with_facts(replace(blank, transport=transport, attempts=next(attempts)), message),
            message=message,
        )
    except (dns.exception.DNSException, OSError, EOFError) as error:
        delivery, detail = undelivered(error, query.server)
        if delivery in _SILENCES and (problem := ours(error, started)):
            delivery, detail = Delivery.NOT_SENT, problem
        return DnsReply(answer=replace(blank, delivery=delivery, detail=detail, attempts=max(1, next(attempts))))


async def _exchange(
    query: Query, seconds: float, attempts: Iterator[int]
) -> tuple[Transport, dns.message.QueryMessage]:
    """One exchange over UDP, and over TCP where UDP's reply was cut off or TCP was asked for (RFC 7766)."""
    message = _message(query)
    address, port = split_socket_address(query.server)
    if query.transport is Transport.UDP:
        try:
            return Transport.UDP, await _over_udp(message, address, port, seconds, attempts)
        except dns.message.Truncated:
            # A truncated answer may look like a whole one without records.
            pass
    return Transport.TCP, await _over_tcp(message, address, port, seconds, attempts)


async def _over_udp(
    message: dns.message.Message, address: str, port: int, seconds: float, attempts: Iterator[int]
) -> dns.message.QueryMessage:
    """Over a connected socket: only there does the kernel tell that nobody listens, and drop what others send."""
    backend: Any = dns.asyncbackend.get_default_backend()
    connected = await backend.make_socket(dns.inet.af_for_address(address), socket.SOCK_DGRAM, 0, None, (address, port))
    async with connected:
        for wait in _UDP_WAITS:
            next(attempts)
            try:
                return _reply(
                    await dns.asyncquery.udp(
                        message, address, timeout=wait * seconds, port=port, sock=connected, raise_on_truncation=True
                    )
                )
            except dns.exception.Timeout:
                continue
    raise dns.exception.Timeout


async def _over_tcp(
    message: dns.message.Message, address: str, port: int, seconds: float, attempts: Iterator[int]
) -> dns.message.QueryMessage:
    """A refusal is an answer; who hangs up or says nothing is asked again, since a busy server does so now and then."""
    problem: Exception = dns.exception.Timeout()  # type: ignore[no-untyped-call]  # dnspython annotates it not yet
    for wait in _TCP_WAITS:
        next(attempts)
        try:
            return _reply(await dns.asyncquery.tcp(message, address, timeout=wait * seconds, port=port))
        except ConnectionRefusedError:
            raise
        except (dns.exception.Timeout, TimeoutError, ConnectionError, EOFError) as error:
            problem = error
    raise problem


def _reply(response: dns.message.Message) -> dns.message.QueryMessage:
    """Accept a reply only: dnspython may parse another kind of message, whose class has no answers."""
    if not isinstance(response, dns.message.QueryMessage):
        raise dns.message.NotQueryResponse
    return response


def _message(query: Query) -> dns.message.Message:
    """Resolvers are asked for signatures too (DO): only then do they say whether they validated (AD)."""
    flags = dns.flags.RD if query.recursive else dns.flags.Flag(0)
    if not query.checked:
        flags |= dns.flags.CD
    message = dns.message.make_query(query.name, query.rdtype, flags=flags)
    if query.edns:
        wanted = dns.flags.DO if query.recursive or query.signatures else 0
        message.use_edns(0, ednsflags=wanted, payload=_PAYLOAD_BYTES)
    return message
