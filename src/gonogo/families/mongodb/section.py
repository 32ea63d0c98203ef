"""The section ``[mongodb]`` of an environment file."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, SecretName, Text, TrustFile


class Index(Section):
    """An index that the service relies on."""

    collection: Text
    keys: Annotated[tuple[Text, ...], Field(min_length=1)]
    unique: bool = False
    text: bool = Field(default=False, description="Whether it is a text index, over these fields at the least.")
    partial: bool = Field(default=False, description="Whether it may hold for a part of the documents only.")


class MongoDb(Section):
    """The document store, as the service's own user and as a monitoring user see it."""

    url: SecretName
    monitor_url: SecretName
    ca_file: TrustFile | None = None
    database: Text
    members: Annotated[int, Field(ge=1, le=50)] = Field(
        default=2, description="How many members with data the replica set has at the least; 1 is no redundancy."
    )
    oldest_version: Literal["4.4", "5.0", "6.0", "7.0", "8.0"] | None = Field(
        default=None,
        description="The oldest version that whoever supports this deployment still repairs; MongoDB's own support "
        "counts if nothing is said.",
    )
    max_lag: Duration = timedelta(seconds=10)
    indexes: tuple[Index, ...] = ()
