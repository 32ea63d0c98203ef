"""The section ``[variables]`` of an environment file."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import FilePath, FolderPath

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


class Variables(Section):
    """The variables of every running environment, and the repository that must hold none of their values."""

    repository: FolderPath = Field(
        default=".", description="The repository whose work tree and whole history are searched."
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

    @property
    def compared(self) -> tuple[str, ...]:
        """The variables that no two files may share."""
        secret = tuple(name for name, shape in self.shapes.items() if shape not in _PUBLIC)
        return tuple(name for name in (secret if self.differ is None else self.differ) if name not in self.same)

    def has(self, shapes: Iterable[str]) -> bool:
        """Whether a variable is declared for each of these shapes, which may be spelled as in ``mysql or mongodb``."""
        declared = set(self.shapes.values())
        return all(declared.intersection(shape.split(" or ")) for shape in shapes)
