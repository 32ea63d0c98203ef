"""The inbox of synthetic users, through Mailpit's HTTP API (https://mailpit.axllent.org/docs/api-v1/)."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from gonogo.base.errors import Unobserved
from gonogo.clients.http import Body
from gonogo.families.mail.section import Mail
from gonogo.journey.marks import Marks
from gonogo.journey.world import World

_FOUND = 200
_HINT = "is mail.inbox right, and are mail.user and its password?"


@dataclass(frozen=True, slots=True)
class Inbox:
    """Asked as the inbox's own user."""

    world: World
    section: Mail

    def count(self, address: str, subject: str = "") -> int:
        """Messages to this address, or to any that contains it. Raises Unobserved when the inbox does not answer."""
        about = f' subject:"{subject}"' if subject else ""
        answer = self._ask("GET", f'to:"{address}"{about}')
        try:
            return len(json.loads(answer.content)["messages"])
        except (ValueError, LookupError, TypeError):
            raise Unobserved(f"the inbox answered what no Mailpit does: {answer.readable(100)}", hint=_HINT) from None

    def carrying(self, marks: Marks) -> Sequence[str]:
        """Addresses with mail that carry one of these marks."""
        answer = self._ask("GET", f'to:"{marks.prefix}"')
        try:
            recipients = {to["Address"] for message in json.loads(answer.content)["messages"] for to in message["To"]}
        except (ValueError, LookupError, TypeError):
            raise Unobserved(f"the inbox answered what no Mailpit does: {answer.readable(100)}", hint=_HINT) from None
        domain = self.world.settings.mail_domain
        return sorted(address for address in recipients if marks.of_address(address, domain))

    def remove(self, addresses: Sequence[str]) -> None:
        """Delete all mail to these addresses."""
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
