"""What the environment file declares about Stripe."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, Duration, SecretName, Text, UrlPath


class Stripe(Section):
    """The account that takes the money, and what it must be set to."""

    mode: Literal["test", "live"]
    secret_key: SecretName
    publishable_key: SecretName
    webhook_secret: SecretName
    api: BaseUrl = "https://api.stripe.com"
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "BR"
    currency: Annotated[str, Field(pattern="^[a-z]{3}$")] = "brl"
    webhook: UrlPath = Field(description="The path of the service that Stripe's events are sent to.")
    delivery: Duration = timedelta(seconds=30)
    events: Annotated[tuple[Text, ...], Field(min_length=1)]
