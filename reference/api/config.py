"""What the API is told when it starts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MailConfig:
    """The relay that takes the service's mail, over STARTTLS and with a login."""

    port: int
    user: str
    password: str
    sender: str = "WorkMe <no-reply@workme.test>"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeConfig:
    """Stripe's API, as this service reaches it."""

    base: str
    secret_key: str
    publishable_key: str
    webhook_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiConfig:
    """Everything comes from here; the API reads no file and no variable but this one."""

    release: str
    host: str
    addresses: tuple[str, ...]
    https_port: int
    http_port: int
    plain_port: int
    """Loopback only: where a relay finds the service without TLS."""
    mongo_url: str
    redis_url: str
    ca_file: str
    secret_key: str
    metrics_token: str
    beta_code: str
    beta_seats: int = 50
    admin_email: str
    admin_password: str
    origins: tuple[str, ...] = ("https://app.workme.test",)
    """Origins whose pages may call from a browser."""
    stripe: StripeConfig
    mail: MailConfig
    sentry_dsn: str
    llm_url: str
    llm_key: str

    def write(self, path: Path) -> None:
        """As JSON, for the API's own process to read. Holds secrets."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "ApiConfig":
        """The counterpart of ``write``."""
        document = json.loads(path.read_text())
        return cls(
            **{
                **document,
                "addresses": tuple(document["addresses"]),
                "origins": tuple(document["origins"]),
                "stripe": StripeConfig(**document["stripe"]),
                "mail": MailConfig(**document["mail"]),
            }
        )
