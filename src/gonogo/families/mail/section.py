"""The section ``[mail]`` of an environment file: the inbox of synthetic users."""

from datetime import timedelta

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, SecretName, Text


class Mail(Section):
    """The inbox of synthetic users: a Mailpit, or what speaks its API."""

    inbox: BaseUrl
    user: Text
    password: SecretName
    delivery: Duration = timedelta(seconds=30)
