"""What the environment file declares for journeys."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, HostName, SecretName, Text


class Smoke(Section):
    """What journeys need to walk the product as its users do, and to leave nothing behind."""

    beta_code: SecretName
    beta_limit: Annotated[int, Field(ge=1)]
    admin_email: Text
    admin_password: SecretName
    mail_domain: HostName = Field(description="Where the addresses of synthetic users are; nobody else's may be.")
    search_cache: Text = Field(description="The pattern of the Redis keys of cached searches.")
    search_lifetime: Duration
    card: SecretName | None = Field(default=None, description="A payment method of our own, to pay with in live mode.")
    most_money_cents: Annotated[int, Field(ge=50, le=10_000)] = 100
    leftovers: Mapping[Text, Text] = Field(
        default_factory=dict, description="Collection to field: where a synthetic document carries its run's mark."
    )
