"""What WorkMe's journeys need of ``[smoke]`` in an environment file."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from gonogo.environment.types import Duration, SecretName, Text
from gonogo.families.smoke.section import Smoke


class Settings(Smoke):
    """The beta code and the administrator, the cached search, real payments, and where test data carries its mark."""

    beta_code: SecretName
    beta_limit: Annotated[int, Field(ge=1)]
    admin_email: Text
    admin_password: SecretName
    search_cache: Text = Field(description="The pattern of the Redis keys of cached searches.")
    search_lifetime: Duration
    card: SecretName | None = Field(default=None, description="A payment method of our own, to pay with in live mode.")
    most_money_cents: Annotated[int, Field(ge=50, le=10_000)] = 100
    leftovers: Mapping[Text, Text] = Field(
        default_factory=dict, description="Collection to field: where a synthetic document carries its run's mark."
    )
