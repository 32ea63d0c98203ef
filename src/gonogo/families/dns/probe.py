"""Asks about a zone and about names: who serves them, what each server says, and what each resolver says."""

import asyncio
import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.environment.types import is_address
from gonogo.evidence.base import Scope
from gonogo.evidence.dns import (
    Addresses,
    Answer,
    Delegation,
    DnsHostEvidence,
    DnsNameEvidence,
    DnsZoneEvidence,
    ServerAnswers,
    Validation,
    agreed,
)
from gonogo.families.dns.delegation import find_delegation, parents
from gonogo.families.dns.query import Transport, Vantage
from gonogo.families.dns.section import Dns
from gonogo.families.kind import Probe

_PATIENCE_FRACTION = 0.1
"""Of the time for a probe: three steps, each with two attempts and perhaps a third over TCP, must fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuestion:
    """A zone, or a name."""

    name: str
    vantage: Vantage

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
    section = environment.section(Dns)
    return _questions(environment, [section.zone] if section else [])


def host_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """Every declared host."""
    del secrets
    return _questions(environment, _names(environment))


def name_questions(environment: Environment, secrets: Secrets) -> Sequence[DnsQuestion]:
    """Every declared host, and the further names that must lead somewhere."""
    del secrets
    section = environment.section(Dns)
    return _questions(environment, [*_names(environment), *(section.names if section else ())])


def _names(environment: Environment) -> list[str]:
    """The hosts that have a name: an address is in no zone."""
    return [host for host in environment.hosts if not is_address(host)]


async def probe_dns_zone(question: DnsQuestion) -> DnsZoneEvidence:
    """Find the zone's servers and ask each; ask each resolver about signatures, and about a name that cannot exist."""
    taken_at = datetime.now(UTC)
    delegation, validations, random_name = await asyncio.gather(
        find_delegation([question.name], question.vantage),
        _validations(question),
        _random_name(question),
    )
    return DnsZoneEvidence(
        scope=question.scope,
        taken_at=taken_at,
        zone=question.name,
        delegation=delegation,
        servers=await _servers(question, delegation),
        validations=validations,
        random_name=random_name,
    )


async def probe_dns_host(question: DnsQuestion) -> DnsHostEvidence:
    """Ask every authoritative server for the addresses of a host, and climb to its CAA."""
    taken_at = datetime.now(UTC)
    delegation, caa = await asyncio.gather(
        find_delegation(parents(question.name), question.vantage), _climb_to_caa(question)
    )
    addresses = dict.fromkeys(address for server in delegation.servers for address in server.addresses)
    authoritative = await asyncio.gather(*(_at_server(question, address) for address in addresses))
    return DnsHostEvidence(
        scope=question.scope,
        taken_at=taken_at,
        host=question.name,
        delegation=delegation,
        authoritative=tuple(authoritative),
        caa=caa,
    )


async def probe_dns_name(question: DnsQuestion) -> DnsNameEvidence:
    """Ask every resolver for the addresses of a name, as its users do."""
    taken_at = datetime.now(UTC)
    a, aaaa = await asyncio.gather(
        question.vantage.ask_resolvers(question.name, "A"), question.vantage.ask_resolvers(question.name, "AAAA")
    )
    resolvers = (Addresses(server=one.server, a=one, aaaa=other) for one, other in zip(a, aaaa, strict=True))
    return DnsNameEvidence(scope=question.scope, taken_at=taken_at, name=question.name, resolvers=tuple(resolvers))


def _questions(environment: Environment, names: Sequence[str]) -> Sequence[DnsQuestion]:
    section = environment.section(Dns)
    if section is None:
        return []
    vantage = _vantage(section, environment)
    return [DnsQuestion(name=name, vantage=vantage) for name in dict.fromkeys(names)]


def _vantage(declared: Dns, environment: Environment) -> Vantage:
    return Vantage(
        resolvers=declared.resolvers, port=declared.port, patience=environment.limits.probe * _PATIENCE_FRACTION
    )


async def _servers(question: DnsQuestion, delegation: Delegation) -> tuple[ServerAnswers, ...]:
    found = [(server.name, address) for server in delegation.servers for address in server.addresses]
    return tuple(await asyncio.gather(*(_server(question, name, address) for name, address in found)))


async def _server(question: DnsQuestion, name: str, address: str) -> ServerAnswers:
    udp, tcp = await asyncio.gather(
        *(question.vantage.ask_server(address, question.name, "SOA", transport) for transport in Transport)
    )
    return ServerAnswers(name=name, address=address, udp=udp, tcp=tcp)


async def _at_server(question: DnsQuestion, address: str) -> Addresses:
    a, aaaa = await asyncio.gather(
        *(question.vantage.ask_server(address, question.name, rdtype) for rdtype in ("A", "AAAA"))
    )
    return Addresses(server=a.server, a=a, aaaa=aaaa)


async def _validations(question: DnsQuestion) -> tuple[Validation, ...]:
    vantage, zone = question.vantage, question.name
    answers = await asyncio.gather(
        vantage.ask_resolvers(zone, "DS", checked=False),
        vantage.ask_resolvers(zone, "SOA"),
        vantage.ask_resolvers(zone, "SOA", checked=False),
    )
    return tuple(
        Validation(resolver=ds.server, ds=ds, checked=checked, unchecked=unchecked)
        for ds, checked, unchecked in zip(*answers, strict=True)
    )


async def _random_name(question: DnsQuestion) -> tuple[Answer, ...]:
    name = f"gonogo-{randomness.token_hex(8)}.{question.name}"
    a, aaaa = await asyncio.gather(
        *(question.vantage.ask_resolvers(name, rdtype, checked=False) for rdtype in ("A", "AAAA"))
    )
    return *a, *aaaa


async def _climb_to_caa(question: DnsQuestion) -> tuple[Answer, ...]:
    """All steps at once, since time is short; then only those that an authority would have taken."""
    steps = parents(question.name, shortest=1)
    found = await asyncio.gather(*(question.vantage.ask_resolvers(step, "CAA", checked=False) for step in steps))
    climbed: list[Answer] = []
    for answers in found:
        climbed.append(agreed(answers) or answers[0])
        if climbed[-1].records:
            break
    return tuple(climbed)


PROBES: Mapping[str, Probe] = {
    "dns_zone": Probe(questions=zone_questions, ask=probe_dns_zone),
    "dns_host": Probe(questions=host_questions, ask=probe_dns_host),
    "dns_name": Probe(questions=name_questions, ask=probe_dns_name),
}
