"""What one address presented when it was asked to speak TLS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gonogo.evidence.base import Evidence


class Handshake(StrEnum):
    """How an attempt to shake hands ended."""

    DONE = "done"
    REFUSED = "refused"
    """The server said no, or does not know how: an alert, a reset, an end of the connection."""
    SILENT = "silent"
    """The connection was accepted, and nothing was ever said."""
    CLOSED_PORT = "closed port"
    """Nobody listens."""
    NOT_OFFERABLE = "not offerable"
    """Our own TLS library could not make the offer: this says nothing about the server."""


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
    signature_hash: str | None
    """None for signature schemes that hash inside, as Ed25519 does."""
    self_signed: bool
    sha256: str

    @property
    def lifetime(self) -> timedelta:
        """From the first to the last moment of validity."""
        return self.not_after - self.not_before

    def remaining(self, at: datetime) -> timedelta:
        """How much validity is left at that time; negative once it expired."""
        return self.not_after - at

    def remaining_fraction(self, at: datetime) -> float:
        """The same as a part of the lifetime."""
        return self.remaining(at) / self.lifetime if self.lifetime else 0.0


def without_roots(chain: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """The leaf and its intermediates: servers send old roots along, and no client looks at them."""
    return (*chain[:1], *(sent for sent in chain[1:] if not sent.self_signed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing that was offered to the server, and how it took it."""

    name: str
    handshake: Handshake
    cipher: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsEvidence(Evidence):
    """Several handshakes with one address, none of which was spoiled by an error of another."""

    host: str
    address: str
    port: int
    handshake: Handshake
    """Of the handshake without verification, on which all facts are collected."""
    detail: str = ""
    version: str | None = None
    cipher: str | None = None
    alpn: str | None = None
    chain: tuple[Certificate, ...] = ()
    """As sent, leaf first."""
    name_matches: bool = False
    """RFC 6125 on the leaf's alternative names; the common name does not count."""
    trust: str = ""
    """What the chain was verified against: ``public``, or the name of a PEM file."""
    verification: str = ""
    """Why the chain does not build to the declared trust; empty when it does. Names, and the dates of what was sent,
    are not part of it."""
    strict_verification: str = ""
    """The same with RFC 5280 taken by its letter (OpenSSL's X509_STRICT, Python's default from 3.13)."""
    path: tuple[str, ...] = ()
    """SHA-256 of what lies between the leaf and a trusted root, both included; empty when the chain does not build."""
    offers: tuple[Offer, ...] = ()

    @property
    def leaf(self) -> Certificate | None:
        """The server's own certificate."""
        return self.chain[0] if self.chain else None

    @property
    def used(self) -> tuple[Certificate, ...]:
        """What was sent and clients need: no relic beside the path, as an old cross-signature. All, without a path."""
        return tuple(sent for sent in self.chain if not self.path or sent.sha256 in self.path)

    def offer(self, name: str) -> Offer | None:
        """What became of one offer."""
        return next((offer for offer in self.offers if offer.name == name), None)
