"""Certificates as servers may send them: damaged ones end the chain, and never the probe."""

import random
import ssl
from pathlib import Path

import pytest

from gonogo.families.tls.certificates import UNREADABLE, read_certificate
from gonogo.families.tls.groups import NOT_TRIED, UNSAFE, group_name
from gonogo.families.tls.names import matches
from reference.certificates import CertificateSettings, issue_public

PRIME_OF_FFDHE2048 = int(
    "FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF9"
    "7D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED0856365553DED1AF3B557135E7F57C935"
    "984F0C70E0E68B77E2A689DAF3EFE8721DF158A136ADE73530ACCA4F483A797ABC0AB182B324FB61D108A94BB2C8E3FB"
    "B96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB190B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F61"
    "9172FE9CE98583FF8E4F1232EEF28183C3FE3B1B4C6FAD733BB5FCBC2EC22005C58EF1837D1683B2C6F34A26C1B2EFFA"
    "886B423861285C97FFFFFFFFFFFFFFFF",
    16,
)
"""RFC 7919, appendix A.1."""
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


@pytest.mark.parametrize(
    ("host", "names", "right"),
    [
        ("a.test", ["a.test"], True),
        ("a.test", ["A.Test"], True),
        ("a.test", ["a.test."], False),
        ("b.a.test", ["*.a.test"], True),
        ("xn--strae-oqa.a.test", ["*.a.test"], True),
        ("c.b.a.test", ["*.a.test"], False),
        ("a.test", ["*.a.test"], False),
        ("a.test", ["*.test"], False),
        ("ba.x.test", ["b*.x.test"], False),
        ("b.x.test", ["*.*.test"], False),
        ("192.0.2.1", ["192.0.2.1"], False),
        ("192.0.2.1", ["*.0.2.1"], False),
        ("a.test", [], False),
    ],
)
def test_names_that_cover_a_host(host: str, names: list[str], *, right: bool) -> None:
    """A wildcard is one label of whatever script; a name is no address, even if it looks like one."""
    assert matches(host, names=names, addresses=[]) == right


def test_addresses_that_cover_a_host() -> None:
    """However they are spelled."""
    assert matches("192.0.2.1", names=[], addresses=["192.0.2.1"])
    assert matches("2001:db8::7", names=[], addresses=["2001:0db8:0:0:0:0:0:7"])
    assert not matches("192.0.2.1", names=[], addresses=["192.0.2.2"])
    assert not matches("a.test", names=[], addresses=["192.0.2.1"])


def test_groups_by_name() -> None:
    """A group of its own is sound if its prime is safe; a standard's is known by its digest."""
    ffdhe2048 = PRIME_OF_FFDHE2048
    assert group_name(ffdhe2048, 2) == "ffdhe2048"
    assert group_name(ffdhe2048, 1) == UNSAFE
    assert group_name(ffdhe2048 - 2, 2) == UNSAFE
    assert group_name(2 * 0xFFFFFFFFFFFFFFC5 + 1, 2) == UNSAFE
    assert group_name(1 << 5000, 2) == NOT_TRIED
