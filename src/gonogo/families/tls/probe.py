"""Asks one address of one name how it speaks TLS, and records what it presented.

A handshake of OpenSSL without verification comes first: a verification error would hide the next problem. What
OpenSSL cannot offer is offered by hellos of our own bytes, one connection at a time; every chain that was shown is
verified afterwards, without the server.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gonogo.base.secrets import Secrets
from gonogo.clients.pace import pace_of
from gonogo.environment.model import Environment
from gonogo.environment.types import is_address
from gonogo.evidence.base import Scope
from gonogo.evidence.tls import ClientCertificate, Handshake, Offer, TlsEvidence
from gonogo.families.kind import Probe
from gonogo.families.tls.answer import TlsAnswer
from gonogo.families.tls.asking import ask
from gonogo.families.tls.certificates import read_chain, sent_chain
from gonogo.families.tls.handshakes import Shaken, Welcome, client_certificate, shake, welcome
from gonogo.families.tls.hello import Hello, Version
from gonogo.families.tls.interview import Interview
from gonogo.families.tls.offers import Taken, make_offers
from gonogo.families.tls.presenting import Chain, chains, present
from gonogo.families.tls.suites import WEAK, Weakness, suite_name
from gonogo.families.tls.verification import require_trust

_EVERY_VERSION = (Version.TLS13, Version.TLS12, Version.TLS11, Version.TLS10, Version.SSL3)
_FIRST_PAUSES_SECONDS = (0.2, 0.4, 0.8)
_SHARE_OF_PATIENCE = 0.8
"""The rest is for what was begun, and for the lists of revoked certificates."""
_UNKNOWN_TO_OPENSSL = {Weakness.EXPORT, Weakness.RC4, Weakness.DES, Weakness.TRIPLE_DES}
OPENSSL = "OpenSSL"
"""The client with the defaults of OpenSSL and Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsQuestion:
    """One address of one name."""

    host: str
    address: str
    port: int
    trust: str
    patience: timedelta = timedelta(seconds=10)
    """How long all of it may take."""
    lists: bool = False
    """Whether lists of revoked certificates are fetched."""

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address

    @property
    def server_name(self) -> str | None:
        """The name that is sent as SNI: no address (RFC 6066, section 3)."""
        return None if is_address(self.host) else self.host


def tls_questions(environment: Environment, secrets: Secrets) -> Sequence[TlsQuestion]:
    """Every declared address of every declared name."""
    del secrets
    for name, host in environment.hosts.items():
        require_trust(environment.trust_of(name), f'hosts."{name}".tls.trust' if host.tls.trust else "tls.trust")
    return [
        TlsQuestion(
            host=name,
            address=address,
            port=host.https_port,
            trust=environment.trust_of(name),
            patience=environment.limits.probe,
            lists=environment.tls.revocation_lists if environment.tls else True,
        )
        for name, host in environment.hosts.items()
        for address in host.addresses
    ]


async def probe_tls(question: TlsQuestion, *, thorough: bool = True) -> TlsEvidence:
    """Ask one address; judge nothing. ``thorough`` makes every offer, and looks at every certificate."""
    taken_at = datetime.now(UTC)
    deadline = asyncio.get_running_loop().time() + question.patience.total_seconds() * _SHARE_OF_PATIENCE
    shaken = await _shake(question)
    evidence = TlsEvidence(
        scope=question.scope,
        taken_at=taken_at,
        host=question.host,
        address=question.address,
        port=question.port,
        handshake=shaken.handshake,
        detail=shaken.detail,
        trust=question.trust if question.trust == "public" else Path(question.trust).name,
    )
    evidence = _spoken(evidence, shaken)
    first: Chain = tuple(sent_chain(shaken.session)) if shaken.session else ()
    # OpenSSL 3 has no export ciphers, no RC4 and no SSL 3: a server that has nothing else is no silent one.
    if shaken.session is None:
        answer = await _answer_without_openssl(question, shaken)
        if answer is None:
            return evidence
        evidence, first = _understood(evidence, answer), answer.chain
    if not thorough:
        return replace(evidence, presented=(await present(question.host, question.trust, first),))
    return await _thorough(question, evidence, first, deadline)


async def _shake(question: TlsQuestion) -> Shaken:
    """A connection that is cut off may be one too many: the first one is tried a few times."""
    pace = pace_of(question.address, question.port)
    async with pace.connection():
        shaken = await shake(question.host, question.address, question.port)
    for pause in _FIRST_PAUSES_SECONDS:
        if shaken.handshake is not Handshake.CUT_OFF:
            return shaken
        await asyncio.sleep(pause)
        async with pace.alone():
            shaken = await shake(question.host, question.address, question.port)
    return shaken


def _spoken(evidence: TlsEvidence, shaken: Shaken) -> TlsEvidence:
    """The evidence with what was agreed on, if anything was."""
    session = shaken.session
    if session is None:
        return evidence
    cipher = session.cipher()
    return replace(
        evidence,
        version=session.version(),
        cipher=cipher[0] if cipher else None,
        alpn=session.selected_alpn_protocol(),
    )


async def _answer_without_openssl(question: TlsQuestion, shaken: Shaken) -> TlsAnswer | None:
    """The server's answer to a hello of ours that offers more; None if OpenSSL's failure is the truth."""
    if shaken.handshake not in {Handshake.REFUSED, Handshake.CUT_OFF}:
        return None
    hello = Hello(versions=_EVERY_VERSION, server_name=question.server_name)
    answer = await ask(question.address, question.port, hello)
    if not answer.chain:
        hello = replace(hello, versions=(Version.SSL3,))
        answer = await ask(question.address, question.port, hello)
    old = answer.version is Version.SSL3 or WEAK.get(answer.suite) in _UNKNOWN_TO_OPENSSL
    return answer if answer.chain and (old or answer.asks_for_certificate) else None


def _understood(evidence: TlsEvidence, answer: TlsAnswer) -> TlsEvidence:
    """The server speaks TLS, only not with OpenSSL."""
    return replace(
        evidence,
        handshake=Handshake.DONE,
        version=answer.version.title if answer.version else None,
        cipher=suite_name(answer.suite),
    )


async def _thorough(question: TlsQuestion, evidence: TlsEvidence, first: Chain, deadline: float) -> TlsEvidence:
    """Every offer, every certificate, and a client of today: all that takes connections beside the first one."""
    versions = _EVERY_VERSION if evidence.version == Version.SSL3.title else _EVERY_VERSION[:-1]
    control = Hello(versions=versions, server_name=question.server_name)
    interview = Interview(address=question.address, port=question.port, control=control, deadline=deadline)
    taken = await make_offers(interview, question.server_name)
    greeted = await _welcome(question, interview)
    asked_for = any(answer.asks_for_certificate for answer in taken.answers)
    wanted = client_certificate(greeted, asked_for=asked_for)
    return replace(
        evidence,
        presented=await _presented(question, first, taken.answers),
        offers=tuple(taken.offers),
        clients=(_openssl(greeted, wanted), *taken.clients),
        without_name=_subject(taken),
        client_certificate=wanted,
        clock_offset=greeted.clock_offset,
    )


async def _presented(question: TlsQuestion, first: Chain, answers: Sequence[TlsAnswer]) -> tuple[Any, ...]:
    """Every chain that was shown, verified: a server may have one for RSA, one for ECDSA, and one for old clients."""
    shown = chains(first, answers)
    return tuple(
        [
            await present(question.host, question.trust, chain, same, lists=question.lists)
            for chain, same in shown.items()
        ]
    )


async def _welcome(question: TlsQuestion, interview: Interview) -> Welcome:
    """The answer to a client of today; asked again if the connection was cut off, while others are not."""
    pace = pace_of(question.address, question.port)
    async with pace.connection():
        greeted = await welcome(question.host, question.address, question.port)
    for _ in range(2):
        if greeted.shaken.handshake is not Handshake.CUT_OFF:
            return greeted
        if not (await interview.settle(interview.control)).answer.accepted:
            return greeted
        await interview.pause()
        async with pace.alone():
            greeted = await welcome(question.host, question.address, question.port)
    detail = f"{greeted.shaken.detail}; the same when asked again, while other handshakes work"
    refused = greeted.shaken.handshake is Handshake.CUT_OFF
    return replace(greeted, shaken=Shaken(handshake=Handshake.REFUSED, detail=detail)) if refused else greeted


def _openssl(greeted: Welcome, wanted: ClientCertificate) -> Offer:
    """A client that lacks nothing but a certificate of its own gets in as far as TLS is concerned."""
    if wanted is ClientCertificate.DEMANDED:
        return Offer(name=OPENSSL, handshake=Handshake.DONE)
    return Offer(name=OPENSSL, handshake=greeted.shaken.handshake, detail=greeted.shaken.detail)


def _subject(taken: Taken) -> str:
    chain = read_chain(taken.without_name.chain[:1]) if taken.without_name else ()
    return chain[0].subject if chain else ""


PROBES: Mapping[str, Probe] = {"tls": Probe(questions=tls_questions, ask=probe_tls)}
