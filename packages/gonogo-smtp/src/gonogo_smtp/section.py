"""What the environment file declares about the server that takes the service's mail."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from gonogo.environment.section import Section
from gonogo.environment.types import FilePath, SecretName, Size


def _mailbox(value: str) -> str:
    """Neither blanks nor brackets: it is put between those of MAIL FROM and RCPT TO."""
    if (
        len(value) > _LONGEST
        or not re.fullmatch(r"[^\s<>@\x00-\x1f]+@[^\s<>@\x00-\x1f]+", value)
        or not value.isascii()
    ):
        message = "an address is expected, as in 'shop@example.com'; a name that is not ASCII in its A-labels"
        raise ValueError(message)
    return value


_LONGEST = 254
"""RFC 5321, 4.5.3.1.3, without the brackets."""
Mailbox = Annotated[str, AfterValidator(_mailbox)]


class Smtp(Section):
    """The submission server as the service's own user."""

    url: SecretName = Field(
        description="Name of a secret: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465."
    )
    sender: Mailbox = Field(description="The address that the service's mail comes from.")
    recipient: Mailbox = Field(
        default="postmaster@example.org",
        description="An address of a domain that this server does not serve itself. Nothing is sent to it.",
    )
    ca_file: FilePath | None = None
    message_size: Size | None = Field(default=None, description="The largest message of the service, with attachments.")
