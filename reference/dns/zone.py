"""The zone workme.test, signed (RFC 4034), with every variation that a fault needs."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.name
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import Algorithm, DSDigest

_DKIM_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # the public key of RFC 8463, appendix A
ORIGIN = dns.name.from_text("workme.test.")
_SIGNATURE_LIFETIME = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsSettings:
    """What the servers say. The defaults are healthy."""

    addresses: tuple[str, ...] = ("127.0.0.1", "127.0.0.2")
    """Addresses of api.workme.test."""
    addresses_at_second_server: tuple[str, ...] | None = None
    stale_resolvers: int = 0
    """How many of the three resolvers still give the address of last year."""
    www: str = "CNAME api"
    caa: str | None = "ca.workme.test"
    name_servers: tuple[str, ...] = ("ns1", "ns2")
    second_server_is_lame: bool = False
    second_server_refuses_tcp: bool = False
    ds_matches: bool = True
    delegated: bool = True
    """Whether resolvers find the zone at all."""
    ttl: int = 300
    negative_ttl: int = 300
    serial_at_second_server: int | None = None
    wildcard: bool = False
    glue: Mapping[str, str] = field(default_factory=lambda: {"ns1": "127.0.0.1", "ns2": "127.0.0.2"})
    """The servers that the parent delegates to, and the addresses that it gives of them; empty: no address."""
    timers: str = "3600 900 1209600"
    """Refresh, retry and expire of the SOA, in seconds."""
    origin_server: str = "ns1"
    apex_alias: bool = False
    """Whether the zone's own name is an alias, beside everything else that it is."""
    transfers: bool = False
    """Whether strangers get the whole zone."""
    aaaa_denied: bool = False
    """Whether api.workme.test does not exist when it is asked for AAAA."""
    https_dropped: bool = False
    """Whether queries of type HTTPS get no answer."""
    signatures_left: timedelta = _SIGNATURE_LIFETIME
    signatures_left_at_second_server: timedelta | None = None
    mail_server: str = "mail"
    spf: tuple[str, ...] = ("v=spf1 mx -all",)
    dmarc: str | None = "v=DMARC1; p=quarantine"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The zone's one key, for keys and records alike."""

    private: ec.EllipticCurvePrivateKey
    public: dns.rdtypes.ANY.DNSKEY.DNSKEY

    @classmethod
    def new(cls) -> "SigningKey":
        """A fresh ECDSA P-256 key (RFC 6605)."""
        private = ec.generate_private_key(ec.SECP256R1())
        public = dns.dnssec.make_dnskey(private.public_key(), Algorithm.ECDSAP256SHA256, flags=257)
        return cls(private, public)

    def ds(self) -> dns.rdtypes.ANY.DS.DS:
        """Return what the parent zone publishes of it."""
        return dns.dnssec.make_ds(ORIGIN, self.public, DSDigest.SHA256)


def signed_zone(settings: DnsSettings, key: SigningKey, mongodb_port: int, *, second: bool = False) -> dns.zone.Zone:
    """The zone as the first or the second authoritative server has it."""
    addresses: Sequence[str] = settings.addresses
    serial = 2026112301
    if second:
        addresses = settings.addresses_at_second_server or addresses
        serial = settings.serial_at_second_server or serial
    negative_ttl = settings.negative_ttl
    lines = [
        f"@ {negative_ttl} SOA {settings.origin_server} hostmaster {serial} {settings.timers} {negative_ttl}",
        *(f"@ NS {server}" for server in settings.name_servers),
        f"@ MX 10 {settings.mail_server}",
        *(f'@ TXT "{record}"' for record in settings.spf),
        *([f'_dmarc TXT "{settings.dmarc}"'] if settings.dmarc else []),
        f'mail._domainkey TXT "v=DKIM1; k=ed25519; p={_DKIM_KEY}"',
        "ns1 A 127.0.0.1",
        "ns2 A 127.0.0.2",
        "nsalias CNAME ns2",
        "mail A 127.0.0.1",
        *(f"api A {address}" for address in addresses),
        f"www {settings.www}",
        f"_mongodb._tcp.mongo SRV 0 0 {mongodb_port} mongo1",
        'mongo TXT "replicaSet=rs0"',
        "mongo1 A 127.0.0.1",
    ]
    if settings.caa is not None:
        lines.append(f'@ CAA 0 issue "{settings.caa}"')
    if settings.wildcard:
        lines += [f"* A {address}" for address in addresses]
    text = textwrap.dedent(f"$TTL {settings.ttl}\n") + "\n".join(lines) + "\n"
    zone = dns.zone.from_text(text, origin=ORIGIN, relativize=False)
    left = settings.signatures_left
    if second and settings.signatures_left_at_second_server is not None:
        left = settings.signatures_left_at_second_server
    end = datetime.now(UTC) + left
    dns.dnssec.sign_zone(zone, keys=[(key.private, key.public)], inception=end - _SIGNATURE_LIFETIME, expiration=end)
    return zone
