"""The section ``[variables]`` of an environment file."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from gonogo.environment.section import ENVIRONMENT_NAME, Section
from gonogo.environment.types import FilePath, FolderPath, Text

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Shape = Literal[
    "mongodb",
    "postgresql",
    "mysql",
    "random",
    "stripe-secret",
    "stripe-publishable",
    "stripe-webhook",
    "key",
    "dsn",
    "password",
]
Dialect = Literal["dotenv", "docker", "systemd"]
_PUBLIC = {"stripe-publishable"}
"""Shapes of values that everybody may read: pages show them."""
_SHAPES: Mapping[str, Shape] = {
    "MONGO_URL": "mongodb",
    "SECRET_KEY": "random",
    "STRIPE_SECRET_KEY": "stripe-secret",
    "STRIPE_PUBLISHABLE_KEY": "stripe-publishable",
    "STRIPE_WEBHOOK_SECRET": "stripe-webhook",
    "EMERGENT_LLM_KEY": "key",
    "SENTRY_DSN": "dsn",
    "REDIS_PASSWORD": "password",
}


class VariableFile(Section):
    """The file that one running environment takes its variables from."""

    path: FilePath
    mode: Literal["test", "live"] = Field(description="Mode of the Stripe keys in it.")
    dialect: Dialect = Field(
        default="dotenv",
        description="Who reads it: python-dotenv and what reads like it (Docker Compose too), `docker run --env-file`, "
        "or EnvironmentFile= of systemd. One spelling means another value to each of them.",
    )
    sentry_project: Text | None = Field(
        default=None,
        description="The project at Sentry that its DSN must be of; sentry.project for the environment's own file.",
    )
    atlas_cluster: Text | None = Field(
        default=None,
        description="The cluster at Atlas that its MongoDB URL must lead to; atlas.cluster for the environment's own "
        "file.",
    )
    stripe_account: Annotated[str, Field(pattern="^acct_[A-Za-z0-9]+$")] | None = Field(
        default=None,
        description="The account at Stripe that its keys must be of, in whatever mode; Stripe is asked with the secret key.",
    )


class Variables(Section):
    """The variables of every running environment, and the repository that must hold none of their values."""

    repository: FolderPath = Field(
        default=".", description="The repository whose work tree and whole history are searched."
    )
    own: Text | None = Field(
        default=None,
        description="The name of this environment's own file, which must lead to the objects that the other sections "
        "declare; the file that is named like this environment unless it is given.",
    )
    differ: tuple[VariableName, ...] | None = Field(
        default=None,
        description="Variables that no two files may share the value of; all that are declared to be secret if nothing "
        "is said.",
    )
    same: tuple[VariableName, ...] = Field(
        default=(), description="Secret variables that files may share the value of all the same."
    )
    files: Annotated[Mapping[Annotated[str, Field(pattern="^[a-z0-9_-]+$")], VariableFile], Field(min_length=1)]
    shapes: Mapping[VariableName, Shape] = Field(
        default_factory=lambda: dict(_SHAPES), description="Variable to what its value must look like; replaces all."
    )

    @model_validator(mode="before")
    @classmethod
    def _own_is_named_like_the_environment(cls, data: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - of the file
        name = (info.context or {}).get(ENVIRONMENT_NAME)
        if not isinstance(data, Mapping) or not name or name not in (data.get("files") or {}):
            return data
        return {"own": name, **data}

    @model_validator(mode="after")
    def _own_is_a_file(self) -> Self:
        if self.own is not None and self.own not in self.files:
            message = f"own = {self.own!r} is none of the files: {', '.join(sorted(self.files))}"
            raise ValueError(message)
        return self

    def named(self, shape: str) -> tuple[str, ...]:
        """The variables of a shape."""
        return tuple(name for name, declared in self.shapes.items() if declared == shape)

    @property
    def compared(self) -> tuple[str, ...]:
        """The variables that no two files may share."""
        secret = tuple(name for name, shape in self.shapes.items() if shape not in _PUBLIC)
        return tuple(name for name in (secret if self.differ is None else self.differ) if name not in self.same)

    def has(self, shapes: Iterable[str]) -> bool:
        """Whether a variable is declared for each of these shapes, which may be spelled as in ``mysql or mongodb``."""
        declared = set(self.shapes.values())
        return all(declared.intersection(shape.split(" or ")) for shape in shapes)
