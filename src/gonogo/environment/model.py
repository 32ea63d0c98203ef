"""One running environment, as its file declares it: frozen, complete, and without a single secret value."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from gonogo.environment.types import (
    Address,
    Duration,
    Effect,
    FilePath,
    HostName,
    Port,
    SecretName,
    SocketAddress,
    Text,
    UrlPath,
    to_a_labels,
)


class Section(BaseModel):
    """A table of the file. Unknown keys are mistakes, not extensions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


def _https(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        message = "the public https:// address of the service is expected, as in 'https://api.example.com'"
        raise ValueError(message)
    port = f":{parts.port}" if parts.port else ""
    return f"https://{to_a_labels(parts.hostname)}{port}{parts.path.rstrip('/')}"


# The same environment is the same bytes: a set has no order of its own.
IN_ORDER = PlainSerializer(sorted, when_used="json")
Family = Literal["dns", "hosts", "http", "mongodb", "redis", "ports"]


class Service(Section):
    """What is being launched."""

    name: Text
    base_url: Annotated[str, AfterValidator(_https)]
    release: Text | None = Field(default=None, description="The commit under review; --release overrides it.")
    bundled: bool = Field(
        default=False, description="gonogo starts the bundled reference service for this environment."
    )
    without: Annotated[frozenset[Family], IN_ORDER] = Field(
        default=frozenset(),
        description="Families this service truly does not have. A family that is neither declared nor listed "
        "here leaves its checks NOT RUN.",
    )


class Permits(Section):
    """What gonogo may do to the targets of this environment."""

    effects: Annotated[frozenset[Effect], IN_ORDER] = frozenset({Effect.READ, Effect.WRITE})


class Limits(Section):
    """How long a run may take, and how much of it may happen at once."""

    run: Duration = timedelta(minutes=2)
    probe: Duration = timedelta(seconds=10)
    per_host: Annotated[int, Field(ge=1, le=64)] = 8
    total: Annotated[int, Field(ge=1, le=512)] = 256


class SecretSource(Section):
    """Where secret values come from; the process environment always goes first."""

    dotenv: FilePath | None = None


class Dns(Section):
    """The zone, who is asked about it, and how fast it must be possible to turn back."""

    zone: HostName
    port: Port = 53
    resolvers: Annotated[tuple[SocketAddress, ...], Field(min_length=1)]
    quorum: Annotated[int, Field(ge=1)] = 2
    rollback_window: Duration = timedelta(hours=1)
    names: tuple[HostName, ...] = Field(default=(), description="Further names that must not dangle, as www.")

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> Self:
        if self.quorum > len(self.resolvers):
            message = f"quorum is {self.quorum}, but only {len(self.resolvers)} resolvers are declared"
            raise ValueError(message)
        return self


class Host(Section):
    """A public name: the addresses it must have, and the ports it serves."""

    addresses: Annotated[tuple[Address, ...], Field(min_length=1)]
    https_port: Port = 443
    http_port: Port = 80


class Tls(Section):
    """Whom certificates must come from."""

    trust: FilePath = Field(default="public", description='"public", or the PEM file of a private root.')
    issuer: Text = Field(description="Organisation (O) of the issuer of every leaf.")
    caa: HostName | None = Field(default=None, description="The issuer's CAA domain, as in letsencrypt.org.")


class Http(Section):
    """What the service promises over HTTP, apart from its business."""

    health: UrlPath
    deep_health: UrlPath
    metrics: UrlPath
    metrics_token: SecretName | None = None
    openapi: UrlPath
    closed_paths: tuple[UrlPath, ...]
    series: tuple[Text, ...]
    moving: tuple[Text, ...]


class Index(Section):
    """An index that the service relies on."""

    collection: Text
    keys: Annotated[tuple[Text, ...], Field(min_length=1)]
    unique: bool = False


class MongoDb(Section):
    """The document store, as the service's own user and as a monitoring user see it."""

    url: SecretName
    monitor_url: SecretName
    ca_file: FilePath | None = None
    database: Text
    max_lag: Duration = timedelta(seconds=10)
    indexes: tuple[Index, ...] = ()


class Redis(Section):
    """The cache, as the service's own user and as a monitoring user see it."""

    url: SecretName
    monitor_url: SecretName
    ca_file: FilePath | None = None
    key_prefix: Text
    maxmemory_policy: Text
    persistence: Literal["none", "rdb", "aof"]


class Ports(Section):
    """What must not be reachable, and from where we look."""

    vantage: Literal["outside", "loopback"] = "outside"
    closed: Mapping[str, tuple[Port, ...]]


class Environment(Section):
    """The whole file. Sections that a service does not have are named in ``service.without``."""

    service: Service
    permits: Permits = Permits()
    limits: Limits = Limits()
    secrets: SecretSource = SecretSource()
    dns: Dns | None = None
    hosts: Mapping[HostName, Host] = Field(default_factory=dict)
    tls: Tls | None = None
    http: Http | None = None
    mongodb: MongoDb | None = None
    redis: Redis | None = None
    ports: Ports | None = None

    @model_validator(mode="after")
    def _base_url_is_a_declared_host(self) -> Self:
        host = urlsplit(self.service.base_url).hostname
        if self.hosts and host not in self.hosts:
            message = f"service.base_url names {host}, which is not among [hosts] ({', '.join(self.hosts)})"
            raise ValueError(message)
        return self
