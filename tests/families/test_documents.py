"""Documents in real repositories, declared in an environment file, and judged."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.evidence.documents import DocumentEvidence
from gonogo.families.registry import environment_from
from gonogo.families.repository.documents import document_questions, probe_document
from gonogo.planning.declarations import read_declarations
from tests.checks.conftest import FOLDERS, function_of
from tests.support.git_doubles import Repo

PROSE = "Set TAG to the release, then run docker compose up --detach on the server, and wait for health. " * 8
GUIDE = f"# Deployment\n\n{PROSE}\n\nSee [the file](../compose.yaml) and <https://x.test>.\n"
FILE, COMPOSE = "docs/deployment.md", "compose.yaml"
ENTRY = {"file": FILE, "about": [COMPOSE], "contains": "docker  compose up"}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A compose file, and what somebody wrote about it."""
    made = Repo(tmp_path / "shop")
    made.commit({COMPOSE: "services: {}\n"})
    made.commit({FILE: GUIDE})
    return made


def declared(entry: object) -> Any:  # noqa: ANN401 - composed
    """An environment with this document alone."""
    return environment_from(
        {
            "service": {"name": "Shop", "base_url": "https://shop.test"},
            "hosts": {"shop.test": {"addresses": ["127.0.0.1"]}},
            "tls": {"trust": "public", "issuer": "x"},
            "documents": {"deployment": entry},
        }
    )


def judged(folder: Path, **changes: object) -> str:
    """What the check of the entry says: ``PASS``, ``FAIL …`` or ``ERROR …``."""
    environment = declared({**ENTRY, "repository": str(folder), **changes})
    [question] = document_questions(environment, Secrets({}))
    check = next(found for found in read_declarations(FOLDERS[0]) if found.id == "documentation-*")
    try:
        evidence = asyncio.run(probe_document(question))
        adapter = TypeAdapter(DocumentEvidence)
        assert adapter.validate_json(adapter.dump_json(evidence)) == evidence, "a replay must see the same"
        function_of(check)(repository_document=evidence)
    except AssertionError as failed:
        return f"FAIL {failed}"
    except Unobserved as unobserved:
        return f"ERROR {unobserved.reason} | {unobserved.hint}"
    return "PASS"


def test_a_document_that_is_younger_than_its_subject_passes(repo: Repo) -> None:
    """Changed together with it as well, and seen from a folder of the repository."""
    assert judged(repo.root) == "PASS"
    repo.commit({COMPOSE: "services: {a: {}}\n", FILE: GUIDE + "More.\n"})
    assert judged(repo.root) == "PASS"
    assert judged(repo.root / "docs", file="deployment.md", about=["../compose.yaml"]) == "PASS"


def test_a_subject_that_changed_later(repo: Repo) -> None:
    """With both days, and whatever in a folder it was that changed."""
    repo.commit({COMPOSE: "services: {a: {}}\n", "deploy/nginx.conf": "x"})
    told = judged(repo.root)
    assert told.startswith(f"FAIL {FILE}: it is of 20")
    assert "compose.yaml changed on 20" in told
    assert "deploy changed on 20" in judged(repo.root, about=["deploy"])
    assert "does it still hold?" in judged(repo.root, about=["."])


def test_another_name_is_no_edit(repo: Repo) -> None:
    """Neither of the document, nor a mode: what stands in it is as old as before."""
    repo.commit({COMPOSE: "services: {a: {}}\n"})
    repo.git("mv", FILE, "docs/release.md")
    repo.git("update-index", "--chmod=+x", "docs/release.md")
    repo.git("commit", "-q", "-m", "move")
    repo.git("checkout", "-q", "-f", "HEAD")
    assert "does it still hold?" in judged(repo.root, file="docs/release.md")
    repo.commit({"docs/release.md": GUIDE + "Looked at again.\n"})
    assert judged(repo.root, file="docs/release.md") == "PASS"


def test_branches_side_by_side_go_by_their_days(repo: Repo) -> None:
    """Neither commit knows of the other; the merge of both is an edit of neither."""
    repo.git("checkout", "-q", "-b", "words")
    repo.commit({FILE: GUIDE + "More.\n"}, GIT_COMMITTER_DATE="2031-01-02T00:00:00Z")
    repo.git("checkout", "-q", "main")
    repo.commit({COMPOSE: "services: {a: {}}\n"}, GIT_COMMITTER_DATE="2031-01-01T00:00:00Z")
    repo.git("merge", "-q", "--no-edit", "words", GIT_COMMITTER_DATE="2031-01-03T00:00:00Z")
    assert judged(repo.root) == "PASS"
    repo.git("checkout", "-q", "-b", "later", "main~1")
    repo.commit({COMPOSE: "services: {b: {}}\n"}, GIT_COMMITTER_DATE="2031-01-04T00:00:00Z")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-edit", "later", GIT_COMMITTER_DATE="2031-01-05T00:00:00Z")
    assert "it is of 2031-01-02" in judged(repo.root)


def test_an_edit_that_was_made_in_a_merge_counts(repo: Repo) -> None:
    """A conflict was resolved by words that stand on neither side."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({FILE: GUIDE + "One.\n"}, GIT_COMMITTER_DATE="2031-01-01T00:00:00Z")
    repo.git("checkout", "-q", "main")
    repo.commit({FILE: GUIDE + "Two.\n"}, GIT_COMMITTER_DATE="2031-01-01T00:00:00Z")
    repo.commit({COMPOSE: "services: {a: {}}\n"}, GIT_COMMITTER_DATE="2031-01-02T00:00:00Z")
    assert "does it still hold?" in judged(repo.root)
    repo.git("merge", "-q", "--no-commit", "--strategy=ours", "side")
    repo.commit({FILE: GUIDE + "Three.\n"}, GIT_COMMITTER_DATE="2031-01-03T00:00:00Z")
    assert judged(repo.root) == "PASS"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "it has 0 characters, at least 500 are expected; 'docker  compose up' does not stand in it"),
        (f"<!-- {GUIDE} -->\n# Deployment\n", "it has 12 characters"),
        (GUIDE.replace("compose up", "compose down"), "'docker  compose up' does not stand in it"),
        (f"{GUIDE}[a](gone.md#top) ![b](/img/b.png)", "its links lead nowhere: gone.md#top, /img/b.png"),
        (f"{GUIDE}\n[a]\n\n[a]: ../../outside.md\n", "its links lead nowhere: ../../outside.md"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90000\n", "at least 500 are expected"),
    ],
)
def test_a_document_that_does_not_help_anybody(repo: Repo, content: str, message: str) -> None:
    """Empty, about something else, or with links that are gone."""
    repo.commit({FILE: content})
    told = judged(repo.root)
    assert told.startswith(f"FAIL {FILE}: ")
    assert message in told


def test_links_that_lead_somewhere(repo: Repo) -> None:
    """Folders, encoded names, the root of the repository, places in a page, other hosts, and code."""
    links = "[a](<my%20file.md#x>) [b](/compose.yaml?raw=1) [c](#top) [d](mailto:a@b.test) [e](../docs) `[f](gone.md)`"
    repo.commit({"docs/my file.md": "x", FILE: f"{GUIDE}{links}\n\n    [g](gone.md)\n"})
    assert judged(repo.root) == "PASS"


def test_a_document_that_nobody_else_has(repo: Repo) -> None:
    """It lies in the work tree of whoever wrote it: ignored, new, or only added."""
    (repo.root / "docs/new.md").write_text(GUIDE)
    assert "it is not committed: whoever has a clone does not have it" in judged(repo.root, file="docs/new.md")
    repo.git("add", "docs/new.md")
    assert "it is not committed" in judged(repo.root, file="docs/new.md")
    assert "there is no such file in the repository" in judged(repo.root, file="docs/never.md")
    assert "it is a folder" in judged(repo.root, file="docs")
    (repo.root / "link.md").symlink_to(FILE)
    repo.commit()
    assert "it is a symbolic link" in judged(repo.root, file="link.md")


def test_what_it_is_about_is_gone(repo: Repo) -> None:
    """Somebody gave the compose file another name: the document names the old one."""
    repo.git("mv", COMPOSE, "docker-compose.yaml")
    repo.git("commit", "-q", "-m", "x")
    told = judged(repo.root)
    assert "what it is about is not in the repository: compose.yaml" in told
    assert "its links lead nowhere: ../compose.yaml" in told


def test_changes_that_are_not_committed(repo: Repo) -> None:
    """Of the document they do not count; of its subject nobody knows when they were made. A new time is no change."""
    (repo.root / FILE).write_text("")
    assert judged(repo.root) == "PASS"
    assert judged(repo.root, contains="kubectl").endswith("its changes that are not committed do not count")
    (repo.root / COMPOSE).write_bytes(b"services: {}\r\n")
    assert judged(repo.root) == "PASS"
    (repo.root / COMPOSE).write_text("services: {a: {}}\n")
    told = judged(repo.root)
    assert told.startswith(f"ERROR {FILE}: compose.yaml has changes that are not committed")
    assert told.endswith("or run gonogo in a clean clone of the release")


def test_no_filter_of_the_repository_is_run(repo: Repo, tmp_path: Path) -> None:
    """A clone may be anybody's."""
    witness = tmp_path / "witness"
    repo.commit({".gitattributes": "*.yaml filter=theirs\n"})
    repo.git("config", "filter.theirs.clean", f"touch {witness}; cat")
    (repo.root / COMPOSE).write_text("services: {a: {}}\n")
    assert judged(repo.root).startswith("ERROR")
    assert not witness.exists()


def test_a_shallow_clone_does_not_know(repo: Repo, tmp_path: Path) -> None:
    """What is in the document is judged all the same."""
    repo.commit({COMPOSE: "services: {a: {}}\n"})
    repo.git("clone", "-q", "--depth", "1", repo.root.as_uri(), str(tmp_path / "clone"))
    told = judged(tmp_path / "clone")
    assert told.startswith(f"ERROR {FILE}: when it last changed is not known: the clone is shallow")
    assert "git fetch --unshallow" in told
    assert judged(tmp_path / "clone", about=[]) == "PASS"
    assert judged(tmp_path / "clone", contains="kubectl").startswith("FAIL")


def test_submodules_have_a_history_of_their_own(repo: Repo, tmp_path: Path) -> None:
    """The submodule itself may be what a document is about; what is in it is asked there."""
    inner = Repo(tmp_path / "inner")
    inner.commit({"deploy.md": GUIDE})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "inner")
    repo.commit({FILE: f"{GUIDE}[a](../inner/deploy.md)"})
    assert "its link ../inner/deploy.md leads into the submodule inner" in judged(repo.root)
    repo.commit({FILE: GUIDE + "More.\n"})
    assert judged(repo.root, about=["inner"]) == "PASS"
    assert "inner/deploy.md is in the submodule inner" in judged(repo.root, about=["inner/deploy.md"])
    assert 'repository = "inner"' in judged(repo.root, file="inner/deploy.md")
    assert judged(repo.root / "inner", file="deploy.md", about=[]).startswith("FAIL deploy.md: its links lead nowhere")


def test_a_picture_is_not_read(repo: Repo) -> None:
    """Its age is known, and what it shows is not."""
    repo.commit({"docs/plan.png": b"\x89PNG\0" + bytes(4000)})
    assert "it is no text" in judged(repo.root, file="docs/plan.png")
    repo.commit({COMPOSE: "services: {a: {}}\n"})
    assert "does it still hold?" in judged(repo.root, file="docs/plan.png")


def test_where_no_repository_is(tmp_path: Path) -> None:
    """Nobody can tell anything."""
    assert "there is no git repository" in judged(tmp_path)


@pytest.mark.parametrize("change", [{"file": "/etc/hosts"}, {"about": ["/etc"]}, {"file": ""}])
def test_a_path_that_is_none_of_the_repository_is_refused(change: dict[str, object]) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError, match=r"no path inside the repository|at least 1 character"):
        declared({**ENTRY, **change})
