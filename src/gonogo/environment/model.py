"""One running environment, as its file declares it: frozen, complete, and without a single secret value."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from gonogo.environment.providers import Atlas, DigitalOcean
from gonogo.environment.section import Section
from gonogo.environment.servers import Server
from gonogo.environment.types import (
    Address,
    BaseUrl,
    Duration,
    Effect,
    FilePath,
    FolderPath,
    HostName,
    Label,
    Network,
    Origin,
    Port,
    SecretName,
    Share,
    Size,
    SocketAddress,
    Text,
    UrlPath,
    to_a_labels,
)


def _https(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        message = "the public https:// address of the service is expected, as in 'https://api.example.com'"
        raise ValueError(message)
    port = f":{parts.port}" if parts.port else ""
    return f"https://{to_a_labels(parts.hostname)}{port}{parts.path.rstrip('/')}"


# The same environment is the same bytes: a set has no order of its own.
IN_ORDER = PlainSerializer(sorted, when_used="json")
Part = Literal["health", "deep_health", "metrics", "series", "moving", "openapi", "origins"]
"""What a service may lack although it speaks HTTP: keys of [http]."""
Family = Literal[
    "dns",
    "hosts",
    "http",
    "mongodb",
    "redis",
    "ports",
    "servers",
    "digitalocean",
    "atlas",
    "stripe",
    "sentry",
    "mail",
    "smoke",
    "load",
    "variables",
]


class Service(Section):
    """What is being launched."""

    name: Text
    base_url: Annotated[str, AfterValidator(_https)]
    release: Text | None = Field(default=None, description="The commit under review; --release overrides it.")
    bundled: bool = Field(
        default=False, description="gonogo starts the bundled reference service for this environment."
    )
    stands_for: tuple[Text, ...] = Field(
        default=(),
        description="Environments whose own lines of the checklist count here; the environment itself if empty.",
    )
    without: Annotated[frozenset[Family | Part], IN_ORDER] = Field(
        default=frozenset(),
        description="Families, or parts of [http], that this service truly does not have. What is neither declared "
        "nor listed here leaves its checks NOT RUN.",
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
    names: tuple[HostName, ...] = Field(
        default=(),
        description="Further names that users type, as www: each must lead to a server that answers over https. "
        "A name with an underscore must hold a text, or be an alias of one.",
    )
    mail_from: tuple[HostName, ...] = Field(
        default=(), description="Domains that the service sends mail from: they need SPF, DKIM and DMARC."
    )
    dkim_selectors: tuple[Label, ...] = Field(
        default=(), description="Names of the keys under _domainkey that mail is signed with."
    )

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> Self:
        if self.quorum > len(self.resolvers):
            message = f"quorum is {self.quorum}, but only {len(self.resolvers)} resolvers are declared"
            raise ValueError(message)
        return self


class Host(Section):
    """A public name: the addresses it must have, and the ports it serves."""

    addresses: Annotated[tuple[Address, ...], Field(min_length=1)]
    rotating: bool = Field(
        default=False, description="Each answer holds some of the addresses only, as weighted records do."
    )
    networks: tuple[Network, ...] = Field(
        default=(), description="Networks of a provider that gives further addresses, as in 203.0.113.0/24."
    )
    alias: HostName | None = Field(
        default=None,
        description="The provider's name that this host is an alias of (CNAME or ALIAS): whatever addresses it leads "
        "to are right if they answer over https with a certificate for the host.",
    )
    https_port: Port = 443
    http_port: Port = 80


class Tls(Section):
    """Whom certificates must come from."""

    trust: FilePath = Field(default="public", description='"public", or the PEM file of a private root.')
    issuer: Text = Field(description="Organisation (O) of the issuer of every leaf; its whole name if it has none.")
    caa: HostName | None = Field(default=None, description="The issuer's CAA domain, as in letsencrypt.org.")


class Http(Section):
    """What the service promises over HTTP, apart from its business. What it lacks goes into service.without."""

    health: UrlPath | None = None
    deep_health: UrlPath | None = Field(default=None, description="Health that asks every dependency.")
    metrics: UrlPath | None = None
    metrics_token: SecretName | None = None
    openapi: UrlPath | None = None
    closed_paths: Annotated[tuple[UrlPath, ...], Field(min_length=1)]
    series: tuple[Text, ...] = Field(default=(), description="Names that the metrics must hold.")
    moving: tuple[Text, ...] = Field(default=(), description="Series that a single request must change.")
    origins: tuple[Origin, ...] = Field(
        default=(), description="Origins of the pages that may call the service from a browser (CORS)."
    )


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


class Stripe(Section):
    """The account that takes the money, and what it must be set to."""

    mode: Literal["test", "live"]
    secret_key: SecretName
    publishable_key: SecretName
    webhook_secret: SecretName
    api: BaseUrl = "https://api.stripe.com"
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "BR"
    currency: Annotated[str, Field(pattern="^[a-z]{3}$")] = "brl"
    webhook: UrlPath = Field(description="The path of the service that Stripe's events are sent to.")
    delivery: Duration = timedelta(seconds=30)
    events: Annotated[tuple[Text, ...], Field(min_length=1)]


class Sentry(Section):
    """The project that errors are sent to, and the token to look them up with."""

    dsn: SecretName
    token: SecretName
    api: BaseUrl = "https://sentry.io"
    organization: Text
    project: Text
    delivery: Duration = timedelta(seconds=60)


class Mail(Section):
    """The inbox of synthetic users: a Mailpit, or what speaks its API."""

    inbox: BaseUrl
    user: Text
    password: SecretName
    delivery: Duration = timedelta(seconds=30)


class Smoke(Section):
    """What journeys need to walk the product as its users do, and to leave nothing behind."""

    beta_code: SecretName
    beta_limit: Annotated[int, Field(ge=1)]
    admin_email: Text
    admin_password: SecretName
    mail_domain: HostName = Field(description="Where the addresses of synthetic users are; nobody else's may be.")
    search_cache: Text = Field(description="The pattern of the Redis keys of cached searches.")
    search_lifetime: Duration
    card: SecretName | None = Field(default=None, description="A payment method of our own, to pay with in live mode.")
    most_money_cents: Annotated[int, Field(ge=50, le=10_000)] = 100
    leftovers: Mapping[Text, Text] = Field(
        default_factory=dict, description="Collection to field: where a synthetic document carries its run's mark."
    )


class Budget(Section):
    """What most replies must be faster than."""

    latency: Duration = timedelta(milliseconds=500)
    percentile: Annotated[float, Field(ge=50, lt=100)] = 95


class TrafficClass(Budget):
    """Endpoints that are judged together."""

    endpoints: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description='Names of requests as the scenarios give them, as in "POST /api/bookings".'
    )


class FailureLimit(Section):
    """How often something that matters to the business may fail."""

    endpoints: Annotated[tuple[Text, ...], Field(min_length=1)]
    below: Share


class LoadMetrics(Section):
    """The service's own series that are sampled while it is under load."""

    memory: Text = "process_resident_memory_bytes"
    cpu: Text = "process_cpu_seconds_total"
    connections: Text = "process_open_fds"
    queue: Text | None = None
    requests: Text = Field(description="A counter of the requests answered.")


class LoadDurations(Section):
    """How long the traffic is measured, after the warm-up."""

    smoke: Duration = timedelta(seconds=5)
    gate: Duration = timedelta(seconds=30)
    soak: Duration = timedelta(minutes=30)
    stress: Duration = timedelta(seconds=60)


class Load(Section):
    """The traffic that the launch expects, and what the service must make of it."""

    visits_per_second: Annotated[float, Field(gt=0, le=10_000)]
    visits: Annotated[Mapping[Text, Annotated[float, Field(gt=0)]], Field(min_length=1)] = Field(
        description="Scenario to its part of the visits, as in browse = 70."
    )
    model: Literal["open", "closed"] = Field(
        default="open", description="open: visits come at their rate, however slow the service is; closed: users wait."
    )
    users: Annotated[int, Field(ge=1, le=100_000)] = Field(default=50, description="Of the closed model.")
    think: Duration = Field(default=timedelta(milliseconds=500), description="A visitor's mean pause between requests.")
    warm_up: Duration = timedelta(seconds=5)
    duration: LoadDurations = LoadDurations()
    stress_factor: Annotated[float, Field(gt=1, le=100)] = 3
    confidence: Annotated[float, Field(ge=0.8, lt=1)] = 0.95
    errors_below: Share = 0.05
    classes: Annotated[Mapping[Text, TrafficClass], Field(min_length=1)]
    endpoints: Mapping[Text, Budget] = Field(
        default_factory=dict, description="Endpoints with a budget of their own, beside that of their class."
    )
    failures: Mapping[Literal["payments", "registrations", "uploads"], FailureLimit] = Field(default_factory=dict)
    metrics: LoadMetrics | None = None
    memory_limit: Size | None = None
    leak_bytes_per_request: Annotated[float, Field(gt=0)] = 4096

    @model_validator(mode="after")
    def _every_endpoint_has_one_class(self) -> Self:
        owners: dict[str, str] = {}
        for name, group in self.classes.items():
            for endpoint in group.endpoints:
                if endpoint in owners:
                    message = f"{endpoint!r} is in the classes {owners[endpoint]} and {name}; it can be in one only"
                    raise ValueError(message)
                owners[endpoint] = name
        named = [*self.endpoints, *(one for limit in self.failures.values() for one in limit.endpoints)]
        for endpoint in named:
            if endpoint not in owners:
                message = f"{endpoint!r} is in no class; classes have {', '.join(sorted(owners))}"
                raise ValueError(message)
        return self


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
    servers: Mapping[Text, Server] = Field(default_factory=dict)
    digitalocean: DigitalOcean | None = None
    atlas: Atlas | None = None
    stripe: Stripe | None = None
    sentry: Sentry | None = None
    mail: Mail | None = None
    smoke: Smoke | None = None
    load: Load | None = None
    variables: Variables | None = None

    @model_validator(mode="after")
    def _base_url_is_a_declared_host(self) -> Self:
        host = urlsplit(self.service.base_url).hostname
        if self.hosts and host not in self.hosts:
            message = f"service.base_url names {host}, which is not among [hosts] ({', '.join(self.hosts)})"
            raise ValueError(message)
        return self

    def declares(self, what: Family | Part | Literal["service"]) -> bool:
        """Whether there is anything to verify: the section, or the key of [http]. An empty list declares nothing."""
        return bool(getattr(self.http if what in get_args(Part) else self, what, None))
