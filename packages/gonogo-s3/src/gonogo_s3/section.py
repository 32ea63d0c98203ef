"""What the environment file declares about S3."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from gonogo.environment.section import Section
from gonogo.environment.types import BaseUrl, SecretName, TrustFile

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", examples=["shop-receipts"])]
"""As Amazon's rules for general purpose buckets have it."""
Prefix = Annotated[str, Field(pattern=r"^[^/].*/$", max_length=200, examples=["gonogo/"])]


class Bucket(Section):
    """What one bucket must be like."""

    encrypted: bool = Field(
        default=True, description="The server encrypts every object, also if the writer does not ask for it."
    )
    versioned: bool = Field(default=True, description="Overwritten and removed objects can be restored.")
    prefix: Prefix = Field(default="gonogo/", description="Where one object may be written, read and removed.")


class Configuration(Section):
    """A key of its own that may read how the buckets are configured; the service's need not."""

    key_id: SecretName
    secret_key: SecretName


class S3(Section):
    """Buckets, as the service's own key sees them, as strangers do, and as they are configured."""

    endpoint: BaseUrl | None = Field(default=None, description="The URL of a server other than Amazon's.")
    region: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = "us-east-1"
    key_id: SecretName
    secret_key: SecretName
    path_style: bool = Field(default=False, description="Write addresses as host/bucket/key, not bucket.host/key.")
    ca_file: TrustFile | None = None
    buckets: Mapping[BucketName, Bucket] = Field(
        default_factory=dict, description="The buckets that the service needs."
    )
    configuration: Configuration | None = None
