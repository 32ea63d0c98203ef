"""What authoritative servers and resolvers say about a zone, and about a name in it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gonogo.evidence.base import Evidence


class Delivery(StrEnum):
    """How far a query came."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Nobody listens there, or the server hung up."""
    SILENT = "silent"
    """Nothing came back, twice."""
    GARBLED = "garbled"
    """What came back is not an answer to what was asked."""
    NOT_SENT = "not sent"
    """This machine could not ask, for want of an IPv6 route as a rule: it says nothing about the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One server's reply to one query, or why there is none."""

    server: str
    """Address and port."""
    name: str
    rdtype: str
    transport: str
    """``UDP`` or ``TCP``; a truncated UDP answer was fetched again over TCP."""
    delivery: Delivery
    detail: str = ""
    rcode: str = ""
    """As in ``NOERROR``, ``NXDOMAIN``, ``SERVFAIL``; empty when no reply came."""
    authoritative: bool = False
    authenticated: bool = False
    """The AD flag: the resolver itself validated the answer."""
    aliases: tuple[str, ...] = ()
    """The targets of the CNAME records on the way, in order."""
    records: tuple[str, ...] = ()
    """What was asked for, in presentation format, sorted."""
    omitted_records: int = 0
    """How many more records there were than are kept here."""
    ttl: timedelta | None = None
    """The longest on the way: turning back takes that long. None without a record."""
    serial: int | None = None
    """Of the SOA, in an answer or in a denial."""
    negative_ttl: timedelta | None = None
    """How long absence is remembered: the smaller of the SOA's TTL and its minimum field (RFC 2308)."""
    attempts: int = 1

    @property
    def heard(self) -> bool:
        """Whether the server replied at all."""
        return self.delivery is Delivery.ANSWERED

    @property
    def conclusive(self) -> bool:
        """Whether a resolver served us; REFUSED, for one, says that it only serves others."""
        return self.heard and self.rcode in {"NOERROR", "NXDOMAIN", "SERVFAIL"}

    @property
    def with_authority(self) -> bool:
        """Whether the server knows the zone as its own."""
        return self.heard and self.authoritative and self.rcode in {"NOERROR", "NXDOMAIN"}

    @property
    def leaves_the_zone(self) -> bool:
        """Whether an alias leads to names that this server knows nothing of: neither an address nor a denial."""
        return bool(self.aliases) and not self.records and self.rcode == "NOERROR" and self.negative_ttl is None

    @property
    def told(self) -> str:
        """What it said, in a few words."""
        if not self.heard:
            return f"{self.delivery}: {self.detail}" if self.detail else str(self.delivery)
        if self.rcode != "NOERROR":
            return self.rcode
        return ", ".join(self.records) or (f"an alias of {self.aliases[-1]}" if self.aliases else "no such record")


def agreed(answers: Iterable[Answer]) -> Answer | None:
    """What most resolvers say, a record before an absence when it is a draw; None if none of them served us."""
    served = [answer for answer in answers if answer.conclusive]
    votes = Counter((answer.rcode, answer.aliases, answer.records) for answer in served)
    return max(
        served,
        key=lambda answer: (votes[answer.rcode, answer.aliases, answer.records], bool(answer.records)),
        default=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """One server of a delegation. Without an address nobody can ask it."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Who serves a zone, as most resolvers know it; they were told not to validate, so that this hides nothing."""

    zone: str
    """Empty if no zone was found."""
    answers: tuple[Answer, ...]
    """What each resolver says to NS."""
    servers: tuple[NameServer, ...] = ()
    omitted_servers: int = 0
    """How many more servers are delegated to than were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAnswers:
    """One authoritative server at one address, asked for the zone's SOA."""

    name: str
    address: str
    udp: Answer
    tcp: Answer

    @property
    def asked(self) -> bool:
        """Whether this machine was able to ask it."""
        return Delivery.NOT_SENT not in {self.udp.delivery, self.tcp.delivery}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What one resolver makes of the zone's signatures."""

    resolver: str
    ds: Answer
    checked: Answer
    """The SOA, as the resolver is willing to give it to its users."""
    unchecked: Answer
    """The same with checking disabled (CD)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What one server says about a name: IPv4 and IPv6."""

    server: str
    a: Answer
    aaaa: Answer

    @property
    def addresses(self) -> frozenset[str]:
        """Both kinds together."""
        return frozenset((*self.a.records, *self.aaaa.records))

    @property
    def aliases(self) -> tuple[str, ...]:
        """The longer chain of the two, which should be the same."""
        return max(self.a.aliases, self.aaaa.aliases, key=len)

    @property
    def asked(self) -> bool:
        """Whether this machine was able to ask."""
        return Delivery.NOT_SENT not in {self.a.delivery, self.aaaa.delivery}

    @property
    def conclusive(self) -> bool:
        """Whether a resolver served us both times."""
        return self.a.conclusive and self.aaaa.conclusive

    @property
    def told(self) -> str:
        """What it said, in a few words."""
        return ", ".join(sorted(self.addresses)) or self.a.told


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsHostEvidence(Evidence):
    """One declared host, at every authoritative server of the zone that holds it, and its CAA."""

    host: str
    delegation: Delegation
    """Of the closest zone: a host may live in a zone of its own."""
    authoritative: tuple[Addresses, ...]
    caa: tuple[Answer, ...]
    """What most resolvers say, climbing label by label, up to the first name that has any (RFC 8659)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsNameEvidence(Evidence):
    """One name, as each resolver gives it to its users."""

    name: str
    resolvers: tuple[Addresses, ...]
