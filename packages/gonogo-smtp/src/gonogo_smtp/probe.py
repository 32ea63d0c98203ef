"""Asks the submission server as the service does, then as people who should not get in; sends nothing, judges nothing."""

import secrets as entropy
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from gonogo.base.errors import Unobserved
from gonogo.clients.knock import knock
from gonogo.clients.smtp import Conversation, NoTls, Rejected, Reply, connected
from gonogo.clients.trust import trust_context
from gonogo.evidence.tls import Certificate
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo.families.tls.certificates import UNREADABLE, read_certificate
from gonogo_smtp.evidence import Attempt, RelayAttempt, SmtpEvidence
from gonogo_smtp.question import SmtpQuestion, smtp_questions

_WELCOME, _GO_ON, _NOT_AUTHENTICATED = 235, 334, 535
_TOO_LARGE, _MESSAGE_TOO_LARGE = 552, (5, 3, 4)
_SECURITY = 7
"""Subject of enhanced status codes: security or policy (RFC 3463, 3.8)."""
_RECIPIENT = {(5, 1, detail) for detail in (0, 1, 2, 3, 4, 6, 10)}
_SENDER = {(5, 1, 7), (5, 1, 8), (5, 7, 27)}
"""Codes that speak of one address alone, whoever asks (RFC 3463, 3.2; RFC 7505)."""
_LATER = "greylisting, or a limit on connections? read the server's log, and try again later"
_OTHER = "declare smtp.recipient: an address that takes mail, at a domain that this server does not serve"


async def probe_smtp(question: SmtpQuestion) -> SmtpEvidence:
    """Log in as the service does, and name sender and recipient of a message; then try what should be refused."""
    blank = SmtpEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=question.server,
        reachable=False,
        implicit=question.implicit,
        user=question.user,
    )
    if problem := await knock(question.host, question.port, question.patience):
        return replace(blank, problem=problem)
    reading = Reading()
    try:
        evidence = blank if question.implicit else await _before_tls(question, blank, reading)
        evidence = await reading.fact(
            "encrypted", _as_the_service(question, evidence, reading), replace(evidence, reachable=True)
        )
    except Rejected as error:
        return replace(blank, problem=str(error))
    if question.implicit and not evidence.encrypted and not evidence.tls_problem and not evidence.certificate_problem:
        reading.demand("encrypted")  # not even a greeting came: there is no evidence at all
    if evidence.login == "accepted":
        evidence = replace(
            evidence, wrong_password=await reading.fact("wrong_password", _made_up(question), "not tried")
        )
    if evidence.sender == "accepted":
        evidence = replace(evidence, relayed=await reading.fact("relayed", _relayed(question), ()))
    return replace(evidence, unread=reading.unread)


async def _before_tls(question: SmtpQuestion, blank: SmtpEvidence, reading: Reading) -> SmtpEvidence:
    """The greeting, and whether a login is taken in the clear: with a made-up user and password."""
    async with connected(question.server, question.host, question.port, question.patience) as (conversation, greeting):
        evidence = replace(blank, reachable=True, banner=str(greeting).partition(" ")[2])
        await conversation.hello()
        return replace(evidence, plain_login=await reading.fact("plain_login", _plain_login(conversation), "not tried"))


async def _plain_login(conversation: Conversation) -> Attempt:
    if "AUTH" in conversation.extensions:
        return "accepted"
    made_up = entropy.token_hex(8)
    reply = await conversation.command(f"AUTH PLAIN {_plain(made_up, made_up)}", "AUTH PLAIN")
    if reply.code in {_WELCOME, _GO_ON, _NOT_AUTHENTICATED}:  # a verdict on the password: it was looked at
        return "accepted"
    if not reply.permanent:
        raise Unobserved(f"a login before TLS was deferred: {reply}", hint=_LATER)
    return "refused"


@asynccontextmanager
async def _secured(question: SmtpQuestion, context: ssl.SSLContext) -> AsyncIterator[tuple[Conversation, Reply]]:
    at_once = context if question.implicit else None
    async with connected(question.server, question.host, question.port, question.patience, at_once) as (
        conversation,
        greeting,
    ):
        await conversation.hello()
        if not question.implicit:
            await conversation.start_tls(context, question.host)
        yield conversation, greeting


async def _as_the_service(question: SmtpQuestion, evidence: SmtpEvidence, reading: Reading) -> SmtpEvidence:
    """What the service itself does, up to the recipient. No password is sent to a server that is not trusted."""
    try:
        async with _secured(question, trust_context(question.trust)) as (conversation, greeting):
            evidence = replace(
                evidence,
                reachable=True,
                banner=str(greeting).partition(" ")[2],
                encrypted=True,
                certificate=_certificate(conversation, reading),
                size_limit=_size_limit(conversation),
            )
            login, answer = await reading.fact("login", _login(conversation, question), ("not tried", ""))
            evidence = replace(evidence, login=login, login_answer=answer)
            if login != "accepted":
                return evidence
            size, answer = await reading.fact("size", _size(conversation, question), ("not tried", ""))
            evidence = replace(evidence, size=size, size_answer=answer)
            sender, answer = await reading.fact("sender", _sender(conversation, question), ("not tried", ""))
            return replace(evidence, sender=sender, sender_answer=answer)
    except NoTls as error:
        return replace(evidence, reachable=True, tls_problem=str(error))
    except ssl.SSLCertVerificationError as error:
        leaf = await reading.fact("certificate", _untrusted(question, reading), None)
        problem = error.verify_message or str(error)
        return replace(evidence, reachable=True, encrypted=True, certificate_problem=problem, certificate=leaf)


async def _untrusted(question: SmtpQuestion, reading: Reading) -> Certificate | None:
    context = trust_context(question.trust)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with _secured(question, context) as (conversation, _):
            return _certificate(conversation, reading)
    except (NoTls, Rejected) as error:
        raise Unobserved(f"{question.server}: its certificate could not be read: {error}") from None


def _certificate(conversation: Conversation, reading: Reading) -> Certificate | None:
    try:
        return read_certificate(conversation.peer_certificate)
    except UNREADABLE:
        reading.miss("certificate", "the server's certificate cannot be read")
        return None


def _size_limit(conversation: Conversation) -> int | None:
    announced = conversation.extensions.get("SIZE", "")
    return int(announced) if announced.isdecimal() else None


async def _size(conversation: Conversation, question: SmtpQuestion) -> tuple[Attempt, str]:
    """MAIL FROM with the size of the largest message (RFC 1870, 6.1), then RSET."""
    if not question.message_size:
        return "not tried", ""
    if "SIZE" not in conversation.extensions:
        raise Unobserved(
            f"{question.server} does not announce SIZE (RFC 1870), so only sending shows what it accepts",
            hint="attest it, or remove message_size",
        )
    reply = await conversation.command(f"MAIL FROM:<{question.sender}> SIZE={question.message_size}")
    await conversation.command("RSET")
    if reply.positive:
        return "accepted", str(reply)
    if reply.code == _TOO_LARGE or reply.status == _MESSAGE_TOO_LARGE:
        return "refused", str(reply)
    raise Unobserved(f"{question.server} does not say whether it accepts so large a message: {reply}", hint=_LATER)


async def _login(conversation: Conversation, question: SmtpQuestion) -> tuple[Attempt, str]:
    if "AUTH" not in conversation.extensions:
        return "refused", "it offers no login (AUTH) after TLS"
    reply = await _authenticated(conversation, question.user, question.password)
    if reply.code == _WELCOME:
        return "accepted", ""
    if reply.permanent:
        return "refused", str(reply)
    raise Unobserved(f"{question.server} defers the login of {question.user}: {reply}", hint=_LATER)


async def _authenticated(conversation: Conversation, user: str, password: str) -> Reply:
    """The verdict on a login, by PLAIN (RFC 4616) or LOGIN. Raises Unobserved where the server takes neither."""
    mechanisms = conversation.extensions.get("AUTH", "").split()
    if "PLAIN" in mechanisms:
        return await conversation.command(f"AUTH PLAIN {_plain(user, password)}", "AUTH PLAIN")
    if "LOGIN" not in mechanisms:
        raise Unobserved(
            f"the server accepts logins by {', '.join(mechanisms) or 'no mechanism'} only; gonogo knows PLAIN and LOGIN",
            hint="attest that the service sends mail, or offer PLAIN under TLS",
        )
    reply = await conversation.command("AUTH LOGIN")
    for answer in (user, password):
        if reply.code != _GO_ON:
            break
        reply = await conversation.command(b64encode(answer.encode()).decode(), "AUTH LOGIN")
    return reply


def _plain(user: str, password: str) -> str:
    return b64encode(f"\0{user}\0{password}".encode()).decode()


async def _sender(conversation: Conversation, question: SmtpQuestion) -> tuple[Attempt, str]:
    """MAIL FROM and RCPT TO as for a message, then RSET. Raises Unobserved for a no that is about the recipient."""
    accepted, reply = await _addressed(conversation, question.sender, question.recipient)
    if reply.status in _RECIPIENT:
        raise Unobserved(f"{question.server} does not know the recipient {question.recipient}: {reply}", hint=_OTHER)
    return ("accepted" if accepted else "refused"), str(reply)


async def _addressed(conversation: Conversation, sender: str, recipient: str) -> tuple[bool, Reply]:
    """Whether both addresses are taken, and the reply that decided; nothing is sent. Raises Unobserved for a delay."""
    reply = await conversation.command(f"MAIL FROM:<{sender}>")
    mail = reply.positive
    if mail:
        reply = await conversation.command(f"RCPT TO:<{recipient}>")
    await conversation.command("RSET")
    if not reply.positive and not reply.permanent:
        raise Unobserved(f"mail from {sender} to {recipient} was deferred: {reply}", hint=_LATER)
    return mail and reply.positive, reply


async def _made_up(question: SmtpQuestion) -> Attempt:
    """The service's user with a made-up password. Raises Unobserved for what is no verdict on a password."""
    try:
        async with _secured(question, trust_context(question.trust)) as (conversation, _):
            reply = await _authenticated(conversation, question.user, entropy.token_urlsafe(16))
    except (NoTls, Rejected, ssl.SSLCertVerificationError) as error:
        raise Unobserved(f"{question.server}: a second connection failed: {error}") from None
    if reply.code == _WELCOME:
        return "accepted"
    if reply.code == _NOT_AUTHENTICATED or (reply.permanent and (reply.status or (5, 0, 0))[1] == _SECURITY):
        return "refused"
    raise Unobserved(f"{question.server} answers a made-up password with {reply}, which neither accepts nor refuses it")


async def _relayed(question: SmtpQuestion) -> tuple[RelayAttempt, ...]:
    """Name addresses without a login: the service's sender, then a stranger's, both to somebody elsewhere.

    That the same recipient was taken after the login is the control: the refusal is about who asks.
    """
    attempts = []
    try:
        async with _secured(question, trust_context(question.trust)) as (conversation, _):
            for sender in (question.sender, question.recipient):
                accepted, reply = await _addressed(conversation, sender, question.recipient)
                if reply.status in _SENDER and sender != question.sender:
                    raise Unobserved(f"{question.server} does not accept {sender} as a sender: {reply}", hint=_OTHER)
                attempts.append(
                    RelayAttempt(sender=sender, recipient=question.recipient, accepted=accepted, answer=str(reply))
                )
    except (NoTls, Rejected, ssl.SSLCertVerificationError) as error:
        raise Unobserved(f"{question.server}: a second connection failed: {error}") from None
    return tuple(attempts)


PROBES: Mapping[str, Probe] = {"smtp": Probe(questions=smtp_questions, ask=probe_smtp)}
