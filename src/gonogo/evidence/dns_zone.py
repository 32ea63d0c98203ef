"""Evidence about a zone: answers of its parent, its authoritative servers, and resolvers."""

from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.evidence.base import Evidence
from gonogo.evidence.dns import Answer, Delegation, Delivery, NameServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """The referral of one server of the parent zone to the zone below."""

    name: str
    address: str
    answer: Answer
    """The server's reply to a query for NS of the zone."""
    servers: tuple[NameServer, ...] = ()
    """The servers that it delegates to, with the addresses that it gives along (glue)."""

    @property
    def delegates(self) -> bool:
        """Whether it sends clients on to any server."""
        return bool(self.servers)

    @property
    def denies(self) -> bool:
        """Whether it says with authority that there is no delegation."""
        return self.answer.with_authority and not self.servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The zone above, as its own servers have it: what a resolver with an empty cache follows."""

    zone: str = ""
    """``.`` is the root; empty: no resolver knows the servers of any zone above."""
    referrals: tuple[Referral, ...] = ()
    problem: str = ""
    """Why nothing is known of it."""

    @property
    def servers(self) -> tuple[NameServer, ...]:
        """Every server that any server of the parent delegates to, with all glue."""
        glue: dict[str, dict[str, None]] = {}
        for referral in self.referrals:
            for server in referral.servers:
                glue.setdefault(server.name, {}).update(dict.fromkeys(server.addresses))
        return tuple(NameServer(name=name, addresses=tuple(addresses)) for name, addresses in glue.items())

    @property
    def answered(self) -> bool:
        """Whether any of its servers said something about the zone."""
        return any(referral.delegates or referral.denies for referral in self.referrals)

    @property
    def denies(self) -> bool:
        """Whether all that answered say that the zone is not delegated."""
        return self.answered and not any(referral.delegates for referral in self.referrals)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneKey:
    """One DNSKEY record."""

    key_tag: int
    """As in a signature (RFC 4034, appendix B)."""
    algorithm: int
    """The number in IANA's registry of DNSSEC algorithms."""
    flags: int
    """257 for a key-signing key, 256 for a zone-signing key (RFC 4034, section 2.1.1)."""
    ds: tuple[str, ...]
    """The DS records that would vouch for it, one for each kind of digest, written as in a zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAnswers:
    """One authoritative server at one address, asked for the zone's SOA and for what else the zone's health shows in.

    What is None was not asked.
    """

    name: str
    address: str
    udp: Answer
    tcp: Answer
    sources: tuple[str, ...] = ("zone",)
    """``parent``: by its delegation and glue; ``zone``: by the zone's own records."""
    plain: Answer | None = None
    """SOA over UDP without EDNS: asked where nothing, or a refusal of the format, came back with it."""
    ns: Answer | None = None
    apex_alias: Answer | None = None
    """CNAME of the zone's own name."""
    transfer: Answer | None = None
    """AXFR; its records are the SOA with which a transfer begins, if one began."""
    random_name: Answer | None = None
    dnskey: Answer | None = None
    keys: tuple[ZoneKey, ...] = ()
    hosts: tuple[Answer, ...] = ()
    """A and AAAA of the declared names, with their signatures; asked where the zone is signed only."""

    @property
    def asked(self) -> bool:
        """Whether this machine was able to ask it."""
        return Delivery.NOT_SENT not in {self.udp.delivery, self.tcp.delivery}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """One resolver's validation of the zone's signatures."""

    resolver: str
    ds: Answer
    checked: Answer
    """The SOA, as the resolver is willing to give it to its users."""
    unchecked: Answer
    """The answer with checking disabled (CD, RFC 4035 section 3.2.2)."""

    @property
    def bogus(self) -> bool:
        """Whether the zone exists, and the resolver keeps it from its users."""
        return self.checked.rcode == "SERVFAIL" and self.unchecked.rcode == "NOERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsZoneEvidence(Evidence):
    """A zone: its delegation, every authoritative server, its signatures."""

    zone: str
    delegation: Delegation
    servers: tuple[ServerAnswers, ...]
    validations: tuple[Validation, ...]
    random_name: tuple[Answer, ...]
    """A and AAAA of a name that nobody made up before, at every resolver."""
    parent: Parent = Parent()
    omitted_addresses: int = 0
    """How many addresses of name servers were not asked, beside those of ``delegation.omitted_servers``."""
    primary: Answer | None = None
    """A of the server that the SOA names as the zone's origin; None where it is a server of the zone, or none is."""

    @property
    def invented(self) -> Mapping[str, frozenset[str]]:
        """Resolvers that give addresses to a name which every name server of the zone denies, and those addresses."""
        answers = [server.random_name for server in self.servers if server.random_name is not None]
        denials = [answer for answer in answers if answer.with_authority]
        if not denials or any(answer.records for answer in denials):
            return {}
        by_resolver: dict[str, frozenset[str]] = {}
        for answer in self.random_name:
            if answer.records:
                by_resolver[answer.server] = by_resolver.get(answer.server, frozenset()).union(answer.records)
        return by_resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """One target of an MX record, as most resolvers know it."""

    name: str
    preference: int
    """As in the MX record: the lowest is tried first (RFC 5321, section 5.1)."""
    a: Answer
    aaaa: Answer

    @property
    def addresses(self) -> tuple[str, ...]:
        """IPv4 and IPv6 addresses together."""
        return (*self.a.records, *self.aaaa.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsMailEvidence(Evidence):
    """Where mail for a domain goes, and who may send in its name; each answer is what most resolvers say."""

    domain: str
    mx: Answer
    servers: tuple[MailServer, ...]
    spf: Answer
    """TXT of the domain."""
    spf_elsewhere: tuple[Answer, ...] = ()
    """TXT of the domains that SPF records include, and so on; at most as many as receivers ask for."""
    dmarc: Answer
    """TXT of ``_dmarc`` under the domain, or under the next one above it that has a DMARC record (RFC 7489, 6.6.3)."""
    dkim: tuple[Answer, ...] = ()
    """TXT of every declared selector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsSenderEvidence(DnsMailEvidence):
    """Mail records of a domain that the service is declared to send mail from."""
