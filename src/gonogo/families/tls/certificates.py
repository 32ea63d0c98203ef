"""Reads the facts of certificates and chains; judges none of them."""

import ssl
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID, PublicKeyAlgorithmOID

from gonogo.evidence.tls import Certificate
from gonogo.families.tls.names import matches
from gonogo.families.tls.reading import load_certificate

_LONGEST = 300
_MOST_NAMES = 200
_MOST_CERTIFICATES = 10
_MOST_LISTS = 3
_DER = 1 << 1
"""The value of ``_ssl.ENCODING_DER``."""
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""The errors that cryptography raises for bytes that are no sound certificate; they have no common base."""


def read_chain(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Read a chain in DER, leaf first, at most ten certificates of it.

    It ends before the first that is no certificate, since what follows must not take its place.
    """
    certificates: list[Certificate] = []
    for der in chain[:_MOST_CERTIFICATES]:
        try:
            certificates.append(read_certificate(der))
        except UNREADABLE:
            break
    return tuple(certificates)


def sent_chain(session: ssl.SSLObject) -> Sequence[bytes]:
    """Return the certificates that the server sent, in DER, leaf first."""
    return _ders(session, "get_unverified_chain")


def verified_path(session: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates by which a verifying handshake came from the leaf to a trusted root, in DER."""
    return tuple(_ders(session, "get_verified_chain"))


def _ders(session: Any, method: str) -> list[bytes]:  # noqa: ANN401 - SSLObject, whose interface differs between versions
    """Call a method that is public from Python 3.13, and before is a method of the private object."""
    if sys.version_info >= (3, 13):
        return list(getattr(session, method)() or ())
    presented: Iterable[Any] = getattr(session._sslobj, method)() or ()  # noqa: SLF001 - see above
    return [certificate.public_bytes(_DER) for certificate in presented]


def read_certificate(der: bytes) -> Certificate:
    """Read one certificate in DER, as a server sent it. Raises one of UNREADABLE if the bytes are no certificate."""
    certificate = load_certificate(der)
    key_type, key_bits = _key(certificate)
    return Certificate(
        subject=certificate.subject.rfc4514_string()[:_LONGEST],
        issuer=certificate.issuer.rfc4514_string()[:_LONGEST],
        issuer_organisation=_organisation(certificate.issuer),
        names=_names(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=f"{key_type} {key_bits}",
        key_type=key_type,
        key_bits=key_bits,
        signature_hash=_signature_hash(certificate),
        self_signed=certificate.subject == certificate.issuer,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        is_authority=_is_authority(certificate),
        may_sign=_may_sign(certificate),
        must_staple=_must_staple(certificate),
        timestamps=_timestamps(certificate),
        revocation_lists=_revocation_lists(certificate),
    )


def is_for(der: bytes, host: str) -> bool:
    """Return whether a certificate in DER is for this host, by its alternative names alone (RFC 9525).

    It is for no host if it cannot be read.
    """
    try:
        dns_names, addresses = _alternative_names(load_certificate(der))
    except UNREADABLE:
        return False
    return matches(host, names=dns_names, addresses=addresses)


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    with suppress(UnsupportedAlgorithm):
        kind, bits = _kind_of_key(certificate.public_key())
        # Such a key signs by RSASSA-PSS only, and no browser knows its kind (RFC 8446, 4.2.3: rsa_pss_pss).
        only_pss = certificate.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS
        return ("RSA-PSS" if only_pss else kind), bits
    return "unknown", 0


def _kind_of_key(key: CertificatePublicKeyTypes) -> tuple[str, int]:
    match key:
        case rsa.RSAPublicKey(key_size=bits):
            return "RSA", bits
        case ec.EllipticCurvePublicKey(key_size=bits):
            return "EC", bits
        case dsa.DSAPublicKey(key_size=bits):
            return "DSA", bits
        case ed25519.Ed25519PublicKey():
            return "Ed25519", 256
        case ed448.Ed448PublicKey():
            return "Ed448", 456
        case other:
            return type(other).__name__, 0


def _organisation(name: x509.Name) -> str | None:
    values = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(values[0].value)[:_LONGEST] if values else None


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    dns_names, addresses = _alternative_names(certificate)
    return (*dns_names, *addresses)[:_MOST_NAMES]


def _alternative_names(certificate: x509.Certificate) -> tuple[Sequence[str], Sequence[str]]:
    """Return the DNS names, and the addresses, for which a certificate is."""
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = [str(address) for address in san.get_values_for_type(x509.IPAddress)]
        return san.get_values_for_type(x509.DNSName), addresses
    return (), ()


def _is_authority(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    return False


def _may_sign(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    return True


def _must_staple(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        features = certificate.extensions.get_extension_for_class(x509.TLSFeature).value
        return x509.TLSFeatureType.status_request in features
    return False


def _timestamps(certificate: x509.Certificate) -> int:
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        kind = x509.PrecertificateSignedCertificateTimestamps
        return len(list(certificate.extensions.get_extension_for_class(kind).value))
    return 0


def _revocation_lists(certificate: x509.Certificate) -> tuple[str, ...]:
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        names = [name.value for point in points if not point.reasons for name in point.full_name or ()]
        return tuple(name[:_LONGEST] for name in names if isinstance(name, str))[:_MOST_LISTS]
    return ()


def _signature_hash(certificate: x509.Certificate) -> str | None:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return algorithm.name if algorithm else None
