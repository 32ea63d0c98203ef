"""What is wrong with a secret is told before anything is sent, and without it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.environment.load import EnvironmentFile
from gonogo.environment.secret_values import find_secrets, resolve_secrets, secret_names
from gonogo.environment.section import Section
from gonogo.environment.types import SecretName
from gonogo.families.registry import read_environment

FILE = """
[service]
name = "S"
base_url = "https://a.test"
[redis]
url = "R_URL"
monitor_url = "R_MONITOR"
key_prefix = "k:"
maxmemory_policy = "noeviction"
persistence = "none"
[secrets]
dotenv = ".env.mine"
"""
GOOD = "redis://app:p4ssw0rd-long@h:6379/0"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nAAECAwQFBgcICQoLDA0O\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def file(tmp_path: Path) -> EnvironmentFile:
    """An environment that needs two secrets."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "mine.toml").write_text(FILE)
    return read_environment("mine", project=tmp_path)


def problems(file: EnvironmentFile, value: str) -> list[str]:
    """What is said of one value; the other secret is right."""
    found, said = find_secrets(file, {"R_URL": value, "R_MONITOR": GOOD})
    assert ("R_URL" in found) is not bool(said)
    return said


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("kestrel-harbour-41\n", "ends in a line break"),
        ("kestrel-harbour-41\r", "ends in a line break (CR)"),
        ("kestrel-harbour-41\r\n", "ends in a line break"),
        ("kestrel-harbour-41 ", "ends in a blank"),
        (" kestrel-harbour-41", "begins with a blank"),
        ("\tkestrel-harbour-41", "begins with a tab"),
        ("kestrel-harbour-41\xa0", "ends in a no-break space"),
        ("\ufeffkestrel-harbour-41", "begins with an invisible byte order mark"),
        ("“kestrel-harbour-41”", "begins with the curly quote “: were quotes pasted with it?"),
        ("kestrel-harbour-41\u2019", "ends in the curly quote \u2019"),
        ("kestrel-härbour-41", "is not ASCII at character 10 of 18"),
        ("kestrel\udce9harbour-41", "is not UTF-8 at character 8"),
        ("kestrel\x00harbour-41", "holds a control character at character 8"),
        ("kestrel\x1b[31m-harbour", "holds a control character at character 8"),
        ("\n" + PEM, "begins with a line break"),
        ("kestrel", "has 7 characters; 8 are the fewest"),
        ("redis://default:abc123@r.example.com:6379/0", "its password has 6 characters; 8 are the fewest"),
        ("redis://:abc@r.example.com:6379/0", "its password has 3 characters"),
        ("redis://u:%61%62%63%31%32%33@r.example.com/0", "its password has 6 characters"),
        ("rediss://r.example.com/0?username=app&password=abc123", "password in its query has 6 characters"),
        (
            "mongodb://a,b/?tls=true&tlsCertificateKeyFilePassword=abc",
            "tlsCertificateKeyFilePassword in its query has 3",
        ),
        ("https://h.example.com/hook?token=abc12", "token in its query has 5 characters"),
        ("https://abc12@h.example.com/x", "the token before its @ has 5 characters"),
        ("redis://app:p4ssw0rd-long@[::1/0", "is a URL that cannot be read"),
        ("redis://app:p4ssw0rd-long@h:port/0", "is a URL that cannot be read"),
        ("mongodb://app:p4ssw0rd-long@h,[::1/x", "is a URL that cannot be read"),
        ("mongodb://app:p4ssw0rd-long@h,i:port/x", "is a URL that cannot be read"),
        ("https://key-of-project@[/1", "is a URL that cannot be read"),
    ],
)
def test_values_that_cannot_be_right_are_told_without_them(file: EnvironmentFile, value: str, told: str) -> None:
    """A line break behind a token is the commonest mistake of all, and the target would be blamed for it."""
    said = problems(file, value)
    assert len([line for line in said if told in line]) == 1, said
    for line in said:
        assert line.startswith(f"{file.path}: redis.url: secret R_URL ")
        for part in ("kestrel", "harbour", "abc", "p4ssw0rd", "r.example", "h.example", "key-of", "MIIE", "%61"):
            assert part not in line


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        PEM,
        PEM.replace("\n", "\r\n"),
        PEM.rstrip(),
        "a passphrase of words",
        "mongodb+srv://app:p%40ssw0rd-1@c.example.com/x?authSource=admin&retryWrites=true",
        "mongodb://app:p4ssw0rd-1@a:1,b:2,[::1]:3/x?replicaSet=rs0&tlsCertificateKeyFile=/k",
        "mongodb://app:p4ssw0rd-1,2@[::1]:1,[::2]/x",
        "redis://localhost:6379/0",
        "https://" + "0" * 32 + "@o1.ingest.example.com/42",
        "s3cret=with&odd%things\\n",
    ],
)
def test_values_that_may_be_right_are_taken_as_they_are(file: EnvironmentFile, value: str) -> None:
    """A key of several lines ends in a line break, as its file does."""
    assert resolve_secrets(file, {"R_URL": value, "R_MONITOR": GOOD})["R_URL"] == value


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "R_URL=kestrel-harbour\n".encode("utf-16"),
            "byte 0 begins UTF-16 (PowerShell's > writes it); save the file as UTF-8",
        ),
        ("# produção\nR_URL=kestrel-harbour\n".encode("latin-1"), "byte 7 is not UTF-8; save the file as UTF-8"),
        (b"R_URL: kestrel-harbour\n", "line 1 is not NAME=value"),
        (b"\n\nR_MONITOR=x\nR_URL: kestrel-harbour\n", "line 4 is not NAME=value"),
        (
            b"R_URL=${NOWHERE}-kestrel\n",
            "line 1: ${NOWHERE} is defined neither above it nor in the process environment",
        ),
    ],
)
def test_dotenv_files_that_cannot_be_read_are_told_by_line(file: EnvironmentFile, content: bytes, told: str) -> None:
    """They ended in a traceback, with the line of the file in it, or as "does not exist yet"."""
    path = file.project / ".env.mine"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        find_secrets(file, {})
    assert refused.value.problems == (f"{path}: {told}",)
    assert "kestrel" not in str(refused.value)


def test_a_folder_or_a_pipe_of_that_name_is_told(file: EnvironmentFile) -> None:
    """Docker makes a folder where a file was to be mounted."""
    path = file.project / ".env.mine"
    path.mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        find_secrets(file, {})


def test_references_are_put_in_as_python_dotenv_does(file: EnvironmentFile) -> None:
    """The text ``${SHARED}`` was sent in place of a token, and the target refused it."""
    lines = (
        "SHARED=kestrel-harbour-41",
        "R_URL=${SHARED}",
        "R_MONITOR=redis://app:${SHARED}@${HOST:-h}/0 # a comment",
    )
    (file.project / ".env.mine").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    assert dict(resolve_secrets(file, {})) == {
        "R_URL": "kestrel-harbour-41",
        "R_MONITOR": "redis://app:kestrel-harbour-41@h/0",
    }
    (file.project / ".env.mine").write_text("R_URL='pa$word$$-long'\nR_MONITOR='also $from {the} file'\n")
    assert dict(resolve_secrets(file, {})) == {"R_URL": "pa$word$$-long", "R_MONITOR": "also $from {the} file"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ('url = "R_URL"', 'url = "redis://app:kestrel-harbour@h/0"'),
        ('url = "R_URL"', 'url = "sk_live_kestrel-harbour"'),
        ('base_url = "https://a.test"', 'base_url = "https://app:kestrel-harbour@a.test"'),
    ],
)
def test_a_secret_in_place_of_its_name_is_not_shown(tmp_path: Path, key: str, value: str) -> None:
    """The first file that a newcomer writes has the value where the name belongs, and a job's log keeps the error."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "mine.toml").write_text(FILE.replace(key, value, 1))
    with pytest.raises(UsageError) as refused:
        read_environment("mine", project=tmp_path)
    assert "kestrel" not in str(refused.value)


class Replica(Section):
    """One of several."""

    url: SecretName


class Store(Section):
    """Secrets in every place that a section may have them."""

    url: SecretName | None = None
    replicas: tuple[SecretName, ...] = ()
    keys: Mapping[str, SecretName] = {}
    regions: Mapping[str, Replica] = {}
    note: tuple[str, ...] = ()


def test_names_are_found_in_lists_and_tables() -> None:
    """A name that is overlooked has no value when the family asks for it."""
    regions = {"eu": {"url": "EU"}}
    section = Store.model_validate(
        {"url": "A", "replicas": ["B", "C"], "keys": {"old": "D"}, "regions": regions, "note": ["E"]}
    )
    assert dict(secret_names(section, "store.")) == {
        "store.url": "A",
        "store.replicas.0": "B",
        "store.replicas.1": "C",
        "store.keys.old": "D",
        "store.regions.eu.url": "EU",
    }
