"""The facts of every certificate that a server showed."""

from collections.abc import Sequence
from itertools import pairwise

from cryptography import x509

from gonogo.evidence.tls import Presented, Staple
from gonogo.families.tls.answer import TlsAnswer
from gonogo.families.tls.certificates import UNREADABLE, is_for, read_chain
from gonogo.families.tls.reading import load_certificate
from gonogo.families.tls.revocation import revocation_lists
from gonogo.families.tls.staples import read_staple, timestamps_in_list, timestamps_in_staple
from gonogo.families.tls.verification import fingerprint, verify

Chain = tuple[bytes, ...]


async def present(
    host: str, trust: str, chain: Sequence[bytes], answers: Sequence[TlsAnswer] = (), *, lists: bool = False
) -> Presented:
    """The facts of one chain; ``answers`` are those that show it, with what stood beside it.

    ``lists`` says whether lists of revoked certificates are fetched, from whoever issued the chain.
    """
    verified = verify(chain, trust)
    sent = {fingerprint(der) for der in chain}
    return Presented(
        chain=read_chain(chain),
        name_matches=bool(chain) and is_for(chain[0], host),
        verification=verified.problem,
        strict_verification=verified.strict_problem,
        level_verification=verified.level_problem,
        path=tuple(fingerprint(der) for der in verified.path),
        added=read_chain([der for der in verified.path if fingerprint(der) not in sent]),
        staple=_newest_staple(answers, verified.path or chain),
        timestamps=max((_timestamps(answer) for answer in answers), default=0),
        revocation=await revocation_lists(verified.path) if lists else (),
        in_order=_in_order(chain),
    )


def chains(first: Chain, answers: Sequence[TlsAnswer]) -> dict[Chain, list[TlsAnswer]]:
    """Every chain once, the first one first, with the answers that show it."""
    shown: dict[Chain, list[TlsAnswer]] = {first: []} if first else {}
    for answer in answers:
        if answer.chain:
            same = next((chain for chain in shown if chain[0] == answer.chain[0]), answer.chain)
            shown.setdefault(same, []).append(answer)
    return shown


def _newest_staple(answers: Sequence[TlsAnswer], path: Sequence[bytes]) -> Staple | None:
    """Servers may have none for the first handshakes after their start."""
    staples = [staple for der in {answer.staple for answer in answers} if (staple := read_staple(der, path))]
    dated = [(staple.this_update, number) for number, staple in enumerate(staples) if staple.this_update is not None]
    return staples[max(dated)[1] if dated else 0] if staples else None


def _timestamps(answer: TlsAnswer) -> int:
    return timestamps_in_list(answer.timestamps) + timestamps_in_staple(answer.staple)


def _in_order(chain: Sequence[bytes]) -> bool:
    """Whether each certificate is issued by the next one, as TLS 1.2 demands (RFC 5246, section 7.4.2)."""
    try:
        names: list[tuple[x509.Name, x509.Name]] = [
            (certificate.subject, certificate.issuer) for certificate in map(load_certificate, chain)
        ]
    except UNREADABLE:
        return True
    return all(issuer == above for (_, issuer), (above, _) in pairwise(names))
