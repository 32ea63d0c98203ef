"""Shakes hands with one address, in several ways, and records what it presented.

All facts come from a handshake without verification, since a verification error hides the next problem. The
verifying handshakes then say only whether the chain builds: names and dates are judged from the facts.
"""

import asyncio
import ssl
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.network import unobserved
from gonogo.clients.trust import WITH_CERTIFICATE, trust_context, unverified_context
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.tls import Certificate, Handshake, Offer, TlsEvidence, without_roots
from gonogo.families.kind import Probe
from gonogo.families.tls.certificates import UNREADABLE, read_chain, sent_chain, verified_path

_EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
_CONNECT_SECONDS = 3.0
_HANDSHAKE_SECONDS = 3.0
_DATES = {9, 10}
"""X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED: dates are judged from the facts."""
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME, which Python has no name for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsQuestion:
    """One address of one name."""

    host: str
    address: str
    port: int
    trust: str

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    handshake: Handshake
    detail: str = ""
    session: ssl.SSLObject | None = None
    verify_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    path: tuple[str, ...] = ()
    problem: str = ""
    code: int = 0


def tls_questions(environment: Environment, secrets: Secrets) -> Sequence[TlsQuestion]:
    """Every declared address of every declared name."""
    del secrets
    trust = environment.tls.trust if environment.tls else "public"
    trust_context(trust)
    return [
        TlsQuestion(host=name, address=address, port=host.https_port, trust=trust)
        for name, host in environment.hosts.items()
        for address in host.addresses
    ]


async def probe_tls(question: TlsQuestion, *, thorough: bool = True) -> TlsEvidence:
    """Shake hands with one address and record what it presented; judge nothing. ``thorough`` tries old offers too."""
    taken_at = datetime.now(UTC)
    seen = await _shake(question, unverified_context())
    known: dict[str, Any] = {}
    if seen.session is not None:
        known = _facts(seen.session, question.host)
        built = await _build(question, known["chain"], taken_at, ssl.VERIFY_DEFAULT)
        strictly = await _build(question, known["chain"], taken_at, ssl.VERIFY_X509_STRICT)
        known |= {"verification": built.problem, "path": built.path, "strict_verification": strictly.problem}
        known["offers"] = await _offers(question) if thorough else ()
    return TlsEvidence(
        scope=question.scope,
        taken_at=taken_at,
        host=question.host,
        address=question.address,
        port=question.port,
        handshake=seen.handshake,
        detail=seen.detail,
        trust=question.trust if question.trust == "public" else Path(question.trust).name,
        **known,
    )


def _offer_context(minimum: ssl.TLSVersion, maximum: ssl.TLSVersion, ciphers: str) -> ssl.SSLContext:
    context = unverified_context()
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        # Old versions are deprecated for good reasons: that is why we ask whether the server still speaks them.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = minimum
        context.maximum_version = maximum
    return context


async def _shake(question: TlsQuestion, context: ssl.SSLContext) -> _Seen:
    """One connection, one handshake. Raises Unobserved when nobody could be asked."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, plain = await asyncio.open_connection(question.address, question.port)
    except ConnectionRefusedError:
        return _Seen(handshake=Handshake.CLOSED_PORT, detail="nobody listens")
    except OSError as error:  # a TimeoutError is one
        raise unobserved(error, question.address, question.port) from None
    try:
        return await _upgrade(plain, question.host, context)
    finally:
        plain.transport.abort()


async def _upgrade(plain: asyncio.StreamWriter, host: str, context: ssl.SSLContext) -> _Seen:
    try:
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            await plain.start_tls(context, server_hostname=host)
    except TimeoutError:
        return _Seen(handshake=Handshake.SILENT, detail=f"nothing said within {_HANDSHAKE_SECONDS:g} s")
    except ssl.SSLCertVerificationError as error:
        return _Seen(handshake=Handshake.REFUSED, detail=error.verify_message, verify_code=error.verify_code)
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        if reason in {"NO_CIPHERS_AVAILABLE", "NO_PROTOCOLS_AVAILABLE"}:
            return _Seen(handshake=Handshake.NOT_OFFERABLE, detail=reason)
        return _Seen(handshake=Handshake.REFUSED, detail=reason)
    except (OSError, EOFError) as error:
        return _Seen(handshake=Handshake.REFUSED, detail=str(error) or "the connection was closed")
    session: ssl.SSLObject = plain.get_extra_info("ssl_object")
    return _Seen(handshake=Handshake.DONE, session=session)


def _facts(session: ssl.SSLObject, host: str) -> dict[str, Any]:
    cipher = session.cipher()
    chain = sent_chain(session)
    return {
        "version": session.version(),
        "cipher": cipher[0] if cipher else None,
        "alpn": session.selected_alpn_protocol(),
        "chain": read_chain(chain),
        "name_matches": bool(chain) and _matches(chain[0], host),
    }


def _dates_in_order(chain: Sequence[Certificate], at: datetime) -> bool:
    return all(sent.not_before <= at <= sent.not_after for sent in without_roots(chain))


def _matches(der: bytes, host: str) -> bool:
    try:
        verify_certificate_hostname(x509.load_der_x509_certificate(der), host)
    except (VerificationError, CertificateError, *UNREADABLE):
        return False
    return True


async def _build(question: TlsQuestion, chain: Sequence[Certificate], at: datetime, flags: ssl.VerifyFlags) -> _Built:
    """Out of date and sent: the facts tell, and hide no other error. A root's dates: nothing else would tell."""
    dated = await _verify(question, flags)
    if dated.code not in _DATES:
        return dated
    timeless = await _verify(question, flags | _NO_CHECK_TIME)
    if timeless.problem or not _dates_in_order([sent for sent in chain if sent.sha256 in timeless.path], at):
        return timeless
    return replace(dated, problem=f"{dated.problem}: a root, for leaf and intermediates are within their dates")


async def _verify(question: TlsQuestion, flags: ssl.VerifyFlags) -> _Built:
    context = trust_context(question.trust)
    context.check_hostname = False
    context.set_ciphers(WITH_CERTIFICATE)
    context.verify_flags |= flags
    seen = await _shake(question, context)
    if seen.session is not None:
        return _Built(path=verified_path(seen.session))
    if not seen.verify_code:
        raise Unobserved(f"{question.address}:{question.port} shook hands once and then would not again: {seen.detail}")
    return _Built(problem=seen.detail, code=seen.verify_code)


async def _offers(question: TlsQuestion) -> tuple[Offer, ...]:
    versions = ssl.TLSVersion
    wanted = {
        "TLSv1": (versions.TLSv1, versions.TLSv1, _EVERYTHING),
        "TLSv1.1": (versions.TLSv1_1, versions.TLSv1_1, _EVERYTHING),
        "TLSv1.2": (versions.TLSv1_2, versions.TLSv1_2, "DEFAULT:@SECLEVEL=0"),
        "TLSv1.3": (versions.TLSv1_3, versions.TLSv1_3, "DEFAULT:@SECLEVEL=0"),
        "no certificate": (versions.TLSv1_2, versions.TLSv1_2, "aNULL:eNULL:@SECLEVEL=0"),
        "static RSA": (versions.TLSv1_2, versions.TLSv1_2, "kRSA:@SECLEVEL=0"),
        "finite-field DH": (versions.TLSv1_2, versions.TLSv1_2, "kDHE:!aNULL:@SECLEVEL=2"),
    }
    return tuple(await asyncio.gather(*(_offer(question, name, *offered) for name, offered in wanted.items())))


async def _offer(
    question: TlsQuestion, name: str, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion, ciphers: str
) -> Offer:
    try:
        context = _offer_context(minimum, maximum, ciphers)
    except (ssl.SSLError, ValueError) as error:
        return Offer(name=name, handshake=Handshake.NOT_OFFERABLE, detail=str(error))
    seen = await _shake(question, context)
    cipher = seen.session.cipher() if seen.session else None
    return Offer(name=name, handshake=seen.handshake, cipher=cipher[0] if cipher else None, detail=seen.detail)


PROBES: Mapping[str, Probe] = {
    "tls": Probe(questions=tls_questions, ask=probe_tls),
}
