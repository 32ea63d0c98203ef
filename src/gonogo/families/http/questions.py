"""Which addresses are asked over HTTP, and what about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.environment.pages import Page
from gonogo.evidence.base import Scope
from gonogo.families.http.section import Http

ROOT = "/"
"""What every service has."""
_SHARE_OF_PROBE = 0.8
"""The rest of a probe's time is left for reading what came."""
_NOTHING_DECLARED = Http(closed_paths=(ROOT,))


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpQuestion:
    """One address of the service."""

    host: str
    address: str
    port: int
    trust: str
    expected: Http
    secrets: Secrets = field(repr=False)
    patience: timedelta = timedelta(seconds=4)
    """For the whole probe."""
    front: str = ROOT
    """The path of the base URL, if this is its host."""
    known: Page | None = None
    """The page that must answer here, if one is declared."""
    main: bool = True
    """Whether this is the host of the base URL."""
    kept_headers: tuple[str, ...] = ()
    """Further headers of a reply that are looked at."""

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHttpQuestion:
    """One address that might answer without TLS."""

    host: str
    address: str
    port: int
    https_port: int
    path: str = ROOT

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address


def service_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """Every address of every name that serves HTTP."""
    base = urlsplit(environment.service.base_url)
    return [
        HttpQuestion(
            host=name,
            address=address,
            port=host.https_port,
            trust=environment.trust_of(name),
            expected=environment.section(Http) or _NOTHING_DECLARED,
            secrets=secrets,
            patience=environment.limits.probe * _SHARE_OF_PROBE,
            front=(base.path or ROOT) if name == base.hostname else ROOT,
            known=host.page,
            main=name == base.hostname,
        )
        for name, host in environment.hosts.items()
        if host.http and host.tls.client_certificate != "required"
        for address in host.addresses
    ]


def pages_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """One question per address if ``[http]`` is declared, else none: what must be closed is closed at every name."""
    return service_questions(environment, secrets) if environment.section(Http) else []


def http_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """Every address of the host that the base URL names."""
    return [question for question in pages_questions(environment, secrets) if question.main]


def health_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """One question per address if ``http.health`` is declared, else none."""
    return http_questions(environment, secrets) if environment.declares("health") else []


def metrics_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """One question per address if ``http.metrics`` is declared, else none."""
    return http_questions(environment, secrets) if environment.declares("metrics") else []


def openapi_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """One question per address if ``http.openapi`` is declared, else none."""
    return http_questions(environment, secrets) if environment.declares("openapi") else []


def plain_http_questions(environment: Environment, secrets: Secrets) -> Sequence[PlainHttpQuestion]:
    """Every declared address of every declared name."""
    del secrets
    section = environment.section(Http)
    path = section.health.path if section and section.health else ROOT
    return [
        PlainHttpQuestion(host=name, address=address, port=host.http_port, https_port=host.https_port, path=path)
        for name, host in environment.hosts.items()
        for address in host.addresses
    ]
