"""Asks authoritative servers and resolvers, each by itself: several in one resolver would hide a stale one."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dns.message
import dns.rdatatype

from gonogo.environment.model import Environment
from gonogo.environment.types import join_socket_address
from gonogo.errors import Unobserved
from gonogo.evidence.base import Scope
from gonogo.evidence.dns import DnsHostEvidence, DnsZoneEvidence, FromServer, NameServer, Said, Validation
from gonogo.probes.dns_query import ask
from gonogo.secrets import Secrets

_MOST_SERVERS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuestion:
    """A zone, or a name in it."""

    name: str
    zone: str
    port: int
    resolvers: tuple[str, ...]

    @property
    def scope(self) -> Scope:
        """Just the name."""
        return (self.name,)

    @property
    def host(self) -> str:
        """All DNS questions go to the same few servers."""
        return "dns"


def zone_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """The declared zone."""
    del secrets
    return _questions(environment, [environment.dns.zone] if environment.dns else [])


def host_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """Every declared host."""
    del secrets
    return _questions(environment, list(environment.hosts))


def alias_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """Every declared host, and the further names that must not dangle."""
    del secrets
    names = environment.dns.names if environment.dns else ()
    return _questions(environment, [*environment.hosts, *names])


def _questions(environment: Environment, names: Sequence[str]) -> Sequence[DnsQuestion]:
    dns_section = environment.dns
    if dns_section is None:
        return []
    return [
        DnsQuestion(name=name, zone=dns_section.zone, port=dns_section.port, resolvers=dns_section.resolvers)
        for name in dict.fromkeys(names)
    ]


async def probe_zone(question: DnsQuestion) -> DnsZoneEvidence:
    """Ask for the delegation, then every authoritative server, then every resolver about the signatures."""
    taken_at = datetime.now(UTC)
    delegation, addresses = await _authoritative(question)
    servers = await asyncio.gather(*(_name_server(question, name, address) for name, address in addresses))
    validations = await asyncio.gather(*(_validation(question, resolver) for resolver in question.resolvers))
    label = f"gonogo-{secrets.token_hex(6)}.{question.zone}"
    random_label = Said(rcode=None, problem="there is no server to ask")
    for server in servers:
        if not server.lame:
            random_label, _ = await ask(label, "A", join_socket_address(server.address, question.port))
            break
    return DnsZoneEvidence(
        scope=question.scope,
        taken_at=taken_at,
        zone=question.zone,
        delegation=delegation,
        servers=tuple(servers),
        validations=tuple(validations),
        random_label=random_label,
    )


async def probe_host(question: DnsQuestion) -> DnsHostEvidence:
    """Ask every server and every resolver for the addresses of one name, and climb to its CAA."""
    taken_at = datetime.now(UTC)
    _, addresses = await _authoritative(question)
    servers = [join_socket_address(address, question.port) for _, address in addresses]
    authoritative, resolvers, (caa, caa_at) = await asyncio.gather(
        asyncio.gather(*(_addresses(question.name, server, recursive=False) for server in servers)),
        asyncio.gather(*(_addresses(question.name, server, recursive=True) for server in question.resolvers)),
        _caa(question),
    )
    return DnsHostEvidence(
        scope=question.scope,
        taken_at=taken_at,
        host=question.name,
        authoritative=tuple(authoritative),
        resolvers=tuple(resolvers),
        caa=caa,
        caa_at=caa_at,
    )


async def _authoritative(question: DnsQuestion) -> tuple[Said, list[tuple[str, str]]]:
    """The zone's servers, by name and address, as the first resolver that answers knows them.

    Checking is disabled, so that broken signatures do not hide who serves the zone.
    """
    problems = []
    for resolver in question.resolvers:
        delegation, _ = await ask(question.zone, "NS", resolver, recursive=True, checking_disabled=True)
        if delegation.answered:
            names = [name.rstrip(".") for name in delegation.values[:_MOST_SERVERS]]
            found = await asyncio.gather(*(_server_addresses(name, resolver) for name in names))
            return delegation, [(name, address) for name, many in zip(names, found, strict=True) for address in many]
        problems.append(f"{resolver}: {delegation.problem}")
    raise Unobserved(
        f"no declared resolver can be asked: {'; '.join(problems)}",
        hint="declare resolvers in [dns] that this machine reaches",
    )


async def _server_addresses(name: str, resolver: str) -> list[str]:
    replies = await asyncio.gather(
        *(ask(name, rdtype, resolver, recursive=True, checking_disabled=True) for rdtype in ("A", "AAAA"))
    )
    return [address for said, _ in replies for address in said.values]


async def _name_server(question: DnsQuestion, name: str, address: str) -> NameServer:
    server = join_socket_address(address, question.port)
    (udp, reply), (tcp, _) = await asyncio.gather(
        ask(question.zone, "SOA", server), ask(question.zone, "SOA", server, tcp=True)
    )
    serial, negative_ttl = _soa(reply)
    return NameServer(name=name, address=address, udp=udp, tcp=tcp, serial=serial, negative_ttl_seconds=negative_ttl)


def _soa(reply: dns.message.Message | None) -> tuple[int | None, int | None]:
    for rrset in reply.answer if reply else ():
        if rrset.rdtype == dns.rdatatype.SOA:
            soa: Any = rrset[0]
            return soa.serial, min(soa.minimum, rrset.ttl)
    return None, None


async def _validation(question: DnsQuestion, resolver: str) -> Validation:
    (ds, _), (checked, _), (unchecked, _) = await asyncio.gather(
        ask(question.zone, "DS", resolver, recursive=True),
        ask(question.zone, "SOA", resolver, recursive=True),
        ask(question.zone, "SOA", resolver, recursive=True, checking_disabled=True),
    )
    return Validation(resolver=resolver, ds=ds, checked=checked, unchecked=unchecked)


async def _addresses(name: str, server: str, *, recursive: bool) -> FromServer:
    (a, _), (aaaa, _) = await asyncio.gather(
        ask(name, "A", server, recursive=recursive), ask(name, "AAAA", server, recursive=recursive)
    )
    return FromServer(server=server, a=a, aaaa=aaaa)


async def _caa(question: DnsQuestion) -> tuple[Said, str | None]:
    """Climb label by label; the first name that has CAA records decides (RFC 8659, section 3)."""
    labels = question.name.split(".")
    seen = Said(rcode=None, problem="not asked")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        for resolver in question.resolvers:
            seen, reply = await ask(name, "CAA", resolver, recursive=True, checking_disabled=True)
            if seen.answered:
                break
        else:
            return seen, None
        if seen.values and reply is not None:
            return _issuers(seen, reply), name
    return seen, None


def _issuers(seen: Said, reply: dns.message.Message) -> Said:
    issuers = {
        rdata.value.decode("ascii", "replace").partition(";")[0].strip().lower()
        for rrset in reply.answer
        if rrset.rdtype == dns.rdatatype.CAA
        for rdata in rrset
        if rdata.tag == b"issue"
    }
    return Said(rcode=seen.rcode, values=tuple(sorted(issuers)), ttl_seconds=seen.ttl_seconds)
