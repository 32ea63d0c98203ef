"""Real files of variables: what is wrong with them is seen, what is in them never shown."""

import asyncio
import io
import json
import math
import os
import random
import secrets
import shutil
import stat
import string
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import TypeAdapter

from gonogo.base.secrets import Secrets
from gonogo.evidence.variables import Account, Shared, Variable, VariableDifferenceEvidence, VariableFileEvidence
from gonogo.families.registry import environment_from
from gonogo.families.variables.dialects import parsed
from gonogo.families.variables.entropy import entropy_bits, is_placeholder
from gonogo.families.variables.probe import (
    VariableDifferenceQuestion,
    VariableFileQuestion,
    probe_variable_difference,
    probe_variable_file,
    variable_difference_questions,
    variable_file_questions,
)
from gonogo.families.variables.section import Variables
from gonogo.families.variables.shapes import account, variable
from gonogo.record.recording import facts
from tests.support.git_doubles import Repo

CANARY = "c4naryValueThatIsNeverShown0123456789"
SHAPES = {"SECRET_KEY": "random", "REDIS_PASSWORD": "password"}
ID = "Abc123Def456Gh"


def read(path: Path, repository: Path | None = None) -> VariableFileEvidence:
    """The evidence; the canary is not in it, and it survives JSON."""
    asked = VariableFileQuestion(
        name="staging", path=str(path), mode="test", repository=str(repository or path.parent), shapes=SHAPES
    )
    seen = asyncio.run(probe_variable_file(asked))
    recorded = json.dumps(facts(seen))
    assert CANARY not in recorded
    assert str(path.parent) not in recorded
    assert TypeAdapter(VariableFileEvidence).validate_json(recorded) == seen
    return seen


def written(folder: Path, content: str | bytes, mode: int = 0o600) -> Path:
    """A file of variables."""
    path = folder / ".env.staging"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def only(seen: VariableFileEvidence, name: str = "SECRET_KEY") -> Variable:
    """That variable."""
    (found,) = (one for one in seen.variables if one.name == name)
    return found


@pytest.mark.parametrize(
    "content",
    [
        f"SECRET_KEY={CANARY}\n",
        f"SECRET_KEY='{CANARY}'",
        f'export SECRET_KEY="{CANARY}"\r\nOTHER=1\r\n',
        f"\ufeffSECRET_KEY = {CANARY}  # a comment\n",
        f"# SECRET_KEY=x\n\n  SECRET_KEY={CANARY}\n",
    ],
)
def test_every_way_to_write_it(tmp_path: Path, content: str) -> None:
    """As python-dotenv, and with it the service, reads it."""
    seen = read(written(tmp_path, content))
    assert only(seen).length == len(CANARY)
    assert (seen.problem, seen.malformed_lines, seen.duplicates) == ("", (), ())
    assert not only(seen, "REDIS_PASSWORD").present


def test_mistakes_in_it(tmp_path: Path) -> None:
    """By their lines and names."""
    seen = read(written(tmp_path, f"A=1\n\nSECRET_KEY={CANARY}\nnonsense\nB='never closed\nSECRET_KEY=\n"))
    assert seen.malformed_lines == (4, 5)
    assert seen.duplicates == ("SECRET_KEY",)
    assert not only(seen).present


@pytest.mark.parametrize(
    ("content", "said"), [(b"A=\xff\n", "byte 2 is not UTF-8"), (b"A=" + b"x" * 2**21, "larger than 1024 KiB")]
)
def test_what_is_no_such_file(tmp_path: Path, content: bytes, said: str) -> None:
    """Evidence, and no exception."""
    assert said in read(written(tmp_path, content)).problem


def test_not_there_or_not_a_file(tmp_path: Path) -> None:
    """The same."""
    assert not read(tmp_path / ".env.staging").exists
    (tmp_path / "folder").mkdir()
    assert read(tmp_path / "folder").problem == "it is no regular file"
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe").problem == "it is no regular file"


@pytest.mark.parametrize(
    ("mode", "world", "group"),
    [(0o600, False, False), (0o640, False, False), (0o644, True, False), (0o602, True, False), (0o660, False, True)],
)
def test_permissions(tmp_path: Path, mode: int, *, world: bool, group: bool) -> None:
    """Who else may read or write it; through a link, those of the file itself."""
    path = written(tmp_path, "A=1\n", mode)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    (tmp_path / "link").symlink_to(path)
    for seen in (read(path), read(tmp_path / "link")):
        assert (seen.world_readable, seen.group_writable, seen.permissions) == (world, group, f"{mode:04o}")
        assert seen.owner


def test_git(tmp_path: Path) -> None:
    """Tracked, once tracked, never; in whatever folder; and not a file of another name."""
    repo = Repo(tmp_path)
    path = written(tmp_path, f"SECRET_KEY={CANARY}\n")
    repo.commit({".gitignore": ".env*\n", "x.env.staging": "A=1\n"})
    repo.git("rm", "-q", "--cached", ".env.staging")
    repo.commit({".env.staging": f"SECRET_KEY={CANARY}\n", "api/.env.staging": "A=1\n"})
    seen = read(path)
    assert seen.tracked == (".env.staging", "api/.env.staging")
    assert seen.commits == 2
    repo.git("rm", "-q", "--cached", ".env.staging", "api/.env.staging")
    repo.git("commit", "-q", "-m", "x")
    assert (read(path).tracked, read(path).commits) == ((), 3)
    assert read(tmp_path / "x[*].env", tmp_path).commits == 0
    assert not read(path).repository_problem


def test_without_git(tmp_path: Path) -> None:
    """The facts of the file are there all the same."""
    seen = read(written(tmp_path, f"SECRET_KEY={CANARY}\n"))
    assert "no git repository" in seen.repository_problem
    assert only(seen).present


def test_what_two_files_share(tmp_path: Path) -> None:
    """By name; values stay where they are."""
    for name, password in (("a", "one"), ("b", "two"), ("c", "")):
        (tmp_path / name).write_text(f"SECRET_KEY={CANARY}\nREDIS_PASSWORD={password}\n")
    asked = VariableDifferenceQuestion(files={n: (str(tmp_path / n), "dotenv") for n in "abc"}, names=tuple(SHAPES))
    seen = asyncio.run(probe_variable_difference(asked))
    assert seen.shared == tuple(Shared(name="SECRET_KEY", files=pair) for pair in (("a", "b"), ("a", "c"), ("b", "c")))
    assert seen.missing == ("c: REDIS_PASSWORD",)
    url = f"mongodb+srv://app:{CANARY}@{{}}.example/x"
    for name, text in (("a", url.format("one")), ("b", url.format("two")), ("c", "https://key@o1.sentry.example/1")):
        (tmp_path / name).write_text(f"MONGO_URL={text}\n")
    seen = asyncio.run(probe_variable_difference(replace(asked, names=("MONGO_URL",))))
    assert seen.shared == (Shared(name="the password in MONGO_URL", files=("a", "b")),)
    recorded = json.dumps(facts(seen))
    assert CANARY not in recorded
    assert TypeAdapter(VariableDifferenceEvidence).validate_json(recorded) == seen


def test_questions() -> None:
    """One for each file; a comparison only where there are two."""
    service = {"service": {"name": "S", "base_url": "https://a.test"}}
    none = environment_from(service)
    assert not variable_file_questions(none, Secrets({}))
    assert not variable_difference_questions(none, Secrets({}))
    files = {"staging": {"path": ".env.staging", "mode": "test"}}
    one = environment_from(service | {"variables": {"files": files}})
    (asked,) = variable_file_questions(one, Secrets({}))
    assert asked.scope == ("variables", "staging")
    assert len(asked.shapes) == 8
    assert not variable_difference_questions(one, Secrets({}))
    files["production"] = {"path": ".env.production", "mode": "live"}
    two = environment_from(service | {"variables": {"files": files}})
    assert [found.scope for found in variable_difference_questions(two, Secrets({}))] == [("variables",)]


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
    assert account(secret, same) is Account.SAME
    assert account(secret, other) is Account.OTHER
    assert account(secret, old) is Account.UNKNOWN
    assert account("", same) is Account.UNKNOWN


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


PLAIN = "Kestrel7Harbour41x9Qz"
SPELLINGS = [
    # The spelling; then what python-dotenv, Docker and systemd make of it. None: it assigns nothing.
    (f"V={PLAIN}", PLAIN, PLAIN, PLAIN),
    (f'V="{PLAIN}"', PLAIN, f'"{PLAIN}"', PLAIN),
    (f"V='{PLAIN}'", PLAIN, f"'{PLAIN}'", PLAIN),
    (f"V={PLAIN} # a comment", PLAIN, f"{PLAIN} # a comment", f"{PLAIN} # a comment"),
    (f"V={PLAIN}#no-comment", f"{PLAIN}#no-comment", f"{PLAIN}#no-comment", f"{PLAIN}#no-comment"),
    (f"export V={PLAIN}", PLAIN, None, None),
    (f"V = {PLAIN}", PLAIN, None, PLAIN),
    (f"; V=x\nV={PLAIN}", PLAIN, PLAIN, PLAIN),
    (f"# V=x\nV={PLAIN}", PLAIN, PLAIN, PLAIN),
    (f"P={PLAIN}\nV=a-${{P}}-b", f"a-{PLAIN}-b", "a-${P}-b", "a-${P}-b"),
    (f"P={PLAIN}\nV='${{P}}'", PLAIN, "'${P}'", "${P}"),
    ("V=${P:-fallback}", "fallback", "${P:-fallback}", "${P:-fallback}"),
    ("V=pa$word$$", "pa$word$$", "pa$word$$", "pa$word$$"),
    ("V=first\\\nsecond", "first\\", "first\\", "firstsecond"),
    ('V="first\nsecond"', "first\nsecond", '"first', "first\nsecond"),
    ('V="a\\"b"', 'a"b', '"a\\"b"', 'a"b'),
    ("V=trailing   ", "trailing", "trailing   ", "trailing"),
    ("V=crlf\r", "crlf", "crlf", "crlf"),
    ("V=", "", "", ""),
    ("V", None, None, None),
]


@pytest.mark.parametrize(("text", "dotenv", "docker", "systemd"), SPELLINGS)
def test_spellings_and_their_readers(text: str, dotenv: str | None, docker: str | None, systemd: str | None) -> None:
    """A file that is right for one reader gives the service another value by the next."""
    for dialect, expected in (("dotenv", dotenv), ("docker", docker), ("systemd", systemd)):
        assert parsed(text + "\n", dialect).values.get("V") == expected, dialect


@pytest.mark.parametrize("text", [text for text, dotenv, _, _ in SPELLINGS if dotenv is not None])
def test_expansion_is_that_of_the_library(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is judged is what the service gets from python-dotenv itself."""
    monkeypatch.delenv("P", raising=False)
    read = dotenv_values(stream=io.StringIO(text))
    assert parsed(text, "dotenv").values == {name: value for name, value in read.items() if value is not None}


def test_names_that_the_file_does_not_define() -> None:
    """They become nothing: the URL has no password, and nobody sees why."""
    read = parsed("A=${MISSING}-x\nB=${LATER}\nLATER=1\nC=${LATER}\nD=${NONE:-x}\n", "dotenv")
    assert read.undefined == ("A: MISSING", "B: LATER")
    assert read.values == {"A": "-x", "B": "", "LATER": "1", "C": "1", "D": "x"}
    assert parsed("A=${MISSING}\n", "docker").undefined == ()


def test_lines_that_assign_nothing() -> None:
    """By their numbers, for each reader its own."""
    text = "A=1\nexport B=2\n\nnonsense\nC=3\n"
    assert parsed(text, "dotenv").malformed_lines == (4,)
    assert parsed(text, "docker").malformed_lines == (2, 4)
    assert parsed(text, "systemd").malformed_lines == (2, 4)


@pytest.mark.skipif(shutil.which("bash") is None, reason="a shell is what systemd's quotes are compared with")
@pytest.mark.parametrize("value", ["'a b'", '"a b"', '"a\\"b"', "'it is'", '"x"y', "plain", '"a\\\\b"'])
def test_quotes_of_systemd_are_those_of_a_shell(value: str) -> None:
    """Where systemd.exec(5) says so."""
    shell = subprocess.run(  # noqa: S603 - our own literals
        ["bash", "-c", f'V={value}; printf %s "$V"'],  # noqa: S607 - as above
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert parsed(f"V={value}\n", "systemd").values["V"] == shell


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


def declared(**section: object) -> Variables:
    """A section with one file."""
    files = {"one": {"path": ".env", "mode": "test"}, **section.pop("files", {})}  # type: ignore[dict-item]  # more of them
    return Variables.model_validate({"files": files, **section})


def test_what_must_differ() -> None:
    """Every secret, unless the file says otherwise; what everybody may read may be the same."""
    shapes = {"MONGO_URL": "mongodb", "KEY": "random", "PK": "stripe-publishable"}
    assert declared(shapes=shapes).compared == ("MONGO_URL", "KEY")
    assert declared(shapes=shapes, same=["KEY"]).compared == ("MONGO_URL",)
    assert declared(shapes=shapes, differ=["KEY"]).compared == ("KEY",)
    assert declared(shapes=shapes, differ=[]).compared == ()


def test_shapes_that_are_declared() -> None:
    """Of alternatives one is enough; of several all are wanted."""
    section = declared(shapes={"DATABASE_URL": "postgresql"})
    assert section.has(["mongodb or postgresql or mysql"])
    assert section.has([])
    assert not section.has(["stripe-secret"])
    assert not section.has(["postgresql", "stripe-secret"])
