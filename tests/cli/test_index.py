"""The index of names that lists and the Tab key read: as good as reading everything, and it never breaks a command."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.cli import index
from gonogo.planning import coverage as coverage_module
from gonogo.planning import suite as suite_module
from tests.cli.conftest import DEAD_END, ROOT

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)

_CATALOGUE = '[own-{name}]\ntitle = "{title}"\nseverity = "warning"\n'
_CHECK = '''"""Own."""

import pytest

from gonogo.evidence.http import HealthEvidence


@pytest.mark.check("own-{name}")
def test_own(health: HealthEvidence) -> None:
    """Why.

    Fix: this.
    """
    assert health.shallow, "nothing"
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a check of its own, and a cache that nobody else has."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    (folder / "checks").mkdir(parents=True)
    write(folder, "first", "One")
    return folder


def write(project: Path, name: str, title: str) -> None:
    """Its only check."""
    (project / "checks" / "catalogue.toml").write_text(_CATALOGUE.format(name=name, title=title))
    (project / "checks" / "test_own.py").write_text(_CHECK.format(name=name))


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on whoever reads the suite is told of it."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the suite was read")

    monkeypatch.setattr(suite_module, "project_suite", refuse)


def test_says_what_reading_says(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is read, and every field is as it was."""
    read = suite_module.project_suite(project)
    first = index.check_index(project)
    forbid_reading(monkeypatch)
    assert index.check_index(project) == first
    assert list(first.checks) == list(read.catalogue)
    assert set(first.templates) == set(read.templates)
    for name, check in first.checks.items():
        policy, function = read.catalogue[name], read.declarations[name]
        assert (check.severity, check.effect, check.title) == (policy.severity, policy.effect, policy.shown_title)
        assert (check.why, check.fix, check.origin) == (function.why, function.fix, read.origin(name))
        assert (*check.needs, *check.proves, *check.supports) == (*policy.needs, *policy.proves, *policy.supports)


@pytest.mark.parametrize(
    ("name", "title"), [("second", "One"), ("first", "Two")], ids=["another id", "a title as long as before"]
)
def test_change_of_a_file_is_seen(project: Path, name: str, title: str) -> None:
    """Whatever it changes."""
    index.check_index(project)
    write(project, name, title)
    assert index.check_index(project).checks[f"own-{name}"].title == title
    assert sum(check.origin == "project" for check in index.check_index(project).checks.values()) == 1


def test_broken_project_is_an_error_each_time(project: Path) -> None:
    """The index of yesterday does not speak for a catalogue that cannot be read."""
    index.check_index(project)
    (project / "checks" / "catalogue.toml").write_text("[")
    for _ in range(2):
        with pytest.raises(UsageError, match="not TOML"):
            index.check_index(project)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"stamp": 1}', b"\xff"])
def test_damaged_index_is_read_anew(project: Path, tmp_path: Path, content: bytes) -> None:
    """And written anew."""
    first = index.check_index(project)
    (kept,) = (tmp_path / "cache" / "gonogo").iterdir()
    sound = kept.read_bytes()
    kept.write_bytes(content)
    assert index.check_index(project) == first
    assert kept.read_bytes() == sound


def test_cache_that_cannot_be_written_costs_nothing_but_time(project: Path, tmp_path: Path) -> None:
    """As in a container whose disk is read-only."""
    (tmp_path / "cache").write_text("a file")
    assert "own-first" in index.check_index(project).checks


def test_old_indexes_go(project: Path, tmp_path: Path) -> None:
    """Projects come and go: the cache does not grow for ever."""
    cache = tmp_path / "cache" / "gonogo"
    cache.mkdir(parents=True)
    for number in range(60):
        (cache / f"{number}.json").write_text("{}")
        os.utime(cache / f"{number}.json", (number, number))
    index.check_index(project)
    left = {path.name for path in cache.iterdir()}
    assert len(left) == 50
    assert "59.json" in left
    assert "0.json" not in left


def test_lines_gates_and_roles(project: Path) -> None:
    """Of the list that the project has; without one there are none to offer."""
    with pytest.raises(UsageError):
        index.list_index(project)
    (project / "environments").mkdir()
    for name in ("checklist.md", "gates.toml"):
        (project / "environments" / name).write_bytes((ROOT / "environments" / name).read_bytes())
    found = index.list_index(project)
    assert index.list_index(project) == found
    assert "support.phone" in found.lines
    assert "pre-deploy" in found.gates
    assert "devops" in found.roles


@pytest.fixture
def attested(project: Path) -> Path:
    """A list of two lines, one of which somebody attested for ten days."""
    folder = project / "environments" / "attestations" / "dead"
    (folder / "evidence").mkdir(parents=True)
    (project / "environments" / "dead.toml").write_text(DEAD_END)
    lines = "# Launch\n- [ ] TLS works <!-- a.tls checks=tls-handshake -->\n- [ ] Invites <!-- a.invites attest=devops -->\n"
    (project / "environments" / "checklist.md").write_text(lines)
    people = '[[person]]\nname = "Davi"\nemail = "davi@example.com"\nroles = ["devops"]\n'
    (project / "environments" / "people.toml").write_text(people)
    (folder / "evidence" / "minutes.txt").write_text("we looked")
    digest = hashlib.sha256(b"we looked").hexdigest()
    (folder / "a.invites.toml").write_text(
        f'line = "a.invites"\nby = "Davi"\nrole = "devops"\nat = {AT.isoformat()}\n'
        f'until = {(AT + timedelta(days=10)).isoformat()}\nnote = "seen"\n'
        f'[evidence]\nname = "minutes.txt"\nsha256 = "{digest}"\nfile = "evidence/minutes.txt"\n'
    )
    return project


def test_coverage_says_what_reading_says(attested: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one environment and of all; the second time nothing is read."""
    at = AT + timedelta(days=1)
    for environment in ("dead", None):
        read = coverage_module.read_coverage(attested, environment, at)
        found = index.coverage_index(attested, environment, at)
        assert found.automatic == read.automatic == {"a.tls"}
        assert found.attested == read.attested == {"a.invites"}
        assert found.missing == read.missing == set()
        assert {
            name: [(line.id, line.text, tuple(line.attest)) for line in lines] for name, lines in found.sections.items()
        } == {
            name: [(line.id, line.text, tuple(line.attest)) for line in lines] for name, lines in read.sections.items()
        }
    forbid_reading(monkeypatch)
    monkeypatch.setattr(coverage_module, "read_coverage", suite_module.project_suite)
    assert index.coverage_index(attested, "dead", at + timedelta(days=1)).attested == {"a.invites"}


@pytest.mark.parametrize("days", [-1, 10, 400])
def test_an_attestation_ends_though_no_file_changes(attested: Path, days: int) -> None:
    """What counted yesterday is open today; and who sets the clock back sees what counted then."""
    assert index.coverage_index(attested, "dead", AT + timedelta(days=1)).attested == {"a.invites"}
    later = index.coverage_index(attested, "dead", AT + timedelta(days=days))
    assert not later.attested
    assert later.missing == {"a.invites"}
    assert index.coverage_index(attested, "dead", AT + timedelta(days=9, hours=23)).attested == {"a.invites"}


def test_coverage_sees_each_file_that_it_rests_on(attested: Path) -> None:
    """The evidence itself among them: it is no longer what was attested."""
    at = AT + timedelta(days=1)
    index.coverage_index(attested, "dead", at)
    (attested / "environments" / "attestations" / "dead" / "evidence" / "minutes.txt").write_text("we did not look")
    assert index.coverage_index(attested, "dead", at).missing == {"a.invites"}
    path = attested / "environments" / "dead.toml"
    path.write_text(path.read_text() + "[nonsense]\n")
    for _ in range(2):
        with pytest.raises(UsageError, match="nonsense"):
            index.coverage_index(attested, "dead", at)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a/b", "\udcff"])
def test_an_environment_that_is_no_name_keeps_nothing(attested: Path, tmp_path: Path, name: str) -> None:
    """It is refused as before, and no file of the cache bears it."""
    with pytest.raises(UsageError):
        index.coverage_index(attested, name, AT)
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_runs_are_read_once_and_again_where_they_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was written again is another one, whatever its size and its time say."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folders = [tmp_path / "reports" / "staging" / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "results.json").write_text("{}")
    read: list[str] = []

    def one(folder: Path) -> index.IndexedRun:
        read.append(folder.name)
        if (folder / "results.json").read_text() == "[]":
            raise IntegrityError("edited")
        return index.IndexedRun(folder.name, "2026-11-26T20:00:00+00:00", "sign-off", "go", ["staging", "GO"])

    def listed() -> list[tuple[Path, object]]:
        read.clear()
        return list(index.run_index(tmp_path / "reports", folders, one))

    first = listed()
    assert read == ["a", "b"]
    assert listed() == first
    assert read == []
    state = (folders[1] / "results.json").stat()
    (folders[1] / "results.json").write_text("[]")
    os.utime(folders[1] / "results.json", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert isinstance(listed()[1][1], IntegrityError)
    assert read == ["b"]
    assert isinstance(listed()[1][1], IntegrityError)
    assert read == ["b"], "what is damaged is never remembered as something else"


@pytest.mark.parametrize("content", ["5", "[]", '{"FOLDER": []}', '{"FOLDER": ["stamp", {"a": 1}]}', '{"FOLDER": 7}'])
def test_index_of_another_shape_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Of an older gonogo, or of nobody: the runs are on the disk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "reports" / "staging" / "a"
    folder.mkdir(parents=True)
    row = index.IndexedRun("a", "2026-11-26T20:00:00+00:00", "sign-off", "go", ["staging", "GO"])
    assert list(index.run_index(tmp_path / "reports", [folder], lambda _folder: row)) == [(folder, row)]
    (kept,) = (tmp_path / "cache" / "gonogo").iterdir()
    kept.write_text(content.replace("FOLDER", str(folder)))
    assert list(index.run_index(tmp_path / "reports", [folder], lambda _folder: row)) == [(folder, row)]


def test_reading_a_run_loads_no_pydantic_and_no_family() -> None:
    """They take longer to load than a command that only reads may take in all."""
    code = (
        "import sys\nfrom pathlib import Path\nimport gonogo.cli, gonogo.cli.index, gonogo.runs.belonging\n"
        "from gonogo.cli.output import show_summary\nfrom gonogo.record.archive import read_results\n"
        f"show_summary(read_results(Path({str(ROOT / 'reports' / 'sample' / 'results.json')!r})), '', '')\n"
        "print(sorted({'pydantic', 'gonogo.families', 'markdown_it', 'jinja2'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - of this test
    assert said.stdout.splitlines()[-1:] == ["[]"], said.stdout + said.stderr
