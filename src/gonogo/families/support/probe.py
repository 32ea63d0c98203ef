"""Asks whether mail to support is taken, and how its tickets stand; sends nothing, judges nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import dns.resolver

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.marks import Marks
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.environment.types import join_socket_address
from gonogo.evidence.base import Scope
from gonogo.evidence.dns import Answer
from gonogo.evidence.dns_zone import MailServer
from gonogo.evidence.support_channels import SupportAddressEvidence, SupportTicketsEvidence, WaitingTicket
from gonogo.families.dns.mail import mail_route, mail_server
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import vantage_of
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo.families.support.desk import Desk, DeskSession, Ticket, waiting_since
from gonogo.families.support.desks import desk_of
from gonogo.families.support.recipients import Callout, ask_exchangers
from gonogo.families.support.section import Support

_MOST_SERVERS = 4
_DNS_PORT = 53
_DAY = timedelta(hours=24)
_MOST_NAMED, _MOST_READ = 20, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressQuestion:
    """One address, who resolves its domain, and how its servers are asked."""

    vantage: Vantage
    callout: Callout

    @property
    def scope(self) -> Scope:
        """The address."""
        return "support", self.callout.address

    @property
    def host(self) -> str:
        """The addresses of a domain are at the same servers."""
        return f"mail for {self.callout.address.rpartition('@')[2]}"


def address_questions(environment: Environment, secrets: Secrets) -> Sequence[AddressQuestion]:
    """Every declared address."""
    del secrets
    section = environment.section(Support)
    if section is None:
        return []
    vantage = vantage_of(environment) or _of_this_machine(environment)
    return [
        AddressQuestion(
            vantage=vantage,
            callout=Callout(
                address=address,
                sender=section.sender or "",
                port=section.port,
                patience=environment.limits.probe * 0.6,
            ),
        )
        for address in dict.fromkeys(section.addresses)
    ]


def _of_this_machine(environment: Environment) -> Vantage:
    """Its own resolvers, where the file declares no others."""
    try:
        servers = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        servers = []
    resolvers = tuple(join_socket_address(str(server), _DNS_PORT) for server in servers)
    if not resolvers:
        raise UsageError("[support] needs resolvers, and this machine has none: declare dns.resolvers")
    return Vantage(resolvers=resolvers, port=_DNS_PORT, patience=environment.limits.probe * 0.1)


async def route_of(question: AddressQuestion) -> tuple[Answer, tuple[MailServer, ...]]:
    """The MX of the address's domain, and its servers by preference; without MX the domain itself (RFC 5321, 5.1)."""
    domain = question.callout.address.rpartition("@")[2].lower()
    mx, servers = await mail_route(question.vantage, domain)
    if mx.conclusive and mx.rcode == "NOERROR" and not mx.records:
        servers = (await mail_server(question.vantage, domain),)
    return mx, tuple(sorted(servers, key=lambda server: server.preference))


async def probe_support_address(question: AddressQuestion) -> SupportAddressEvidence:
    """Follow MX, and name the address to each server behind it."""
    taken_at, callout = datetime.now(UTC), question.callout
    domain = callout.address.rpartition("@")[2].lower()
    mx, servers = await route_of(question)
    return SupportAddressEvidence(
        scope=question.scope,
        taken_at=taken_at,
        address=callout.address,
        domain=domain,
        mx=mx,
        servers=servers,
        implicit=not mx.records and bool(servers),
        exchangers=await ask_exchangers([server for server in servers if server.name][:_MOST_SERVERS], callout),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsQuestion:
    """One system of tickets, and what users were promised."""

    desk: Desk
    answer_within: timedelta

    @property
    def scope(self) -> Scope:
        """An environment has one system of tickets."""
        return ("support",)

    @property
    def host(self) -> str:
        """All questions to it are bounded together."""
        return "tickets"


def tickets_questions(environment: Environment, secrets: Secrets) -> Sequence[TicketsQuestion]:
    """The declared system."""
    section = environment.section(Support)
    if section is None or section.tickets is None:
        return []
    desk = desk_of(section, secrets, environment.limits.probe)
    return [TicketsQuestion(desk=desk, answer_within=section.tickets.answer_within)]


async def probe_support_tickets(question: TicketsQuestion) -> SupportTicketsEvidence:
    """Count what came, and find those who wait. Raises Unobserved if it cannot be asked at all."""
    taken_at, reading = datetime.now(UTC), Reading()
    blank = SupportTicketsEvidence(
        scope=question.scope, taken_at=taken_at, tracker=question.desk.name, answer_within=question.answer_within
    )
    async with question.desk.session() as session:
        if problem := await session.problem():
            return replace(blank, problem=problem)
        opened = await reading.fact("opened", session.opened_since(taken_at - _DAY), ())
        unclosed = await reading.fact("open", session.open_tickets(), ())
        tickets = [ticket for ticket in unclosed if not Marks().in_text(ticket.title)]
        waiting = await reading.fact("waiting", _late(session, tickets, taken_at - question.answer_within), ())
    if any(missing.fact == "open" for missing in reading.unread):
        reading.miss("waiting", *next((m.reason, m.hint) for m in reading.unread if m.fact == "open"))
    return replace(
        blank,
        unread=reading.unread,
        opened=sum(not Marks().in_text(ticket.title) for ticket in opened),
        open=len(tickets),
        waiting=tuple(waiting[:_MOST_NAMED]),
        omitted_waiting=max(0, len(waiting) - _MOST_NAMED),
    )


async def _late(session: DeskSession, tickets: Sequence[Ticket], before: datetime) -> Sequence[WaitingTicket]:
    """Tickets whose writer waits since before this moment, the longest wait first."""
    old = [ticket for ticket in tickets if ticket.opened_at < before]
    answered = [ticket for ticket in old if ticket.replies]
    if len(answered) > _MOST_READ:
        raise Unobserved(
            f"{len(answered)} open tickets have replies, and {_MOST_READ} at most are read",
            hint="close what is done; or name a label that only open questions have",
        )
    threads = dict(zip(answered, await asyncio.gather(*map(session.messages, answered)), strict=True))
    waits = [(ticket, waiting_since(ticket.opened_at, threads.get(ticket, ()))) for ticket in old]
    late = [WaitingTicket(ticket=ticket.name, since=since) for ticket, since in waits if since and since < before]
    return sorted(late, key=lambda ticket: ticket.since)


PROBES: Mapping[str, Probe] = {
    "support_address": Probe(questions=address_questions, ask=probe_support_address),
    "support_tickets": Probe(questions=tickets_questions, ask=probe_support_tickets),
}
