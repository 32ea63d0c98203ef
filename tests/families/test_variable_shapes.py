"""Shapes of values: addresses of databases, keys, DSNs, and what is random, without a file."""

import contextlib
import math
import random
import secrets
import string

import pytest
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from gonogo.evidence.variables import SameAccount
from gonogo.families.variables.entropy import entropy_bits, is_placeholder
from gonogo.families.variables.shapes import account, variable

ID = "Abc123Def456Gh"
PASSWORD = "q7Rk2Vx9Lm4Tz8Wd"
MONGO = [
    (f"mongodb+srv://u:{PASSWORD}@h/db", "mongodb+srv", True, True, True),
    (f"mongodb://u:{PASSWORD}@h1:1,h2:2/db?replicaSet=r&tls=true", "mongodb", True, True, True),
    (f"mongodb://u:{PASSWORD}@h/db?SSL=True&tlsInsecure=true", "mongodb", True, True, False),
    (f"mongodb+srv://u:{PASSWORD}@h/db?tls=false", "mongodb+srv", True, False, False),
    (f"mongodb://u:{PASSWORD}@h/db", "mongodb", True, False, False),
    ("mongodb+srv://u@h/db", "mongodb+srv", False, True, True),
    ("postgres://u:p@h/db", "", True, False, False),
    ("mongodb://[", "", False, False, False),
    ("nonsense", "", False, False, False),
]


@pytest.mark.parametrize(("url", "prefix", "password", "tls", "verified"), MONGO)
def test_mongo_urls(url: str, prefix: str, *, password: bool, tls: bool, verified: bool) -> None:
    """Several hosts, options in any case, and what is no URL at all."""
    seen = variable("MONGO_URL", "mongodb", url)
    assert (seen.prefix, seen.has_password, seen.tls, seen.tls_verified) == (prefix, password, tls, verified)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("mongodb+srv://app:p%40ss%3Aw@h.example.com/x", True),
        ("mongodb://a.example.com:27017,b.example.com:27018/x?tls=true&ssl=true", True),
        ("mongodb://app:p@ss@h.example.com/x?tls=true", False),
        ("mongodb://app:p:ss@h.example.com/x?tls=true", False),
        ("mongodb://app:p%ss@h.example.com/x?tls=true", False),
        ("mongodb://h.example.com/x?tls=true&ssl=false", False),
    ],
)
def test_mongo_urls_that_the_driver_refuses(url: str, *, good: bool) -> None:
    """The service would not even start; PyMongo itself is asked as well."""
    seen = variable("MONGO_URL", "mongodb", url)
    assert (seen.well_formed and seen.tls) == good
    if good and "srv" in url:
        return  # which asks the DNS
    with contextlib.nullcontext() if good else pytest.raises(PyMongoError):
        parse_uri(url)


@pytest.mark.parametrize("mechanism", ["MONGODB-X509", "MONGODB-AWS", "MONGODB-OIDC", "GSSAPI"])
def test_log_ins_without_a_password(mechanism: str) -> None:
    """By a certificate, by the role of the machine: nothing is missing."""
    url = f"mongodb+srv://h.example.com/?authSource=%24external&authMechanism={mechanism}"
    assert variable("MONGO_URL", "mongodb", url).without_password
    assert not variable("MONGO_URL", "mongodb", "mongodb+srv://h.example.com/").without_password


def test_password_that_nobody_put_there() -> None:
    """As Atlas gives it; a host may well be called example."""
    assert variable("M", "mongodb", "mongodb+srv://u:<db_password>@h/db").placeholder
    assert not variable("M", "mongodb", f"mongodb+srv://u:{PASSWORD}@db.example.com/default").placeholder


STRIPE = [
    ("sk_" + "test_" + "a1B2c3D4" * 3, "sk", "test", True),
    ("rk_" + "live_" + "a1B2c3D4" * 3, "rk", "live", True),
    ("pk_test_short", "pk", "test", False),
    ("sk_" + "test_" + "a1B2c3D4" * 3 + "\u200b", "sk", "test", False),
    ("acct_123", "", "", False),
]


@pytest.mark.parametrize(("key", "prefix", "mode", "well_formed"), STRIPE)
def test_stripe_keys(key: str, prefix: str, mode: str, *, well_formed: bool) -> None:
    """A blank that nobody sees is a character too many."""
    seen = variable("K", "stripe-secret", key)
    assert (seen.prefix, seen.mode, seen.well_formed) == (prefix, mode, well_formed)


def test_accounts() -> None:
    """Keys of today carry the account's id; older ones nothing."""
    secret, same = (f"{kind}_test_51{ID}{secrets.token_hex(20)}" for kind in ("sk", "pk"))
    other, old = f"pk_test_51{ID[::-1]}{secrets.token_hex(20)}", "pk_test_" + "aB3dE6gH" * 3
    assert account(secret, same) is SameAccount.SAME
    assert account(secret, other) is SameAccount.OTHER
    assert account(secret, old) is SameAccount.UNKNOWN
    assert account("", same) is SameAccount.UNKNOWN


DSNS = [
    (f"https://{'0a' * 16}@o1.ingest.sentry.io/42", True),
    (f"https://{'0a' * 16}@sentry.a.test/path/42", True),
    ("https://examplePublicKey@o0.ingest.sentry.io/0", False),
    (f"https://{'0a' * 16}@o1.ingest.sentry.io/", False),
    ("https://sentry.io/organizations/workme", False),
    ("https://[", False),
]


@pytest.mark.parametrize(("dsn", "well_formed"), DSNS)
def test_dsns(dsn: str, *, well_formed: bool) -> None:
    """A key, a host and the number of a project."""
    assert variable("SENTRY_DSN", "dsn", dsn).well_formed is well_formed


def test_webhook_secrets() -> None:
    """Not the endpoint's id, which stands beside it on the page."""
    assert variable("W", "stripe-webhook", "whsec_" + "aB3dE6gH" * 4).well_formed
    assert not variable("W", "stripe-webhook", "we_1" + "aB3dE6gH" * 4).prefix


_ALPHABETS = {
    "hex": "0123456789abcdef",
    "lower case": string.ascii_lowercase,
    "letters": string.ascii_letters,
    "base64url": string.ascii_letters + string.digits + "-_",
}


@pytest.mark.parametrize("alphabet", _ALPHABETS.values(), ids=_ALPHABETS)
def test_what_is_random_is_taken_for_random(alphabet: str) -> None:
    """256 bit, in whatever alphabet: nobody is told otherwise by chance."""
    generator = random.Random(alphabet)  # noqa: S311 -- the same values every time; they keep no secret
    for _ in range(2000):
        value = "".join(generator.choices(alphabet, k=math.ceil(256 / math.log2(len(alphabet)))))
        assert entropy_bits(value) >= 256, value
        assert not is_placeholder(value), value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("I7yDg0hlpJ5dEufno00enn_ErtHCopwJM-I9spoeASc", id="eight words"),
        pytest.param("lGFts-LJaKHyn6c1AaXAve1PUWFzNgfnDuMMYYw9fFA", id="dummy"),
        pytest.param("0aa70dff8aa5aacee48e0d63eae89cde7c52daefca7b05cae30df47d0bf72edc", id="letters of prose"),
    ],
)
def test_what_looks_like_words_by_chance(value: str) -> None:
    """Drawn at random, each of them, if only once in ten thousand times or less."""
    assert entropy_bits(value) >= 256
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    [
        "correct-horse-battery-staple-and-a-few-more-words",
        "thisisthesecondlongestsentencethatanybodyeverusedforsigning",
        "ThisIsTheProductionSigningOfThatServiceAndItIsLongEnough",
        "segredo-de-producao-da-workme-para-assinar-os-tokens-2026",
        "0123456789" * 7,
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "aB3$" * 30,
        "a" * 100_000,
        "",
    ],
)
def test_what_is_long_and_not_random(value: str) -> None:
    """Length is not entropy."""
    assert entropy_bits(value) < 256


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "ChangeMe",
        "CHANGE_ME_please",
        "<password>",
        "${SECRET}",
        "your-key-here",
        "xxxxxxxx",
        "None",
        "abababab",
    ],
)
def test_placeholders(value: str) -> None:
    """What stands in files that somebody meant to fill in."""
    assert is_placeholder(value)


SQL = [
    ("postgresql", f"postgresql://u:{PASSWORD}@h/db?sslmode=verify-full", "postgresql", True, True),
    ("postgresql", f"postgres://u:{PASSWORD}@h:5432/db?sslmode=require", "postgres", True, False),
    ("postgresql", f"postgresql+asyncpg://u:{PASSWORD}@h/db?ssl=verify-full", "postgresql", True, True),
    ("postgresql", f"postgresql://u:{PASSWORD}@h/db", "postgresql", False, False),
    ("postgresql", f"postgresql://u:{PASSWORD}@h/db?sslmode=disable", "postgresql", False, False),
    ("postgresql", f"host=h user=u password='{PASSWORD}' sslmode=verify-full dbname=d", "postgresql", True, True),
    ("postgresql", f"mysql://u:{PASSWORD}@h/db", "", False, False),
    ("postgresql", "nonsense", "", False, False),
    ("mysql", f"mysql://u:{PASSWORD}@h/db?ssl-mode=VERIFY_IDENTITY", "mysql", True, True),
    ("mysql", f"mysql+pymysql://u:{PASSWORD}@h/db?ssl_ca=/ca.pem&ssl_verify_identity=true", "mysql", True, True),
    ("mysql", f"mysql://u:{PASSWORD}@h/db?sslMode=REQUIRED", "mysql", True, False),
    ("mysql", f"mysql://u:{PASSWORD}@h/db?sslaccept=strict", "mysql", True, True),
    ("mysql", f"mariadb://u:{PASSWORD}@h/db", "mariadb", False, False),
    ("mysql", "mysql://[", "", False, False),
]


@pytest.mark.parametrize(("shape", "url", "prefix", "tls", "verified"), SQL)
def test_urls_of_other_databases(shape: str, url: str, prefix: str, *, tls: bool, verified: bool) -> None:
    """TLS that takes any certificate is no proof of whom one talks to (libpq, sslmode; MySQL, ssl-mode)."""
    seen = variable("DATABASE_URL", shape, url)
    assert (seen.prefix, seen.tls, seen.tls_verified) == (prefix, tls, verified)
    if prefix:
        assert (seen.has_user, seen.has_password, seen.well_formed) == (True, True, True)
        assert seen.entropy_bits >= 64
