"""The reference environment's certificate authorities: one that the public is to trust, and one for the inside.

Root → intermediate → leaf, EC P-256, shaped so that even ``VERIFY_X509_STRICT`` is content (RFC 5280).
Every variation that a fault needs is a field of CertificateSettings.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)
ORGANISATION = "WorkMe Test CA"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSettings:
    """What the public authority issues. The defaults are healthy."""

    not_before: timedelta = -10 * DAY
    not_after: timedelta = 80 * DAY
    names: tuple[str, ...] = ("api.workme.test", "www.workme.test")
    issuer: str = ORGANISATION
    key: str = "ec"
    """``ec`` (P-256), ``rsa`` (2048 bits) or ``weak`` (RSA, 1024 bits)."""
    from_unknown_authority: bool = False
    with_intermediate: bool = True
    lenient_root: bool = False
    """basicConstraints not critical: valid for OpenSSL's default checks, refused by its strict ones."""
    root_expired: bool = False
    second_address_differs: bool = False
    second_address_is_old: bool = False
    """The second address still has the certificate of the time before."""
    revoked: bool = False
    list_published: bool = True
    """Whether the authority's list of revoked certificates can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A certificate chain with its key, in PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class _Lineage:
    root: _Authority
    intermediate: _Authority


def issue_public(directory: Path, settings: CertificateSettings, lists_at: str = "") -> tuple[Path, Bundle, Bundle]:
    """Issue for the public names: the root to trust, and the chains of the first and the second address.

    ``lists_at`` is where leaves say that the authority publishes what it revoked: ``revocation_list_path`` is that list.
    """
    now = datetime.now(UTC)
    lineage = _lineage(settings.issuer, now, lenient=settings.lenient_root, expired=settings.root_expired)
    trusted = _lineage(settings.issuer, now) if settings.from_unknown_authority else lineage
    root = _write_certificates(directory / "root.pem", [trusted.root.certificate])
    first = _bundle(directory, "public-1", lineage, settings, now, lists_at)
    _publish(directory, lineage, first, now, revoked=settings.revoked)
    if settings.second_address_is_old:
        before = replace(settings, not_before=-75 * DAY, not_after=15 * DAY)
        return root, first, _bundle(directory, "public-2", lineage, before, now, lists_at)
    if not settings.second_address_differs:
        return root, first, first
    stranger = _lineage("Another Test CA", now)
    _write_certificates(directory / "root.pem", [lineage.root.certificate, stranger.root.certificate])
    return root, first, _bundle(directory, "public-2", stranger, settings, now)


def revocation_list_path(directory: Path) -> Path:
    """Return what the public authority revoked, in DER."""
    return directory / "list.crl"


def _publish(directory: Path, lineage: _Lineage, leaf: Bundle, now: datetime, *, revoked: bool) -> None:
    authority = lineage.intermediate
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(now - DAY).next_update(now + 6 * DAY)
    if revoked:
        serial = x509.load_pem_x509_certificate(leaf.chain.read_bytes()).serial_number
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY)
        builder = builder.add_revoked_certificate(entry.build())
    content = builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    _write(revocation_list_path(directory), content)


def issue_internal(directory: Path) -> tuple[Path, Bundle]:
    """Issue for the databases, always healthy: the root to trust, and the chain."""
    now = datetime.now(UTC)
    lineage = _lineage("WorkMe Internal CA", now)
    settings = CertificateSettings(names=("localhost", "127.0.0.1", "mongo1.workme.test", "redis.workme.test"))
    root = _write_certificates(directory / "internal-root.pem", [lineage.root.certificate])
    return root, _bundle(directory, "internal", lineage, settings, now)


def _bundle(  # noqa: PLR0913, PLR0917 - whose, for whom, and when
    directory: Path, stem: str, lineage: _Lineage, settings: CertificateSettings, now: datetime, lists_at: str = ""
) -> Bundle:
    key = _key(settings.key)
    leaf = _leaf(lineage.intermediate, key, settings, now, lists_at)
    chain = [leaf, lineage.intermediate.certificate] if settings.with_intermediate else [leaf]
    key_path = directory / f"{stem}-key.pem"
    _write(key_path, _pem(key))
    return Bundle(chain=_write_certificates(directory / f"{stem}-chain.pem", chain), key=key_path)


def _lineage(organisation: str, now: datetime, *, lenient: bool = False, expired: bool = False) -> _Lineage:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = _name(organisation, f"{organisation} Root")
    validity = (now - 400 * DAY, now + 3000 * DAY)
    of_root = (validity[0], now - DAY) if expired else validity
    root = _authority_certificate(name, root_key, name, root_key, of_root, critical=not lenient)
    below = _authority_certificate(_name(organisation, f"{organisation} R1"), key, name, root_key, validity)
    return _Lineage(root=_Authority(root, root_key), intermediate=_Authority(below, key))


def _authority_certificate(  # noqa: PLR0913 - a certificate is these six things
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    validity: tuple[datetime, datetime],
    *,
    critical: bool = True,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(subject, issuer, key, issuer_key, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=critical)
    return builder.add_extension(usage, critical=True).sign(issuer_key, hashes.SHA256())


def _leaf(
    authority: _Authority, key: PrivateKey, settings: CertificateSettings, now: datetime, lists_at: str
) -> x509.Certificate:
    validity = (now + settings.not_before, now + settings.not_after)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, settings.names[0])])
    builder = _builder(subject, authority.certificate.subject, key, authority.key, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_san(name) for name in settings.names]), critical=False
    )
    if lists_at:
        name = x509.UniformResourceIdentifier(lists_at)
        point = x509.DistributionPoint(full_name=[name], relative_name=None, reasons=None, crl_issuer=None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    validity: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _key(kind: str) -> PrivateKey:
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048 if kind == "rsa" else 1024)


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_certificates(path: Path, certificates: Sequence[x509.Certificate]) -> Path:
    _write(path, b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates))
    return path


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
