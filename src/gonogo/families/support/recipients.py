"""RCPT TO at one mail server, for an address and for one that nobody has; nothing is sent."""

import asyncio
import secrets as entropy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from gonogo.base.errors import Unobserved
from gonogo.clients.knock import knock
from gonogo.clients.smtp import Conversation, NoTls, Rejected, Reply, connected
from gonogo.clients.trust import unverified_context
from gonogo.environment.types import join_socket_address
from gonogo.evidence.dns_zone import MailServer
from gonogo.evidence.support_channels import Attempt, MailExchanger

_KNOCK = 0.3
"""Share of the patience for a port to open; the rest is for greetings that are held back against spam."""
_NO_MAIL_HERE = 521
"""RFC 7504: a host that takes no mail says so in place of a greeting."""
_FIRST_NO = 400
_POLICY = 7
"""Subject of enhanced status codes: security or policy (RFC 3463, 3.8)."""
_ADDRESS_OR_MAILBOX = {1, 2}
"""Subjects of the same, as of a mailbox that is full (RFC 3463, 3.2 and 3.3)."""
_SENDER = {(5, 1, 7), (5, 1, 8), (5, 7, 27)}
_ABOUT_MAILBOXES = {550, 551, 553, 556}
"""Replies that speak of the recipient where no enhanced code says more (RFC 5321, 4.2.3; RFC 7504, 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """The two addresses, and as whom a server is asked."""

    address: str
    sender: str
    port: int
    patience: timedelta

    @property
    def made_up(self) -> str:
        """An address of the same domain that nobody has."""
        return f"gonogo-{entropy.token_hex(8)}@{self.address.rpartition('@')[2]}"


async def ask_exchanger(server: MailServer, callout: Callout) -> MailExchanger:
    """The first of its addresses that can be spoken to; what is wrong with the last one where none can."""
    exchanger = MailExchanger(name=server.name, problem="" if server.addresses else "it has no address")
    for address in server.addresses:
        exchanger = await _ask(MailExchanger(name=server.name, address=address), callout)
        if not exchanger.problem and not exchanger.silence:
            break
    return exchanger


async def _ask(exchanger: MailExchanger, callout: Callout) -> MailExchanger:
    place = join_socket_address(exchanger.address, callout.port)
    try:
        if problem := await knock(exchanger.address, callout.port, callout.patience * _KNOCK):
            return replace(exchanger, problem=problem)
        async with connected(place, exchanger.address, callout.port, callout.patience) as (conversation, _):
            await conversation.hello()
            if "STARTTLS" not in conversation.extensions:
                exchanger = replace(exchanger, tls_problem="it offers no STARTTLS")
                return await _name_recipients(conversation, exchanger, callout)
            await conversation.start_tls(unverified_context(), exchanger.name)
            return await _name_recipients(conversation, replace(exchanger, encrypted=True), callout)
    except NoTls as error:
        # What is not willing to encrypt is asked in the clear, as most senders do.
        return await _in_the_clear(replace(exchanger, tls_problem=str(error)), callout)
    except Rejected as error:
        return _turned_away(exchanger, error)
    except Unobserved as error:
        return replace(exchanger, silence=error.reason)


async def _in_the_clear(exchanger: MailExchanger, callout: Callout) -> MailExchanger:
    place = join_socket_address(exchanger.address, callout.port)
    try:
        async with connected(place, exchanger.address, callout.port, callout.patience) as (conversation, _):
            await conversation.hello()
            return await _name_recipients(conversation, exchanger, callout)
    except Rejected as error:
        return _turned_away(exchanger, error)
    except Unobserved as error:
        return replace(exchanger, silence=error.reason)


def _turned_away(exchanger: MailExchanger, error: Rejected) -> MailExchanger:
    """Only 521 says that nobody's mail is taken; any other greeting may be about our address."""
    if error.reply.code == _NO_MAIL_HERE:
        return replace(exchanger, problem=str(error))
    return replace(exchanger, silence=f"{error}, which may be about this machine's address alone")


async def _name_recipients(conversation: Conversation, exchanger: MailExchanger, callout: Callout) -> MailExchanger:
    recipient, answer = await _named(conversation, callout.sender, callout.address)
    exchanger = replace(exchanger, recipient=recipient, recipient_answer=answer)
    made_up, answer = await _named(conversation, callout.sender, callout.made_up)
    return replace(exchanger, made_up=made_up, made_up_answer=answer)


async def _named(conversation: Conversation, sender: str, recipient: str) -> tuple[Attempt, str]:
    reply = await conversation.command(f"MAIL FROM:<{sender}>")
    if not reply.positive:
        return ("withheld" if reply.permanent else "put off"), str(reply)
    reply = await conversation.command(f"RCPT TO:<{recipient}>")
    attempt = _attempt(reply)
    await conversation.command("RSET")
    return attempt, str(reply)


def _attempt(reply: Reply) -> Attempt:
    """The meaning of a reply to RCPT TO: a no of policy is about who asks, unless it is about relaying."""
    if reply.positive:
        return "accepted"
    if not reply.permanent:
        return "put off"
    if "relay" in str(reply).lower():
        return "refused"  # the server does not know the domain as its own: whoever asks hears the same
    if reply.status is None:
        return "refused" if reply.code in _ABOUT_MAILBOXES else "withheld"
    return "withheld" if reply.status in _SENDER or reply.status[1] == _POLICY else "refused"


async def ask_exchangers(servers: Sequence[MailServer], callout: Callout) -> tuple[MailExchanger, ...]:
    """All of them at once, in their order."""
    return tuple(await asyncio.gather(*(ask_exchanger(server, callout) for server in servers)))


async def deliver(exchangers: Sequence[MailServer], callout: Callout, content: bytes) -> str:
    """Hand a message to the first server that can be spoken to, as any sender does; empty if it was taken, else the no.

    Raises Unobserved where nobody could be asked, or wants to be asked later.
    """
    problem = Unobserved(f"no mail server of {callout.address} could be asked", hint="support-recipient says more")
    for server in exchangers:
        for address in server.addresses:
            try:
                return await _delivered(server.name, address, callout, content)
            except Rejected as error:
                problem = Unobserved(f"{server.name}: {error}")
            except Unobserved as error:
                problem = error
    raise problem


async def _delivered(name: str, address: str, callout: Callout, content: bytes) -> str:
    place = join_socket_address(address, callout.port)
    if refusal := await knock(address, callout.port, callout.patience * _KNOCK):
        raise Unobserved(f"{name}: {refusal}")
    async with connected(place, address, callout.port, callout.patience) as (conversation, _):
        await conversation.hello()
        if "STARTTLS" in conversation.extensions:
            with suppress(NoTls):
                await conversation.start_tls(unverified_context(), name)
        for line in (f"MAIL FROM:<{callout.sender}>", f"RCPT TO:<{callout.address}>", "DATA"):
            reply = await conversation.command(line)
            if reply.code >= _FIRST_NO:
                break
        else:
            line, reply = "", await conversation.message(content)
        if not reply.positive and not reply.permanent:
            raise Unobserved(f"{name} puts the test mail off: {reply}", hint="greylisting? run gonogo again later")
        if reply.permanent and not _is_about_mailbox(line, reply):
            raise Unobserved(
                f"{name} takes no mail from here: {reply}, which says nothing of {callout.address}",
                hint="run gonogo where mail may be sent from, or declare support.sender: an address whose mail comes from here",
            )
        return "" if reply.positive else f"{name} refuses the test mail: {reply}"


def _is_about_mailbox(line: str, reply: Reply) -> bool:
    """Whether a no is about the recipient; what is said of the sender, or of the message, is about who sends it."""
    if line.startswith("RCPT"):
        return _attempt(reply) == "refused"
    return reply.status is not None and reply.status[1] in _ADDRESS_OR_MAILBOX and reply.status not in _SENDER
