"""What the shop is configured with: variables of the process, and nothing else."""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Addresses and logins."""

    database_url: str = field(repr=False)
    queue_url: str = field(repr=False)
    bucket: str
    bucket_endpoint: str
    bucket_key_id: str = field(repr=False)
    bucket_secret_key: str = field(repr=False)
    authority: str
    """The PEM file of the authority whose certificates queue and bucket have."""
    admin_token: str = field(repr=False)
    metrics_token: str = field(repr=False)


def settings() -> Settings:
    """As the variables say. Raises KeyError with the name of a missing one."""
    return Settings(
        database_url=os.environ["SHOP_DATABASE_URL"],
        queue_url=os.environ["SHOP_QUEUE_URL"],
        bucket=os.environ["SHOP_BUCKET"],
        bucket_endpoint=os.environ["SHOP_BUCKET_ENDPOINT"],
        bucket_key_id=os.environ["SHOP_BUCKET_KEY_ID"],
        bucket_secret_key=os.environ["SHOP_BUCKET_SECRET_KEY"],
        authority=os.environ["SHOP_AUTHORITY"],
        admin_token=os.environ["SHOP_ADMIN_TOKEN"],
        metrics_token=os.environ["SHOP_METRICS_TOKEN"],
    )
