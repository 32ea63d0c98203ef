"""Literal evidence about a healthy zone and its host; each test spoils one thing of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gonogo.evidence.dns import (
    Addresses,
    Answer,
    Delegation,
    Delivery,
    DnsHostEvidence,
    DnsNameEvidence,
    NameServer,
    Signature,
)
from gonogo.evidence.dns_zone import DnsZoneEvidence, Parent, Referral, ServerAnswers, Validation, ZoneKey
from gonogo.evidence.tls import Certificate, Handshake, Presented, TlsEvidence
from gonogo.families.registry import environment_from

Judge = Callable[..., str | None]
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONE, HOST = "workme.test", "api.workme.test"
OURS = ("192.0.2.1", "192.0.2.2")
ENVIRONMENT = environment_from(
    {
        "service": {"name": "WorkMe", "base_url": f"https://{HOST}"},
        "dns": {
            "zone": ZONE,
            "resolvers": ["9.9.9.9:53", "1.1.1.1:53", "8.8.8.8:53"],
            "quorum": 2,
            "rollback_window": "10 min",
        },
        "hosts": {HOST: {"addresses": OURS}},
        "tls": {"issuer": "WorkMe Test CA", "caa": "ca.workme.test"},
    }
)

ANSWER = Answer(
    server="192.0.2.53:53", name=HOST, rdtype="A", transport="UDP", delivery=Delivery.ANSWERED, rcode="NOERROR"
)
SOA = replace(
    ANSWER,
    rdtype="SOA",
    authoritative=True,
    records=("ns1.workme.test. hostmaster.workme.test. 7 3600 900 1209600 300",),
    serial=7,
    negative_ttl=timedelta(minutes=5),
)
TCP = replace(SOA, transport="TCP")
ABSENT = replace(ANSWER, negative_ttl=timedelta(minutes=5), serial=7)
NXDOMAIN = replace(ABSENT, rcode="NXDOMAIN")
REFUSED = replace(ANSWER, rcode="REFUSED")
SERVFAIL = replace(ANSWER, rcode="SERVFAIL")
SILENT = replace(ANSWER, delivery=Delivery.SILENT, rcode="", detail="nothing came back")
CLOSED = replace(SILENT, delivery=Delivery.REFUSED, detail="nothing listens")
NOT_SENT = replace(SILENT, delivery=Delivery.NOT_SENT, detail="no route")

TAG, DS = 4711, "4711 13 2 ab"
SIGNATURE = Signature(
    covers="SOA",
    signer=ZONE,
    key_tag=TAG,
    algorithm=13,
    inception=AT - timedelta(days=4),
    expiration=AT + timedelta(days=10),
    genuine=True,
)
DNSKEY = replace(
    ANSWER,
    name=ZONE,
    rdtype="DNSKEY",
    authoritative=True,
    records=("257 3 13 key",),
    signatures=(replace(SIGNATURE, covers="DNSKEY"),),
)
SERVER = ServerAnswers(
    name="ns1.workme.test",
    address="192.0.2.53",
    udp=replace(SOA, name=ZONE, signatures=(SIGNATURE,)),
    tcp=TCP,
    sources=("parent", "zone"),
    ns=replace(ANSWER, name=ZONE, rdtype="NS", authoritative=True, records=("ns1.workme.test", "ns2.workme.test")),
    apex_alias=replace(ABSENT, name=ZONE, rdtype="CNAME", authoritative=True),
    transfer=replace(REFUSED, name=ZONE, rdtype="AXFR"),
    random_name=replace(NXDOMAIN, name="gonogo-1.workme.test", authoritative=True),
    dnskey=DNSKEY,
    keys=(ZoneKey(key_tag=TAG, algorithm=13, flags=257, ds=(DS,)),),
)
OTHER = replace(SERVER, name="ns2.workme.test", address="192.0.2.54")
DELEGATION = Delegation(
    zone=ZONE,
    answers=(replace(ANSWER, rdtype="NS", records=("ns1.workme.test", "ns2.workme.test")),),
    servers=(
        NameServer(name="ns1.workme.test", addresses=("192.0.2.53",)),
        NameServer(name="ns2.workme.test", addresses=("192.0.2.54",)),
    ),
)
VALID = Validation(
    resolver="9.9.9.9:53",
    ds=replace(ANSWER, rdtype="DS", records=(DS,)),
    checked=replace(SOA, authenticated=True),
    unchecked=SOA,
)
REFERRAL = Referral(
    name="a.nic.test",
    address="192.0.2.250",
    answer=replace(ANSWER, name=ZONE, rdtype="NS"),
    servers=DELEGATION.servers,
)
HEALTHY = DnsZoneEvidence(
    scope=(ZONE,),
    taken_at=AT,
    zone=ZONE,
    delegation=DELEGATION,
    servers=(SERVER, OTHER),
    validations=(VALID,),
    random_name=(replace(NXDOMAIN, name="gonogo-1.workme.test"),),
    parent=Parent(zone="test", referrals=(REFERRAL,)),
)


def addresses(*found: str, server: str = "192.0.2.53:53", ttl: timedelta = timedelta(minutes=5)) -> Addresses:
    """One server's answer with these IPv4 addresses, none of IPv6."""
    a = replace(ANSWER, server=server, authoritative=True, records=found, ttl=ttl)
    return Addresses(server=server, a=a, aaaa=replace(ABSENT, server=server, authoritative=True, rdtype="AAAA"))


def both(answer: Answer, server: str = "192.0.2.54:53") -> Addresses:
    """A server that says the same to A and AAAA."""
    return Addresses(server=server, a=replace(answer, server=server), aaaa=replace(answer, server=server))


CAA = replace(ANSWER, name=ZONE, rdtype="CAA", records=('0 issue "ca.workme.test"',))
PUBLIC = DnsHostEvidence(
    scope=(HOST,),
    taken_at=AT,
    host=HOST,
    delegation=DELEGATION,
    authoritative=(addresses(*OURS), addresses(*OURS, server="192.0.2.54:53")),
    caa=(replace(ABSENT, rdtype="CAA"), CAA),
)


def seen_by(*resolvers: Addresses, name: str = HOST) -> DnsNameEvidence:
    """What each resolver gives."""
    return DnsNameEvidence(scope=(name,), taken_at=AT, name=name, resolvers=resolvers)


def leaf(*names: str) -> TlsEvidence:
    """The live certificate."""
    certificate = Certificate(
        subject="CN=api",
        issuer="CN=WorkMe Test CA",
        issuer_organisation="WorkMe Test CA",
        names=names,
        not_before=AT,
        not_after=AT + timedelta(days=90),
        key="EC 256",
        key_type="EC",
        key_bits=256,
        signature_hash="sha256",
        self_signed=False,
        sha256="00",
    )
    return TlsEvidence(
        scope=(HOST, OURS[0]),
        taken_at=AT,
        host=HOST,
        address=OURS[0],
        port=443,
        handshake=Handshake.DONE,
        presented=(Presented(chain=(certificate,)),),
    )


RIGHT = addresses(*OURS, server="9.9.9.9:53")
STALE = addresses("192.0.2.99", server="8.8.8.8:53")
MUTE = both(SILENT, server="1.1.1.1:53")
