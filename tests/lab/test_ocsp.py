"""Responses of a real OCSP responder (``openssl ocsp``), stapled by nginx: good, revoked, unknown, out of date, demanded."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.lab.authority import DAY, MUST_STAPLE, Issued, issue
from tests.lab.servers import NGINX_TLS, nginx, program
from tests.lab.tls_lab import CHAIN, LINEAGE, Lab, red
from tests.lab.tls_verdicts import HOST
from tests.support.ports import free_port

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


def response(folder: Path, leaf: Issued, index: str, signer: Issued, *, ago: str = "") -> Path:
    """What an ``openssl ocsp`` that knows these certificates says of the leaf; ``ago`` sets its clock back.

    As a server it listens on every address of the machine: here it answers a request from its own command line.
    """
    certificate, key = signer.write(folder, "signer")
    authority, _ = _INTERMEDIATE.write(folder, "authority")
    asked, _ = leaf.write(folder, "asked")
    (folder / "index.txt").write_text(index)
    said = folder / "response.der"
    command = [program("openssl"), "ocsp", "-index", str(folder / "index.txt"), "-nmin", "60", "-no_nonce", "-noverify"]
    command += ["-rsigner", str(certificate), "-rkey", str(key), "-CA", str(authority)]
    command += ["-issuer", str(authority), "-cert", str(asked), "-respout", str(said)]
    command = [program("faketime"), "-f", ago, *command] if ago else command
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
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
        ("R", "", {"tls-revoked"}, "OCSP staple says that it was revoked on 20"),
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
    staple = response(folder, leaf, _line(leaf, status) if status else "", signer, ago=ago)
    said = lab.said(lab.nginx((leaf, CHAIN), settings=f"{NGINX_TLS} ssl_stapling on; ssl_stapling_file {staple};"))
    assert red(said) == expected
    assert message in "".join(said.values())


def _is_stapled(port: int) -> bool:
    command = [program("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST, "-status"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=_SECONDS)
    return "OCSP Response Status: successful" in done.stdout


def test_leaf_that_demands_what_nginx_fetches_by_itself(lab: Lab) -> None:
    """Its first connection has no staple yet; where the responder is gone at its start, none has."""
    leaf, folder, clear = _leaf(MUST_STAPLE), lab.place(), free_port()
    said = response(folder, leaf, _line(leaf, "V"), _INTERMEDIATE)
    served = f"listen 127.0.0.1:{clear}; root {said.parent}; default_type application/ocsp-response;"
    settings = f"{NGINX_TLS} ssl_stapling on; ssl_stapling_responder http://127.0.0.1:{clear}/ocsp;"
    published = f"{served} location /ocsp {{ try_files /{said.name} =404; }}"
    with ExitStack() as responder:
        certificate, key = leaf.write(folder, "front", *CHAIN)
        own = f"{published} ssl_certificate {certificate}; ssl_certificate_key {key};"
        responder.enter_context(nginx(folder, own, port=free_port()))
        port = lab.nginx((leaf, CHAIN), settings=settings)
        deadline = time.monotonic() + _SECONDS
        while not _is_stapled(port):
            assert time.monotonic() < deadline, "nginx got no response"
            time.sleep(0.1)
        assert lab.said(port) == {}
    without = lab.said(lab.nginx((leaf, CHAIN), settings=settings))
    assert red(without) == {"tls-revocation-known"}
    assert "the leaf demands an OCSP staple (RFC 7633); the server sent none" in without["tls-revocation-known"]
