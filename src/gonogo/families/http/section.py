"""The section ``[http]`` of an environment file."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from gonogo.environment.pages import DeclaredPage, Page
from gonogo.environment.section import Section
from gonogo.environment.types import Origin, SecretName, Size, Text, UrlPath


class ReleasePlace(Section):
    """Where the service tells which release it is, if that is not one of the usual places."""

    model_config = ConfigDict(populate_by_name=True)

    path: UrlPath | None = Field(default=None, description="The page that tells it; health if it is missing.")
    key: Text | None = Field(default=None, alias="json", description='Where in the JSON body, as in "git.commit.id".')
    header: Text | None = Field(default=None, description='The header of the reply, as in "X-Release".')
    label: Text | None = Field(
        default=None, description='The label of a metric, as in "app_build_info.revision"; path names the metrics.'
    )

    @property
    def named(self) -> bool:
        """Whether a place is declared; else the usual ones are looked at."""
        return any((self.path, self.key, self.header, self.label))


class Http(Section):
    """The service's promises over HTTP, apart from its business. What it lacks goes into service.without."""

    health: DeclaredPage | None = None
    deep_health: DeclaredPage | None = Field(default=None, description="Health that asks every dependency.")
    pages: Mapping[Text, Page] = Field(
        default_factory=dict, description="Further pages that must answer as they are declared."
    )
    release: ReleasePlace = Field(
        default=ReleasePlace(),
        description="Where the service tells its release, if health, a header or /version do not.",
    )
    connections: Annotated[int, Field(ge=1, le=200)] = Field(
        default=18,
        description="New connections to each address: 18 find one bad backend of three in 99.9 % of all runs.",
    )
    largest_body: Size = Field(
        default=32 * 2**20, description="The most that is read of metrics and of the OpenAPI document."
    )
    metrics: UrlPath | None = None
    metrics_token: SecretName | None = None
    openapi: UrlPath | None = None
    closed_paths: Annotated[tuple[UrlPath, ...], Field(min_length=1)]
    series: tuple[Text, ...] = Field(default=(), description="Names that the metrics must hold.")
    moving: tuple[Text, ...] = Field(default=(), description="Series that a single request must change.")
    origins: tuple[Origin, ...] = Field(
        default=(), description="Origins of the pages that may call the service from a browser (CORS)."
    )
