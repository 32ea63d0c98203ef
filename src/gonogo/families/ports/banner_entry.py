"""``[banners.NAME]`` of an environment file: a port that must answer, or must not."""

from typing import Self

from pydantic import Field, model_validator

from gonogo.environment.entry_check import EntryCheck
from gonogo.environment.types import HostOrAddress, Port, Text


class BannerEntry(EntryCheck):
    """A TCP port. Without more than a host and a port, an accepted connection is right."""

    host: HostOrAddress = Field(description="A name or an address; all declared addresses of a name under [hosts].")
    port: Port
    send: Text | None = Field(default=None, description='What is said first, as in "EHLO gonogo\\r\\n".')
    expect: Text | None = Field(default=None, description='Text that must stand in what the server says, as "220 ".')
    tls: bool = Field(default=False, description="true: TLS from the first byte, with a certificate for the host.")
    closed: bool = Field(default=False, description="true: nobody may be able to connect.")

    @model_validator(mode="after")
    def _is_open_or_not(self) -> Self:
        if self.closed and (self.send or self.expect or self.tls):
            raise ValueError("closed: a port that is closed says nothing; remove send, expect and tls, or closed")
        return self

    @property
    def words(self) -> str:
        """The port, and what is expected of it."""
        if self.closed:
            return f"{self.host}:{self.port} is closed"
        return f"{self.host}:{self.port} answers{f' with {self.expect!r}' if self.expect else ''}"
