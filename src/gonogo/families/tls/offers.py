"""Everything that is offered to a server, one thing after another, and how it takes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gonogo.evidence.tls import Certificate, Handshake, Offer
from gonogo.families.tls.answer import HelloEnding, TlsAnswer
from gonogo.families.tls.certificates import read_chain
from gonogo.families.tls.clients import CLIENTS, client_hello, refusal
from gonogo.families.tls.groups import group_name
from gonogo.families.tls.hello import ECDSA_SCHEMES, EDDSA_SCHEMES, FINITE_FIELD_GROUPS, RSA_SCHEMES, Hello, Version
from gonogo.families.tls.interview import Interview, Settled
from gonogo.families.tls.suites import TLS13, WEAK, WITH_ECDSA, WITH_RSA, Weakness, suite_name, suites_of

_OLD = (Version.TLS11, Version.TLS10, Version.SSL3, Version.SSL2)
_KINDS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "RSA": (WITH_RSA, RSA_SCHEMES),
    "EC": (WITH_ECDSA, ECDSA_SCHEMES),
    "Ed25519": (WITH_ECDSA, EDDSA_SCHEMES),
}
"""Offers by the certificate's kind of key: the suites and signatures that allow no other."""
_ENDINGS = {
    HelloEnding.CLOSED: Handshake.CUT_OFF,
    HelloEnding.NOT_TLS: Handshake.CUT_OFF,
    HelloEnding.CLOSED_PORT: Handshake.CLOSED_PORT,
    HelloEnding.SILENT: Handshake.SILENT,
    HelloEnding.NOT_ASKED: Handshake.NOT_ASKED,
}


@dataclass(slots=True, kw_only=True)
class Taken:
    """How the server took everything."""

    offers: list[Offer] = field(default_factory=list)
    clients: list[Offer] = field(default_factory=list)
    answers: list[TlsAnswer] = field(default_factory=list)
    """What was accepted in the name of the host."""
    without_name: TlsAnswer | None = None


def certificate_offer(kind: str) -> str:
    """The name of the offer that only a certificate with such a key can take."""
    return f"{kind} certificate"


async def make_offers(interview: Interview, host: str | None) -> Taken:
    """Offer everything. ``host`` is what is sent as SNI, or None."""
    taken = Taken()
    first = await interview.settle(interview.control)
    taken.offers.append(_version_offer(await _newest(interview, host, first), Version.TLS13))
    second = first
    if first.answer.version is not Version.TLS12:
        second = await interview.settle(Hello(versions=(Version.TLS12,), server_name=host))
    taken.offers.append(_version_offer(second, Version.TLS12))
    taken.offers += await _weak_suites(interview, host)
    taken.offers += await _other_certificates(interview, host, first.answer)
    taken.answers = list(interview.answers)
    taken.clients = [await _client(interview, name, host, taken.answers) for name in CLIENTS]
    # These last: firewalls swallow what is old, and silence takes the most time to be certain of.
    for version in _OLD:
        settled = await interview.settle(Hello(versions=(version,), server_name=host))
        taken.offers.append(_version_offer(settled, version))
    if host is not None:
        taken.without_name = (await interview.settle(replace(interview.control, server_name=None))).answer
    return taken


async def _newest(interview: Interview, host: str | None, first: Settled) -> Settled:
    """Return what a refusal of TLS 1.3 over every curve hides: it may be agreed over a finite field, with few clients."""
    if not first.certain or first.answer.version is Version.TLS13:
        return first
    other = await interview.settle(Hello(versions=(Version.TLS13,), groups=FINITE_FIELD_GROUPS, server_name=host))
    return other if other.answer.version is Version.TLS13 else first


def _version_offer(settled: Settled, version: Version) -> Offer:
    answer = settled.answer
    if settled.certain and answer.accepted and answer.version is not version:
        title = answer.version.title if answer.version else "another version"
        return Offer(name=version.title, handshake=Handshake.REFUSED, detail=f"it answers in {title}")
    return _offer(version.title, settled)


def _offer(name: str, settled: Settled) -> Offer:
    """The evidence about one offer. What is not certain keeps its ending, so that no check takes it for a refusal."""
    answer = settled.answer
    if not settled.certain:
        return Offer(name=name, handshake=_ENDINGS.get(answer.ending, Handshake.CUT_OFF), detail=answer.detail)
    if settled.repeated:
        detail = f"{answer.detail}; the same when asked again, while other handshakes work"
        return Offer(name=name, handshake=Handshake.REFUSED, detail=detail)
    if not answer.accepted:
        return Offer(name=name, handshake=Handshake.REFUSED, detail=answer.detail)
    group = group_name(answer.prime, answer.generator) if answer.prime else ""
    return Offer(
        name=name,
        handshake=Handshake.DONE,
        cipher=suite_name(answer.suite) if answer.suite else None,
        group_bits=answer.prime.bit_length(),
        group=group,
    )


async def _weak_suites(interview: Interview, host: str | None) -> list[Offer]:
    """All of them at once; then without the weakness that the server chose, until it wants none of the rest."""
    left = list(Weakness)
    offers: list[Offer] = []
    while left:
        hello = Hello(versions=(Version.TLS12,), suites=suites_of(left), server_name=host)
        settled = await interview.settle(hello)
        chosen = WEAK.get(settled.answer.suite) if settled.answer.accepted else None
        if chosen not in left:
            return [*offers, *(_offer(weakness.value, _unless_accepted(settled)) for weakness in left)]
        offers.append(_offer(chosen.value, settled))
        left.remove(chosen)
    return offers


def _unless_accepted(settled: Settled) -> Settled:
    """A server that chooses a suite which was not offered says nothing about those that were."""
    if not settled.answer.accepted:
        return settled
    detail = f"it chose {suite_name(settled.answer.suite)}, which was not offered"
    return Settled(answer=TlsAnswer(ending=HelloEnding.NOT_TLS, detail=detail), certain=False)


async def _other_certificates(interview: Interview, host: str | None, shown: TlsAnswer) -> list[Offer]:
    """Offers that only a certificate with another kind of key can take: they show whether the server has one."""
    leaf = shown_leaf(shown)
    kind = leaf.key_type if leaf else ""
    offers: list[Offer] = []
    for name, (suites, schemes) in _KINDS.items():
        if name != kind:
            hello = Hello(suites=(*TLS13, *suites), schemes=schemes, server_name=host)
            offers.append(_offer(certificate_offer(name), await interview.settle(hello)))
    return offers


async def _client(interview: Interview, name: str, host: str | None, answers: Sequence[TlsAnswer]) -> Offer:
    """Whoever offered more was answered with something that this client offers as well: then it gets in."""
    reasons = [refusal(name, answer, shown_leaf(answer)) for answer in answers]
    if not all(reasons):
        return Offer(name=name, handshake=Handshake.DONE)
    settled = await interview.settle(client_hello(name, host))
    if settled.certain and settled.answer.accepted:
        problem = refusal(name, settled.answer, shown_leaf(settled.answer))
        if problem:
            return Offer(name=name, handshake=Handshake.REFUSED, detail=problem)
    offer = _offer(name, settled)
    if settled.answer.accepted or not reasons:
        return offer
    return replace(offer, detail=f"{offer.detail}: {reasons[0]}")


def shown_leaf(answer: TlsAnswer) -> Certificate | None:
    """The leaf that was shown; None where none was, or one that cannot be read."""
    return next(iter(read_chain(answer.chain[:1])), None)
