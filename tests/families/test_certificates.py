"""Certificates as servers may send them: damaged ones end the chain, and never the probe."""

import random
import ssl
from pathlib import Path

import pytest

from gonogo.families.tls.certificates import UNREADABLE, read_certificate
from reference.certificates import CertificateSettings, issue_public

END = "-----END CERTIFICATE-----"


@pytest.fixture
def der(tmp_path: Path) -> bytes:
    """A sound leaf."""
    _, bundle, _ = issue_public(tmp_path, CertificateSettings())
    return ssl.PEM_cert_to_DER_cert(bundle.chain.read_text().partition(END)[0] + END)


def test_sound_certificate(der: bytes) -> None:
    """The facts that the checks judge."""
    found = read_certificate(der)
    assert (found.subject, found.key, found.signature_hash) == ("CN=api.workme.test", "EC 256", "sha256")
    assert not found.self_signed


@pytest.mark.filterwarnings("ignore")
def test_damage_is_always_told_in_the_same_few_ways(der: bytes) -> None:
    """Anything else would be reported as our bug, in the middle of somebody's launch."""
    chance = random.Random(20261123)  # noqa: S311 - the same damage in every run
    unreadable = 0
    for _ in range(3000):
        damaged = bytearray(der)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_certificate(bytes(damaged))
        except UNREADABLE:
            unreadable += 1
    assert unreadable > 100
