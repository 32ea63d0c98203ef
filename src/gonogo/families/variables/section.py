"""What the environment file declares about variables."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import FilePath, FolderPath

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Shape = Literal["mongodb", "random", "stripe-secret", "stripe-publishable", "stripe-webhook", "key", "dsn", "password"]
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
    mode: Literal["test", "live"] = Field(description="Of the Stripe keys in it.")


class Variables(Section):
    """The variables of every running environment, and the repository that must hold none of their values."""

    repository: FolderPath = Field(default=".", description="Its work tree and its whole history are looked through.")
    differ: tuple[VariableName, ...] = Field(
        default=("SECRET_KEY", "REDIS_PASSWORD"), description="Variables that no two files may share the value of."
    )
    files: Annotated[Mapping[Annotated[str, Field(pattern="^[a-z0-9_-]+$")], VariableFile], Field(min_length=1)]
    shapes: Mapping[VariableName, Shape] = Field(
        default_factory=lambda: dict(_SHAPES), description="Variable to what its value must look like; replaces all."
    )
