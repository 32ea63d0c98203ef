"""What the submission server was seen to do."""

from dataclasses import dataclass
from typing import Literal

from gonogo.evidence.base import PartialEvidence
from gonogo.evidence.tls import Certificate

Attempt = Literal["accepted", "refused", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAttempt:
    """MAIL FROM and RCPT TO for somebody else's domain, without a login."""

    sender: str
    recipient: str
    accepted: bool
    answer: str
    """The reply that decided: code, enhanced status code and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpEvidence(PartialEvidence):
    """The server, asked as the service's user, and as people who should not get in. No message was sent."""

    server: str
    """Host and port."""
    reachable: bool
    problem: str = ""
    """Why nobody can speak to it: the port's refusal, or the reply in place of a greeting."""
    banner: str = ""
    """The text of the greeting, with the host's name in front."""
    implicit: bool = False
    """Whether TLS begins with the connection (RFC 8314, 3.3) and not by STARTTLS."""
    encrypted: bool = False
    tls_problem: str = ""
    """Why TLS did not come about, other than by the certificate."""
    certificate_problem: str = ""
    """Why a client that verifies does not trust it: chain, name or validity. The login was not tried then."""
    certificate: Certificate | None = None
    """The leaf, whether it is trusted or not."""
    plain_login: Attempt = "not tried"
    """Whether a login before STARTTLS is offered, or one with a made-up password is taken as far as its verdict."""
    user: str = ""
    login: Attempt = "not tried"
    login_answer: str = ""
    wrong_password: Attempt = "not tried"
    sender: Attempt = "not tried"
    """What came of MAIL FROM with the service's address and RCPT TO, after the login; RSET followed."""
    sender_answer: str = ""
    relayed: tuple[RelayAttempt, ...] = ()
    size_limit: int | None = None
    """Bytes, as EHLO announces them after TLS (RFC 1870); 0: no fixed limit; None: not announced."""
    size: Attempt = "not tried"
    """What came of MAIL FROM with the declared size of the largest message, after the login."""
    size_answer: str = ""
