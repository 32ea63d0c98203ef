"""Reads the OCSP response that a server staples to its certificate (RFC 6960), and counts timestamps (RFC 6962)."""

from collections.abc import Sequence
from contextlib import suppress

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from gonogo.evidence.tls import Staple
from gonogo.families.tls.certificates import UNREADABLE
from gonogo.families.tls.reading import load_certificate

_SUCCESSFUL = ocsp.OCSPResponseStatus.SUCCESSFUL


def read_staple(der: bytes, chain: Sequence[bytes]) -> Staple | None:
    """The facts of a staple; None if there is none. ``chain`` is the path, or what was sent: leaf first."""
    if not der:
        return None
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not _SUCCESSFUL:
            return Staple(status=f"error: {response.response_status.name.lower()}")
        return _read(response, [load_certificate(der) for der in chain[:2]])
    except UNREADABLE:
        return Staple(status="unreadable", problem="it is no OCSP response")


def _read(response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]) -> Staple:
    leaf, *above = chain
    return Staple(
        status=response.certificate_status.name.lower(),
        this_update=response.this_update_utc,
        next_update=response.next_update_utc,
        revoked_at=response.revocation_time_utc,
        problem=_problem(response, leaf, above[0] if above else None),
    )


def _problem(response: ocsp.OCSPResponse, leaf: x509.Certificate, issuer: x509.Certificate | None) -> str:
    """Why a staple proves nothing: another certificate, another signer, a wrong signature; empty if it counts."""
    if response.serial_number != leaf.serial_number:
        return "it is about another certificate"
    if issuer is None:
        return "its signature cannot be judged without the issuer"
    signer = _responder(response, issuer)
    if signer is None:
        return "the issuer did not empower whoever signed it"
    return "" if _signed(response, signer) else "its signature is wrong"


def _responder(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> x509.Certificate | None:
    """The certificate that signed it: the issuer's own, or one that the issuer made for this purpose."""
    name = response.responder_name
    for candidate in response.certificates:
        if candidate == issuer:
            continue
        with suppress(x509.ExtensionNotFound, InvalidSignature, *UNREADABLE):
            candidate.verify_directly_issued_by(issuer)
            usage = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            if ExtendedKeyUsageOID.OCSP_SIGNING in usage:
                return candidate
    return issuer if name in {None, issuer.subject} else None


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    """Whether this key made the response's signature; False for kinds of keys that nobody signs OCSP with."""
    key, digest = signer.public_key(), response.signature_hash_algorithm
    signature, content = response.signature, response.tbs_response_bytes
    try:
        match key:
            case rsa.RSAPublicKey():
                key.verify(signature, content, padding.PKCS1v15(), digest or hashes.SHA256())
            case ec.EllipticCurvePublicKey():
                key.verify(signature, content, ec.ECDSA(digest or hashes.SHA256()))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
                key.verify(signature, content)
            case dsa.DSAPublicKey():
                key.verify(signature, content, digest or hashes.SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def timestamps_in_staple(der: bytes) -> int:
    """Signed certificate timestamps that the authority put into the staple."""
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        response = ocsp.load_der_ocsp_response(der)
        kind = x509.SignedCertificateTimestamps
        return len(list(response.single_extensions.get_extension_for_class(kind).value))
    return 0


def timestamps_in_list(content: bytes) -> int:
    """Signed certificate timestamps in the list that a server sends beside its certificate."""
    count, remainder = 0, content[2:]
    while len(remainder) > 2:  # noqa: PLR2004 - the length of the next
        size = int.from_bytes(remainder[:2], "big")
        if len(remainder) < 2 + size:
            break
        count, remainder = count + 1, remainder[2 + size :]
    return count
