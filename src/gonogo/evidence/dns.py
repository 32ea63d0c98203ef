"""Evidence about a name: answers of authoritative servers and resolvers, and who answers at its addresses."""

import ipaddress
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gonogo.evidence.base import Evidence

_SOA_FIELDS = 7


class Delivery(StrEnum):
    """How far a query came."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Nobody listens there, or the server hung up."""
    SILENT = "silent"
    """Nothing came back, however often it was asked."""
    GARBLED = "garbled"
    """What came back is not an answer to what was asked."""
    NOT_SENT = "not sent"
    """This machine could not ask, for want of an IPv6 route as a rule, or was too busy to hear: it says nothing about
    the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One RRSIG record."""

    covers: str
    """The type of the records that it signs."""
    signer: str
    """The zone whose key made it."""
    key_tag: int
    """The short number by which DS and RRSIG name a key (RFC 4034, appendix B); two keys may share one."""
    algorithm: int
    """The number in IANA's registry of DNSSEC algorithms."""
    inception: datetime
    expiration: datetime
    genuine: bool | None = None
    """Whether a key of the zone made it over these very records, whatever the time is. None: that was not examined."""

    @property
    def lifetime(self) -> timedelta:
        """Time from the signature's inception to its end."""
        return self.expiration - self.inception


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
    """Serial number of the SOA, in an answer or in a denial."""
    negative_ttl: timedelta | None = None
    """How long absence is remembered: the smaller of the SOA's TTL and its minimum field (RFC 2308)."""
    signatures: tuple[Signature, ...] = ()
    """Over the records that were asked for, or over their denial, and over the aliases on the way."""
    attempts: int = 1
    """How often it was asked until this answer came, or until the patience was over."""

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
    def serves(self) -> bool:
        """Whether the server gave the zone's SOA with authority, so that resolvers get answers from it."""
        return self.with_authority and self.rcode == "NOERROR" and self.serial is not None

    @property
    def leaves_the_zone(self) -> bool:
        """Whether an alias leads to names that this server knows nothing of: neither an address nor a denial."""
        return bool(self.aliases) and not self.records and self.rcode == "NOERROR" and self.negative_ttl is None

    @property
    def timers(self) -> tuple[timedelta, ...]:
        """Refresh, retry and expire of an SOA; empty for what is none."""
        words = self.records[0].split() if self.rdtype == "SOA" and self.records else []
        numbers = words[3:6]
        if len(words) != _SOA_FIELDS or not all(number.isdecimal() for number in numbers):
            return ()
        return tuple(timedelta(seconds=int(number)) for number in numbers)

    @property
    def told(self) -> str:
        """The answer in a few words, for messages."""
        if not self.heard:
            return f"{self.delivery}: {self.detail}" if self.detail else str(self.delivery)
        if self.rcode != "NOERROR":
            return self.rcode
        return ", ".join(self.records) or (f"an alias of {self.aliases[-1]}" if self.aliases else "no such record")


_NOT_FOR_THE_WORLD = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)


def is_public(address: str) -> bool:
    """Whether somebody on another network could mean the same machine. Networks of documentation stand for public ones.

    Source: the registries of special-purpose addresses (RFC 6890).
    """
    parsed = ipaddress.ip_address(address)
    plain = (parsed.ipv4_mapped or parsed) if parsed.version == 6 else parsed  # noqa: PLR2004 - of IP
    return not any(plain in network for network in _NOT_FOR_THE_WORLD)


def agreed(answers: Iterable[Answer]) -> Answer | None:
    """The answer of most resolvers; a record wins a draw against an absence. None if no resolver served us."""
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
    alias: str = ""
    """Where the name leads if it is an alias, which the name of a name server must not be (RFC 2181, 10.3)."""
    omitted_addresses: int = 0
    """Addresses beyond the most that are asked; nothing is known of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """The servers of a zone, as most resolvers know them; none validated, so that validation hides nothing."""

    zone: str
    """Empty if no zone was found."""
    answers: tuple[Answer, ...]
    """What each resolver says to NS."""
    servers: tuple[NameServer, ...] = ()
    omitted_servers: int = 0
    """How many more servers are delegated to than were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecordEvidence(Evidence):
    """A name and a type at every resolver; its scope is the name, and the entry of the environment file."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """One server's answers about a name: IPv4 and IPv6."""

    server: str
    a: Answer
    aaaa: Answer
    https: Answer | None = None
    """Type HTTPS (65), which browsers ask for together with the addresses; None at resolvers, who are not asked."""
    again: tuple[Answer, ...] = ()
    """Further answers to A and AAAA, asked where the first ones were not the declared addresses."""

    @property
    def addresses(self) -> frozenset[str]:
        """IPv4 and IPv6 addresses together."""
        return frozenset((*self.a.records, *self.aaaa.records))

    @property
    def ever(self) -> frozenset[str]:
        """Every address that it gave in any of its answers."""
        return self.addresses.union(*(answer.records for answer in self.again))

    @property
    def rotates(self) -> bool:
        """Whether the same question got other addresses at another time."""
        kept: dict[str, set[tuple[str, ...]]] = {}
        for answer in (self.a, self.aaaa, *self.again):
            if answer.records:
                kept.setdefault(answer.rdtype, set()).add(answer.records)
        return any(len(different) > 1 for different in kept.values())

    @property
    def omitted(self) -> int:
        """How many addresses were given that are not kept here."""
        return self.a.omitted_records + self.aaaa.omitted_records

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
    def contradiction(self) -> str:
        """The type whose denial denies the whole name, although it exists; empty if none does (RFC 8020)."""
        answers = [answer for answer in (self.a, self.aaaa, self.https) if answer is not None]
        if not any(answer.records for answer in answers):
            return ""
        return next((answer.rdtype for answer in answers if answer.rcode == "NXDOMAIN"), "")

    @property
    def failing(self) -> str:
        """The type of address that a resolver fails on while it gives the other one; empty if there is none.

        Many programs ask for both at once, and take the failure of one for that of the name.
        """
        if not self.addresses:
            return ""
        return next((answer.rdtype for answer in (self.a, self.aaaa) if answer.rcode == "SERVFAIL"), "")

    @property
    def told(self) -> str:
        """The answer in a few words, for messages."""
        denial = f", and NXDOMAIN for type {self.contradiction}" if self.contradiction else ""
        return f"{', '.join(sorted(self.addresses))}{denial}" if self.addresses else self.a.told


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """The server that answers over https at an address that a name leads to."""

    address: str
    port: int
    asked: bool = True
    """Whether this machine was able to ask it."""
    status: int | None = None
    """Status of the reply to a GET of ``/``; None without a reply."""
    problem: str = ""
    """Why there is no reply, or why this machine could not ask."""
    certificate_problem: str = ""
    """Why a careful client would refuse the certificate; the reply was then fetched all the same."""
    unclaimed: str = ""
    """The hoster that says in its reply that it serves nobody under this name; empty if none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsHostEvidence(Evidence):
    """One declared host, at every authoritative server of the zone that holds it, and its CAA."""

    host: str
    delegation: Delegation
    """Delegation of the closest zone: a host may live in a zone of its own."""
    authoritative: tuple[Addresses, ...]
    caa: tuple[Answer, ...]
    """What most resolvers say, climbing label by label, up to the first name that has any (RFC 8659)."""
    beyond: tuple[Addresses, ...] = ()
    """The servers of the zone that an alias leads to, asked for the alias' last target; none while it stays at home."""
    landings: tuple[Landing, ...] = ()
    """Addresses that were given and are not declared. Declared ones are asked in other ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsNameEvidence(Evidence):
    """One name, as each resolver gives it to its users."""

    name: str
    resolvers: tuple[Addresses, ...]
    text: tuple[Answer, ...] = ()
    """TXT at every resolver, of names with an underscore: they hold texts, and lead to no address."""
    authoritative: tuple[Addresses, ...] = ()
    """What each server of the zone says; none of a declared host, which is asked there by itself."""
    landings: tuple[Landing, ...] = ()
    """Addresses that any of them gave and that no host declares."""
