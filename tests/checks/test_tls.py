"""TLS judged on literals: the red message is what somebody reads at 3 a.m."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.tls import Certificate, Handshake, Offer, TlsEvidence
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LEAF = Certificate(
    subject="CN=a.test",
    issuer="CN=R1,O=Good CA",
    issuer_organisation="Good CA",
    names=("a.test",),
    not_before=AT - 10 * DAY,
    not_after=AT + 80 * DAY,
    key="EC 256",
    key_type="EC",
    key_bits=256,
    signature_hash="sha256",
    self_signed=False,
    sha256="aa",
)
ROOT = replace(LEAF, subject="CN=Root", issuer="CN=Root", self_signed=True, signature_hash="sha1", sha256="bb")
OFFERS = {
    "TLSv1": Handshake.REFUSED,
    "TLSv1.1": Handshake.REFUSED,
    "TLSv1.2": Handshake.DONE,
    "TLSv1.3": Handshake.DONE,
    "no certificate": Handshake.REFUSED,
    "static RSA": Handshake.REFUSED,
    "finite-field DH": Handshake.REFUSED,
}
ENVIRONMENT = environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "tls": {"issuer": "Good CA"}})


def offers(**changes: Handshake) -> tuple[Offer, ...]:
    """All of them, some answered otherwise; blanks and dots are written as underscores."""
    renamed = {name.replace(" ", "_").replace(".", "_").replace("-", "_"): name for name in OFFERS}
    answers = OFFERS | {renamed[name]: answer for name, answer in changes.items()}
    return tuple(Offer(name=name, handshake=answer, cipher="SOME-CIPHER") for name, answer in answers.items())


def seen(address: str = "192.0.2.1", leaf: Certificate = LEAF, **changes: Any) -> TlsEvidence:  # noqa: ANN401 - fields
    """A healthy address, changed in one way."""
    fields: dict[str, Any] = {
        "handshake": Handshake.DONE,
        "version": "TLSv1.3",
        "chain": (leaf, ROOT),
        "name_matches": True,
        "trust": "public",
        "offers": offers(),
    }
    return TlsEvidence(
        scope=("a.test", address), taken_at=AT, host="a.test", address=address, port=443, **{**fields, **changes}
    )


def lasting(before: float, after: float) -> Certificate:
    """A leaf issued so many days ago, valid for so many more."""
    return replace(LEAF, not_before=AT - before * DAY, not_after=AT + after * DAY)


RED: list[tuple[str, TlsEvidence, str]] = [
    (
        "tls-handshake",
        seen(handshake=Handshake.SILENT, detail="nothing said"),
        "a.test at 192.0.2.1:443: silent, nothing said",
    ),
    ("tls-handshake", seen(handshake=Handshake.CLOSED_PORT, detail="nobody listens"), "closed port, nobody listens"),
    ("tls-chain", seen(verification="unable to get local issuer certificate"), "(2 certificates sent, trust: public)"),
    ("tls-chain-strict", seen(strict_verification="not critical"), "strict clients say: not critical"),
    ("tls-hostname", seen(name_matches=False, leaf=replace(LEAF, names=("b.test",))), "the certificate is for b.test"),
    ("tls-expiry", seen(leaf=lasting(89, 0.5)), "CN=a.test has 12 h left of 89 d 12 h"),
    ("tls-expiry", seen(leaf=lasting(80, 12)), "CN=a.test has 12 d left of 92 d"),
    ("tls-expiry", seen(leaf=lasting(90, -1)), "CN=a.test expired 1 d ago, on 2026-11-22 12:00 UTC"),
    ("tls-expiry", seen(leaf=lasting(5, 0.9)), "CN=a.test has 21 h 36 min left"),
    ("tls-expiry", seen(leaf=lasting(-1, 89)), "CN=a.test is not valid before 2026-11-24 12:00 UTC"),
    ("tls-expiry", seen(leaf=replace(lasting(90, -1), self_signed=True)), "CN=a.test expired 1 d ago"),
    ("tls-expiry-soon", seen(leaf=lasting(65, 25)), "CN=a.test has 25 d left of 90 d"),
    ("tls-renewal", seen(leaf=lasting(65, 25)), "the leaf is 65 d old, of a life of 90 d"),
    ("tls-versions", seen(offers=offers(TLSv1_1=Handshake.DONE)), "still accepts TLSv1.1"),
    (
        "tls-versions",
        seen(offers=offers(TLSv1_2=Handshake.REFUSED, TLSv1_3=Handshake.REFUSED)),
        "accepts neither TLS 1.2 nor 1.3",
    ),
    ("tls-keys", seen(leaf=replace(LEAF, key="RSA 1024", key_type="RSA", key_bits=1024)), "has a key of RSA 1024"),
    ("tls-keys", seen(leaf=replace(LEAF, signature_hash="sha1")), "is signed with sha1"),
    ("tls-ciphers", seen(offers=offers(no_certificate=Handshake.DONE)), "SOME-CIPHER, which authenticates or encrypts"),
    ("tls-ciphers-modern", seen(offers=offers(static_RSA=Handshake.DONE)), "without forward secrecy"),
    (
        "tls-ciphers-modern",
        seen(offers=(*offers()[:-1], replace(offers()[-1], detail="DH_KEY_TOO_SMALL"))),
        "less than 2048 bits",
    ),
    ("tls-issuer", seen(leaf=replace(LEAF, issuer_organisation="Bad CA")), "issued by Bad CA, declared is Good CA"),
]


def judged(judge: Judge, identifier: str, evidence: TlsEvidence) -> str | None:
    """With the environment where the check asks for it."""
    more = {"environment": ENVIRONMENT} if identifier == "tls-issuer" else {}
    return judge(identifier, tls=evidence, **more)


@pytest.mark.parametrize("identifier", sorted({identifier for identifier, _, _ in RED}))
def test_green_on_a_healthy_address(judge: Judge, identifier: str) -> None:
    """A wrong NO-GO costs us our users' trust."""
    assert judged(judge, identifier, seen()) is None


@pytest.mark.parametrize(("identifier", "evidence", "message"), RED)
def test_red_with_a_message_that_says_where_and_what(
    judge: Judge, identifier: str, evidence: TlsEvidence, message: str
) -> None:
    """A wrong GO costs a launch."""
    said = judged(judge, identifier, evidence)
    assert said is not None
    assert message in said
    assert "a.test at 192.0.2.1:443" in said


@pytest.mark.parametrize(
    "leaf",
    [lasting(2, 4), lasting(20, 27), lasting(60, 30.1), replace(lasting(1, 5), key="EC 256")],
    ids=["6-day certificate", "47-day certificate", "a third left", "young"],
)
def test_short_lived_certificates_are_no_reason_to_worry(judge: Judge, leaf: Certificate) -> None:
    """Fixed numbers of days would refuse every 6-day certificate."""
    assert judge("tls-expiry", tls=seen(leaf=leaf)) is None
    assert judge("tls-expiry-soon", tls=seen(leaf=leaf)) is None


def test_expired_root_in_the_chain_does_not_count(judge: Judge) -> None:
    """Servers send old roots along; no client looks at them."""
    old = replace(ROOT, not_after=AT - DAY)
    assert judge("tls-expiry", tls=seen(chain=(LEAF, old))) is None


def test_expired_cross_signature_beside_the_path_does_not_count(judge: Judge) -> None:
    """Authorities have old roots vouch for new ones; clients that know the new one never look at it."""
    old = replace(LEAF, subject="CN=Root", issuer="CN=Older", not_after=AT - DAY, signature_hash="sha1", sha256="cc")
    beside = seen(chain=(LEAF, old), path=(LEAF.sha256, ROOT.sha256))
    assert judge("tls-expiry", tls=beside) is None
    assert judge("tls-keys", tls=beside) is None
    needed = replace(beside, path=(LEAF.sha256, old.sha256))
    assert "CN=Root expired 1 d ago" in str(judge("tls-expiry", tls=needed))
    assert "CN=Root is signed with sha1" in str(judge("tls-keys", tls=needed))


def test_expiring_intermediate_counts(judge: Judge) -> None:
    """It ends the leaf's validity, and nobody watches it."""
    old = replace(LEAF, subject="CN=R1", not_before=AT - 300 * DAY, not_after=AT + 10 * DAY)
    assert "CN=R1 has 10 d left" in str(judge("tls-expiry", tls=seen(chain=(LEAF, old))))


def test_intermediate_is_measured_by_the_life_of_the_leaf(judge: Judge) -> None:
    """Six months of five years are nothing to worry about; a fraction of its own life would stop the launch."""
    older = replace(LEAF, subject="CN=R1", not_before=AT - 1640 * DAY, not_after=AT + 180 * DAY)
    assert judge("tls-expiry", tls=seen(chain=(LEAF, older))) is None


@pytest.mark.parametrize("identifier", ["tls-expiry", "tls-expiry-soon", "tls-renewal", "tls-keys", "tls-hostname"])
def test_no_certificate_is_an_error_and_never_green(judge: Judge, identifier: str) -> None:
    """An anonymous handshake has no certificate that could be wrong."""
    if identifier == "tls-hostname":
        assert "for no name at all" in str(
            judge(identifier, tls=seen(leaf=replace(LEAF, names=()), name_matches=False))
        )
    with pytest.raises(Unobserved, match="sent no certificate"):
        judge(identifier, tls=seen(chain=(), name_matches=False))


def test_key_of_an_unknown_kind_is_an_error(judge: Judge) -> None:
    """Neither strong nor weak: nobody here can tell."""
    future = replace(LEAF, key="ML-DSA 0", key_type="ML-DSA", key_bits=0)
    with pytest.raises(Unobserved, match="cannot judge"):
        judge("tls-keys", tls=seen(leaf=future))


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("tls-versions", "TLSv1"),
        ("tls-ciphers", "no_certificate"),
        ("tls-ciphers-modern", "static_RSA"),
        ("tls-ciphers-modern", "finite_field_DH"),
    ],
)
def test_what_could_not_be_offered_is_an_error_and_never_green(judge: Judge, identifier: str, name: str) -> None:
    """An OpenSSL without TLS 1.0 proves nothing about the server."""
    with pytest.raises(Unobserved, match="could not be offered"):
        judge(identifier, tls=seen(offers=offers(**{name: Handshake.NOT_ASKED})))
    with pytest.raises(Unobserved, match="never offered"):
        judge(identifier, tls=seen(offers=()))


def test_undeclared_issuer_is_an_error(judge: Judge) -> None:
    """Nobody said who should have issued."""
    bare = environment_from({"service": {"name": "S", "base_url": "https://a.test"}})
    with pytest.raises(Unobserved):
        judge("tls-issuer", tls=seen(), environment=bare)


def test_all_addresses_serve_the_same(judge: Judge) -> None:
    """The same leaf, or the same issuer and names: two servers may renew on their own."""
    renewed = seen("192.0.2.2", leaf=replace(LEAF, sha256="cc"))
    sibling = seen("192.0.2.2", leaf=replace(LEAF, sha256="cc", issuer="CN=R2,O=Good CA"))
    other = seen("192.0.2.2", leaf=replace(LEAF, sha256="cc", issuer="CN=Old", issuer_organisation="Old"))
    assert judge("tls-same-everywhere", tls_all=(seen(),)) is None
    assert judge("tls-same-everywhere", tls_all=(seen(), renewed)) is None
    assert judge("tls-same-everywhere", tls_all=(seen(), sibling)) is None, "authorities issue from R1 or R2 at random"
    assert "192.0.2.2 one of CN=Old" in str(judge("tls-same-everywhere", tls_all=(seen(), other)))
