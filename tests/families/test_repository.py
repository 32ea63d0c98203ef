"""Real repositories: whatever was committed is found, in every shape that git has for it, and never shown."""

import asyncio
import base64
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.evidence.repository import RepositoryEvidence, SecretFinding
from gonogo.families.registry import environment_from
from gonogo.families.repository.lines import LONGEST_LINE
from gonogo.families.repository.probe import RepositoryQuestion, known_values, probe_repository, repository_questions
from gonogo.record.recording import facts
from tests.support.git_doubles import Repo

CANARY = "c4nary-Value+with/odd&characters"
AWS = "AKIA" + "QWERTYUIOPASDFGH"
STRIPE = "sk_" + "live_" + "a1B2" * 8


def question(folder: Path, *files: str, **secrets: str) -> RepositoryQuestion:
    """With the canary for a secret."""
    return RepositoryQuestion(
        folder=str(folder),
        files=tuple((file, "dotenv") for file in files),
        shaped=frozenset({"SECRET_KEY"}),
        secrets=Secrets({"CANARY": CANARY, **secrets}),
        seconds=30,
    )


def looked(repo: Repo, *files: str) -> RepositoryEvidence:
    """What is found; the canary never."""
    seen = asyncio.run(probe_repository(question(repo.root, *files)))
    recorded = json.dumps(facts(seen))
    assert CANARY not in recorded
    assert AWS not in recorded
    assert STRIPE not in recorded
    assert str(repo.root) not in recorded
    return seen


def places(seen: RepositoryEvidence) -> set[tuple[str, str, int, bool]]:
    """What, where, and whether in the history."""
    return {(one.what, one.file, one.line, bool(one.commit)) for one in seen.findings}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An innocent one."""
    made = Repo(tmp_path / "repo")
    made.commit({"README.md": "# R\n", "app.py": "print()\n"})
    return made


def test_innocent(repo: Repo) -> None:
    """Everything was read."""
    seen = looked(repo)
    assert (seen.files, seen.commits, seen.complete, seen.findings) == (2, 1, True, ())


@pytest.mark.parametrize(
    "leak",
    [CANARY, base64.b64encode(f"x:{CANARY}".encode()).decode(), json.dumps(CANARY), quote(CANARY, safe="")],
)
def test_value_of_ours_in_any_encoding(repo: Repo, leak: str) -> None:
    """As manifests, headers, JSON and URLs carry it."""
    repo.commit({"a.txt": f"one\ntwo {leak}\n"})
    assert places(looked(repo)) == {("CANARY", "a.txt", 2, False), ("CANARY", "a.txt", 2, True)}


def test_removed_from_the_tree_is_still_in_the_history(repo: Repo) -> None:
    """On another branch, in a stash, in a message, in a tag that no branch has."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"b.txt": f"\n\n{CANARY}\n"})
    repo.git("tag", "old")
    repo.git("checkout", "-q", "-")
    repo.git("branch", "-q", "-D", "side")
    repo.commit(message=f"Subject\n\nfor {AWS}")
    assert places(looked(repo)) == {("CANARY", "b.txt", 3, True), ("AWS Access Key", "", 4, True)}


def test_stash(repo: Repo) -> None:
    """It is a commit like any other."""
    (repo.root / "app.py").write_text(f"{CANARY}\n")
    repo.git("stash", "-q")
    assert places(looked(repo)) == {("CANARY", "app.py", 1, True)}


def test_added_in_a_merge(repo: Repo) -> None:
    """Neither side has the line: git does not show such a change unless asked."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"app.py": "side\n"})
    repo.git("checkout", "-q", "-")
    repo.commit({"app.py": "main\n"})
    with pytest.raises(Exception, match="non-zero"):
        repo.git("merge", "-q", "side")
    repo.commit({"app.py": f"both\n{CANARY}\n"})
    repo.commit({"app.py": "clean\n"})
    assert places(looked(repo)) == {("CANARY", "app.py", 2, True)}


def test_content_that_looks_like_a_header(repo: Repo) -> None:
    """A patch in a file, and a commit in a message: the place is still right."""
    patch = f"++ b/other.txt\n-- a/other.txt\n@@ -1 +1,5 @@\ncommit {'0' * 40}\ndiff --git a/x b/x\n{CANARY}\n"
    repo.commit({"p.patch": patch}, message=f"commit {'1' * 40}\n\ndiff --git a/x b/x\n+++ b/x\n")
    repo.commit({"p.patch": "gone\n"})
    seen = looked(repo)
    assert places(seen) == {("CANARY", "p.patch", 6, True)}
    assert seen.commits == 3


@pytest.mark.parametrize(
    "name", ["a b.txt", "-rf", "ü\n\x1b[31m.txt", "*.txt", "'\".txt", ":(top)x", f"{CANARY[:20]}/x"]
)
def test_hostile_names(repo: Repo, name: str) -> None:
    """Whatever a file is called, it is read, and its name is printable."""
    repo.commit({name: f"{CANARY}\n"})
    found = looked(repo).findings
    assert len(found) == 2
    assert all(one.file.isprintable() and one.line == 1 for one in found)


def test_binary_and_huge(repo: Repo) -> None:
    """A dump of a database is no text, and a bundle is one line: both are read to the end, the seams too."""
    seam = b"x" * (LONGEST_LINE - 10) + CANARY.encode() + b"y" * LONGEST_LINE
    repo.commit({"dump.db": b"\0\1\2" + CANARY.encode() + b"\0\n", "bundle.js": seam, "not.utf8": b"\xff\xfe\n"})
    repo.git("rm", "-q", "dump.db", "bundle.js")
    repo.commit()
    assert places(looked(repo)) == {("CANARY", "dump.db", 1, True), ("CANARY", "bundle.js", 1, True)}


def test_links_are_not_followed(repo: Repo, tmp_path: Path) -> None:
    """What lies outside is not in the repository."""
    (tmp_path / "outside").write_text(CANARY)
    (repo.root / "link").symlink_to(tmp_path / "outside")
    (repo.root / "broken").symlink_to(tmp_path / "nowhere")
    repo.commit()
    assert looked(repo).findings == ()


def test_ignored_files_are_where_secrets_belong(repo: Repo) -> None:
    """What git would take with the next add is looked at; the declared file of variables is not, until it is tracked."""
    repo.commit({".gitignore": "*.local\n"})
    for name in ("a.local", ".env.staging", "new.txt"):
        (repo.root / name).write_text(f"SECRET_KEY={CANARY}-long-enough\n")
    path = str(repo.root / ".env.staging")
    assert places(looked(repo, path)) == {
        ("SECRET_KEY of .env.staging", "new.txt", 1, False),
        ("CANARY", "new.txt", 1, False),  # the longer value begins with it
    }
    repo.git("add", "-f", ".env.staging")
    repo.git("commit", "-q", "-m", "x")
    assert any(one.file == ".env.staging" and one.commit for one in looked(repo, path).findings)


def test_patterns_and_pragmas(repo: Repo) -> None:
    """An example that somebody vouches for is none, in older commits neither; a value of ours is one all the same."""
    vouched = "# pragma: allowlist secret"
    repo.commit({"a.py": f'KEY = "{AWS}"\n', "b.py": f'KEY = "{STRIPE}"\n'})
    assert {one[:3] for one in places(looked(repo))} == {
        ("AWS Access Key", "a.py", 1),
        ("Stripe Access Key", "b.py", 1),
    }
    repo.commit(
        {"a.py": f'KEY = "{AWS}"  {vouched}\n', "b.py": f'# pragma: allowlist nextline secret\nKEY = "{STRIPE}"\n'}
    )
    assert looked(repo).findings == ()
    repo.commit({"c.py": f'KEY = "{CANARY}"  {vouched}\n'})
    assert {one[0] for one in places(looked(repo))} == {"CANARY"}


def test_shallow_clone_is_not_all(repo: Repo, tmp_path: Path) -> None:
    """As CI makes them."""
    repo.commit({"a.txt": CANARY})
    repo.commit({"a.txt": "clean"})
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(tmp_path / "shallow"))
    seen = asyncio.run(probe_repository(question(tmp_path / "shallow")))
    assert not seen.complete
    assert "shallow" in seen.reason
    assert "--unshallow" in seen.hint


def test_out_of_time_is_said(repo: Repo) -> None:
    """What was found by then stays."""
    seen = asyncio.run(probe_repository(replace(question(repo.root), seconds=0)))
    assert not seen.complete
    assert "within 0 s" in seen.reason


def test_git_that_falls_silent_is_ended(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that does not answer holds nobody up."""
    real, stand_in = shutil.which("git"), tmp_path / "bin" / "git"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\ncase "$*" in *" log "*) exec sleep 60;; *) exec {real} "$@";; esac\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    seen = asyncio.run(probe_repository(replace(question(repo.root), seconds=0.3)))
    assert (seen.complete, seen.files) == (False, 2)
    assert "whole history" in seen.reason or "within" in seen.reason


def test_without_git(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slim image has none."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unobserved, match="git is not installed"):
        asyncio.run(probe_repository(question(repo.root)))


def test_no_repository(tmp_path: Path) -> None:
    """Our inability, with what to do."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Unobserved, match="no git repository") as caught:
            asyncio.run(probe_repository(question(folder)))
        assert "variables.repository" in caught.value.hint


def test_empty_repository(tmp_path: Path) -> None:
    """Nothing was committed yet."""
    seen = looked(Repo(tmp_path / "empty"))
    assert (seen.commits, seen.complete) == (0, True)


def test_configuration_of_the_repository_runs_nothing(repo: Repo, tmp_path: Path) -> None:
    """A repository may be anybody's."""
    mark = tmp_path / "ran"
    for key in ("diff.external", "core.fsmonitor", "core.pager", "diff.x.textconv"):
        repo.git("config", key, f"touch {mark}; true")
    repo.commit({".gitattributes": "* diff=x\n", "a.txt": CANARY})
    mark.unlink(missing_ok=True)
    assert len(looked(repo).findings) == 2
    assert not mark.exists()


def test_what_is_known(tmp_path: Path) -> None:
    """Secrets of the run and of the files; nothing that stands in every other file of a project."""
    (tmp_path / ".env").write_text(
        "SECRET_KEY=0123456789\nDEBUG=true\nENVIRONMENT=production\nFRONTEND_URL=https://a.test\n"
        "REDIS_URL=rediss://u:pass-word@h\nAPI_TOKEN=short\nSTRIPE_KEY=pk_test_1234567890\nNAME=a-long-harmless-name\n"
    )
    asked = question(tmp_path, str(tmp_path / ".env"), PUBLISHABLE="pk_live_1234567890", OTHER="0123456789")
    assert set(known_values(asked)) == {"SECRET_KEY of .env", "REDIS_URL of .env", "CANARY"}
    assert CANARY not in repr(asked)


def test_questions(tmp_path: Path) -> None:
    """One, within the time of a probe; none without the section."""
    document = {"service": {"name": "S", "base_url": "https://a.test"}}
    assert repository_questions(environment_from(document), Secrets({})) == []
    files = {"staging": {"path": str(tmp_path / ".env"), "mode": "test"}}
    environment = environment_from(document | {"variables": {"files": files}})
    (asked,) = repository_questions(environment, Secrets({}))
    assert asked.seconds < 10
    assert asked.scope == ("variables", "repository")


def test_findings_are_bounded(repo: Repo) -> None:
    """Fifty are enough to act on; how many more there are is said."""
    repo.commit({f"{number}.txt": CANARY for number in range(60)})
    seen = looked(repo)
    assert len(seen.findings) == 50
    assert seen.more == 70
    assert isinstance(seen.findings[0], SecretFinding)
