"""What the environment file declares about PostgreSQL."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, FolderPath, SecretName, Text, TrustFile

Revision = Annotated[str, Field(min_length=1, max_length=255)]
AppMigration = Annotated[str, Field(pattern=r"^\w+\.\w+$", examples=["shop.0007_price"])]


class Alembic(Section):
    """The migrations of the release under review, as Alembic keeps them."""

    versions: tuple[FolderPath, ...] = Field(default=(), description="Folders with the release's revisions.")
    heads: tuple[Revision, ...] = Field(
        default=(), description="The release's heads, if the folders are not available."
    )
    table: Text = "alembic_version"

    @model_validator(mode="after")
    def _says_one_of_both(self) -> Self:
        if bool(self.versions) == bool(self.heads):
            message = 'either versions = ["migrations/versions"] or heads = ["ae1027a6acf"] is expected'
            raise ValueError(message)
        return self


class Django(Section):
    """The migrations of the release under review, as Django keeps them."""

    apps: Mapping[str, FolderPath] = Field(
        default_factory=dict, description="The folder of migrations of each app, by its label."
    )
    newest: tuple[AppMigration, ...] = Field(
        default=(), description="The newest migration of each app, as app.migration."
    )
    table: Text = "django_migrations"

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.apps and not self.newest:
            message = 'apps = { shop = "shop/migrations" } or newest = ["shop.0007_price"] is expected'
            raise ValueError(message)
        return self


class Postgresql(Section):
    """The primary as the service's own user, and the replicas that must follow it."""

    url: SecretName
    replicas: tuple[SecretName, ...] = Field(default=(), description="Names of secrets, each a URL of one replica.")
    ca_file: TrustFile | None = None
    max_lag: Duration = timedelta(seconds=10)
    schemas: tuple[Text, ...] = Field(
        default=("public",), description="The service's own schemas; it must have no rights on others."
    )
    archives: bool = Field(default=False, description="Backups need the WAL archive, so archiving must be on.")
    alembic: Alembic | None = None
    django: Django | None = None
