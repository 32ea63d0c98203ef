"""Pages of a service as an environment file declares them: where they are, and what they must answer."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema

from gonogo.environment.section import Section
from gonogo.environment.types import SecretName, Text, UrlPath

Status = Annotated[int, Field(ge=100, le=599)]
Scalar = bool | int | float | str


def several_statuses(value: object) -> object:
    """One status may be written without a list around it."""
    return (value,) if isinstance(value, int) else value


class Page(Section):
    """A page that must answer, and what its answer must be. Without more than a path, any 2xx is right."""

    model_config = ConfigDict(populate_by_name=True)

    path: UrlPath
    status: Annotated[tuple[Status, ...], BeforeValidator(several_statuses)] = Field(
        default=(), description="The right status, or several of them; any of 2xx if empty."
    )
    values: Mapping[Text, Scalar] = Field(
        default_factory=dict,
        alias="json",
        description='Where in the JSON body which value must stand, as in { "database.status" = "ok" }.',
    )
    body: Text | None = Field(default=None, description="Text that must stand in the body.")
    never: Text | None = Field(default=None, description="Text that must not stand in the body.")
    token: SecretName | None = Field(default=None, description="Sent as a bearer token.")

    @property
    def says(self) -> bool:
        """Whether more is declared than that it answers."""
        return bool(self.status or self.values or self.body or self.never)


class PathOrTable:
    """Marks a page that may be written as its path alone."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A text, or the table."""
        return {"anyOf": [{"type": "string"}, handler(schema)]}


def _table(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _shortest(page: Page) -> Any:  # noqa: ANN401 - JSON
    """Write a page as people do: a path alone stays a path."""
    if page == Page(path=page.path):
        return page.path
    return page.model_dump(mode="json", by_alias=True, exclude_defaults=True)


DeclaredPage = Annotated[Page, BeforeValidator(_table), PlainSerializer(_shortest), PathOrTable()]
