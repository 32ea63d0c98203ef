"""What the API is told when it starts: by whoever starts it, and by the file of variables of its environment."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from dotenv import dotenv_values


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
    """Everything comes from here; ``${NAME}`` stands for a variable of the environment's file, the only other that is read."""

    variables: str
    """Path of that file."""
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
        """The counterpart of ``write``, with the variables as they stand in their file now."""
        text = path.read_text()
        values = dotenv_values(json.loads(text)["variables"])
        spelled = {name: json.dumps(value or "")[1:-1] for name, value in values.items()}
        document = json.loads(Template(text).substitute(spelled))
        return cls(
            **{
                **document,
                "addresses": tuple(document["addresses"]),
                "origins": tuple(document["origins"]),
                "stripe": StripeConfig(**document["stripe"]),
                "mail": MailConfig(**document["mail"]),
            }
        )
