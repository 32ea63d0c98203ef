"""What the environment file declares about MongoDB."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, FilePath, SecretName, Text


class Index(Section):
    """An index that the service relies on."""

    collection: Text
    keys: Annotated[tuple[Text, ...], Field(min_length=1)]
    unique: bool = False


class MongoDb(Section):
    """The document store, as the service's own user and as a monitoring user see it."""

    url: SecretName
    monitor_url: SecretName
    ca_file: FilePath | None = None
    database: Text
    max_lag: Duration = timedelta(seconds=10)
    indexes: tuple[Index, ...] = ()
