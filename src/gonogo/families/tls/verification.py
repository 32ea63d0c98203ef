"""Verifies a chain that was read earlier, with OpenSSL and without another handshake.

A client of Python's ssl verifies the chain as soon as the Certificate message has come, before the server proves that
it holds the key. So the messages of a server, ServerHello and Certificate of TLS 1.2, are played to a client in memory:
what it says of the chain is what every client of OpenSSL says. Nothing is sent to anybody.
"""

import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import certifi

from gonogo.base.errors import UsageError
from gonogo.families.tls.certificates import UNREADABLE, verified_path
from gonogo.families.tls.reading import load_certificate

_DATES = {9, 10}
"""X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED: dates are judged from the facts."""
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME, which Python has no name for."""
_SUITE = b"\xc0\x2f"
"""ECDHE_RSA_AES_128_GCM_SHA256. The chain is verified before anybody compares its key with the suite."""
_ANY_LEVEL = "ALL:COMPLEMENTOFALL:!aNULL:@SECLEVEL=0"
_CLIENT_LEVEL = "DEFAULT:@SECLEVEL=2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The result of building a path."""

    path: tuple[bytes, ...] = ()
    """Leaf first, the trusted root last; empty if there is none."""
    problem: str = ""
    code: int = 0
    """OpenSSL's, of the problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The verdict of clients on one chain, dates aside."""

    problem: str = ""
    """Problem with the roots of the trust file and what the server sent; empty: none."""
    strict_problem: str = ""
    """Problem with RFC 5280 taken by its letter; empty: none."""
    level_problem: str = ""
    """Problem at the security level that clients have by default: their own words on keys and hashes."""
    path: tuple[bytes, ...] = ()
    """The chain as it was built, in DER, leaf first; with all that the trust file holds where roots alone were not enough."""


def verify(chain: Sequence[bytes], trust: str) -> Verification:
    """Build a path from the leaf to the declared trust, in every way that matters."""
    roots = _build(chain, trust, ssl.VERIFY_DEFAULT)
    if roots.problem:
        helped = _build(chain, trust, ssl.VERIFY_DEFAULT, everything=True)
        return Verification(problem=_explained(roots, helped, chain, trust), path=helped.path)
    strictly = _build(chain, trust, ssl.VERIFY_X509_STRICT)
    level = _build(chain, trust, ssl.VERIFY_DEFAULT, ciphers=_CLIENT_LEVEL)
    return Verification(
        path=roots.path,
        strict_problem=strictly.problem,
        level_problem=level.problem,
    )


def _explained(roots: Built, helped: Built, chain: Sequence[bytes], trust: str) -> str:
    """Why it does not build, and what hides that on this machine."""
    if not helped.path:
        return roots.problem
    lent = [_subject(der) for der in helped.path[1:-1] if der not in chain]
    return (
        f"{roots.problem}: it builds here over {', '.join(lent)} only, which stands in {Path(trust).name} "
        "and is not sent"
    )


def _subject(der: bytes) -> str:
    return load_certificate(der).subject.rfc4514_string()


def _build(
    chain: Sequence[bytes], trust: str, flags: ssl.VerifyFlags, *, everything: bool = False, ciphers: str = _ANY_LEVEL
) -> Built:
    """Builds with the dates first: a root that was renewed stands beside the old one, and only the dates tell them apart."""
    dated = _play(chain, _context(trust, _stamp(trust), flags, ciphers, everything=everything))
    if dated.code not in _DATES:
        return dated
    timeless = flags | _NO_CHECK_TIME
    return _play(chain, _context(trust, _stamp(trust), timeless, ciphers, everything=everything))


def _stamp(trust: str) -> float:
    return 0.0 if trust == "public" else Path(trust).stat().st_mtime


@lru_cache(maxsize=64)
def _context(trust: str, stamp: float, flags: ssl.VerifyFlags, ciphers: str, *, everything: bool) -> ssl.SSLContext:
    """A client's context; kept, since reading all public roots takes longer than verifying a chain."""
    del stamp  # a part of the key: a trust file that changed is read again
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # Python sets it by default from 3.13 on; here it is one question of its own, on every version of Python.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= flags
    # In TLS 1.2 the certificates travel unencrypted, so that they can be played without a key exchange.
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    anchors = trusted_certificates(trust)
    # OpenSSL takes every certificate of a trust file for building a path: an intermediate that stands there would hide
    # that the server does not send it, and other clients fail.
    roots = [der for der in anchors if _is_root(der)]
    context.load_verify_locations(cadata=b"".join(anchors if everything or not roots else roots))
    return context


def require_trust(trust: str, key: str) -> None:
    """Raise UsageError if the trust file holds no certificates; ``key`` is the key of the environment file."""
    try:
        roots = trusted_certificates(trust)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=b"".join(roots))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise UsageError(f'{key}: {trust} holds no certificates ({error}); give "public" or a PEM file') from None


def trusted_certificates(trust: str) -> list[bytes]:
    """Everything that the trust file holds. OSError or ValueError if it cannot be read."""
    text = Path(certifi.where() if trust == "public" else trust).read_text("latin-1")
    return [ssl.PEM_cert_to_DER_cert(block + _END) for block in _blocks(text)]


_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def _blocks(text: str) -> list[str]:
    return [_BEGIN + part.partition(_END)[0] for part in text.split(_BEGIN)[1:]]


def _is_root(der: bytes) -> bool:
    try:
        certificate = load_certificate(der)
    except UNREADABLE:
        return False
    return certificate.subject == certificate.issuer


def _play(chain: Sequence[bytes], context: ssl.SSLContext) -> Built:
    """Let a client that has never seen the server look at its certificates."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        incoming.write(_server_hello() + _records(_message(11, _list(chain))))
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return Built(path=verified_path(client))
    except ssl.SSLCertVerificationError as error:
        return Built(problem=error.verify_message, code=error.verify_code)
    except ssl.SSLError as error:
        # The path was built, and what comes after it failed: the key does not fit our suite, which says nothing.
        path = verified_path(client)
        return Built(path=path) if path else Built(problem=error.reason or str(error))
    return Built(problem="OpenSSL did not look at the chain")


def _server_hello() -> bytes:
    renegotiation = b"\xff\x01\x00\x01\x00"
    body = b"\x03\x03" + b"\x20" * 32 + b"\x00" + _SUITE + b"\x00" + len(renegotiation).to_bytes(2, "big")
    return _records(_message(2, body + renegotiation))


def _list(chain: Sequence[bytes]) -> bytes:
    entries = b"".join(len(der).to_bytes(3, "big") + der for der in chain)
    return len(entries).to_bytes(3, "big") + entries


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _records(message: bytes) -> bytes:
    parts = (message[start : start + 0x4000] for start in range(0, len(message), 0x4000))
    return b"".join(b"\x16\x03\x03" + len(part).to_bytes(2, "big") + part for part in parts)


def fingerprint(der: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(der).hexdigest()
