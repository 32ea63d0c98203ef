"""Verbs of mail for the steps of journeys: the inbox of synthetic users, through Mailpit's HTTP API.

See https://mailpit.axllent.org/docs/api-v1/.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import quote

from gonogo.base.errors import Unobserved
from gonogo.base.marks import Leftovers, Marks
from gonogo.clients.exchanges import Body
from gonogo.families.mail.section import Mail
from gonogo.families.verbs import Verbs

_FOUND = 200
_HINT = "is mail.inbox right, and are mail.user and its password?"


class MailVerbs(Verbs[Mail]):
    """``walk.mail``, asked as the inbox's own user. Every verb raises Unobserved when the inbox does not answer."""

    model = Mail

    @property
    def delivery(self) -> timedelta:
        """The time that a mail may take."""
        return self.section.delivery

    def received(self, address: str, subject: str) -> int:
        """How many messages with this in their subject reached the address."""
        return self.walk.looked(f"inbox of {address}, {subject!r}", lambda: self._count(address, subject))

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Mail to addresses that carry a mark."""
        yield Leftovers("messages", partial(self._carrying, marks), self._remove)

    def _count(self, address: str, subject: str) -> int:
        answer = self._ask("GET", f'to:"{address}" subject:"{subject}"')
        try:
            return len(json.loads(answer.content)["messages"])
        except (ValueError, LookupError, TypeError):
            raise _unreadable(answer) from None

    def _carrying(self, marks: Marks) -> Sequence[str]:
        answer = self._ask("GET", f'to:"{marks.prefix}"')
        try:
            recipients = {to["Address"] for message in json.loads(answer.content)["messages"] for to in message["To"]}
        except (ValueError, LookupError, TypeError):
            raise _unreadable(answer) from None
        domain = self.world.settings.mail_domain
        return sorted(address for address in recipients if marks.of_address(address, domain))

    def _remove(self, addresses: Sequence[str]) -> None:
        for address in addresses:
            self._ask("DELETE", f'to:"{address}"')

    def _ask(self, method: str, query: str) -> Body:
        credentials = f"{self.section.user}:{self.world.secrets[self.section.password]}"
        headers = {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}
        client = self.world.outside(self.section.inbox)
        answer = self.world.run(client.send, method, f"/api/v1/search?limit=500&query={quote(query)}", headers)
        if answer.exchange.status != _FOUND:
            problem = answer.exchange.problem or f"it answered {answer.exchange.status}"
            raise Unobserved(f"the inbox at {self.section.inbox} could not be read: {problem}", hint=_HINT)
        return answer


def _unreadable(answer: Body) -> Unobserved:
    return Unobserved(f"the inbox answered what no Mailpit does: {answer.readable(100)}", hint=_HINT)
