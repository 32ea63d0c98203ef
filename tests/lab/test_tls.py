"""Handshakes held against nginx, haproxy, OpenSSL, GnuTLS, stunnel and tlslite-ng: what must be said, and no more."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gonogo.families.tls.probe import TlsQuestion
from tests.lab.authority import (
    DAY,
    Lineage,
    issue,
    lineage,
)
from tests.lab.fronts import ClientHello, Treatment
from tests.lab.servers import NGINX_TLS
from tests.lab.tls_lab import CHAIN, LEAF, LINEAGE, RSA_LEAF, Lab, red
from tests.lab.tls_verdicts import HOST, asked, environment, judged
from tests.lab.tlslite_server import SSL3, TLS12, tlslite


@pytest.fixture
def lab(tmp_path: Path) -> Iterator["Lab"]:
    """Servers that end with the test."""
    with ExitStack() as stack:
        yield Lab(tmp_path, stack)


WHOLE = pytest.mark.whole
ADH = 'ssl_protocols TLSv1.2; ssl_ciphers "ECDHE+AESGCM:ADH:AECDH:@SECLEVEL=0";'
OLD_TLS = "ssl-min-ver TLSv1.0 ciphers ALL:@SECLEVEL=0"


def limited(count: int) -> str:
    """Haproxy refuses whoever has more connections."""
    return (
        "stick-table type ip size 1k expire 10s store conn_cur\n  tcp-request connection track-sc0 src\n"
        f"  tcp-request connection reject if {{ sc0_conn_cur gt {count} }}"
    )


def test_healthy_servers_of_every_kind_pass(lab: Lab) -> None:
    """A wrong NO-GO, or a needless warning, about a server that does everything right."""
    servers = {
        "nginx, EC": lab.nginx((LEAF, CHAIN)),
        "nginx, RSA": lab.nginx((RSA_LEAF, CHAIN)),
        "nginx, both": lab.nginx((LEAF, CHAIN), (RSA_LEAF, CHAIN)),
        "haproxy": lab.haproxy(LEAF, *CHAIN),
        "openssl": lab.openssl(LEAF, *CHAIN, options="-no_tls1 -no_tls1_1 -cipher ECDHE+AESGCM"),
        "openssl, TLS 1.3 only": lab.openssl(LEAF, *CHAIN, options="-tls1_3"),
        "openssl, another hello": lab.openssl(LEAF, *CHAIN, options="-tls1_3 -groups P-384:P-521"),
        "gnutls": lab.gnutls(
            LEAF, *CHAIN, options="--priority=SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA"
        ),
        "stunnel": lab.stunnel(LEAF, *CHAIN, options="ciphers = ECDHE+AESGCM\nsslVersionMin = TLSv1.2"),
    }
    assert {name: said for name, port in servers.items() if (said := lab.said(port))} == {}


class TestConnectionsThatEnd:
    """A closed connection is no answer by itself."""

    def test_first_anonymous_offer_is_closed(self, lab: Lab) -> None:
        """A weak offer would pass because of one connection too many."""
        closed: list[int] = []

        def decide(hello: ClientHello | None, _count: int) -> Treatment:
            if (
                hello
                and hello.newest == 0x0303
                and 0xC019 in hello.suites
                and 0xC02F not in hello.suites
                and not closed
            ):
                closed.append(1)
                return Treatment.END
            return Treatment.PASS

        said = lab.said(lab.front(lab.nginx((LEAF, CHAIN), settings=ADH), decide))
        assert red(said) == {"tls-ciphers"}
        assert "anon" in said["tls-ciphers"]

    @pytest.mark.parametrize("count", [1, pytest.param(2, marks=WHOLE), pytest.param(4, marks=WHOLE), 6])
    def test_limit_on_connections_changes_no_verdict(self, lab: Lab, count: int) -> None:
        """The same request to the same server, and another verdict every time."""
        healthy = lab.haproxy(LEAF, *CHAIN, limit=limited(count))
        old = lab.haproxy(RSA_LEAF, *CHAIN, limit=limited(count), options=OLD_TLS)
        assert lab.said(healthy) == {}
        assert (
            {"tls-versions", "tls-ciphers"}
            <= red(lab.said(old))
            <= {
                "tls-versions",
                "tls-ciphers",
                "tls-ciphers-modern",
            }
        )

    def test_front_closes_what_exceeds_one_connection(self, lab: Lab) -> None:
        """One connection at a time is enough to know everything."""

        def decide(_hello: ClientHello | None, count: int) -> Treatment:
            return Treatment.PASS if count <= 1 else Treatment.END

        assert lab.said(lab.front(lab.nginx((LEAF, CHAIN)), decide)) == {}

    @pytest.mark.whole
    def test_limit_on_the_rate_is_an_error_and_no_failure(self, lab: Lab) -> None:
        """Five connections in ten seconds cannot show everything; they must not make a server that is sound look broken."""
        rate = (
            "stick-table type ip size 1k expire 10s store conn_rate(10s)\n  tcp-request connection track-sc0 src\n"
            "  tcp-request connection reject if { sc0_conn_rate gt 5 }"
        )
        said = lab.said(lab.haproxy(LEAF, *CHAIN, limit=rate))
        assert said
        assert all(text.startswith("ERROR") for text in said.values())

    @pytest.mark.parametrize(
        "treatment", [Treatment.RESET, Treatment.END, pytest.param(Treatment.SWALLOW, marks=WHOLE)]
    )
    def test_old_versions_that_are_never_answered_are_refused(self, lab: Lab, treatment: Treatment) -> None:
        """Some balancers reset, end or swallow what they do not speak: for them silence is the answer."""

        def decide(hello: ClientHello | None, _count: int) -> Treatment:
            return treatment if hello is None or hello.newest < 0x0303 else Treatment.PASS

        assert lab.said(lab.front(lab.nginx((LEAF, CHAIN)), decide)) == {}

    def test_only_the_first_connection_is_accepted(self, lab: Lab) -> None:
        """What was seen is judged: an expired leaf stays a FAIL."""
        expired = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ec", age=90 * DAY, left=-DAY)
        connections: list[int] = []

        def decide(_hello: ClientHello | None, _count: int) -> Treatment:
            connections.append(1)
            return Treatment.PASS if len(connections) == 1 else Treatment.END

        port = lab.front(lab.nginx((expired, CHAIN)), decide)
        said = judged(
            asked(TlsQuestion(host=HOST, address="127.0.0.1", port=port, trust=lab.trust(), patience=2 * DAY / 86400)),
            environment(),
        )
        assert "expired 1 d ago" in said["tls-expiry"]
        assert said["tls-versions"].startswith("ERROR")


class TestClientsOfToday:
    """TLS that keeps every rule of its own and lets nobody in."""

    @pytest.mark.parametrize(
        ("authorities", "sent", "expected"),
        [
            (lineage("Weak CA", root_key="rsa1024"), True, {"tls-keys"}),
            (lineage("Weak CA", intermediate_key="rsa1024"), False, {"tls-keys", "tls-chain"}),
        ],
    )
    def test_weak_key_anywhere_in_the_path(
        self, lab: Lab, authorities: Lineage, *, sent: bool, expected: set[str]
    ) -> None:
        """The trust file lends what no client accepts."""
        leaf = issue(HOST, authorities.intermediate, names=[HOST], key="ec")
        port = lab.nginx((leaf, (authorities.intermediate,) if sent else ()))
        trust = lab.trust(authorities.root, authorities.intermediate)
        said = lab.said(port, trust=trust, issuer="Weak CA")
        assert red(said) == expected
        assert "RSA 1024" in said["tls-keys"]

    def test_intermediate_that_expired_and_is_lent(self, lab: Lab) -> None:
        """Its date stands in no message of the server."""
        authorities = lineage("Old CA", left=-1)
        leaf = issue(HOST, authorities.intermediate, names=[HOST], key="ec")
        said = lab.said(
            lab.nginx((leaf, ())), trust=lab.trust(authorities.root, authorities.intermediate), issuer="Old CA"
        )
        assert red(said) == {"tls-chain", "tls-expiry"}
        assert "Old CA Issuing 1" in said["tls-expiry"]

    def test_suite_that_nobody_offers_any_more(self, lab: Lab) -> None:
        """Every handshake of a user fails."""
        settings = 'ssl_protocols TLSv1.2; ssl_ciphers "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0";'
        said = lab.said(lab.nginx((LEAF, CHAIN), settings=settings))
        assert red(said) == {"tls-clients", "tls-browsers"}

    @pytest.mark.parametrize(
        ("groups", "expected"),
        [("ffdhe2048:ffdhe3072", {"tls-clients", "tls-browsers"}), ("P-521", {"tls-browsers"})],
    )
    def test_groups_that_few_clients_offer(self, lab: Lab, groups: str, expected: set[str]) -> None:
        """TLS 1.3 is spoken, and the cause is told; BoringSSL is refused by both, curl with OpenSSL by neither."""
        said = lab.said(lab.openssl(LEAF, *CHAIN, options=f"-tls1_3 -groups {groups}"))
        assert red(said) == expected
        assert f"it does not offer the group {groups.partition(':')[0]}" in said["tls-browsers"]

    def test_key_that_browsers_do_not_know(self, lab: Lab) -> None:
        """Libraries accept Ed25519, browsers do not."""
        leaf = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ed25519")
        assert red(lab.said(lab.nginx((leaf, CHAIN)))) == {"tls-browsers"}

    def test_leaf_that_is_an_authority(self, lab: Lab) -> None:
        """Whoever has its key could issue for everybody."""
        leaf = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ec", authority=True)
        assert red(lab.said(lab.nginx((leaf, CHAIN)))) == {"tls-chain-strict"}

    @pytest.mark.parametrize("options", ["verify required", "verify optional"])
    def test_client_certificate(self, lab: Lab, options: str) -> None:
        """In TLS 1.3 the refusal comes after the handshake."""
        trust = lab.trust()
        port = lab.haproxy(LEAF, *CHAIN, options=f"{options} ca-file {trust}")
        required = options.endswith("required")
        assert red(lab.said(port)) == ({"tls-client-certificate"} if required else set())
        declared = lab.said(port, client_certificate="required")
        assert red(declared) == {"tls-client-certificate"}
        assert declared["tls-client-certificate"].startswith("ERROR") == required

    @pytest.mark.parametrize("options", ["", "-tls1_2"])
    def test_client_certificate_by_openssl(self, lab: Lab, options: str) -> None:
        """In TLS 1.2 the handshake itself fails, and no client of OpenSSL gets the facts."""
        options = f"{options} -Verify 1 -verify_return_error -cipher ECDHE+AESGCM"
        assert red(lab.said(lab.openssl(LEAF, *CHAIN, options=options))) == {"tls-client-certificate"}

    def test_client_certificate_that_nginx_requires(self, lab: Lab) -> None:
        """Nginx shakes hands with everybody and answers 400."""
        settings = f"{NGINX_TLS} ssl_verify_client on; ssl_client_certificate {lab.trust()};"
        assert red(lab.said(lab.nginx((LEAF, CHAIN), settings=settings))) == {"tls-client-certificate"}


class TestVersionsAndSuites:
    """What the server agrees to."""

    def test_only_old_versions(self, lab: Lab) -> None:
        """It listens, and its certificate loads: the fault is another one."""
        settings = 'ssl_protocols TLSv1; ssl_ciphers "ALL:@SECLEVEL=0";'
        said = lab.said(lab.nginx((RSA_LEAF, CHAIN), settings=settings))
        assert "TLSv1 only" in said["tls-versions"]
        assert "tls-handshake" not in said
        assert not {"tls-chain", "tls-expiry", "tls-keys", "tls-hostname"} & red(said)

    @pytest.mark.parametrize(("bits", "expected"), [(1024, {"tls-ciphers-modern"}), (2048, set())])
    def test_group_of_its_own(self, lab: Lab, bits: int, expected: set[str]) -> None:
        """A small group can be broken for all servers that share it; a safe one of its own cannot."""
        path = lab.place() / "dh.pem"
        path.write_text(_GROUPS[bits])
        settings = f'ssl_protocols TLSv1.2; ssl_ciphers "ECDHE+AESGCM:DHE+AESGCM:@SECLEVEL=0"; ssl_dhparam {path};'
        assert red(lab.said(lab.nginx((RSA_LEAF, CHAIN), settings=settings))) == expected

    @pytest.mark.parametrize(
        ("ciphers", "expected"),
        [
            ("ECDHE+AESGCM:AES128-GCM-SHA256", {"tls-ciphers-modern"}),
            ("ECDHE+AESGCM:AECDH:@SECLEVEL=0", {"tls-ciphers"}),
            ("ECDHE+AESGCM:NULL:@SECLEVEL=0", {"tls-ciphers"}),
            ("ECDHE+AESGCM:ECDHE+AES", set()),
        ],
    )
    def test_suites_of_nginx(self, lab: Lab, ciphers: str, expected: set[str]) -> None:
        """Each kind by itself."""
        settings = f'ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers "{ciphers}";'
        assert red(lab.said(lab.nginx((RSA_LEAF, CHAIN), settings=settings))) == expected

    def test_suites_that_openssl_does_not_have(self, lab: Lab) -> None:
        """GnuTLS still has RC4 and 3DES; no client of OpenSSL 3 can ask for them."""
        weak = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+ARCFOUR-128:+3DES-CBC:-RSA:-DHE-RSA:+SHA1:+MD5"
        said = lab.said(lab.gnutls(RSA_LEAF, *CHAIN, options=f"--priority={weak}"))
        assert red(said) == {"tls-ciphers", "tls-ciphers-modern"}
        assert "RC4" in said["tls-ciphers"]
        assert "3DES" in said["tls-ciphers-modern"]

    def test_suites_of_tlslite(self, lab: Lab) -> None:
        """RC4 and 3DES beside AES-GCM, over TLS 1.2 alone."""
        certificate, key = RSA_LEAF.write(lab.place(), "leaf", *CHAIN)
        with tlslite(certificate, key, ciphers=["aes128gcm", "rc4", "3des"], versions=(TLS12, TLS12)) as port:
            said = lab.said(port)
        assert {"tls-ciphers", "tls-ciphers-modern"} == red(said)
        assert "RC4" in said["tls-ciphers"]

    def test_ssl_3_beside_versions_of_today(self, lab: Lab) -> None:
        """No client of OpenSSL 3 can ask for it."""
        certificate, key = RSA_LEAF.write(lab.place(), "leaf", *CHAIN)
        modern = lab.nginx((RSA_LEAF, CHAIN))
        with tlslite(certificate, key, ciphers=["aes128", "3des"], versions=(SSL3, SSL3)) as old:

            def behind(hello: ClientHello | None, _count: int) -> Treatment:
                return Treatment.OTHER if hello is not None and hello.newest == 0x0300 else Treatment.PASS

            said = lab.said(lab.front(modern, behind, other=old))
            alone = lab.said(old)
        assert red(said) == {"tls-versions"}
        assert "still accepts SSLv3" in said["tls-versions"]
        assert "but SSLv3 only" in alone["tls-versions"]
        assert not {"tls-handshake", "tls-chain", "tls-hostname", "tls-expiry"} & red(alone)


_GROUPS = {
    1024: """\
-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
""",
    2048: """\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA71sReTTsVxtBzF1dctvVF8U66KbU1+AX3mhxH2nX+/czaom0M0rr
WdXJDC4RyWs6SlGjMHqVpUEQeWtHjW7QSiEKZet77GjTyRN/0Eq4M/Q/oE0ZgMIt
9PyLsyES9E8aG68eQL5DwTUpetPbO849nQ41x9NfBPq1bTxkvOlYwQ2p/FwFeptS
kaAYuypo31z7nx1PRtoUnYW2K/YqF0tYK7OQlidaOgJxqhQsyEgnqRM/n5IrMVrl
wXZ/RnOGlfpT15u7Ak33SgXnPYFi3z2jSZkGL9OFw9xV8zgS/3JEG5e2uxaA8sEm
zhpr3tZyrKMecXeJZlpPEjrpAL7KAy3+BwIBAg==
-----END DH PARAMETERS-----
""",
}
