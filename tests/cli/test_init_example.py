"""``gonogo init --example``: a whole project, beside nothing that is there, and nothing of whoever tried it before."""

from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.starting import example
from tests.cli.conftest import Gonogo


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder, as on the first day."""
    team = tmp_path / "team"
    team.mkdir()
    return team


def test_project_is_copied_and_says_what_comes_next(gonogo: Gonogo, project: Path) -> None:
    """Its next command of gonogo reads what was written, and names the package that is missing here."""
    done = gonogo("init", "--example")
    assert done.returncode == 0, done.stderr
    assert "python -m shop up" in done.stdout
    names = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert {"shop/web.py", "stage/command.py", "smoke/people.py", "environments/checklist.md", ".gitignore"} <= names
    assert not [name for name in names if "reports" in name or ".env" in name or "attestations" in name]
    listed = gonogo("checklist")
    assert "gonogo-postgresql" in listed.stderr or listed.returncode == 0, listed.stdout + listed.stderr


def test_nothing_is_replaced_unasked(gonogo: Gonogo, project: Path) -> None:
    """A file that is there stays, and stops all of it."""
    (project / "README.md").write_text("ours")
    refused = gonogo("init", "--example")
    assert refused.returncode == 2
    assert "README.md: exists already" in refused.stderr
    assert (project / "README.md").read_text() == "ours"
    assert list(project.iterdir()) == [project / "README.md"]
    forced = gonogo("init", "--example", "--force")
    assert forced.returncode == 0
    assert (project / "README.md").read_text() != "ours"


def test_no_service_is_looked_at(gonogo: Gonogo) -> None:
    """An option that would be ignored is refused."""
    refused = gonogo("init", "--example", "--base-url", "https://shop.test")
    assert refused.returncode == 2
    assert "leave out --base-url" in refused.stderr


def test_secrets_of_whoever_tried_it_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a clone, what running it leaves lies beside what is copied."""
    source = tmp_path / "bundled" / "docs" / "examples" / "shop"
    for name in ("README.md", ".env.staging", "root.pem", "reports/1.json", "shop/__pycache__/web.pyc", "shop/web.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x")
    monkeypatch.setattr(example, "bundled_root", lambda: tmp_path / "bundled")
    assert example.copy_example(tmp_path / "project", force=False) == ["README.md", "shop/web.py"]


def test_installation_that_lost_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said, with what to do."""
    monkeypatch.setattr(example, "bundled_root", lambda: tmp_path)
    with pytest.raises(UsageError, match="install gonogo again"):
        example.copy_example(tmp_path, force=False)
