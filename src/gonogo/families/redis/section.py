"""The section ``[redis]`` of an environment file."""

from typing import Annotated, Literal

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import SecretName, Text, TrustFile


class Redis(Section):
    """The cache, as the service's own user and as a monitoring user see it."""

    url: SecretName
    monitor_url: SecretName
    ca_file: TrustFile | None = None
    key_prefix: Text
    maxmemory_policy: Text
    persistence: Literal["none", "rdb", "aof"]
    oldest_version: Annotated[str, Field(pattern=r"^\d+\.\d+$")] | None = Field(
        default=None,
        description="The oldest version that whoever supports this server still repairs, as 7.0; the support of its maker "
        "counts if nothing is said.",
    )
