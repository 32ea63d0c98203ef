"""Where the environment lives: a folder, a row of ports on loopback, and passwords that are made anew each time."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

HOST = "shop.test"
BUCKET = "lantern-receipts"
VHOST = "shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One environment. The ports are ``base`` and those after it."""

    folder: Path
    base: int
    faults: frozenset[str] = frozenset()
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    admin_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    metrics_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def https(self) -> int:
        """The shop, for everybody."""
        return self.base

    @property
    def http(self) -> int:
        """Sends everybody to https."""
        return self.base + 1

    @property
    def database(self) -> int:
        """PostgreSQL."""
        return self.base + 2

    @property
    def queue(self) -> int:
        """RabbitMQ, over TLS."""
        return self.base + 3

    @property
    def bucket(self) -> int:
        """S3, over TLS."""
        return self.base + 4

    @property
    def management(self) -> int:
        """RabbitMQ's management API."""
        return self.base + 5

    @property
    def inner(self) -> tuple[int, int, int, int]:
        """The shop's own process, moto, Erlang's name server, and Erlang's distribution."""
        return self.base + 6, self.base + 7, self.base + 8, self.base + 9

    @property
    def authority(self) -> Path:
        """The certificate of the authority that everybody here trusts."""
        return self.folder / "root.pem"

    @property
    def database_url(self) -> str:
        """The shop's own login."""
        mode = f"sslmode=verify-full&sslrootcert={self.authority}"
        return f"postgresql://shop:{self.password}@localhost:{self.database}/shop?{mode}"

    @property
    def queue_url(self) -> str:
        """The shop's own login."""
        return f"amqps://shop:{self.password}@localhost:{self.queue}/{VHOST}"

    @property
    def management_url(self) -> str:
        """A user who may watch."""
        return f"https://watcher:{self.password}@localhost:{self.management}"
