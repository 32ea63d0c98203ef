"""Real files of variables: what is wrong with them is seen, what is in them never shown."""

import asyncio
import io
import json
import os
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import TypeAdapter

from gonogo.base.secrets import Secrets
from gonogo.evidence.variables import Shared, Variable, VariableDifferenceEvidence, VariableFileEvidence
from gonogo.families.registry import environment_from
from gonogo.families.variables.dialects import parsed
from gonogo.families.variables.probe import (
    VariableDifferenceQuestion,
    VariableFileQuestion,
    probe_variable_difference,
    probe_variable_file,
    variable_difference_questions,
    variable_file_questions,
)
from gonogo.families.variables.section import Variables
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


def test_quotes_that_are_characters() -> None:
    """Whoever wrote them meant another reader; a quote inside of a value is one of its characters for all."""
    text = 'A="x"\nB=\'y\'\nC=z"\nD="\nE=\n'
    assert parsed(text, "docker").quoted == ("A", "B")
    assert parsed("A=\"x\"\nB='y'\n", "systemd").quoted == ()
    assert parsed("A=\"x\"\nB='y'\n", "dotenv").quoted == ()


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
