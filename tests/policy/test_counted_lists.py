"""``gonogo checklist`` takes no list that a run refuses: what is counted before a run is what a run would ask."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import called
from tests.policy.desk import LIST, Desk, made_desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Its project, in order."""
    return made_desk(tmp_path)


def _write(name: str, old: str, new: str) -> Callable[[Desk], object]:
    """A file of the desk with one thing changed."""

    def change(desk: Desk) -> None:
        path = desk.project / "environments" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            _write("checklist.md", "attest=lead", "attest=lead env=deks"),
            "checklist.md:4: env=deks: no such environment",
        ),
        (_write("checklist.md", "attest=lead", "attest=led"), "checklist.md:4: attest=led: no role 'led'"),
        (_write("checklist.md", "attest=lead", "checks=own-promis"), "checks=own-promis: there is no such check"),
        (_write("checklist.md", "signoff.lead", "signoff.lead attest=ops"), "is a statement of gates.toml"),
        (_write("checklist.md", "own.promise", "own.promis"), "own-promise.proves: no line 'own.promise'"),
        (_write("gates.toml", 'sections = ["*"]', 'sections = ["*"]\nroles = ["leed"]'), "no role 'leed'"),
        (_write("gates.toml", "sections", 'environments = ["reference"]\nsections'), "is not for desk"),
        (_write("people.toml", 'roles = ["ops"]', 'roles = ["opps"]'), "person.1.roles: no role 'opps'"),
        (_write("desk.toml", "[service]", '[service]\nstands_for = ["stagin"]'), "stagin: no such environment"),
        (lambda desk: desk.attested(by="Nobody Known"), "'Nobody Known' is not in environments/people.toml"),
        (lambda desk: desk.waived("Davi Lima", "Davi Lima"), "nobody may grant themselves"),
        (
            lambda desk: desk.write("policy.toml", '[checks.own-promis]\nseverity = "warning"\n'),
            "no check 'own-promis'",
        ),
    ],
)
@pytest.mark.parametrize("environment", [("--env", "desk"), ()], ids=["one environment", "all together"])
def test_what_no_run_takes_the_list_is_not_counted_by(
    desk: Desk, change: Callable[[Desk], object], why: str, environment: tuple[str, ...]
) -> None:
    """A line of an environment that nobody has would be missing from every count, and the command says that all is well."""
    change(desk)
    run = called(desk.project, "run", "--env", "desk")
    assert (run.returncode, why in run.stderr) == (2, True)
    done = called(desk.project, "checklist", *environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr


def test_a_list_in_order_is_counted(desk: Desk) -> None:
    """The twin of all of the above."""
    desk.attested()
    desk.waived()
    for arguments in (("--env", "desk"), (), ("--missing",)):
        done = called(desk.project, "checklist", *arguments)
        assert (done.returncode, done.stderr) == (0, "")


def test_an_imported_list_is_told_what_contradicts_it(desk: Desk) -> None:
    """It is found before the next run, where somebody looks."""
    (desk.project / "environments/checklist.md").unlink()
    (desk.project / "list.md").write_text(LIST.replace("attest=lead", "attest=lead env=deks"))
    done = called(desk.project, "checklist", "import", "list.md")
    assert (
        "to be changed before the next run: environments/checklist.md:4: env=deks: no such environment" in done.stdout
    )
