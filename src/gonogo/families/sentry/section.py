"""The section ``[sentry]`` of an environment file."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import Field, ValidationInfo, model_validator

from gonogo.environment.section import ENVIRONMENT_NAME, Section
from gonogo.environment.types import BaseUrl, Duration, HostName, SecretName, Text


class Sentry(Section):
    """The project that errors are sent to, and the token to look them up with."""

    dsn: SecretName
    token: SecretName
    api: BaseUrl = "https://sentry.io"
    organization: Text
    project: Text
    environment: Text | None = Field(
        default=None,
        description="What the service's events name as their environment (SENTRY_ENVIRONMENT); the name of this file "
        "unless it is given.",
    )
    ingest_hosts: tuple[HostName, ...] = Field(
        default=(), description="Further hosts that take the service's events: a Relay of your own, an internal name."
    )
    delivery: Duration = timedelta(seconds=60)

    @model_validator(mode="before")
    @classmethod
    def _named_like_its_file(cls, data: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever the file holds
        name = (info.context or {}).get(ENVIRONMENT_NAME)
        return {"environment": name, **data} if name and isinstance(data, Mapping) else data
