"""Findings of one look at a service: facts to write a first environment file from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from gonogo.families.api.derivation import Derived


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Where the name leads, and who says so."""

    addresses: Sequence[str]
    source: Literal["given", "dns", "system"]
    """``system``: this machine knows the name, as from /etc/hosts, and the resolvers do not."""
    resolvers: Sequence[str] = ()
    """Those that answered."""
    zone: str = ""
    """Empty if the resolvers know none."""
    servers: Sequence[str] = ()
    alias: str = ""
    """The first name outside of the zone that the host is an alias of; empty if its addresses are the zone's own."""
    caa: Sequence[str] = ()
    """Authorities that may issue certificates for the name; empty: nothing is said about it."""
    problem: str = ""
    """Why the resolvers are no source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCertificate:
    """The certificate that the service showed."""

    address: str
    issuer: str
    """The issuer's organisation, or its whole name if it has none."""
    days_left: int
    name_matches: bool
    problem: str = ""
    """Why it does not chain to the trust that was looked with; empty when it does."""

    @property
    def sound(self) -> bool:
        """Whether a careful client would go on."""
        return not self.problem and self.name_matches and self.days_left >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """An endpoint that says whether the service is up."""

    path: str
    status: str | None
    """None: it answers, and says no status in JSON."""
    release: str | None = None
    ill: str = ""
    """Why it says that the service is not well; empty when it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """A page in the exposition format."""

    path: str
    samples: int
    series: Sequence[str]
    """Those that are worth requiring."""
    moving: Sequence[str]
    """Those that a single request changed."""
    release: str | None = None
    """The commit or release that a label of ``*_build_info`` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """Paths at which to look first, as people or the repository name them."""

    health: Sequence[str] = ()
    openapi: Sequence[str] = ()
    page: str = ""
    """A page by which the service is known, where it shows neither health nor a front page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The service's answers over HTTP."""

    unknown_page: int | None
    """The status of a path that nobody made; None: no reply came, and nothing else was asked."""
    problem: str = ""
    elsewhere: str = ""
    """Where it sends everybody; empty if it answers itself."""
    health: Health | None = None
    deep_health: str | None = None
    release: str | None = None
    """The release that health, a page for it, or a metric tells."""
    metrics: Metrics | None = None
    openapi: str | None = None
    api: Derived | None = None
    """What the description says of logging in and of what is closed."""
    front_is_served: bool = True
    """Whether the page of the base URL answers with something of the service, or leads on."""
    known: str = ""
    """The page that somebody named, if it is served."""
    readable: Sequence[str] = ()
    """Pages of the described API that answered everybody."""
    remarks: Sequence[str] = field(default=())
    """What was there, and is not what gonogo verifies."""

    @property
    def page(self) -> str:
        """A page that the service can be known by, where neither health nor the front page is one."""
        if self.known or self.health is not None or self.front_is_served or not self.readable:
            return self.known
        return self.readable[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All of it."""

    base_url: str
    host: str
    port: int
    trust: str
    """As the environment file will have it: ``public``, or a PEM file."""
    names: Names
    presented: ShownCertificate
    plain: str
    """What answers without TLS, in words."""
    spoken: Spoken
    public: bool
    """Whether every address is one of the open internet."""
