"""The poll of the roles: who may answer for whom, what is signed, and that no word is taken for another."""

import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run

import pytest
from click.testing import CliRunner

from gonogo.base.errors import UsageError
from gonogo.cli.program import cli
from gonogo.cli.signing import PASSPHRASE
from gonogo.evidence.watch import Poll
from gonogo.families.watch.journal import Journal, JournalNotes
from gonogo.signing.keys import enrol, new_key
from gonogo.watching.duties import done_duties
from gonogo.watching.facts import NOT_SIGNED, SIGNED
from gonogo.watching.polling import PollKey, Seals, answer_poll
from tests.docs.blocks import ROOT, blocks

SECRET = "correct horse battery"
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
"""When the keys of the team hold."""
GATES = """
[roles.technical-lead]
title = "Technical lead"
[roles.devops]
title = "DevOps"
"""
ENVIRONMENT = """
[service]
name = "WorkMe"
base_url = "https://app.example.com"
[launch]
duties = [
    { at = "T-02:00", title = "Take the snapshot", owner = "devops" },
    { at = "T-00:30", title = "Poll the roles", owner = "technical-lead" },
]
"""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two people, and a key of each."""
    project = tmp_path_factory.mktemp("team")
    folder = project / "environments"
    folder.mkdir()
    (folder / "checklist.md").write_text("- [ ] All is well <!-- a.well attest=devops -->\n")
    (folder / "gates.toml").write_text(GATES)
    (folder / "production.toml").write_text(ENVIRONMENT)
    for role, name in (("technical-lead", "Tomás Reis"), ("devops", "Davi Lima")):
        public = new_key(project / f"{role}.key", SECRET)
        enrol(project, name=name, role=role, public=public, email=f"{role}@example.com")
    return project


@pytest.fixture
def project(team: Path, tmp_path: Path) -> Path:
    """A copy to change, with the journal of a watch that began."""
    shutil.copytree(team, tmp_path / "project")
    path = tmp_path / "project" / "reports" / "production" / "watch" / "journal.sqlite3"
    path.parent.mkdir(parents=True)
    with Journal.open(path, environment="production"):
        pass
    return tmp_path / "project"


@pytest.fixture
def journal(project: Path) -> Iterator[JournalNotes]:
    """As the short commands open it."""
    with JournalNotes.note(project / "reports/production/watch/journal.sqlite3", environment="production") as opened:
        yield opened


def go(**changes: str) -> Poll:
    """Davi says go for devops."""
    return replace(Poll(role="devops", decision="go", by="Davi Lima", utc=NOW, note="all set"), **changes)  # type: ignore[arg-type]


def key(project: Path, role: str = "devops") -> PollKey:
    """The key of a role."""
    return PollKey(path=project / f"{role}.key", passphrase=SECRET)


def seals(project: Path, journal: JournalNotes) -> Seals:
    """As the page looks at them."""
    return Seals(project, journal.path, "production")


def test_answer_is_noted(project: Path, journal: JournalNotes) -> None:
    """In the journal, where the page reads it; without a key it says that it is not signed."""
    assert answer_poll(journal, project, go()) is None
    assert list(journal.polls()) == [go()]
    assert seals(project, journal).of(go()) == NOT_SIGNED


def test_signed_answer_holds(project: Path, journal: JournalNotes) -> None:
    """By the key that people.toml has for this person in this role."""
    sealed = answer_poll(journal, project, go(), key(project))
    assert sealed is not None
    assert sealed.name == f"devops-{NOW:%Y%m%dT%H%M%SZ}.sigstore.json"
    assert seals(project, journal).of(journal.polls()[0]) == SIGNED


def test_answer_signed_with_ssh(project: Path, journal: JournalNotes) -> None:
    """OpenSSH's own tool makes and verifies it."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(project / "id")]
    run(command, check=True)  # noqa: S603 - OpenSSH's
    people = project / "environments" / "people.toml"
    public = (project / "id.pub").read_text().strip()
    span = f"valid_from = {NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}\nvalid_until = {NOW + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    people.write_text(
        f'{people.read_text()}\n[[person]]\nname = "Paula Costa"\nemail = "paula@example.com"\nroles = ["devops"]\n'
        f'[[person.keys]]\nssh = "{public}"\n{span}\n'
    )
    paula = go(by="Paula Costa")
    assert answer_poll(journal, project, paula, PollKey(path=project / "id", ssh=True)) is not None
    assert seals(project, journal).of(paula) == SIGNED


@pytest.mark.parametrize(
    ("changes", "role", "says"),
    [
        ({"role": "devop"}, None, "--role: no role 'devop' in gates.toml; did you mean devops?"),
        ({"by": "Davi"}, None, "--by: 'Davi' is not in environments/people.toml; did you mean Davi Lima?"),
        ({"by": "Tomás Reis"}, None, "--by: Tomás Reis does not have the role devops"),
        (
            {"by": "Tomás Reis", "role": "technical-lead"},
            "devops",
            "environments/people.toml does not have this key for technical-lead",
        ),
    ],
)
def test_word_of_somebody_else_is_refused(
    project: Path, journal: JournalNotes, changes: dict[str, str], role: str | None, says: str
) -> None:
    """And nothing is noted."""
    with pytest.raises(UsageError) as refused:
        answer_poll(journal, project, go(**changes), key(project, role) if role else None)
    assert says in str(refused.value)
    assert not journal.polls()
    assert not list(journal.path.parent.rglob("*.json"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (lambda poll: replace(poll, decision="hold"), "differs from the journal"),
        (lambda poll: replace(poll, note="another"), "differs from the journal"),
        (lambda poll: replace(poll, by="Tomás Reis"), "differs from the journal"),
    ],
)
def test_journal_that_was_changed_beside_the_seal_is_noticed(
    project: Path, journal: JournalNotes, changed: "object", says: str
) -> None:
    """A HOLD must not become a GO by one row in a file."""
    assert callable(changed)
    answer_poll(journal, project, go(), key(project))
    assert says in seals(project, journal).of(changed(go()))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda text: text.replace('"sig": "', '"sig": "MEUC'), "its signature was not made by Davi Lima's key"),
        (lambda _: "{}", "is not a signature made by gonogo"),
        (lambda _: "[" * 100_000, "is not a signature made by gonogo"),
    ],
)
def test_seal_that_was_changed_does_not_hold(
    project: Path, journal: JournalNotes, content: "object", says: str
) -> None:
    """Whatever lies there instead."""
    assert callable(content)
    sealed = answer_poll(journal, project, go(), key(project))
    assert sealed is not None
    sealed.write_text(content(sealed.read_text()))
    assert says in seals(project, journal).of(go())


def test_key_that_is_nobodys_any_more(project: Path, journal: JournalNotes) -> None:
    """Who left the team does not speak for it."""
    answer_poll(journal, project, go(), key(project))
    (project / "environments" / "people.toml").unlink()
    assert seals(project, journal).of(go()).startswith("its signature is not valid")


def test_commands_of_the_document(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As somebody copies them: one is signed, the next takes it back."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(project))
    monkeypatch.setenv(PASSPHRASE, SECRET)
    (project / ".config").mkdir()
    (project / ".config" / "gonogo").symlink_to(project)
    (block,) = [found for found in blocks(ROOT / "docs" / "watch.md", "sh") if "gonogo poll" in found]
    told = [CliRunner().invoke(cli, arguments(line), standalone_mode=False) for line in block.splitlines()]
    assert [found.exception for found in told] == [None, None]
    assert told[0].output.startswith("GO by Davi Lima, devops; signed: reports/production/watch/polls/devops-")
    assert told[1].output == "HOLD by Davi Lima, devops, not signed\n"


def arguments(line: str) -> list[str]:
    """What a shell makes of it."""
    return [os.path.expanduser(word) for word in shlex.split(line)[1:]]  # noqa: PTH111 - words, not paths


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (("snapshot", "Davi Lima"), ""),
        (("T-02:00 Take the snapshot", "davi.lima@example.com"), "--by: 'davi.lima@example.com' is not in"),
        (
            ("the", "Davi Lima"),
            "'the' matches several duties; there are T-02:00 Take the snapshot; T-00:30 Poll the roles",
        ),
        (("tea", "Davi Lima"), "'tea' is not a duty in [launch]; there are T-02:00 Take the snapshot; T-00:30"),
    ],
)
def test_duty_is_marked(
    project: Path, journal: JournalNotes, monkeypatch: pytest.MonkeyPatch, said: tuple[str, str], says: str
) -> None:
    """Once, by somebody of the team; the page shows it as done from then on."""
    monkeypatch.chdir(project)
    told = CliRunner().invoke(cli, ["duty", said[0], "--env", "production", "--by", said[1]], standalone_mode=False)
    if says:
        assert says in str(told.exception)
        assert not done_duties(journal.events())
    else:
        assert told.output == "T-02:00 Take the snapshot: done by Davi Lima\n"
        assert done_duties(journal.events())["T-02:00 Take the snapshot"].by == "Davi Lima"
