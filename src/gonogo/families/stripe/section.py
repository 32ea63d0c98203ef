"""The section ``[stripe]`` of an environment file."""

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
    monitor_key: SecretName | None = Field(
        default=None, description="A restricted key to read the account with, in place of the secret key."
    )
    methods: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="What payers may pay with, by Stripe's names; card, and pix for a Brazilian account, if not given.",
    )
    payment_method_configuration: Text | None = Field(
        default=None,
        description="The id that the service names at each payment; Stripe's default one if not given; none if the "
        "service names the methods instead.",
    )
    api_version: Text | None = Field(
        default=None, description="The API version that the service's SDK reads events in, as 2026-10-28.endive."
    )
    webhook: UrlPath = Field(description="The path of the service that Stripe's events are sent to.")
    delivery: Duration = timedelta(seconds=30)
    events: Annotated[tuple[Text, ...], Field(min_length=1)]

    @property
    def live(self) -> bool:
        """Whether payments are real."""
        return self.mode == "live"

    @property
    def names_methods_itself(self) -> bool:
        """Whether each payment of the service lists its methods (``payment_method_types``), so that no configuration counts."""
        return self.payment_method_configuration == "none"

    @property
    def payment_methods(self) -> tuple[str, ...]:
        """The payment methods that are declared, or those that an account of this market has."""
        brazilian = (self.country, self.currency) == ("BR", "brl")
        return self.methods or (("card", "pix") if brazilian else ("card",))
