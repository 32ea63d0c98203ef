"""What name servers and resolvers say about a zone, and about a name in it."""

from dataclasses import dataclass

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One server's reply to one query; or why there is none."""

    rcode: str | None
    """As in ``NOERROR`` or ``NXDOMAIN``; None when no reply came."""
    problem: str = ""
    """Why no reply came: a time-out, a refusal, no route."""
    authoritative: bool = False
    authenticated: bool = False
    """The AD flag: the resolver validated the answer itself."""
    values: tuple[str, ...] = ()
    """The records asked for, sorted."""
    ttl_seconds: int | None = None
    aliases: tuple[str, ...] = ()
    """The targets of CNAME records on the way, in order."""

    @property
    def answered(self) -> bool:
        """Whether anything came back."""
        return self.rcode is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """One authoritative server at one address, asked for the zone's SOA."""

    name: str
    address: str
    udp: Said
    tcp: Said
    serial: int | None
    negative_ttl_seconds: int | None
    """RFC 2308: the smaller of the SOA's TTL and its minimum field."""

    @property
    def lame(self) -> bool:
        """Whether it fails to answer with authority, over UDP and over TCP."""
        return not all(said.rcode == "NOERROR" and said.authoritative for said in (self.udp, self.tcp))


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What one resolver makes of the zone's signatures."""

    resolver: str
    ds: Said
    checked: Said
    """The SOA as the resolver is willing to give it."""
    unchecked: Said
    """The same with checking disabled (CD)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsZoneEvidence(Evidence):
    """A zone: its delegation, every authoritative server, its signatures."""

    zone: str
    delegation: Said
    """The NS records, from the first resolver that answered."""
    servers: tuple[NameServer, ...]
    validations: tuple[Validation, ...]
    random_label: Said
    """What a name that nobody made up before resolves to, at an authoritative server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FromServer:
    """What one server says about a name: IPv4 and IPv6 addresses."""

    server: str
    a: Said
    aaaa: Said

    @property
    def addresses(self) -> frozenset[str]:
        """Both kinds together."""
        return frozenset((*self.a.values, *self.aaaa.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsHostEvidence(Evidence):
    """One name, as all authoritative servers and all resolvers have it."""

    host: str
    authoritative: tuple[FromServer, ...]
    resolvers: tuple[FromServer, ...]
    caa: Said
    """The values of ``issue`` properties, from the closest name that has any (RFC 8659)."""
    caa_at: str | None
    """The name where they were found."""
