"""Reads the lists of revoked certificates that a path names (RFC 5280, section 6.3).

The addresses stand in certificates that a trusted authority signed; no other address is ever asked.
"""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import cast

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from gonogo.clients.trust import trust_context
from gonogo.evidence.tls import RevocationList
from gonogo.families.tls.certificates import UNREADABLE, read_certificate
from gonogo.families.tls.reading import load_certificate

_PATIENCE_SECONDS = 4.0
_LARGEST_LIST_BYTES = 32 * 1024 * 1024
_MOST_AUTHORITIES = 4
_PEM = b"-----BEGIN"


async def revocation_lists(path: Sequence[bytes]) -> tuple[RevocationList, ...]:
    """The status by revocation lists of every certificate of the path but its root; ``path`` is leaf first."""
    pairs = [(der, issuer) for der, issuer in pairwise(path) if der != issuer]
    answers = await asyncio.gather(*(_asked(der, issuer) for der, issuer in pairs[:_MOST_AUTHORITIES]))
    return tuple(answer for answer in answers if answer is not None)


async def _asked(der: bytes, issuer: bytes) -> RevocationList | None:
    """The list that one certificate points to, and what it says of it; None for a certificate that names none."""
    certificate = read_certificate(der)
    addresses = [url for url in certificate.revocation_lists if url.startswith("http")]
    if not addresses:
        return None
    answer = partial(RevocationList, subject=certificate.subject, url=addresses[0])
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            content = await _fetched(addresses[0])
    except TimeoutError:
        return answer(problem=f"no complete answer within {_PATIENCE_SECONDS:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return answer(problem=f"cannot be fetched: {error or type(error).__name__}")
    return _looked_up(answer, content, load_certificate(der), load_certificate(issuer))


async def _fetched(url: str) -> bytes:
    """One GET without proxy, cookies or redirects. Authorities publish over plain HTTP: the list is signed."""
    # Without a context httpx would load its own, which takes longer than the list.
    tls = trust_context("public") if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with (
        httpx.AsyncClient(verify=tls, trust_env=False, timeout=_PATIENCE_SECONDS) as client,
        client.stream("GET", url) as reply,
    ):
        if reply.status_code != httpx.codes.OK:
            raise httpx.HTTPError(f"status {reply.status_code}")
        content = bytearray()
        async for chunk in reply.aiter_bytes():
            content += chunk
            if len(content) > _LARGEST_LIST_BYTES:
                raise httpx.HTTPError(f"it is larger than {_LARGEST_LIST_BYTES} bytes")
        return bytes(content)


def _looked_up(
    answer: partial[RevocationList], content: bytes, certificate: x509.Certificate, issuer: x509.Certificate
) -> RevocationList:
    """Return what a list says of a certificate, if it is the issuer's and not out of date."""
    try:
        load = x509.load_pem_x509_crl if content.lstrip().startswith(_PEM) else x509.load_der_x509_crl
        listed = load(content)
        # A key that cannot sign is no key of an authority: cryptography raises TypeError for it.
        if not listed.is_signature_valid(cast("CertificateIssuerPublicKeyTypes", issuer.public_key())):
            return answer(problem="its signature is not the issuer's")
        entry = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
    except (InvalidSignature, UnsupportedAlgorithm, *UNREADABLE):
        return answer(problem="it is no list of revoked certificates")
    if entry is not None:
        return answer(revoked_at=entry.revocation_date_utc)
    if listed.next_update_utc is not None and listed.next_update_utc < datetime.now(UTC):
        return answer(problem=f"it is out of date since {listed.next_update_utc:%Y-%m-%d %H:%M} UTC")
    return answer()
