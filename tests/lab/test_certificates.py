"""Certificates held against nginx: every shape of them with what must be said of it, and no more."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from gonogo.families.tls.probe import TlsQuestion
from tests.lab.authority import (
    DAY,
    FOR_EVER,
    MUST_STAPLE,
    Issued,
    issue,
    key_usage,
    lineage,
    listed_at,
    only_for_pss,
    revocation_list,
    staple,
)
from tests.lab.servers import NGINX_TLS, nginx
from tests.lab.tls_lab import CHAIN, LEAF, LINEAGE, RSA_LEAF, SECOND, Lab, red
from tests.lab.tls_verdicts import HOST, asked
from tests.support.ports import free_port


@pytest.fixture
def lab(tmp_path: Path) -> Iterator["Lab"]:
    """Servers that end with the test."""
    with ExitStack() as stack:
        yield Lab(tmp_path, stack)


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
        assert "OCSP staple says that it was revoked on 20" in said["tls-revoked"]

    def test_staple_of_another_authority_counts_for_nothing(self, lab: Lab) -> None:
        """Anybody could staple a response of their own making."""
        port = self._stapling(lab, LEAF, staple(LEAF, SECOND.intermediate, revoked=True))
        assert red(lab.said(port)) == {"tls-revocation-known"}

    def test_staple_of_the_future_counts_for_nothing(self, lab: Lab) -> None:
        """Clients refuse it until its day comes."""
        said = lab.said(self._stapling(lab, LEAF, staple(LEAF, LINEAGE.intermediate, age=-DAY)))
        assert "the staple is dated in the future" in said["tls-revocation-known"]

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
            ("workme.test", "workme.test.", {"tls-hostname"}),
            ("api.workme.test", "*.workme.test.", {"tls-hostname"}),
            ("api.workme.test", "ap*.workme.test", {"tls-hostname"}),
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


class TestKeys:
    """Keys that some clients do not use."""

    @pytest.mark.parametrize("kind", ["ec", "rsa2048"])
    def test_key_that_may_not_sign(self, lab: Lab, kind: str) -> None:
        """BoringSSL, NSS and GnuTLS refuse it (KEY_USAGE_BIT_INCORRECT), OpenSSL and Go do not look."""
        usage = key_usage("key_agreement" if kind == "ec" else "key_encipherment")
        leaf = issue(HOST, LINEAGE.intermediate, names=[HOST], key=kind, usage=usage)
        said = lab.said(lab.nginx((leaf, CHAIN)))
        assert red(said) == {"tls-browsers"}
        assert "key usage does not allow digital signatures" in said["tls-browsers"]

    def test_key_that_may_not_sign_and_need_not(self, lab: Lab) -> None:
        """The old exchange of keys, without forward secrecy, asks the key for nothing else than to decipher."""
        leaf = issue(HOST, LINEAGE.intermediate, names=[HOST], usage=key_usage("key_encipherment"))
        settings = "ssl_protocols TLSv1.2; ssl_ciphers AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256;"
        said = lab.said(lab.nginx((leaf, CHAIN), settings=settings))
        assert red(said) == {"tls-ciphers-modern", "tls-clients"}
        assert "Go cannot connect" in said["tls-clients"]

    def test_key_for_one_kind_of_signature(self, lab: Lab) -> None:
        """Neither browsers nor Go offer rsa_pss_pss, by which alone such a key can be used."""
        said = lab.said(lab.nginx_with(*only_for_pss(lab.place(), HOST, LINEAGE.intermediate)))
        assert red(said) == {"tls-browsers", "tls-clients"}
        assert "no key of the kind RSA-PSS 2048" in said["tls-clients"]


class TestDates:
    """Ends that are far away, or that only a wrong clock sees."""

    @pytest.mark.parametrize(("left", "expected"), [(900, {"tls-browsers"}), (5, {"tls-browsers", "tls-expiry"})])
    def test_leaf_without_an_end(self, lab: Lab, left: int, expected: set[str]) -> None:
        """15 % of for ever is asked of nobody; an intermediate that ends within days is named."""
        authorities = lineage("Lab CA", left=left)
        leaf = issue(HOST, authorities.intermediate, names=[HOST], key="ec", left=FOR_EVER)
        said = lab.said(
            lab.nginx((leaf, (authorities.intermediate,))), trust=lab.trust(authorities.root), issuer="Lab CA"
        )
        assert red(said) == expected
        assert ("Lab CA Issuing 1" in said.get("tls-expiry", "")) == (left < 14)

    def test_leaf_that_only_our_clock_calls_old(self, lab: Lab) -> None:
        """A wrong clock of ours would stop a launch, and blame the certificate."""
        old = issue("Old Issuing", LINEAGE.root, authority=True, age=400 * DAY, left=900 * DAY)
        leaf = issue(HOST, old, names=[HOST], key="ec", age=85 * DAY, left=5 * DAY)
        date = format_datetime(datetime.now(UTC) - 75 * DAY, usegmt=True)
        said = lab.said(lab.haproxy(leaf, old, limit=f'http-request return status 404 hdr Date "{date}"'))
        assert "our clock and the server's are 75 d apart" in said["tls-expiry"]
        assert all(text.startswith("ERROR") for text in said.values())


@pytest.mark.whole
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
