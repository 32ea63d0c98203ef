"""What the environment file declares about MySQL or MariaDB."""

from datetime import timedelta

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, SecretName, Text, TrustFile


class Mysql(Section):
    """The primary as the service's own user, and the replicas that must follow it."""

    url: SecretName
    replicas: tuple[SecretName, ...] = Field(default=(), description="Names of secrets, each a URL of one replica.")
    ca_file: TrustFile | None = None
    max_lag: Duration = timedelta(seconds=10)
    databases: tuple[Text, ...] = Field(
        default=(),
        description="The service's own databases, besides the one in its URL; it must have no rights on others.",
    )
