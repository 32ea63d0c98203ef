"""What the environment file declares about HTTP."""

from typing import Annotated

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import Origin, SecretName, Text, UrlPath


class Http(Section):
    """What the service promises over HTTP, apart from its business. What it lacks goes into service.without."""

    health: UrlPath | None = None
    deep_health: UrlPath | None = Field(default=None, description="Health that asks every dependency.")
    metrics: UrlPath | None = None
    metrics_token: SecretName | None = None
    openapi: UrlPath | None = None
    closed_paths: Annotated[tuple[UrlPath, ...], Field(min_length=1)]
    series: tuple[Text, ...] = Field(default=(), description="Names that the metrics must hold.")
    moving: tuple[Text, ...] = Field(default=(), description="Series that a single request must change.")
    origins: tuple[Origin, ...] = Field(
        default=(), description="Origins of the pages that may call the service from a browser (CORS)."
    )
