"""``[records.NAME]`` of an environment file: a DNS record that must be there, or must not."""

from typing import Literal, Self

from pydantic import Field, model_validator

from gonogo.environment.entry_check import EntryCheck
from gonogo.environment.types import AnyTexts, HostName, Text

RecordType = Literal[
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SRV", "TLSA", "TXT"
]


class RecordEntry(EntryCheck):
    """A question that every resolver of [dns] is asked. Without more than a name and a type, any answer is right."""

    name: HostName
    type: RecordType
    exact: AnyTexts = Field(default=(), description="All records, as dig prints them; their order does not count.")
    contains: Text | None = Field(default=None, description="Text that must stand in one of the records.")
    absent: bool = Field(default=False, description="true: there must be no such record.")

    @model_validator(mode="after")
    def _is_there_or_not(self) -> Self:
        if self.absent and (self.exact or self.contains):
            raise ValueError("absent: what must not be there has no content; remove exact and contains, or absent")
        if self.exact and self.contains:
            raise ValueError("exact and contains: one of them is enough")
        return self

    @property
    def words(self) -> str:
        """The record, and what is expected of it."""
        if self.absent:
            return f"{self.name} has no {self.type} record"
        wanted = f" {', '.join(self.exact)}" if self.exact else f" with {self.contains}" if self.contains else ""
        return f"{self.name} has the {self.type} record{wanted}"
