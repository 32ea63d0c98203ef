"""Lets one Chromium trust private authorities: in a home of its own, so that nobody else's trust is touched."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gonogo.base.errors import UsageError
from gonogo.families.browser.programs import certutil

_SECONDS = 20


def trust_in(home: Path, roots: Sequence[str]) -> None:
    """Put the certificates of these PEM files where a Chromium with this home looks. Raises UsageError."""
    if not roots:
        return
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    program, place = certutil(), f"sql:{database}"
    _call(program, "-N", "-d", place, "--empty-password")
    for root in roots:
        for number, certificate in enumerate(_certificates(root)):
            file = home / f"{number}.der"
            file.write_bytes(certificate.public_bytes(Encoding.DER))
            # C: trusted to issue for servers, and for nothing else.
            _call(program, "-A", "-d", place, "-n", f"{root} {number}", "-t", "C,,", "-i", str(file))


def _certificates(root: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(Path(root).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f'tls.trust: {root} holds no certificates ({error}); give "public" or a PEM file') from None


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603 - no shell
    if done.returncode:
        raise UsageError(f"[browser]: {command[0]} {command[1]} failed: {done.stderr.strip()}")
