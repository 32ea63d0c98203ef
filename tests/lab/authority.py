"""A certificate authority of the laboratory: root, intermediate and leaves, sound or wrong in one way."""

import ipaddress
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.lab.servers import program

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
DAY = timedelta(days=1)
FOR_EVER = timedelta(days=2_900_000)
_FOR_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
_END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What RFC 5280, 4.1.2.5, has for no end."""


def new_key(kind: str) -> Key:
    """``ec``, ``ed25519``, or ``rsa`` with its bits, as in ``rsa1024``."""
    match kind:
        case "ec":
            return ec.generate_private_key(ec.SECP256R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    def write(self, folder: Path, stem: str, *chain: "Issued") -> tuple[Path, Path]:
        """The files of a server: its chain, and its key."""
        certificates, key = folder / f"{stem}.pem", folder / f"{stem}.key"
        certificates.write_bytes(b"".join(one.pem for one in (self, *chain)))
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificates, key


def issue(
    subject: str,
    issuer: Issued | None = None,
    *,
    names: Sequence[str] = (),
    authority: bool = False,
    key: str = "rsa2048",
    organisation: str = "Example CA",
    age: timedelta = 10 * DAY,
    left: timedelta = 80 * DAY,
    extensions: Sequence[x509.ExtensionType] = (),
    usage: x509.KeyUsage | None = None,
) -> Issued:
    """A certificate; without an issuer it is a root. ``usage`` is what a sound one would not have."""
    own = new_key(key)
    now = datetime.now(UTC)
    owner = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if authority and not names else []
    name = x509.Name([*owner, x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - age)
        .not_valid_after(now + left if left < FOR_EVER else _END_OF_TIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage or _usage(authority=authority and not names), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        builder = builder.add_extension(_FOR_SERVERS, critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(certificate=builder.sign(signer, digest), key=own)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


_KEY_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def key_usage(*allowed: str) -> x509.KeyUsage:
    """Of the names that cryptography has for the bits, as ``digital_signature``."""
    return x509.KeyUsage(**{bit: bit in allowed for bit in _KEY_USAGES})


def _usage(*, authority: bool) -> x509.KeyUsage:
    return key_usage(*(("key_cert_sign", "crl_sign") if authority else ("digital_signature",)))


def only_for_pss(folder: Path, subject: str, issuer: Issued) -> tuple[Path, Path]:
    """The files of a server whose key signs by RSASSA-PSS alone, by OpenSSL: its chain, and its key."""
    authority, authority_key = issuer.write(folder, "authority")
    certificate, key, request = (folder / f"pss.{suffix}" for suffix in ("pem", "key", "csr"))
    (folder / "pss.cnf").write_text(
        f"subjectAltName=DNS:{subject}\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    for command in (
        f"genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out {key}",
        f"req -new -key {key} -subj /CN={subject} -out {request}",
        f"x509 -req -in {request} -CA {authority} -CAkey {authority_key} -days 80 -extfile {folder}/pss.cnf -out {certificate}",
    ):
        subprocess.run([program("openssl"), *command.split()], cwd=folder, capture_output=True, check=True)
    certificate.write_bytes(certificate.read_bytes() + issuer.pem)
    return certificate, key


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A root and the intermediate that it empowered."""

    root: Issued
    intermediate: Issued


@cache
def lineage(
    organisation: str = "Example CA", root_key: str = "rsa2048", intermediate_key: str = "rsa2048", left: int = 3000
) -> Lineage:
    """The same one for the same arguments: keys take time to find. ``left`` is of the intermediate, in days."""
    root = issue(f"{organisation} Root", authority=True, key=root_key, organisation=organisation, left=3650 * DAY)
    intermediate = issue(
        f"{organisation} Issuing 1",
        root,
        authority=True,
        key=intermediate_key,
        organisation=organisation,
        age=900 * DAY if left < 0 else 10 * DAY,
        left=left * DAY,
    )
    return Lineage(root=root, intermediate=intermediate)


def staple(leaf: Issued, issuer: Issued, *, revoked: bool = False, age: timedelta = timedelta(hours=1)) -> bytes:
    """An OCSP response about the leaf, which holds for four days."""
    now = datetime.now(UTC)
    status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),  # noqa: S303 - what responders use to name the issuer
        cert_status=status,
        this_update=now - age,
        next_update=now - age + 4 * DAY,
        revocation_time=now - DAY if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    key = issuer.key
    assert not isinstance(key, ed25519.Ed25519PrivateKey)
    return signed.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def revocation_list(issuer: Issued, *revoked: Issued, age: timedelta = timedelta(hours=1)) -> bytes:
    """The list of an authority, which holds for four days."""
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(now - age).next_update(now - age + 4 * DAY)
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(now - DAY).build())
    key = issuer.key
    assert not isinstance(key, ed25519.Ed25519PrivateKey)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def listed_at(url: str) -> x509.CRLDistributionPoints:
    """The extension that says where the list is."""
    name = x509.UniformResourceIdentifier(url)
    point = x509.DistributionPoint(full_name=[name], relative_name=None, reasons=None, crl_issuer=None)
    return x509.CRLDistributionPoints([point])


MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])
