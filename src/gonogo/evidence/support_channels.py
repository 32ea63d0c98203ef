"""How people reach support: the address that they write to, and the tickets that become of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gonogo.evidence.base import Evidence, PartialEvidence
from gonogo.evidence.dns import Answer
from gonogo.evidence.dns_zone import MailServer

Attempt = Literal["accepted", "refused", "put off", "withheld", "not tried"]
"""What came of RCPT TO. ``withheld``: a no for good that is about who asks, and says nothing of the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailExchanger:
    """One server that takes the domain's mail, asked as a stranger's mail server asks it; no message was sent."""

    name: str
    address: str = ""
    """The address that was asked; empty: it has none."""
    problem: str = ""
    """Why it takes no mail from anybody, as it or its machine says itself."""
    silence: str = ""
    """Why nobody knows: it could not be asked."""
    encrypted: bool = False
    tls_problem: str = ""
    """Why mail to it is not encrypted: no STARTTLS, or TLS that fails; nobody verifies its certificate (RFC 7435)."""
    recipient: Attempt = "not tried"
    recipient_answer: str = ""
    made_up: Attempt = "not tried"
    """The same for an address of the domain that nobody has."""
    made_up_answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportAddressEvidence(Evidence):
    """An address that users are told to write to: where its mail goes, and whether it is taken there."""

    address: str
    domain: str
    mx: Answer
    servers: tuple[MailServer, ...]
    """Targets of the MX, as resolvers know them; without MX the domain itself (RFC 5321, 5.1)."""
    implicit: bool
    """Whether there is no MX, so that mail goes to the domain's own address."""
    exchangers: tuple[MailExchanger, ...]
    """By preference: the first that can be reached gets the mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTicket:
    """A ticket whose writer waits for an answer."""

    ticket: str
    """As the tracker names it, as in ``#12``."""
    since: datetime
    """When its writer wrote last without an answer after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportTicketsEvidence(PartialEvidence):
    """The tracker of support's tickets, read with its token."""

    tracker: str
    """The system, and the project or folder in it."""
    problem: str = ""
    """Why it takes no tickets, as it says itself."""
    answer_within: timedelta
    """What users were promised."""
    opened: int = 0
    """Tickets of the last 24 hours, closed ones included; gonogo's own are left out."""
    open: int = 0
    """Tickets that are open now."""
    waiting: tuple[WaitingTicket, ...] = ()
    """Those of them whose writer waits for an answer, the longest wait first."""
    omitted_waiting: int = 0
    """How many more wait than are kept here."""
