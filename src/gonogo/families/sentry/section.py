"""What the environment file declares about Sentry."""

from datetime import timedelta

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, SecretName, Text


class Sentry(Section):
    """The project that errors are sent to, and the token to look them up with."""

    dsn: SecretName
    token: SecretName
    api: BaseUrl = "https://sentry.io"
    organization: Text
    project: Text
    delivery: Duration = timedelta(seconds=60)
