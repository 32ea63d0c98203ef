"""Mail to support as tickets: each conversation that somebody began is one, until it is answered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonogo.base.secrets import Secrets
from gonogo.clients.imap import Mail, Mailbox
from gonogo.families.support.desk import Message, Ticket
from gonogo.families.support.section import Inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDesk:
    """One folder, and the one that answers are kept in."""

    mailbox: Mailbox
    folder: str
    sent: str | None

    @property
    def name(self) -> str:
        """The folder of the account."""
        return f"{self.folder} of {self.mailbox.user}"

    @asynccontextmanager
    async def session(self) -> AsyncIterator["InboxSession"]:
        """Each question opens a connection of its own."""
        yield InboxSession(self)


class InboxSession:
    """Questions about one folder."""

    def __init__(self, desk: InboxDesk) -> None:
        self._desk = desk

    async def problem(self) -> str:
        """None: an inbox that can be read takes mail."""
        return ""

    async def opened_since(self, begin: datetime) -> Sequence[Ticket]:
        """Mail that answers nothing, from people."""
        mails = await self._mails(self._desk.folder, begin)
        return [_ticket(mail) for mail in mails if not mail.refers_to]

    async def open_tickets(self) -> Sequence[Ticket]:
        """Mail that nobody has answered: neither flagged so, nor referred to by what was sent."""
        received = await self._mails(self._desk.folder)
        sent = await self._mails(self._desk.sent) if self._desk.sent else ()
        answered = frozenset[str]().union(*(mail.refers_to for mail in sent))
        return [_ticket(mail) for mail in received if not mail.answered and mail.identifier not in answered]

    async def messages(self, ticket: Ticket) -> Sequence[Message]:
        """None: what is answered is not open."""
        del ticket
        return ()

    async def _mails(self, folder: str, since: datetime | None = None) -> Sequence[Mail]:
        mails = await asyncio.to_thread(self._desk.mailbox.mails, folder, since)
        return [mail for mail in mails if folder == self._desk.sent or not mail.by_machine]


def _ticket(mail: Mail) -> Ticket:
    return Ticket(identifier=mail.uid, title=mail.subject, opened_at=mail.received_at, replies=0)


def mailbox_of(inbox: Inbox, secrets: Secrets, patience: timedelta) -> Mailbox:
    """The account that ``[support.inbox]`` names."""
    return Mailbox(
        host=inbox.host,
        port=inbox.port,
        user=inbox.user,
        password=secrets[inbox.password],
        trust=inbox.ca_file or "public",
        patience=patience,
    )
