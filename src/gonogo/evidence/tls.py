"""Evidence about TLS: what one address presented, and what it accepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gonogo.base.errors import Unobserved
from gonogo.evidence.base import Evidence


class Handshake(StrEnum):
    """How an attempt to shake hands ended."""

    DONE = "done"
    REFUSED = "refused"
    """The server said no: by an alert, or by an end or silence that repeats while other handshakes work."""
    SILENT = "silent"
    """The connection was accepted, and nothing came."""
    CUT_OFF = "cut off"
    """The connection ended without a word: a limit on connections does the same as a refusal."""
    CLOSED_PORT = "closed port"
    """Nobody listens."""
    NOT_ASKED = "not asked"
    """The offer was not made: this says nothing about the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate of a chain, as sent."""

    subject: str
    issuer: str
    issuer_organisation: str | None
    names: tuple[str, ...]
    """DNS names and addresses of the subject alternative name extension."""
    not_before: datetime
    not_after: datetime
    key: str
    """As in ``RSA 2048`` or ``EC 256``."""
    key_type: str
    key_bits: int
    """Length of the public key, in bits; 0 for a kind of key that is not known."""
    signature_hash: str | None
    """None for signature schemes that hash inside, as Ed25519 does."""
    self_signed: bool
    sha256: str
    is_authority: bool = False
    """basicConstraints allow it to issue."""
    may_sign: bool = True
    """Its keyUsage, if it has one, allows digital signatures, by which a server proves that it holds the key."""
    must_staple: bool = False
    """True if the certificate demands a stapled OCSP response (RFC 7633)."""
    timestamps: int = 0
    """Signed certificate timestamps inside of it (RFC 6962)."""
    revocation_lists: tuple[str, ...] = ()
    """Where its authority publishes what it revoked."""

    @property
    def authority(self) -> str:
        """The issuer's organisation: authorities issue from several intermediates, at random."""
        return self.issuer_organisation or self.issuer

    @property
    def lifetime(self) -> timedelta:
        """Time from the first to the last moment of validity."""
        return self.not_after - self.not_before

    def remaining(self, at: datetime) -> timedelta:
        """How much validity is left at that time; negative once it expired."""
        return self.not_after - at

    def remaining_fraction(self, at: datetime) -> float:
        """The validity that is left as a fraction of the whole lifetime; negative once it expired."""
        return self.remaining(at) / self.lifetime if self.lifetime else 0.0


def without_roots(chain: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """The leaf and its intermediates: servers send old roots along, and no client looks at them."""
    return (*chain[:1], *(sent for sent in chain[1:] if not sent.self_signed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Staple:
    """The OCSP response that the server sent with its certificate."""

    status: str
    """``good``, ``revoked``, ``unknown``, or why there is none that counts."""
    this_update: datetime | None = None
    next_update: datetime | None = None
    revoked_at: datetime | None = None
    problem: str = ""
    """Why no client would believe it: its signature, or the certificate that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """The list of revoked certificates that one certificate of the path names."""

    subject: str
    """Subject of the certificate."""
    url: str
    problem: str = ""
    """Why the list is not known."""
    revoked_at: datetime | None = None
    """When the certificate was revoked, if it is on the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """One certificate that the name can serve, with its chain. Clients get one or the other by what they offer."""

    chain: tuple[Certificate, ...]
    """As sent, leaf first."""
    name_matches: bool = False
    """RFC 9525 on the leaf's alternative names; the common name does not count."""
    verification: str = ""
    """Why the chain does not build from the roots of the declared trust and what was sent; empty when it does. Names
    and dates are not part of it."""
    strict_verification: str = ""
    """Result of the verification with RFC 5280 taken by its letter (OpenSSL's X509_STRICT, Python's default from 3.13)."""
    level_verification: str = ""
    """Result of the verification at the security level that OpenSSL's clients have by default: too weak keys and hashes."""
    path: tuple[str, ...] = ()
    """SHA-256 of what lies between the leaf and a trusted root, both included; empty when no path builds."""
    added: tuple[Certificate, ...] = ()
    """Certificates of the path that were not sent: the root, and what else the trust file lent."""
    staple: Staple | None = None
    timestamps: int = 0
    """Signed certificate timestamps beside the certificate: in the handshake, or in the staple."""
    revocation: tuple[RevocationList, ...] = ()
    in_order: bool = True
    """Each certificate was sent right after the one that it vouches for."""

    @property
    def leaf(self) -> Certificate | None:
        """The server's own certificate."""
        return self.chain[0] if self.chain else None

    @property
    def used(self) -> tuple[Certificate, ...]:
        """The sent certificates that clients need, without an old cross-signature; all, if there is no path."""
        return tuple(sent for sent in self.chain if not self.path or sent.sha256 in self.path)

    @property
    def whole_path(self) -> tuple[Certificate, ...]:
        """All that clients rely on, sent or not."""
        return (*self.used, *self.added)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing that was offered to the server, and how it took it."""

    name: str
    handshake: Handshake
    cipher: str | None = None
    detail: str = ""
    group_bits: int = 0
    """Size of the Diffie-Hellman group that the server chose."""
    group: str = ""
    """Name of that group; ``own, safe`` or ``own, unsafe`` for one that no standard knows."""


class ClientCertificate(StrEnum):
    """Whether clients need a certificate of their own."""

    NOT_ASKED = "not asked for"
    OPTIONAL = "asked for, and not needed"
    DEMANDED = "demanded"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsEvidence(Evidence):
    """Several handshakes with one address, none of which was spoiled by an error of another."""

    host: str
    address: str
    port: int
    handshake: Handshake
    """Result of the handshake without verification."""
    detail: str = ""
    version: str | None = None
    cipher: str | None = None
    alpn: str | None = None
    trust: str = ""
    """What chains were verified against: ``public``, or the name of a PEM file."""
    presented: tuple[Presented, ...] = ()
    """Every certificate that was seen; first the one that most clients get."""
    without_name: str = ""
    """Subject of the certificate that clients without SNI get; empty if they get none."""
    offers: tuple[Offer, ...] = ()
    clients: tuple[Offer, ...] = ()
    """What clients of the last five years would get, by their name."""
    client_certificate: ClientCertificate = ClientCertificate.NOT_ASKED
    clock_offset: timedelta | None = None
    """The server's own Date less our clock; None if it told none."""

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The chain that most clients get."""
        return self.presented[0].chain if self.presented else ()

    @property
    def leaf(self) -> Certificate | None:
        """The server's own certificate, as most clients get it."""
        return self.chain[0] if self.chain else None

    def where(self, presented: Presented | None = None) -> str:
        """Host, address and port, and which of several certificates."""
        where = f"{self.host} at {self.address}:{self.port}"
        if presented is None or presented.leaf is None or len(self.presented) == 1:
            return where
        return f"{where}, {presented.leaf.key_type} certificate"

    @property
    def certificates(self) -> tuple[tuple[Presented, Certificate], ...]:
        """Everything that was presented, with its leaf. Raises Unobserved if there is none that could be wrong."""
        pairs = tuple((presented, presented.leaf) for presented in self.presented if presented.leaf is not None)
        if not pairs:
            raise Unobserved(f"{self.where()} sent no certificate")
        return pairs

    @property
    def authorities(self) -> set[str]:
        """The issuers of the leaves. Raises Unobserved as ``certificates`` does."""
        return {leaf.authority for _, leaf in self.certificates}

    @property
    def leaves(self) -> tuple[Certificate, ...]:
        """The leaf of every chain that was seen."""
        return tuple(presented.chain[0] for presented in self.presented if presented.chain)

    def offer(self, name: str) -> Offer | None:
        """The server's answer to one offer."""
        return next((offer for offer in self.offers if offer.name == name), None)

    def accepts(self, name: str) -> bool:
        """Whether the server took the offer of this name."""
        offer = self.offer(name)
        return offer is not None and offer.handshake is Handshake.DONE

    def answer(self, offer: Offer | str) -> Handshake:
        """DONE or REFUSED. Raises Unobserved when nobody knows, for that would be green by inability."""
        made = self.offer(offer) if isinstance(offer, str) else offer
        if made is None:
            raise Unobserved(f"{self.where()} was never offered {offer}", hint="record a new run")
        if made.handshake in {Handshake.DONE, Handshake.REFUSED}:
            return made.handshake
        raise Unobserved(
            f"{self.where()}: how it takes {made.name} is not known: {made.handshake}, {made.detail}",
            hint="it may limit how often one client connects: let this machine through, or raise limits.probe",
        )
