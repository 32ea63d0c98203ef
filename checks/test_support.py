"""How users reach people on launch day: the support address, and the tickets that become of what they write."""

from collections.abc import Iterator

import pytest

from gonogo.base.comparing import at_most, nothing, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.dns import is_public
from gonogo.evidence.support_channels import MailExchanger, SupportAddressEvidence, SupportTicketsEvidence
from gonogo.families.dns.routes import route_problems

_LATER = "greylisting, or a limit? run gonogo again in a few minutes: the second attempt is usually taken"
_ABOUT_US = "run gonogo where mail may be sent from, or declare support.sender: an address whose mail comes from here"
_UNHEARD = "many networks let nobody out at port 25: run gonogo where mail servers can be reached"
_FEW = 3


@pytest.mark.check("support-mx")
def test_mail_to_support_has_somewhere_to_go(support_address: SupportAddressEvidence, environment: Environment) -> None:
    """If the domain of an address accepts no mail, users who write to it get a bounce, or no answer.

    Fix: give the domain an MX that points to a name with addresses of its own (RFC 5321, 5.1), or correct the address.
    """
    address, domain, mx = support_address.address, support_address.domain, support_address.mx
    assert so(mx.rcode != "NXDOMAIN", "domain", "exists", "does not exist"), (
        f"mail to {address} cannot be delivered: {domain} does not exist"
    )
    if not mx.conclusive or mx.rcode == "SERVFAIL":
        raise Unobserved(
            f"resolvers do not answer: {domain} MX: {mx.told}",
            hint="check whether this machine reaches the resolvers in [dns]",
        )
    takes_none = any(not server.name for server in support_address.servers)
    assert so(not takes_none, "domain takes mail", "yes", "no"), (
        f"{domain} says that it accepts no mail (MX 0 ., RFC 7505): nobody can write to {address}"
    )
    if support_address.implicit:
        without = not any(server.addresses for server in support_address.servers)
        _require_addresses(support_address)
        assert so(not without, "address in place of an MX", "there", "missing"), (
            f"mail to {address} cannot be delivered: {domain} has neither MX nor an address of its own"
        )
    world = any(is_public(known) for host in environment.hosts.values() for known in host.addresses)
    problems = list(route_problems(support_address.servers, world=world))
    assert nothing(problems, "problems of the way of mail", of=len(support_address.servers)), (
        f"mail to {address}: {'; '.join(problems)}"
    )
    _require_addresses(support_address)


def _require_addresses(evidence: SupportAddressEvidence) -> None:
    answers = [answer for server in evidence.servers for answer in (server.a, server.aaaa)]
    if unknown := [answer for answer in answers if not answer.conclusive or answer.rcode == "SERVFAIL"]:
        answers_told = "; ".join(f"{answer.name} {answer.rdtype}: {answer.told}" for answer in unknown)
        raise Unobserved(
            f"resolvers do not answer: {answers_told}", hint="check whether this machine reaches the resolvers in [dns]"
        )


@pytest.mark.check("support-recipient")
def test_mail_server_takes_mail_for_support(support_address: SupportAddressEvidence) -> None:
    """If the mailbox does not exist, or is full, the first question of the first user bounces.

    Fix: create the mailbox or the alias at the mail provider, and write to it from outside.
    """
    address, exchangers = support_address.address, support_address.exchangers
    refusals = [_said(server, server.recipient_answer) for server in exchangers if server.recipient == "refused"]
    assert nothing(refusals, "servers that refuse the address", of=len(exchangers)), (
        f"{address} bounces: {'; '.join(refusals)}"
    )
    if any(server.recipient == "accepted" for server in exchangers):
        return
    problems = [f"{server.name}: {server.problem}" for server in exchangers if server.problem]
    some = len(problems) < len(exchangers) or not problems
    assert so(some, "servers that take its mail", "some may", "none"), (
        f"{address}: no server accepts its mail: {'; '.join(problems)}"
    )
    _raise_unknown(support_address)


@pytest.mark.check("support-recipient-checked")
def test_yes_of_the_mail_server_means_something(support_address: SupportAddressEvidence) -> None:
    """A server that accepts mail for everybody proves nothing about one mailbox: the bounce comes later, or never.

    Fix: let the server refuse addresses that do not exist; a test mail that arrives ([support.inbox]) proves more.
    """
    careless = [server for server in support_address.exchangers if server.made_up == "accepted"]
    assert nothing([server.name for server in careless], "servers that take what nobody has"), (
        f"{careless[0].name} also accepts mail for an address that does not exist ({careless[0].made_up_answer}): that it "
        f"accepts {support_address.address} proves nothing; only a test mail that arrives does ([support.inbox])"
    )
    if not any(server.made_up == "refused" for server in support_address.exchangers):
        unknown = next(server for server in support_address.exchangers if server.recipient == "accepted")
        raise Unobserved(
            f"it is not known whether the made-up address is refused: {_said(unknown, unknown.made_up_answer)}",
            hint=_LATER if unknown.made_up == "put off" else _ABOUT_US,
        )


@pytest.mark.check("support-mail-encrypted")
def test_mail_to_support_is_encrypted_on_its_way(support_address: SupportAddressEvidence) -> None:
    """Mail from users to support is private, and some senders send nothing without encryption.

    Fix: give the mail server a certificate, and enable STARTTLS at port 25 (RFC 3207).
    """
    plain = [f"{server.name}: {server.tls_problem}" for server in support_address.exchangers if server.tls_problem]
    assert nothing(plain, "servers without TLS", of=len(support_address.exchangers)), (
        f"mail to {support_address.address} is sent in the clear: {'; '.join(plain)}"
    )
    if not any(server.encrypted for server in support_address.exchangers):
        _raise_unknown(support_address)


def _said(server: MailExchanger, answer: str) -> str:
    return f"{server.name} ({server.address}) answers {answer}"


def _raise_unknown(evidence: SupportAddressEvidence) -> None:
    """Nobody knows: each kind of not knowing has another cure."""
    raise next(_unknown(evidence), Unobserved(f"{evidence.address}: there is no mail server that could be asked"))


def _unknown(evidence: SupportAddressEvidence) -> Iterator[Unobserved]:
    for server in evidence.exchangers:
        if server.recipient == "put off":
            yield Unobserved(f"{evidence.address} is put off: {_said(server, server.recipient_answer)}", hint=_LATER)
        elif server.recipient == "withheld":
            said = _said(server, server.recipient_answer)
            yield Unobserved(f"{said}, which is about the sender, not about {evidence.address}", hint=_ABOUT_US)
        elif server.silence:
            yield Unobserved(f"{server.name} could not be asked: {server.silence}", hint=_UNHEARD)


@pytest.mark.check("support-tracker")
def test_tracker_takes_tickets(support_tickets: SupportTicketsEvidence) -> None:
    """If a trial period ended, or the project was moved or archived, users' questions go where nobody looks.

    Fix: open the tracker as support does, and correct [support.tickets]; switch issues on, or renew the plan.
    """
    assert so(not support_tickets.problem, "tracker", "takes tickets", support_tickets.problem), (
        f"{support_tickets.tracker}: {support_tickets.problem}"
    )
    support_tickets.require("opened", "open")


@pytest.mark.check("support-answered")
def test_nobody_waits_longer_than_was_promised(support_tickets: SupportTicketsEvidence) -> None:
    """A user who gets no answer leaves, and tells others.

    Fix: answer the tickets that are named, or declare a longer time in support.tickets.answer_within.
    """
    support_tickets.require("waiting")
    now, promised = support_tickets.taken_at, support_tickets.answer_within
    late = [
        ticket
        for ticket in support_tickets.waiting
        if not at_most(now - ticket.since, promised, f"{ticket.ticket} waits for", kind="waiting")
    ]
    longest = ", ".join(f"{ticket.ticket} for {format_duration(now - ticket.since)}" for ticket in late[:_FEW])
    more = len(late) + (support_tickets.omitted_waiting if late else 0)
    assert nothing([ticket.ticket for ticket in late], "tickets that wait too long", of=support_tickets.open), (
        f"{support_tickets.tracker}: {more} of {support_tickets.open} open tickets wait for an answer longer than "
        f"{format_duration(promised)}: {longest}"
    )
