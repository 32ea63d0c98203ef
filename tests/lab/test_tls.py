"""TLS held against nginx, haproxy, OpenSSL, GnuTLS and stunnel: every shape with what must be said of it, and no more."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest


from gonogo.families.tls.probe import TlsQuestion
from tests.lab.authority import (
    DAY,
    MUST_STAPLE,
    Issued,
    Lineage,
    issue,
    lineage,
    listed_at,
    revocation_list,
    staple,
)
from tests.lab.fronts import ClientHello, Decide, Treatment, front
from tests.lab.servers import NGINX_TLS, free_port, gnutls, haproxy, nginx, openssl, stunnel
from tests.lab.tlslite_server import SSL3, TLS12, tlslite
from tests.lab.tls_verdicts import HOST, asked, environment, judged


@pytest.fixture
def lab(tmp_path: Path) -> Iterator["Lab"]:
    """Servers that end with the test."""
    with ExitStack() as stack:
        yield Lab(tmp_path, stack)


class Lab:
    """Starts servers for one test, and says what the checks make of them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._count = 0

    def place(self) -> Path:
        """A folder for one server."""
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir(mode=0o755)
        return folder

    def nginx(self, *pairs: tuple[Issued, tuple[Issued, ...]], settings: str = NGINX_TLS) -> int:
        """nginx that can serve these leaves, each with its chain; its port."""
        folder, port = self.place(), free_port()
        text = settings
        for number, (leaf, chain) in enumerate(pairs):
            certificate, key = leaf.write(folder, f"leaf{number}", *chain)
            text += f" ssl_certificate {certificate}; ssl_certificate_key {key};"
        self._stack.enter_context(nginx(folder, text.replace("FOLDER", str(folder)), port=port))
        return port

    def haproxy(self, leaf: Issued, *chain: Issued, limit: str = "", options: str = "") -> int:
        """haproxy with this certificate; its port."""
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
        self._stack.enter_context(haproxy(folder, str(certificate), limit, port=port, ciphers=options))
        return port

    def openssl(self, leaf: Issued, *chain: Issued, options: str = "") -> int:
        """``openssl s_server``; its port."""
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        arguments = ["-cert", str(certificate), "-cert_chain", str(certificate), "-key", str(key), *options.split()]
        self._stack.enter_context(openssl(folder, *arguments, port=port))
        return port

    def gnutls(self, leaf: Issued, *chain: Issued, options: str = "") -> int:
        """gnutls-serv; its port."""
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        arguments = ["--x509certfile", str(certificate), "--x509keyfile", str(key), *options.split()]
        self._stack.enter_context(gnutls(folder, *arguments, port=port))
        return port

    def stunnel(self, leaf: Issued, *chain: Issued, options: str = "") -> int:
        """stunnel before nginx; its port."""
        behind = self.nginx((leaf, chain))
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        text = f"cert = {certificate}\nkey = {key}\n{options}"
        self._stack.enter_context(stunnel(folder, text, port=port, behind=behind))
        return port

    def front(self, behind: int, decide: Decide, *, other: int = 0) -> int:
        """A proxy that treats some hellos otherwise; its port."""
        return self._stack.enter_context(front(behind, decide, other=other))

    def trust(self, *roots: Issued) -> str:
        """A trust file."""
        path = self.place() / "root.pem"
        path.write_bytes(b"".join(root.pem for root in roots or (LINEAGE.root,)))
        return str(path)

    def said(self, *ports: int, host: str = HOST, trust: str = "", issuer: Any = "Example CA", **tls: Any) -> Any:  # noqa: ANN401
        """What does not pass, by check."""
        questions = [
            TlsQuestion(host=host, address="127.0.0.1", port=port, trust=trust or self.trust(), lists=True)
            for port in ports
        ]
        return judged(asked(*questions), environment(issuer, host, **tls))


LINEAGE = lineage()
SECOND = lineage("Second CA")
LEAF = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ec")
RSA_LEAF = issue(HOST, LINEAGE.intermediate, names=[HOST])
CHAIN = (LINEAGE.intermediate,)
ADH = 'ssl_protocols TLSv1.2; ssl_ciphers "ECDHE+AESGCM:ADH:AECDH:@SECLEVEL=0";'
OLD_TLS = "ssl-min-ver TLSv1.0 ciphers ALL:@SECLEVEL=0"


def limited(count: int) -> str:
    """haproxy refuses whoever has more connections."""
    return (
        "stick-table type ip size 1k expire 10s store conn_cur\n  tcp-request connection track-sc0 src\n"
        f"  tcp-request connection reject if {{ sc0_conn_cur gt {count} }}"
    )


def red(said: dict[str, str]) -> set[str]:
    """The checks that do not pass."""
    return set(said)


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
    assert {name: lab.said(port) for name, port in servers.items()} == dict.fromkeys(servers, {})


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

    @pytest.mark.parametrize("count", [1, 2, 4, 6])
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

    @pytest.mark.parametrize("treatment", [Treatment.RESET, Treatment.END, Treatment.SWALLOW])
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


class TestSeveralCertificates:
    """Clients without ECDSA get the other one."""

    @pytest.mark.parametrize(
        ("other", "chain", "expected", "message"),
        [
            (
                issue(HOST, LINEAGE.intermediate, names=[HOST], age=120 * DAY, left=-30 * DAY),
                CHAIN,
                {"tls-expiry", "tls-renewal"},
                "RSA certificate: CN=workme.test expired 30 d ago",
            ),
            (RSA_LEAF, (), {"tls-chain"}, "RSA certificate: unable to get local issuer"),
            (
                issue(HOST, SECOND.intermediate, names=[HOST]),
                (SECOND.intermediate,),
                {"tls-chain", "tls-issuer"},
                "RSA certificate",
            ),
            (
                issue("other.test", LINEAGE.intermediate, names=["other.test"]),
                CHAIN,
                {"tls-hostname"},
                "the certificate is for other.test",
            ),
        ],
    )
    def test_the_one_that_is_not_preferred_is_judged_too(
        self, lab: Lab, other: Issued, chain: tuple[Issued, ...], expected: set[str], message: str
    ) -> None:
        """The server shows its good certificate to everybody who looks like us."""
        said = lab.said(lab.nginx((LEAF, CHAIN), (other, chain)))
        assert red(said) == expected
        assert any(message in text for text in said.values())


class TestRevocation:
    """What the authority took back."""

    def test_staple_says_revoked(self, lab: Lab) -> None:
        """The server itself says that nobody should trust it."""
        port = self._stapling(lab, LEAF, staple(LEAF, LINEAGE.intermediate, revoked=True))
        said = lab.said(port)
        assert red(said) == {"tls-revoked"}
        assert "itself staples that it was revoked on 20" in said["tls-revoked"]

    def test_staple_of_another_authority_counts_for_nothing(self, lab: Lab) -> None:
        """Anybody could staple a response of their own making."""
        port = self._stapling(lab, LEAF, staple(LEAF, SECOND.intermediate, revoked=True))
        assert red(lab.said(port)) == {"tls-revocation-known"}

    @pytest.mark.parametrize(("days", "expected"), [(0, set()), (9, {"tls-revocation-known"})])
    def test_leaf_that_demands_a_staple(self, lab: Lab, days: int, expected: set[str]) -> None:
        """Clients that honour the demand refuse a staple that is out of date."""
        leaf = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ec", extensions=[MUST_STAPLE])
        response = staple(leaf, LINEAGE.intermediate, age=days * DAY or DAY / 24)
        assert red(lab.said(self._stapling(lab, leaf, response))) == expected
        assert red(lab.said(lab.nginx((leaf, CHAIN)))) == {"tls-revocation-known"}

    def test_list_of_the_authority(self, lab: Lab) -> None:
        """Without a staple the list is the only word there is."""
        for revoked, expected in ((True, {"tls-revoked"}), (False, set())):
            port = free_port()
            leaf = issue(
                HOST,
                LINEAGE.intermediate,
                names=[HOST],
                key="ec",
                extensions=[listed_at(f"http://127.0.0.1:{port}/list.crl")],
            )
            content = revocation_list(LINEAGE.intermediate, *([leaf] if revoked else []))
            with self._publishing(lab, content, port):
                assert red(lab.said(lab.nginx((leaf, CHAIN)))) == expected

    def test_list_that_cannot_be_read_is_told(self, lab: Lab) -> None:
        """Silence would be taken for: not revoked."""
        url = f"http://127.0.0.1:{free_port()}/list.crl"
        leaf = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ec", extensions=[listed_at(url)])
        said = lab.said(lab.nginx((leaf, CHAIN)))
        assert red(said) == {"tls-revocation-known"}
        assert "is not known" in said["tls-revocation-known"]

    @staticmethod
    def _stapling(lab: Lab, leaf: Issued, response: bytes) -> int:
        path = lab.place() / "staple.der"
        path.write_bytes(response)
        return lab.nginx((leaf, CHAIN), settings=f"{NGINX_TLS} ssl_stapling on; ssl_stapling_file {path};")

    @staticmethod
    @contextmanager
    def _publishing(lab: Lab, content: bytes, port: int) -> Iterator[None]:
        folder = lab.place()
        (folder / "list.crl").write_bytes(content)
        certificate, key = LEAF.write(folder, "leaf", *CHAIN)
        settings = f"listen 127.0.0.1:{port}; ssl_certificate {certificate}; ssl_certificate_key {key}; root {folder};"
        with nginx(folder, settings + " location = /list.crl { try_files /list.crl =404; }", port=free_port()):
            yield


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
        """nginx shakes hands with everybody and answers 400."""
        settings = f"{NGINX_TLS} ssl_verify_client on; ssl_client_certificate {lab.trust()};"
        assert red(lab.said(lab.nginx((LEAF, CHAIN), settings=settings))) == {"tls-client-certificate"}


class TestChains:
    """What is sent, and what the trust file adds."""

    @pytest.mark.parametrize("lent", [True, False])
    def test_missing_intermediate(self, lab: Lab, *, lent: bool) -> None:
        """Clients have the root alone, whatever our trust file holds."""
        trust = lab.trust(LINEAGE.root, *CHAIN) if lent else lab.trust()
        said = lab.said(lab.nginx((LEAF, ())), trust=trust)
        assert red(said) == {"tls-chain"}
        assert ("Issuing 1" in said["tls-chain"]) == lent

    def test_order_and_relics_are_no_fault(self, lab: Lab) -> None:
        """Clients sort by themselves; the record says it."""
        port = lab.nginx((LEAF, (LINEAGE.root, LINEAGE.intermediate)))
        assert lab.said(port) == {}
        [evidence] = asked(TlsQuestion(host=HOST, address="127.0.0.1", port=port, trust=lab.trust()))
        assert not evidence.presented[0].in_order


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


class TestNames:
    """Hosts of every spelling."""

    @pytest.mark.parametrize(
        ("host", "name", "expected"),
        [
            ("xn--strae-oqa.workme.test", "*.workme.test", set()),
            ("api.xn--bcher-kva.test", "*.xn--bcher-kva.test", set()),
            ("a.b.workme.test", "*.workme.test", {"tls-hostname"}),
            ("127.0.0.1", "127.0.0.1", set()),
            ("127.0.0.1", "127.0.0.2", {"tls-hostname"}),
        ],
    )
    def test_name_and_host(self, lab: Lab, host: str, name: str, expected: set[str]) -> None:
        """RFC 9525, as OpenSSL and browsers apply it."""
        leaf = issue("leaf", LINEAGE.intermediate, names=[name], key="ec")
        assert red(lab.said(lab.nginx((leaf, CHAIN)), host=host)) == expected


class TestSeveralAddresses:
    """One name, two servers."""

    @pytest.mark.parametrize(
        ("declared", "expected"),
        [
            (["Example CA", "Second CA"], set()),
            ("Example CA", {"tls-issuer", "tls-same-everywhere"}),
        ],
    )
    def test_two_authorities(self, lab: Lab, declared: str | list[str], expected: set[str]) -> None:
        """Two delivery networks, or one that changes its authority by itself."""
        second = issue(HOST, SECOND.intermediate, names=[HOST], key="ec")
        ports = lab.nginx((LEAF, CHAIN)), lab.nginx((second, (SECOND.intermediate,)))
        said = lab.said(*ports, trust=lab.trust(LINEAGE.root, SECOND.root), issuer=declared)
        assert red(said) == expected

    @pytest.mark.parametrize("names", [["*.test", HOST], [HOST, "www.workme.test"]])
    def test_other_names_are_a_warning(self, lab: Lab, names: list[str]) -> None:
        """Each client is served rightly."""
        other = issue(HOST, LINEAGE.intermediate, names=names, key="ec")
        assert red(lab.said(lab.nginx((LEAF, CHAIN)), lab.nginx((other, CHAIN)))) == {"tls-alike"}

    def test_one_without_the_newest_version(self, lab: Lab) -> None:
        """One of two was forgotten."""
        old = lab.nginx((LEAF, CHAIN), settings="ssl_protocols TLSv1.2; ssl_ciphers ECDHE+AESGCM;")
        assert red(lab.said(lab.nginx((LEAF, CHAIN)), old)) == {"tls-alike"}


class TestLives:
    """How long certificates live, and how much of it must be left."""

    @pytest.mark.parametrize(
        ("life", "left", "expected"),
        [
            (398, 59, set()),
            (365, 50, set()),
            (398, 6, {"tls-expiry", "tls-renewal"}),
            (398, 15, {"tls-renewal"}),
            (395, 60, set()),
            (200, 45, set()),
            (198, 45, set()),
            (100, 28, set()),
            (100, 10, {"tls-expiry", "tls-renewal"}),
            (90, 29.6, set()),
            (90, 20, {"tls-renewal"}),
            (90, 13, {"tls-expiry", "tls-renewal"}),
            (47, 14, set()),
            (47, 6, {"tls-expiry", "tls-renewal"}),
            (45, 14, set()),
            (45, 9, {"tls-renewal"}),
            (6, 2, set()),
            (6, 0.95, {"tls-expiry", "tls-renewal"}),
            (400, 390, set()),
        ],
    )
    def test_thresholds_fit_every_life(self, lab: Lab, life: float, left: float, expected: set[str]) -> None:
        """A fixed number of days is wrong for most of them."""
        leaf = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ec", age=(life - left) * DAY, left=left * DAY)
        assert red(lab.said(lab.nginx((leaf, CHAIN)))) == expected


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
