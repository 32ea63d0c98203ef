"""Verbs of support for the steps of journeys: a ticket that is opened, found and closed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from gonogo.base.errors import UsageError
from gonogo.base.marks import Leftovers, Marks
from gonogo.families.support.desk import Ticket
from gonogo.families.support.desks import IssueDesk, issue_desk
from gonogo.families.support.section import Support
from gonogo.families.verbs import Verbs

_SHOWN_WITHIN = timedelta(seconds=10)
"""A tracker may show what is new only after it has answered."""
_WORDS = "Opened and closed by gonogo to see that support's tickets work. Nobody waits for an answer."


class SupportVerbs(Verbs[Support]):
    """``walk.support``: tickets as support sees them. Every verb raises Unobserved where the tracker cannot be asked."""

    model = Support

    def open_ticket(self) -> str:
        """Open a ticket that carries the run's mark; gives its number."""
        return self.walk.looked("a ticket is opened", lambda: self.world.run(self._create))

    def ticket_found(self, number: str) -> bool:
        """Whether the ticket is among the open ones soon."""
        return bool(self.walk.until(lambda: number in self._numbers(), _SHOWN_WITHIN))

    def close_ticket(self, number: str) -> None:
        """Close it."""
        self.walk.looked(f"ticket #{number} is closed", lambda: self._close([number]))

    def ticket_gone(self, number: str) -> bool:
        """Whether the ticket is not among the open ones any more."""
        return bool(self.walk.until(lambda: number not in self._numbers(), _SHOWN_WITHIN))

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Tickets that carry a mark and are open."""
        if self.section.tickets and self.section.tickets.trial:
            yield Leftovers("open tickets", lambda: self._open_with(marks), self._close)

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
        tickets = self.section.tickets
        if tickets is None or not tickets.trial:
            raise UsageError("[support.tickets] does not permit a trial: write trial = true")
        return issue_desk(tickets, self.world.secrets, self.world.environment.limits.probe)
