"""Whom the submission server is asked as, and by which addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from gonogo.clients.knock import require_certificates
from gonogo.environment.model import Environment
from gonogo.environment.types import join_socket_address
from gonogo.evidence.base import Scope
from gonogo_smtp.section import Smtp

_PORTS = {"smtp": 587, "smtps": 465}
_LOOKS_LIKE = "it looks like smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpQuestion:
    """The server, the service's user, and the addresses of a message that is never sent."""

    scope: Scope
    host: str
    port: int
    implicit: bool
    """TLS begins with the connection."""
    user: str
    password: str = field(repr=False)
    trust: str
    sender: str
    recipient: str
    message_size: int
    """Bytes of the service's largest message; 0: none is declared."""
    patience: timedelta
    """For one connection; a probe makes a few."""

    @property
    def server(self) -> str:
        """Host and port, for people."""
        return join_socket_address(self.host, self.port)


def smtp_questions(environment: Environment, secrets: Secrets) -> Sequence[SmtpQuestion]:
    """One question. Raises UsageError on what is no URL of a mail server, never repeating any of it."""
    section = environment.require(Smtp)
    require_certificates(section.ca_file, "smtp.ca_file")
    wrong = UsageError(f"secret {section.url}: is not the URL of a mail server; {_LOOKS_LIKE}")
    try:
        parts = urlsplit(secrets[section.url])
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise wrong from None
    if parts.scheme not in _PORTS or port is None or not parts.hostname:
        raise wrong
    if not parts.username or not parts.password:
        raise UsageError(f"secret {section.url}: contains no user and password; {_LOOKS_LIKE}")
    user, password = unquote(parts.username), unquote(parts.password)
    if re.search(r"[\x00-\x1f]", user + password):
        raise UsageError(f"secret {section.url}: user or password contains a control character; {_LOOKS_LIKE}")
    return [
        SmtpQuestion(
            scope=("smtp",),
            host=parts.hostname,
            port=port,
            implicit=parts.scheme == "smtps",
            user=user,
            password=password,
            trust=section.ca_file or "public",
            sender=section.sender,
            recipient=section.recipient,
            message_size=section.message_size or 0,
            patience=environment.limits.probe * 0.18,
        )
    ]
