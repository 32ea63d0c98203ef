"""The section ``[dns]`` of an environment file."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, HostName, Label, Port, SocketAddress


class Dns(Section):
    """The zone, who is asked about it, and how fast it must be possible to turn back."""

    zone: HostName
    port: Port = 53
    resolvers: Annotated[tuple[SocketAddress, ...], Field(min_length=1)]
    quorum: Annotated[int, Field(ge=1)] = 2
    rollback_window: Duration | None = Field(
        default=None, description="How fast it must be possible to turn back; without it, no TTL is too long."
    )
    names: tuple[HostName, ...] = Field(
        default=(),
        description="Further names that users type, as www: each must lead to a server that answers over https. "
        "A name with an underscore must exist.",
    )
    mail_from: tuple[HostName, ...] = Field(
        default=(), description="Domains that the service sends mail from: they need SPF, DKIM and DMARC."
    )
    dkim_selectors: tuple[Label, ...] = Field(
        default=(), description="Names of the keys under _domainkey that mail is signed with."
    )

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> Self:
        if self.quorum > len(self.resolvers):
            message = f"quorum is {self.quorum}, but only {len(self.resolvers)} resolvers are declared"
            raise ValueError(message)
        return self
