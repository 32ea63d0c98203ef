"""Responses of a real OCSP responder (``openssl ocsp``), stapled by nginx: good, revoked, unknown, out of date, demanded."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.lab.authority import DAY, MUST_STAPLE, Issued, issue
from tests.lab.servers import NGINX_TLS, free_port, program, running
from tests.lab.tls_lab import CHAIN, LINEAGE, Lab, red
from tests.lab.tls_verdicts import HOST

_SECONDS = 20.0
_INTERMEDIATE = LINEAGE.intermediate


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Servers that end with the test."""
    with ExitStack() as stack:
        yield Lab(tmp_path, stack)


def _line(leaf: Issued, status: str) -> str:
    """As ``openssl ca`` keeps its index."""
    ends, revoked = (
        f"{moment:%y%m%d%H%M%SZ}" for moment in (datetime.now(UTC) + 80 * DAY, datetime.now(UTC) - 2 * DAY)
    )
    when = f"{revoked},keyCompromise" if status == "R" else ""
    return f"{status}\t{ends}\t{when}\t{leaf.certificate.serial_number:X}\tunknown\t/CN={HOST}\n"


@contextmanager
def responder(folder: Path, index: str, signer: Issued, *, ago: str = "") -> Iterator[str]:
    """The address of an ``openssl ocsp`` that knows these certificates; ``ago`` sets its clock back."""
    certificate, key = signer.write(folder, "signer")
    authority, _ = _INTERMEDIATE.write(folder, "authority")
    (folder / "index.txt").write_text(index)
    port = free_port()
    command = [program("openssl"), "ocsp", "-index", str(folder / "index.txt"), "-port", f"127.0.0.1:{port}"]
    command += ["-nmin", "60"]
    command += ["-rsigner", str(certificate), "-rkey", str(key), "-CA", str(authority), "-ignore_err"]
    # It waits for whoever connects and says nothing, so that it is not asked whether it listens.
    with running([program("faketime"), "-f", ago, *command] if ago else command, ports=[], folder=folder):
        deadline = time.monotonic() + _SECONDS
        while "waiting for OCSP client connections" not in (folder / "server.log").read_text():
            assert time.monotonic() < deadline, (folder / "server.log").read_text()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/"


def answered(folder: Path, leaf: Issued, url: str) -> Path:
    """What the responder says of the leaf, fetched by OpenSSL's own client."""
    certificate, _ = leaf.write(folder, "asked")
    authority, _ = _INTERMEDIATE.write(folder, "issuer")
    said = folder / "response.der"
    command = [program("openssl"), "ocsp", "-issuer", str(authority), "-cert", str(certificate), "-url", url]
    done = subprocess.run(
        [*command, "-respout", str(said), "-noverify", "-no_nonce"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert said.exists(), done.stderr
    return said


def _leaf(*extensions: x509.ExtensionType) -> Issued:
    return issue(HOST, _INTERMEDIATE, names=[HOST], key="ec", extensions=extensions)


def _delegate() -> Issued:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    return issue("Example OCSP", _INTERMEDIATE, key="rsa2048", extensions=[usage])


@pytest.mark.parametrize(
    ("status", "ago", "expected", "message"),
    [
        ("V", "", set[str](), ""),
        ("R", "", {"tls-revoked"}, "itself staples that it was revoked on 20"),
        ("", "", {"tls-revocation-known"}, "the staple says unknown"),
        ("V", "-9d", {"tls-revocation-known"}, "the staple is out of date"),
    ],
    ids=["good", "revoked", "unknown", "expired"],
)
@pytest.mark.parametrize("by", ["issuer", "delegate"])
def test_word_of_a_responder(  # noqa: PLR0917 - a shape, and what it must give
    lab: Lab, status: str, ago: str, expected: set[str], message: str, by: str
) -> None:
    """Whoever signs it, the issuer or somebody whom it empowered."""
    leaf, folder = _leaf(), lab.place()
    signer = _INTERMEDIATE if by == "issuer" else _delegate()
    with responder(folder, _line(leaf, status) if status else "", signer, ago=ago) as url:
        staple = answered(folder, leaf, url)
    said = lab.said(lab.nginx((leaf, CHAIN), settings=f"{NGINX_TLS} ssl_stapling on; ssl_stapling_file {staple};"))
    assert red(said) == expected
    assert message in "".join(said.values())


def _is_stapled(port: int) -> bool:
    command = [program("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST, "-status"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=_SECONDS)
    return "OCSP Response Status: successful" in done.stdout


def test_leaf_that_demands_what_nginx_fetches_by_itself(lab: Lab) -> None:
    """Its first connection has no staple yet; once the responder is gone for longer than a start, none has."""
    leaf, folder = _leaf(MUST_STAPLE), lab.place()
    with responder(folder, _line(leaf, "V"), _INTERMEDIATE) as url:
        settings = f"{NGINX_TLS} ssl_stapling on; ssl_stapling_responder {url};"
        port = lab.nginx((leaf, CHAIN), settings=settings)
        deadline = time.monotonic() + _SECONDS
        while not _is_stapled(port):
            assert time.monotonic() < deadline, "nginx got no response"
            time.sleep(0.1)
        assert lab.said(port) == {}
    said = lab.said(lab.nginx((leaf, CHAIN), settings=settings))
    assert red(said) == {"tls-revocation-known"}
    assert "the leaf demands a staple (RFC 7633); none came" in said["tls-revocation-known"]
