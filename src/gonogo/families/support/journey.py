"""Verbs of support for the steps of journeys: a test mail that is sent and found, a ticket that is opened and closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

from gonogo.base.errors import UsageError
from gonogo.base.marks import Leftovers, Marks
from gonogo.families.support.section import Inbox, Support
from gonogo.families.verbs import Verbs

if TYPE_CHECKING:  # steps are read as well where nobody walks: to judge what was recorded
    from collections.abc import Callable, Iterable, Sequence

    from gonogo.clients.imap import Mailbox
    from gonogo.evidence.dns_zone import MailServer
    from gonogo.families.support.desk import Ticket
    from gonogo.families.support.desks import IssueDesk
    from gonogo.families.support.probe import AddressQuestion

_SHOWN_WITHIN = timedelta(seconds=10)
"""A tracker may show what is new only after it has answered."""
_POLL_SECONDS = 1.0
_WORDS = "Opened and closed by gonogo to see that support's tickets work. Nobody waits for an answer."
_MAIL = "Sent by gonogo to see that mail to support arrives. It is removed again; nobody waits for an answer.\r\n"


class SupportVerbs(Verbs[Support]):
    """``walk.support``: what users write, as support sees it. Verbs raise Unobserved where nobody could be asked."""

    model = Support

    # -- mail ---------------------------------------------------------------------------------------------------------

    @property
    def delivery(self) -> timedelta:
        """The time that a mail may take."""
        return self._inbox.delivery

    def send_test_mails(self) -> Sequence[str]:
        """Send one to each address, marked with the run; gives the refusals, none if all were taken."""
        from gonogo.families.support.probe import address_questions  # noqa: PLC0415 - only where somebody walks

        self.world.touched = True  # something is to be removed, whatever becomes of the run
        questions = address_questions(self.world.environment, self.world.secrets)
        refusals = (
            self.walk.looked(f"a test mail to {question.callout.address}", lambda asked=question: self._sent(asked))  # type: ignore[misc]
            for question in questions
        )
        return [refusal for refusal in refusals if refusal]

    def missing_mails(self) -> Sequence[str]:
        """The addresses whose test mail does not arrive in time."""
        missing = list(self.section.addresses)

        def all_came() -> bool:
            missing[:] = [address for address in missing if not self.arrived(address)]
            return not missing

        self._soon(all_came, self.delivery)
        return missing

    def _sent(self, question: AddressQuestion) -> str:
        address, sender = question.callout.address, question.callout.sender
        mail = EmailMessage()
        mail["From"] = sender or f"postmaster@{address.rpartition('@')[2]}"
        mail["To"], mail["Subject"] = address, self._subject(address)
        mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), self._identifier(address)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(_MAIL)
        return self.world.run(self._delivered, question, bytes(mail))

    async def _delivered(self, question: AddressQuestion, content: bytes) -> str:
        from gonogo.families.support.probe import route_of  # noqa: PLC0415 - as above
        from gonogo.families.support.recipients import deliver  # noqa: PLC0415

        servers: Sequence[MailServer] = (await route_of(question))[1]
        return await deliver(servers, question.callout, content)

    def _subject(self, address: str) -> str:
        return f"{self.world.mark} to {address}"

    def _identifier(self, address: str) -> str:
        """Of the test mail to an address, by which it is known among bounces and automatic replies that quote its subject."""
        known: dict[str, str] = self.walk.keep.setdefault("test mails", {})
        return known.setdefault(address, make_msgid(domain="gonogo.invalid"))

    def arrived(self, address: str) -> bool:
        """Whether it is there, by its own identifier, or by its whole subject where something on the way changed that."""
        words = self._subject(address)
        mails = self.walk.looked(
            f"{words!r} in {self._inbox.folder}", lambda: self._mailbox.with_subject(self._inbox.folder, words)
        )
        return any(
            mail.identifier == self._identifier(address) or " ".join(mail.subject.split()) == words for mail in mails
        )

    def _remove(self, uids: Sequence[str]) -> None:
        self._mailbox.remove(self._inbox.folder, uids)

    @property
    def _mailbox(self) -> Mailbox:
        from gonogo.families.support.inbox import mailbox_of  # noqa: PLC0415 - as above

        return mailbox_of(self._inbox, self.world.secrets, self.world.environment.limits.probe)

    @property
    def _inbox(self) -> Inbox:
        if self.section.inbox is None:
            raise UsageError("no [support.inbox] is declared, in which a test mail could be found")
        return self.section.inbox

    # -- tickets ------------------------------------------------------------------------------------------------------

    def open_ticket(self) -> str:
        """Open a ticket that carries the run's mark; gives its number."""
        self.world.touched = True
        return self.walk.looked("a ticket is opened", lambda: self.world.run(self._create))

    def ticket_found(self, number: str) -> bool:
        """Whether the ticket is among the open ones soon."""
        return self._soon(lambda: number in self._numbers(), _SHOWN_WITHIN)

    def close_ticket(self, number: str) -> None:
        """Close it."""
        self.walk.looked(f"ticket #{number} is closed", lambda: self._close([number]))

    def ticket_gone(self, number: str) -> bool:
        """Whether the ticket is not among the open ones any more."""
        return self._soon(lambda: number not in self._numbers(), _SHOWN_WITHIN)

    def _numbers(self) -> Sequence[str]:
        return self.walk.looked("open tickets of this run", lambda: self._open_with(Marks(self.world.run_id)))

    def _open_with(self, marks: Marks) -> Sequence[str]:
        tickets = self.world.run(self._marked, marks.prefix)
        return [ticket.identifier for ticket in tickets if marks.in_text(ticket.title)]

    def _close(self, numbers: Sequence[str]) -> None:
        self.world.run(self._closed, numbers)

    async def _create(self) -> str:
        async with self._desk.session() as session:
            return await session.create(f"Launch check {self.world.mark}", _WORDS)

    async def _marked(self, prefix: str) -> Sequence[Ticket]:
        async with self._desk.session() as session:
            return await session.marked(prefix)

    async def _closed(self, numbers: Sequence[str]) -> None:
        async with self._desk.session() as session:
            for number in numbers:
                await session.close(number)

    @property
    def _desk(self) -> IssueDesk:
        from gonogo.families.support.desks import issue_desk  # noqa: PLC0415 - as above

        tickets = self.section.tickets
        if tickets is None or not tickets.trial:
            raise UsageError("[support.tickets] does not permit a trial: write trial = true")
        return issue_desk(tickets, self.world.secrets, self.world.environment.limits.probe)

    def _soon(self, wanted: Callable[[], bool], within: timedelta) -> bool:
        """Look again every second: neither a mail provider nor a tracker is asked more often."""

        def look() -> bool:
            if wanted():
                return True
            self.world.pause(_POLL_SECONDS)
            return False

        return bool(self.walk.until(look, within))

    # -- clean-up -----------------------------------------------------------------------------------------------------

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Test mails in the inbox, and open tickets that carry a mark."""
        if self.section.inbox:
            yield Leftovers("test mails", lambda: self._mails_with(marks), self._remove)
        if self.section.tickets and self.section.tickets.trial:
            yield Leftovers("open tickets", lambda: self._open_with(marks), self._close)

    def _mails_with(self, marks: Marks) -> Sequence[str]:
        mails = self._mailbox.with_subject(self._inbox.folder, marks.prefix)
        return [mail.uid for mail in mails if marks.in_text(mail.subject)]
