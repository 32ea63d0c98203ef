"""The section ``[support]`` of an environment file: how users reach people."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, HostOrAddress, Mailbox, Port, SecretName, Text, TrustFile


class Inbox(Section):
    """Where mail to the addresses is read: an IMAP server with TLS at once."""

    host: HostOrAddress
    port: Port = 993
    user: Text
    password: SecretName
    folder: Text = Field(default="INBOX", description="Where mail to support arrives, and stays until it is answered.")
    sent: Text | None = Field(default=None, description="The folder that answers are kept in, as in 'Sent'.")
    ca_file: TrustFile | None = None
    delivery: Duration = timedelta(seconds=60)


class Tickets(Section):
    """Where what users ask becomes a ticket: one of ``gitlab``, ``github`` and ``inbox``."""

    gitlab: Text | None = Field(default=None, description="The path of a project, as in 'shop/support'.")
    github: Text | None = Field(default=None, description="A repository, as in 'shop/support'.")
    inbox: bool = Field(default=False, description="Every mail in [support.inbox] is a ticket.")
    api: BaseUrl | None = Field(
        default=None, description="The address of the API, if it is not that of gitlab.com or github.com."
    )
    token: SecretName | None = None
    label: Text | None = Field(
        default=None, description="What the issues are marked with that are tickets; all without it."
    )
    answer_within: Duration = Field(description="What users were promised (SLA): until then somebody answers.")
    trial: bool = Field(
        default=False, description="Whether a ticket is opened, found and closed, to see that one can be."
    )

    @model_validator(mode="after")
    def _is_one_system(self) -> Self:
        named = [key for key in ("gitlab", "github", "inbox") if getattr(self, key)]
        if len(named) != 1:
            raise ValueError(f"one of gitlab, github and inbox is expected; there is {' and '.join(named) or 'none'}")
        if self.inbox and (self.api or self.token or self.label or self.trial):
            raise ValueError("an inbox has no api, token, label and trial of its own; see [support.inbox]")
        if not self.inbox and self.token is None:
            raise ValueError("token is missing: the name of a secret that may read the issues")
        if self.github and self.github.count("/") != 1:
            raise ValueError(f"github: {self.github!r} is no repository; write it as in 'shop/support'")
        return self


class Support(Section):
    """The addresses that users write to, the inbox behind them, and where their questions are answered."""

    addresses: Annotated[tuple[Mailbox, ...], Field(min_length=1)]
    sender: Mailbox | None = Field(
        default=None,
        description="Who mail servers are told is asking; the empty sender of bounces, which all must take, if missing.",
    )
    port: Port = Field(default=25, description="Where the domain's mail servers listen.")
    inbox: Inbox | None = None
    tickets: Tickets | None = None

    @model_validator(mode="after")
    def _tickets_have_their_inbox(self) -> Self:
        if self.tickets and self.tickets.inbox and self.inbox is None:
            raise ValueError("tickets.inbox is true, and there is no [support.inbox]")
        return self
