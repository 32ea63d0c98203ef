"""TLS judged on literals: the red message is what somebody reads at 3 a.m."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.tls import (
    Certificate,
    ClientCertificate,
    Handshake,
    Offer,
    Presented,
    RevocationList,
    Staple,
    TlsEvidence,
)
from gonogo.families.registry import environment_from
from gonogo.planning.declarations import Declaration
from gonogo.policy.catalogue import Catalogue
from tests.checks.conftest import Judge, function_of

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
    "SSLv2": Handshake.REFUSED,
    "SSLv3": Handshake.REFUSED,
    "TLSv1": Handshake.REFUSED,
    "TLSv1.1": Handshake.REFUSED,
    "TLSv1.2": Handshake.DONE,
    "TLSv1.3": Handshake.DONE,
    "no certificate": Handshake.REFUSED,
    "no encryption": Handshake.REFUSED,
    "EXPORT": Handshake.REFUSED,
    "RC4": Handshake.REFUSED,
    "DES": Handshake.REFUSED,
    "3DES": Handshake.REFUSED,
    "static RSA": Handshake.REFUSED,
    "finite-field DH": Handshake.REFUSED,
}
ENVIRONMENT = environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "tls": {"issuer": "Good CA"}})


def _identifier(name: str) -> str:
    identifier = name.replace(" ", "_").replace(".", "_").replace("-", "_")
    return identifier if identifier.isidentifier() else f"_{identifier}"


def offers(**changes: Handshake) -> tuple[Offer, ...]:
    """All of them, some answered otherwise; blanks and dots are written as underscores."""
    renamed = {_identifier(name): name for name in OFFERS}
    answers = OFFERS | {renamed[name]: answer for name, answer in changes.items()}
    return tuple(Offer(name=name, handshake=answer, cipher="SOME-CIPHER") for name, answer in answers.items())


PRESENTED = ("chain", "name_matches", "path", "verification", "strict_verification", "level_verification", "added")
BESIDE = ("staple", "timestamps", "revocation")


def seen(address: str = "192.0.2.1", leaf: Certificate = LEAF, **changes: Any) -> TlsEvidence:  # noqa: ANN401 - fields
    """A healthy address, changed in one way: in its evidence, or in the one certificate that it presents."""
    own: dict[str, Any] = {"chain": (leaf, ROOT), "name_matches": True}
    own |= {name: changes.pop(name) for name in (*PRESENTED, *BESIDE) if name in changes}
    fields: dict[str, Any] = {
        "handshake": Handshake.DONE,
        "version": "TLSv1.3",
        "presented": (Presented(**own),),
        "trust": "root.pem",
        "offers": offers(),
        "clients": tuple(Offer(name=name, handshake=Handshake.DONE) for name in ("OpenSSL", "Chromium", "Go")),
    }
    return TlsEvidence(
        scope=("a.test", address), taken_at=AT, host="a.test", address=address, port=443, **{**fields, **changes}
    )


def refused(client: str) -> tuple[Offer, ...]:
    """One of the clients cannot connect."""
    return (Offer(name=client, handshake=Handshake.REFUSED, detail="alert handshake_failure"),)


def lasting(before: float, after: float) -> Certificate:
    """A leaf issued so many days ago, valid for so many more."""
    return replace(LEAF, not_before=AT - before * DAY, not_after=AT + after * DAY)


LISTED = RevocationList(subject="CN=a.test", url="http://ca.test/list.crl")
RED: list[tuple[str, TlsEvidence, str]] = [
    (
        "tls-handshake",
        seen(handshake=Handshake.SILENT, detail="nothing said"),
        "a.test at 192.0.2.1:443: silent, nothing said",
    ),
    ("tls-handshake", seen(handshake=Handshake.CLOSED_PORT, detail="nothing listens"), "closed port, nothing listens"),
    (
        "tls-chain",
        seen(verification="unable to get local issuer certificate"),
        "(2 certificates sent, trust: root.pem)",
    ),
    ("tls-chain-strict", seen(strict_verification="not critical"), "strict clients say: not critical"),
    ("tls-hostname", seen(name_matches=False, leaf=replace(LEAF, names=("b.test",))), "the certificate is for b.test"),
    ("tls-expiry", seen(leaf=lasting(89, 0.5)), "CN=a.test has 12 h left of 89 d 12 h"),
    ("tls-expiry", seen(leaf=lasting(80, 12)), "CN=a.test has 12 d left of 92 d"),
    ("tls-expiry", seen(leaf=lasting(90, -1)), "CN=a.test expired 1 d ago, on 2026-11-22 12:00 UTC"),
    ("tls-expiry", seen(leaf=lasting(5, 0.9)), "CN=a.test has 21 h 36 min left"),
    ("tls-expiry", seen(leaf=lasting(-1, 89)), "CN=a.test is not valid before 2026-11-24 12:00 UTC"),
    ("tls-expiry", seen(leaf=replace(lasting(90, -1), self_signed=True)), "CN=a.test expired 1 d ago"),
    ("tls-expiry", seen(leaf=lasting(392, 6)), "at least 14 d is expected"),
    ("tls-expiry", seen(leaf=lasting(90, 0)), "CN=a.test expired"),
    ("tls-expiry", seen(added=(replace(ROOT, not_after=AT - DAY),), path=("aa", "bb")), "the root CN=Root expired 1 d"),
    ("tls-expiry", seen(added=(replace(LEAF, subject="CN=R1", not_after=AT + DAY),)), "CN=R1 has 1 d left"),
    (
        "tls-renewal",
        seen(leaf=lasting(65, 25)),
        "the certificate's renewal is overdue, CN=a.test has 25 d left of 90 d",
    ),
    ("tls-versions", seen(offers=offers(SSLv3=Handshake.DONE)), "still accepts SSLv3"),
    (
        "tls-versions",
        seen(offers=offers(TLSv1=Handshake.DONE, TLSv1_2=Handshake.REFUSED, TLSv1_3=Handshake.REFUSED)),
        "accepts neither TLS 1.2 nor 1.3, but TLSv1 only",
    ),
    ("tls-versions", seen(offers=offers(TLSv1_1=Handshake.DONE)), "still accepts TLSv1.1"),
    (
        "tls-versions",
        seen(offers=offers(TLSv1_2=Handshake.REFUSED, TLSv1_3=Handshake.REFUSED)),
        "accepts neither TLS 1.2 nor 1.3",
    ),
    ("tls-keys", seen(leaf=replace(LEAF, key="RSA 1024", key_type="RSA", key_bits=1024)), "has a key of RSA 1024"),
    ("tls-keys", seen(leaf=replace(LEAF, signature_hash="sha1")), "is signed with sha1"),
    ("tls-ciphers", seen(offers=offers(no_certificate=Handshake.DONE)), "SOME-CIPHER (no certificate)"),
    ("tls-ciphers", seen(offers=offers(RC4=Handshake.DONE)), "SOME-CIPHER (RC4): that protects nothing"),
    ("tls-ciphers-modern", seen(offers=offers(_3DES=Handshake.DONE)), "whose blocks are too short"),
    ("tls-ciphers-modern", seen(offers=offers(static_RSA=Handshake.DONE)), "without forward secrecy"),
    (
        "tls-ciphers-modern",
        seen(offers=(*offers()[:-1], replace(offers()[-1], handshake=Handshake.DONE, group_bits=1024))),
        "less than 2048 bits",
    ),
    (
        "tls-ciphers-modern",
        seen(
            offers=(
                *offers()[:-1],
                replace(offers()[-1], handshake=Handshake.DONE, group_bits=2048, group="own, unsafe"),
            )
        ),
        "not in RFC 7919 or RFC 3526",
    ),
    ("tls-keys", seen(added=(replace(ROOT, key="RSA 1024", key_type="RSA", key_bits=1024),)), "CN=Root has a key of"),
    ("tls-keys", seen(level_verification="CA certificate key too weak"), "say: CA certificate key too weak"),
    ("tls-chain-strict", seen(leaf=replace(LEAF, is_authority=True)), "is itself an authority"),
    ("tls-clients", seen(clients=refused("Go")), "Go cannot connect: alert handshake_failure"),
    ("tls-clients", seen(clients=refused("Chromium"), trust="public"), "Chromium cannot connect"),
    ("tls-browsers", seen(clients=refused("Chromium")), "Chromium cannot connect"),
    ("tls-browsers", seen(leaf=lasting(10, 890)), "it may be valid for at most 825 d"),
    ("tls-browsers", seen(leaf=lasting(10, 355), trust="public", timestamps=2), "it may be valid for at most 200 d"),
    ("tls-browsers", seen(trust="public"), "0 signed certificate timestamps"),
    ("tls-client-certificate", seen(client_certificate=ClientCertificate.DEMANDED), "demands a client certificate"),
    ("tls-revoked", seen(staple=Staple(status="revoked", revoked_at=AT)), "revoked on 2026-11-23 12:00 UTC"),
    ("tls-revoked", seen(revocation=(replace(LISTED, revoked_at=AT),)), "says http://ca.test/list.crl"),
    ("tls-revocation-known", seen(revocation=(replace(LISTED, problem="status 404"),)), "list.crl status 404"),
    (
        "tls-revocation-known",
        seen(leaf=replace(LEAF, must_staple=True)),
        "demands an OCSP staple (RFC 7633); the server sent none",
    ),
    ("tls-revocation-known", seen(leaf=replace(LEAF, revocation_lists=("http://ca.test/x",))), "x was not fetched"),
    ("tls-revocation-known", seen(staple=Staple(status="good", next_update=AT - DAY)), "out of date on 2026-11-22"),
    ("tls-revocation-known", seen(staple=Staple(status="good", problem="its signature is wrong")), "is invalid"),
    ("tls-issuer", seen(leaf=replace(LEAF, issuer_organisation="Bad CA")), "issued by Bad CA; Good CA is declared"),
]


def judged(judge: Judge, identifier: str, evidence: TlsEvidence) -> str | None:
    """With the environment where the check asks for it."""
    more = {"environment": ENVIRONMENT} if identifier in {"tls-issuer", "tls-client-certificate"} else {}
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
    assert judge("tls-renewal", tls=seen(leaf=leaf)) is None


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
    needed = seen(chain=(LEAF, old), path=(LEAF.sha256, old.sha256))
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


@pytest.mark.parametrize("identifier", ["tls-expiry", "tls-renewal", "tls-keys", "tls-hostname"])
def test_no_certificate_is_an_error_and_never_green(judge: Judge, identifier: str) -> None:
    """An anonymous handshake has no certificate that could be wrong."""
    if identifier == "tls-hostname":
        assert "for no name at all" in str(
            judge(identifier, tls=seen(leaf=replace(LEAF, names=()), name_matches=False))
        )
    with pytest.raises(Unobserved, match="sent no certificate"):
        judge(identifier, tls=seen(presented=()))


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
    with pytest.raises(Unobserved, match="is not known"):
        judge(identifier, tls=seen(offers=offers(**{name: Handshake.NOT_ASKED})))
    with pytest.raises(Unobserved, match="was never offered"):
        judge(identifier, tls=seen(offers=()))


def test_undeclared_issuer_is_an_error(judge: Judge) -> None:
    """Nobody said who should have issued."""
    bare = environment_from({"service": {"name": "S", "base_url": "https://a.test"}})
    with pytest.raises(Unobserved):
        judge("tls-issuer", tls=seen(), environment=bare)


def test_all_addresses_serve_the_same(judge: Judge) -> None:
    """The same authority, or one of those declared: two servers may renew on their own."""
    renewed = seen("192.0.2.2", leaf=replace(LEAF, sha256="cc"))
    sibling = seen("192.0.2.2", leaf=replace(LEAF, sha256="cc", issuer="CN=R2,O=Good CA"))
    other = seen("192.0.2.2", leaf=replace(LEAF, sha256="cc", issuer="CN=Old", issuer_organisation="Old"))
    both = environment_from(
        {"service": {"name": "S", "base_url": "https://a.test"}, "tls": {"issuer": ["Good CA", "Old"]}}
    )

    def said(*evidence: TlsEvidence, environment: Environment = ENVIRONMENT) -> str | None:
        return judge("tls-same-everywhere", tls_all=evidence, environment=environment)

    assert said(seen()) is None
    assert said(seen(), renewed) is None
    assert said(seen(), sibling) is None, "authorities issue from R1 or R2 at random"
    assert "192.0.2.2 one of Old" in str(said(seen(), other))
    assert said(seen(), other, environment=both) is None


def test_addresses_that_are_set_up_otherwise(judge: Judge) -> None:
    """One of two servers was forgotten; two networks are two by intention."""
    old = seen("192.0.2.2", offers=offers(TLSv1_3=Handshake.REFUSED))
    wider = seen("192.0.2.2", leaf=replace(LEAF, names=("a.test", "b.test")))
    network = seen("192.0.2.2", leaf=replace(LEAF, issuer_organisation="Other"), offers=old.offers)
    assert judge("tls-alike", tls_all=(seen(), seen("192.0.2.2"))) is None
    assert "192.0.2.1 accepts TLSv1.2, TLSv1.3; 192.0.2.2 accepts TLSv1.2" in str(
        judge("tls-alike", tls_all=(seen(), old))
    )
    assert "192.0.2.2 for a.test, b.test" in str(judge("tls-alike", tls_all=(seen(), wider)))
    assert judge("tls-alike", tls_all=(seen(), network)) is None


def test_address_that_the_renewal_did_not_reach(judge: Judge) -> None:
    """From outside, the newer certificate beside it is the one sign of it."""
    forgotten, fresh = seen("192.0.2.2", leaf=lasting(75, 15)), seen(leaf=lasting(10, 80))
    message = str(judge("tls-renewed-everywhere", tls_all=(fresh, forgotten)))
    assert "the certificate at 192.0.2.1 was renewed 65 d after the one at 192.0.2.2" in message
    young = seen("192.0.2.2", leaf=lasting(40, 50))
    assert judge("tls-renewed-everywhere", tls_all=(fresh, young)) is None, "each renews on days of its own"
    assert judge("tls-renewed-everywhere", tls_all=(forgotten, forgotten)) is None


def test_every_certificate_is_judged_and_named(judge: Judge) -> None:
    """Clients without ECDSA get the other one."""
    other = replace(lasting(120, -30), key="RSA 2048", key_type="RSA", key_bits=2048)
    both = replace(seen(), presented=(*seen().presented, Presented(chain=(other,), name_matches=True)))
    message = str(judge("tls-expiry", tls=both))
    assert "a.test at 192.0.2.1:443, RSA certificate: CN=a.test expired 30 d ago" in message


@pytest.mark.parametrize("days", [75, -75])
def test_dates_wait_for_a_clock_that_is_right(judge: Judge, days: int) -> None:
    """A wrong clock of ours would stop a launch, and blame the certificate."""
    apart = seen(leaf=lasting(10, 80) if days > 0 else lasting(85, 5), clock_offset=days * DAY)
    with pytest.raises(Unobserved, match="our clock and the server's are 75 d apart"):
        judge("tls-expiry", tls=apart)
    over = seen(leaf=lasting(200, -100), clock_offset=-75 * DAY)
    assert "expired" in str(judge("tls-expiry", tls=over)), "it is over by the server's own clock, too"
    assert judge("tls-expiry", tls=seen(clock_offset=3 * DAY / 24)) is None


def test_client_certificate_as_declared(judge: Judge) -> None:
    """What lies behind it cannot be verified without one: that is a gap, and no fault of the server."""
    hosts = {"a.test": {"addresses": ["192.0.2.1"], "tls": {"client_certificate": "required"}}}
    declared = environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "hosts": hosts})
    with pytest.raises(Unobserved, match="gonogo has none"):
        judge(
            "tls-client-certificate",
            tls=seen(client_certificate=ClientCertificate.DEMANDED),
            environment=declared,
        )
    assert "lets clients in without" in str(judge("tls-client-certificate", tls=seen(), environment=declared))


@pytest.mark.parametrize(
    ("issued", "days"),
    [("2026-03-14", 398), ("2026-03-15", 200), ("2027-03-15", 100), ("2029-03-15", 47), ("2020-08-31", 825)],
)
def test_public_certificates_live_as_long_as_browsers_allow(judge: Judge, issued: str, days: int) -> None:
    """The limits fall year by year, for certificates that are issued from that day on."""
    begin = datetime.fromisoformat(f"{issued}T00:00:00+00:00")
    for life, right in ((days, True), (days + 1, False)):
        leaf = replace(LEAF, not_before=begin, not_after=begin + life * DAY, timestamps=2)
        assert (judge("tls-browsers", tls=seen(leaf=leaf, trust="public")) is None) == right


def test_authorities_of_one_host(judge: Judge) -> None:
    """A public site and an internal name under a private root, in one environment."""
    hosts = {"a.test": {"addresses": ["192.0.2.1"], "tls": {"issuer": "Inner CA"}}}
    document = {"service": {"name": "S", "base_url": "https://a.test"}, "tls": {"issuer": "Good CA"}, "hosts": hosts}
    inner = seen(leaf=replace(LEAF, issuer_organisation="Inner CA"))
    assert judge("tls-issuer", tls=inner, environment=environment_from(document)) is None
    assert "Inner CA is declared" in str(judge("tls-issuer", tls=seen(), environment=environment_from(document)))


def test_a_certificate_that_clients_still_take_blocks_nothing(
    catalogue: Catalogue, declarations: dict[str, Declaration]
) -> None:
    """What is behind it can be judged today; once it has expired, nothing can."""
    expiry = function_of(declarations["tls-expiry"])
    for left, blocks in ((0.5, False), (-1, True)):
        with pytest.raises(AssertionError) as failure:
            expiry(tls=seen(leaf=lasting(90, left)), policy=catalogue["tls-expiry"].policy)
        assert getattr(failure.value, "blocks", True) is blocks
