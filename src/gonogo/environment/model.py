"""One running environment, as its file declares it: frozen, complete, and without a single secret value."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, ClassVar, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from gonogo.base.errors import Unobserved
from gonogo.environment.pages import DeclaredPage
from gonogo.environment.section import Section
from gonogo.environment.types import (
    Address,
    Duration,
    Effect,
    FilePath,
    HostName,
    HostOrAddress,
    Network,
    Port,
    Text,
    Texts,
    TrustFile,
    to_host,
)


def _https(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        message = "the public https:// address of the service is expected, as in 'https://api.example.com'"
        raise ValueError(message)
    port = f":{parts.port}" if parts.port else ""
    host = to_host(parts.hostname)
    return f"https://{f'[{host}]' if ':' in host else host}{port}{parts.path.rstrip('/')}"


# The same environment is the same bytes: a set has no order of its own.
IN_ORDER = PlainSerializer(sorted, when_used="json")


class Service(Section):
    """The service that is launched."""

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
    without: Annotated[frozenset[str], IN_ORDER] = Field(
        default=frozenset(),
        description="Sections of this file, or parts of one, that this service truly does not have. What is neither "
        "declared nor listed here leaves its checks NOT RUN.",
    )


class Permits(Section):
    """Effects that gonogo may have on the targets of this environment."""

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


class HostTls(Section):
    """Differences of one host from [tls]."""

    trust: TrustFile | None = Field(default=None, description='"public", or the PEM file of a private root.')
    issuer: Texts | None = Field(default=None, description="Organisations, as in tls.issuer.")
    client_certificate: Literal["none", "required"] = Field(
        default="none", description="Whether its clients need a certificate of their own; gonogo has none to show."
    )


class Host(Section):
    """A public name, or an address that is one: the addresses it must have, and the ports it serves."""

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
    tls: HostTls = HostTls()
    page: DeclaredPage | None = Field(
        default=None, description="A page that must answer here; health, or the base URL's own path, if it is missing."
    )
    http: bool = Field(default=True, description="false: this name serves something else than HTTP.")

    def permitted(self, addresses: Iterable[str]) -> frozenset[str]:
        """Those of some addresses that this host may have; all under a declared alias, since each is looked at by itself."""
        networks = [ip_network(network) for network in self.networks]
        return frozenset(
            address
            for address in addresses
            if address in self.addresses
            or self.alias is not None
            or any(ip_address(address) in network for network in networks)
        )


class Tls(Section):
    """Trust anchors and issuers that every certificate must have."""

    trust: TrustFile = Field(default="public", description='"public", or the PEM file of a private root.')
    issuer: Texts = Field(
        description="Organisation (O) of the issuer of every leaf, or a list of them; the issuer's whole name if it "
        "has none."
    )
    caa: HostName | None = Field(default=None, description="The issuer's CAA domain, as in letsencrypt.org.")
    revocation_lists: bool = Field(
        default=True,
        description="Whether the lists of revoked certificates are fetched that certificates of a trusted path name. "
        "They lie at the authority's, not at the service.",
    )


Declared = TypeVar("Declared", bound=Section)


class Environment(Section):
    """The keys that every environment file has; ``composition.compose`` adds a key for each section of each family."""

    section_keys: ClassVar[Mapping[type[Section], str]] = {}
    """Model of a section to its key."""
    part_keys: ClassVar[Mapping[str, str]] = {}
    """Part that ``service.without`` may name, as ``metrics``, to the key of the section that it is a key of."""

    service: Service
    permits: Permits = Permits()
    limits: Limits = Limits()
    secrets: SecretSource = SecretSource()
    hosts: Mapping[HostOrAddress, Host] = Field(default_factory=dict)
    tls: Tls | None = None

    @model_validator(mode="after")
    def _base_url_is_a_declared_host(self) -> Self:
        host = urlsplit(self.service.base_url).hostname
        if self.hosts and host not in self.hosts:
            message = f"service.base_url names {host}, which is not among [hosts] ({', '.join(self.hosts)})"
            raise ValueError(message)
        return self

    def trust_of(self, host: str) -> str:
        """The trust anchors for the certificates of a host: ``public``, or a PEM file."""
        declared = self.hosts.get(host)
        own = declared.tls.trust if declared else None
        return own or (self.tls.trust if self.tls else "public")

    def issuers_of(self, host: str) -> tuple[str, ...]:
        """The authorities that may issue for a host; empty if none is declared."""
        declared = self.hosts.get(host)
        own = declared.tls.issuer if declared else None
        return own or (self.tls.issuer if self.tls else ())

    def section(self, model: type[Declared]) -> Declared | None:
        """The section of this model, if the file declares it."""
        value: Declared | None = getattr(self, self.section_keys[model])
        return value

    def require(self, model: type[Declared]) -> Declared:
        """The section of this model. Raises Unobserved when the file does not declare it."""
        value = self.section(model)
        if value is None:
            raise Unobserved(f"the environment declares no [{self.section_keys[model]}]")
        return value

    def table(self, model: type[Declared]) -> Mapping[str, Declared]:
        """Sections of one model by their names, as in ``[servers.web1]``; empty when the file declares none."""
        value: Mapping[str, Declared] = getattr(self, self.section_keys[model])
        return value

    def declares(self, declaration: str) -> bool:
        """Whether there is anything to verify: a section, a part, or ``section.key``. An empty list declares nothing."""
        section = self.part_keys.get(declaration)
        declared: object = self
        for key in (f"{section}.{declaration}" if section else declaration).split("."):
            declared = getattr(declared, key, None)
        return bool(declared)

    def shown(self, declaration: str) -> str:
        """A section or a part of one, spelled as in a message: ``[dns]``, ``http.metrics``."""
        section = self.part_keys.get(declaration)
        return f"{section}.{declaration}" if section else f"[{declaration}]"
