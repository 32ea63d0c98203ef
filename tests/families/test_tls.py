"""TLS on real sockets: what each kind of server presents, and what its silence means."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pydantic import TypeAdapter

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.evidence.tls import Handshake, TlsEvidence
from gonogo.families.registry import environment_from
from gonogo.families.tls.probe import TlsQuestion, probe_tls, tls_questions
from reference.certificates import CertificateSettings, issue_public
from reference.listener import Listener
from reference.relay import TlsOffer
from tests.dead.conftest import swallowing_server

HOST = "api.workme.test"
OAKLEY_GROUP_2 = """\
-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
"""
"""The group of 1024 bits from RFC 2409, section 6.2."""


BROKEN_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n"


@asynccontextmanager
async def server(
    state: Path, settings: CertificateSettings | None = None, offer: TlsOffer | None = None
) -> AsyncIterator[TlsQuestion]:
    """A TLS server; the question asks it with its own root as the trust."""
    root, bundle, _ = issue_public(state, settings or CertificateSettings())
    async with serving((offer or TlsOffer()).context(bundle), root) as question:
        yield question


@asynccontextmanager
async def serving(context: ssl.SSLContext, root: Path) -> AsyncIterator[TlsQuestion]:
    """The same with a context of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n\r\n")
        await writer.drain()

    listener = Listener(answer, "127.0.0.1", 0, context)
    await listener.start()
    try:
        yield TlsQuestion(host=HOST, address="127.0.0.1", port=listener.port, trust=str(root))
    finally:
        await listener.stop()


async def _asked(
    state: Path, settings: CertificateSettings | None = None, offer: TlsOffer | None = None
) -> TlsEvidence:
    async with server(state, settings, offer) as question:
        return await probe_tls(question)


def verification(evidence: TlsEvidence) -> str:
    """Why the chain does not build."""
    return evidence.presented[0].verification


def asked(state: Path, settings: CertificateSettings | None = None, offer: TlsOffer | None = None) -> TlsEvidence:
    """The evidence of one such server."""
    return asyncio.run(_asked(state, settings, offer))


def test_healthy_server(tmp_path: Path) -> None:
    """The facts that every check stands on."""
    seen = asked(tmp_path)
    assert seen.handshake is Handshake.DONE
    [presented] = seen.presented
    assert seen.version == "TLSv1.3"
    assert (presented.verification, presented.strict_verification, presented.level_verification) == ("", "", "")
    assert presented.name_matches
    assert [lent.subject for lent in presented.added] == ["CN=WorkMe Test CA Root,O=WorkMe Test CA"]
    assert [certificate.key for certificate in seen.chain] == ["EC 256", "EC 256"]
    assert seen.leaf is not None
    assert seen.leaf.names == ("api.workme.test", "www.workme.test")
    assert seen.leaf.issuer_organisation == "WorkMe Test CA"
    assert seen.leaf.lifetime == timedelta(days=90)
    accepted = {offer.name for offer in seen.offers if offer.handshake is Handshake.DONE}
    assert accepted == {"TLSv1.2", "TLSv1.3"}
    assert {offer.handshake for offer in seen.offers} == {Handshake.DONE, Handshake.REFUSED}
    assert {offer.name: offer.handshake for offer in seen.clients} == dict.fromkeys(
        ("OpenSSL", "Chromium", "Go"), Handshake.DONE
    )
    assert seen.clock_offset is not None


def test_evidence_survives_json(tmp_path: Path) -> None:
    """A replay judges what was recorded, and nothing less."""
    adapter = TypeAdapter(TlsEvidence)
    seen = asked(tmp_path)
    assert adapter.validate_json(adapter.dump_json(seen)) == seen


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (CertificateSettings(from_unknown_authority=True), "unable to get local issuer certificate"),
        (CertificateSettings(with_intermediate=False), "unable to get local issuer certificate"),
        (CertificateSettings(not_after=-timedelta(days=1)), ""),
        (CertificateSettings(names=("other.test",)), ""),
        (CertificateSettings(not_before=timedelta(days=1)), ""),
        (CertificateSettings(key="weak"), ""),
    ],
)
def test_one_error_does_not_hide_the_facts(tmp_path: Path, settings: CertificateSettings, expected: str) -> None:
    """Chain, dates, name and key are judged apart, whatever is wrong with the others."""
    seen = asked(tmp_path, settings, TlsOffer(ciphers="ECDHE+AESGCM:@SECLEVEL=0"))
    assert verification(seen) == expected
    assert seen.leaf is not None
    assert seen.presented[0].name_matches == ("other.test" not in settings.names)


def test_expired_certificate_does_not_hide_a_broken_chain(tmp_path: Path) -> None:
    """Whoever renews it would find the second error on launch day."""
    seen = asked(tmp_path, CertificateSettings(not_after=-timedelta(days=1), from_unknown_authority=True))
    assert verification(seen) == "unable to get local issuer certificate"


def test_expired_root_is_among_the_facts(tmp_path: Path) -> None:
    """It is not sent, and ends the chain for every client."""
    seen = asked(tmp_path, CertificateSettings(root_expired=True))
    assert not verification(seen)
    assert [root.not_after < seen.taken_at for root in seen.presented[0].added] == [True]


def test_server_that_prefers_to_be_anonymous_still_shows_its_certificate(tmp_path: Path) -> None:
    """Without a certificate there would be no facts, and nothing to be wrong with them."""
    seen = asked(tmp_path, offer=TlsOffer(maximum=ssl.TLSVersion.TLSv1_2, ciphers="aNULL:ECDHE+AESGCM:@SECLEVEL=0"))
    assert seen.leaf is not None
    anonymous = seen.offer("no certificate")
    assert anonymous is not None
    assert anonymous.handshake is Handshake.DONE


def test_lenient_root_fails_only_the_strict(tmp_path: Path) -> None:
    """Python 3.13 would change the verdict by itself; here it is a fact of its own."""
    seen = asked(tmp_path, CertificateSettings(lenient_root=True))
    assert not verification(seen)
    assert "Basic Constraints" in seen.presented[0].strict_verification


@pytest.mark.parametrize(
    ("offer", "settings", "accepted"),
    [
        (TlsOffer(minimum=ssl.TLSVersion.TLSv1, ciphers="ALL:!aNULL:@SECLEVEL=0"), CertificateSettings(), "TLSv1"),
        (TlsOffer(ciphers="ALL:aNULL:@SECLEVEL=0"), CertificateSettings(), "no certificate"),
        (TlsOffer(ciphers="AES128-GCM-SHA256:@SECLEVEL=0"), CertificateSettings(key="rsa"), "static RSA"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_good_servers_refuse_is_found(
    tmp_path: Path, offer: TlsOffer, settings: CertificateSettings, accepted: str
) -> None:
    """A client that cannot even offer it would call every server good."""
    found = asked(tmp_path, settings, offer).offer(accepted)
    assert found is not None
    assert found.handshake is Handshake.DONE


def test_weak_diffie_hellman_group_is_found(tmp_path: Path) -> None:
    """1024 bits are within reach of a state, for all servers that share the group at once."""
    root, bundle, _ = issue_public(tmp_path, CertificateSettings(key="rsa"))
    context = TlsOffer(ciphers="kDHE:!aNULL:@SECLEVEL=0").context(bundle)
    group = tmp_path / "dh.pem"
    group.write_text(OAKLEY_GROUP_2)
    context.load_dh_params(str(group))
    found = asyncio.run(_asked_of(context, root)).offer("finite-field DH")
    assert found is not None
    assert (found.handshake, found.group_bits) == (Handshake.DONE, 1024)


@pytest.mark.parametrize("root_expired", [False, True])
def test_expired_cross_signature_is_beside_the_path(tmp_path: Path, *, root_expired: bool) -> None:
    """What no client needs must not stop a launch, and must not hide that the root itself has expired."""
    root, bundle, _ = issue_public(tmp_path, CertificateSettings(root_expired=root_expired))
    with bundle.chain.open("ab") as chain:
        chain.write(expired_cross_signature(root))
    seen = asyncio.run(_asked_of(TlsOffer().context(bundle), root))
    assert len(seen.chain) == 3
    assert seen.chain[2].not_after < seen.taken_at
    [presented] = seen.presented
    assert not presented.verification
    assert presented.used == seen.chain[:2]
    assert (presented.added[0].not_after < seen.taken_at) == root_expired


def expired_cross_signature(root: Path) -> bytes:
    """The root's own key and name, vouched for by an older root until yesterday."""
    trusted = x509.load_pem_x509_certificate(root.read_bytes())
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Older Root")]),
        subject_name=trusted.subject,
        public_key=trusted.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=400),
        not_valid_after=now - timedelta(days=1),
    ).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM)


async def _asked_of(context: ssl.SSLContext, root: Path) -> TlsEvidence:
    async with serving(context, root) as question:
        return await probe_tls(question)


def ask_port(port: int) -> TlsEvidence:
    """Whatever listens there."""
    return asyncio.run(probe_tls(TlsQuestion(host=HOST, address="127.0.0.1", port=port, trust="public")))


def test_closed_port_is_an_answer() -> None:
    """The target says no."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert ask_port(free.getsockname()[1]).handshake is Handshake.CLOSED_PORT


def test_silence_after_accept_is_an_answer() -> None:
    """Somebody is there, and does not speak."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert ask_port(silent.getsockname()[1]).handshake is Handshake.SILENT


def test_plain_text_is_a_refusal() -> None:
    """A port that speaks something else speaks no TLS."""

    async def main() -> TlsEvidence:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.test ESMTP\r\n")
            await reader.read()

        listener = Listener(greet, "127.0.0.1", 0)
        await listener.start()
        try:
            question = TlsQuestion(host=HOST, address="127.0.0.1", port=listener.port, trust="public")
            return await probe_tls(question)
        finally:
            await listener.stop()

    assert asyncio.run(main()).handshake is Handshake.REFUSED


def test_swallowed_packets_are_our_inability() -> None:
    """A firewall on the way says nothing about the target."""
    with swallowing_server() as port, pytest.raises(Unobserved, match="nothing came back"):
        ask_port(port)


def test_network_without_a_route_is_our_inability() -> None:
    """A machine without IPv6 must not call IPv6 addresses dead."""
    question = TlsQuestion(host=HOST, address="2001:db8::1", port=443, trust="public")
    with pytest.raises(Unobserved, match=r"\[2001:db8::1\]:443"):
        asyncio.run(probe_tls(question))


@pytest.mark.parametrize("content", [None, "", "no certificate", BROKEN_CERTIFICATE])
@pytest.mark.parametrize("own", [False, True])
def test_trust_that_cannot_be_read_is_a_usage_error(tmp_path: Path, content: str | None, *, own: bool) -> None:
    """Before anything is asked, with the key."""
    path = tmp_path / "missing.pem"
    if content is not None:
        path.write_text(content)
    trust = {"trust": str(path)}
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "hosts": {"a.test": {"addresses": ["192.0.2.1"], "tls": trust if own else {}}},
            "tls": {"issuer": "X", **({} if own else trust)},
        }
    )
    key = r'hosts\."a\.test"\.tls\.trust' if own else r"tls\.trust"
    with pytest.raises(UsageError, match=rf"^{key}: .*missing\.pem holds no certificates"):
        tls_questions(environment, Secrets({}))


def test_trust_and_issuer_of_one_host() -> None:
    """A public site and an internal name under a private root, in one environment."""
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://[2001:db8::7]:8443/api"},
            "hosts": {
                "2001:0db8::7": {"addresses": ["2001:db8::7"], "tls": {"trust": "inner.pem", "issuer": "Inner"}},
                "a.test": {"addresses": ["192.0.2.1"]},
            },
            "tls": {"issuer": ["One", "Two"]},
        }
    )
    assert environment.service.base_url == "https://[2001:db8::7]:8443/api"
    assert [environment.trust_of(host) for host in environment.hosts] == ["inner.pem", "public"]
    assert [environment.issuers_of(host) for host in environment.hosts] == [("Inner",), ("One", "Two")]
