"""What the environment file declares about the server that takes the service's mail."""

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import FilePath, Mailbox, SecretName, Size


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
