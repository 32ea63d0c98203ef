"""TeamFiles that contradict each other: each is told before anything runs, and none of them makes a run easier."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policy.desk import GATES, LIST, PEOPLE, Desk, made_desk

SAID = "<!-- people.said attest=lead -->"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Its project, in order."""
    return made_desk(tmp_path)


def test_a_project_in_order_is_refused_nothing(desk: Desk) -> None:
    """A refusal of what is right costs trust."""
    desk.attested()
    desk.waived()
    assert not desk.refusal()
    assert [line.id for line in desk.demands().lines] == ["own.promise", "people.said", "signoff.lead", "signoff.ops"]


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        (
            "<!-- people.said attest=lead env=deks -->",
            "checklist.md:4: env=deks: no such environment; did you mean desk?",
        ),
        ("<!-- people.said attest=lead env=Desk -->", "env=Desk: no such environment; did you mean desk?"),
        ("<!-- people.said attest=lead env=desk,prod -->", "env=prod: no such environment; there are desk, reference"),
        ("<!-- people.said attest=lead env=desk, -->", "has an empty name between its commas"),
        ("<!-- people.said attest=lead env=desk env=desk -->", "env= is here twice"),
        (
            "<!-- people.said attest=led -->",
            "checklist.md:4: attest=led: no role 'led' in gates.toml; did you mean lead?",
        ),
        ("<!-- people.said attest=Lead -->", "did you mean lead?"),
        ("<!-- people.said attest=lead,boss -->", "attest=boss: no role 'boss'"),
        (
            "<!-- people.said checks=own-promis -->",
            "checks=own-promis: there is no such check; did you mean own-promise?",
        ),
        ("<!-- people.said attest=lead valid=soon -->", "valid=soon"),
        ("<!-- people.said attest=lead valid=900d -->", "up to 366 days"),
        ("<!-- people.said attest=lead evidence=none -->", "evidence=digest is the only one"),
        ("<!-- people.said attest=lead group=desk -->", "group= is for a line with others below it"),
    ],
)
def test_names_that_nobody_has(desk: Desk, comment: str, why: str) -> None:
    """A typing error would take the line out of every run, or leave it to a role that nobody has."""
    desk.write("checklist.md", LIST.replace(SAID, comment))
    assert why in desk.refusal()


@pytest.mark.parametrize(
    ("child", "parent", "why"),
    [
        (
            "<!-- people.sub env=desk -->",
            SAID,
            "people.said has lines below it, and takes its status from them: attest=",
        ),
        ("<!-- people.sub checks=own-promise -->", SAID, "attest= would have no effect"),
        ("<!-- people.sub -->", "<!-- people.said checks=own-promise -->", "checks= would have no effect"),
        ("<!-- people.sub -->", "<!-- people.said env=desk -->", "env= would have no effect"),
        (
            "<!-- people.sub env=other -->",
            "<!-- people.said -->",
            "all lines below it are for other, so a run of desk would demand",
        ),
        ("<!-- people.sub env=other -->", "<!-- people.said group=desk -->", "all lines below it are for other"),
        ("<!-- people.sub -->", "<!-- people.said group=other -->", "lines below it count in desk; name it as well"),
        ("<!-- people.sub env=desk -->", "<!-- people.said group=dsk -->", "group=dsk: no such environment"),
    ],
)
def test_lines_that_would_hide_the_line_above(desk: Desk, child: str, parent: str, why: str) -> None:
    """What stands on a line with others below it is read by nobody: the promise would vanish."""
    other = (desk.project / "environments/desk.toml").read_text()
    desk.write("other.toml", other)
    desk.write("checklist.md", LIST.replace(SAID, f"{parent}\n  - [ ] In detail {child}"))
    assert why in desk.refusal()


def test_a_group_of_another_environment_says_so(desk: Desk) -> None:
    """A part of the list may be about production alone."""
    desk.write("other.toml", (desk.project / "environments/desk.toml").read_text())
    group = "<!-- people.said group=other -->\n  - [ ] In detail <!-- people.sub env=other -->"
    desk.write("checklist.md", LIST.replace(SAID, group))
    assert not desk.refusal()
    assert "people.sub" not in [line.id for line in desk.demands().lines]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('stands_for = ["Desk"]', "service.stands_for: Desk: no such environment; did you mean desk?"),
        ('stands_for = ["stagin"]', "service.stands_for: stagin: no such environment"),
    ],
)
def test_environments_that_stand_for_nothing(desk: Desk, line: str, why: str) -> None:
    """Its own lines would count nowhere."""
    path = desk.project / "environments/desk.toml"
    path.write_text(path.read_text() + line + "\n")
    assert why in desk.refusal()


def test_an_environment_that_stands_for_others_asks_its_own_lines_too(desk: Desk) -> None:
    """To stand for staging as well is no excuse."""
    path = desk.project / "environments/desk.toml"
    desk.write("other.toml", path.read_text())
    path.write_text(path.read_text() + 'stands_for = ["other"]\n')
    desk.write("checklist.md", LIST.replace(SAID, "<!-- people.said attest=lead env=desk -->"))
    assert "people.said" in [line.id for line in desk.demands().lines]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('desk = "launch"', 'deks = "launch"', "default.deks: no such environment; did you mean desk?"),
        ('sections = ["*"]', 'sections = ["*"]\nenvironments = ["Desk"]', "gates.launch.environments: Desk: no such"),
        ('sections = ["*"]', 'sections = ["*"]\nroles = ["leed"]', "gates.launch.roles: no role 'leed'"),
        ('sections = ["*"]', 'sections = ["Befor"]', "did you mean 'Before'?"),
        ('sections = ["*"]', 'section = ["*"]', "gates.launch.section: unknown key; did you mean sections?"),
        ('["own"] }', '["own"] }\n[roles.spare]\ntitel = "x"', "roles.spare.titel: unknown key; did you mean title?"),
        ("[roles.ops]", "[roles.operations]", "person.1.roles: no role 'ops' in gates.toml"),
    ],
)
def test_gates_that_name_what_there_is_not(desk: Desk, old: str, new: str, why: str) -> None:
    """A gate for an environment that nobody has is never asked."""
    assert old in GATES
    desk.write("gates.toml", GATES.replace(old, new))
    assert why in desk.refusal()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LIST.replace("signoff.lead -->", "signoff.lead attest=ops -->"), "is a statement of gates.toml"),
        (LIST.replace("signoff.lead -->", "signoff.lead checks=own-promise -->"), "is a statement of gates.toml"),
        (LIST.replace("signoff.lead -->", "signoff.lead -->\n  - [ ] x <!-- x.y -->"), "no line may be below it"),
        (LIST.replace("own.promise -->", "own.promise -->\n  - [ ] x <!-- x.y -->"), "own.promise has lines below it"),
    ],
)
def test_statements_and_covered_lines_keep_their_meaning(desk: Desk, text: str, why: str) -> None:
    """What a role signs, and what a check covers, would silently become something else."""
    desk.write("checklist.md", text)
    assert why in desk.refusal()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"by": "Nobody Known"},
            "by: 'Nobody Known' is not in environments/people.toml; there are Ana Reis, Davi Lima",
        ),
        ({"by": "Ana Reiss"}, "did you mean Ana Reis?"),
        ({"by": "ana reis"}, "did you mean Ana Reis?"),
        ({"by": "Ana\\u00a0Reis"}, "U+00A0 NO-BREAK SPACE"),
        ({"by": "Ana  Reis"}, "has two in a row"),
        ({"by": "Ana\\u200bReis"}, "U+200B ZERO WIDTH SPACE"),
        ({"by": "An\\u0430 Reis"}, "mixes scripts"),
        ({"by": "Davi Lima"}, "Davi Lima does not have the role lead"),
        ({"role": "led"}, "role: no role 'led' in gates.toml; did you mean lead?"),
        ({"line": "signoff.lead"}, "its role signs it: gonogo sign"),
        ({"until": "9999-12-31T00:00:00Z"}, "people.said allows 90 d"),
        ({"until": "9999-12-31"}, "people.said allows 90 d"),
        ({"until": "2999-01-01T00:00:00+14:00"}, "people.said allows 90 d"),
    ],
)
def test_attestations_that_nobody_may_write(desk: Desk, changes: dict[str, str], why: str) -> None:
    """A word of nobody, of somebody in another's role, or for ever."""
    until = {"until": changes.pop("until")} if "until" in changes else {}
    desk.attested(**changes, **until)
    assert why in desk.refusal()


def test_a_line_sets_how_long_a_word_counts(desk: Desk) -> None:
    """The morning's poll is not that of last month."""
    desk.write("checklist.md", LIST.replace(SAID, "<!-- people.said attest=lead valid=24h -->"))
    desk.attested()
    assert "people.said allows 1 d" in desk.refusal()


def test_a_person_may_be_named_by_address(desk: Desk) -> None:
    """It is the same entry."""
    desk.attested(by="ana.reis@example.com")
    assert not desk.refusal()


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("digest", "why"),
    [
        (EMPTY, "is the digest of an empty file"),
        ("0" * 64, "is the digest of no file"),
        ("f" * 64, "is the digest of no file"),
        ("ab" * 32, "people.said demands the file itself"),
    ],
)
def test_a_digest_alone_shows_nothing(desk: Desk, digest: str, why: str) -> None:
    """Anybody can write sixty-four digits; a line must say that they are enough."""
    path = desk.attested()
    head, _, _ = path.read_text().partition("[evidence]")
    path.write_text(f'{head}[evidence]\nname = "m"\nsha256 = "{digest}"\n')
    assert why in desk.refusal()
    if digest == "ab" * 32:
        desk.write("checklist.md", LIST.replace(SAID, "<!-- people.said attest=lead evidence=digest -->"))
        assert not desk.refusal()


def _empty(path: Path, elsewhere: Path) -> None:
    del elsewhere
    path.write_bytes(b"")


def _pipe(path: Path, elsewhere: Path) -> None:
    del elsewhere
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path, elsewhere: Path) -> None:
    del elsewhere
    path.unlink()
    path.mkdir()


def _device(path: Path, elsewhere: Path) -> None:
    del elsewhere
    path.unlink()
    path.symlink_to("/dev/zero")


def _outside(path: Path, elsewhere: Path) -> None:
    path.rename(elsewhere / "minutes.txt")
    path.symlink_to(elsewhere / "minutes.txt")


def _folder_outside(path: Path, elsewhere: Path) -> None:
    path.parent.rename(elsewhere / "evidence")
    path.parent.symlink_to(elsewhere / "evidence")


def _large(path: Path, elsewhere: Path) -> None:
    del elsewhere
    with path.open("r+b") as stream:
        stream.truncate(21 * 2**20)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_empty, "is empty, so it proves nothing"),
        (_pipe, "is a named pipe"),
        (_folder, "is a directory"),
        (_device, "is a link"),
        (_outside, "is a link"),
        (_folder_outside, "is a link"),
        (_large, "is larger than 20 MiB"),
    ],
)
def test_evidence_is_a_file_of_the_project(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, spoil: Callable[[Path, Path], None], why: str
) -> None:
    """Whatever waits, never ends, or lies where nobody else has it; and it is told at once."""
    desk.attested()
    spoil(
        desk.project / "environments/attestations/desk/evidence/people.said.txt", tmp_path_factory.mktemp("elsewhere")
    )
    begun = time.process_time()
    problem = desk.refusal()
    assert why in problem
    assert "Ana Reis attested people.said with it" in problem
    assert time.process_time() - begun < 10, "it read what never ends"


@pytest.mark.parametrize(
    ("owner", "approver", "why"),
    [
        ("Davi Lima", "Davi Lima", "nobody may grant themselves"),
        ("Davi Lima", "davi.lima@example.com", "nobody may grant themselves"),
        ("Davi Lima", "Davi\\u00a0Lima", "U+00A0 NO-BREAK SPACE"),
        ("Davi Lima", "Davi  Lima", "has two in a row"),
        ("Davi Lima", "Davi\\u200b Lima", "U+200B ZERO WIDTH SPACE"),
        ("Davi Lima", "D\\u0430vi Lima", "mixes scripts"),
        ("Davi Lima", "Davi Lima <davi.lima@example.com>", "is not in environments/people.toml"),
        ("Davi Lima", "DAVI LIMA", "did you mean Davi Lima?"),
        ("Davi Lima", "Davi Lirna", "did you mean Davi Lima?"),
        ("Nobody Known", "Noone Either", "'Noone Either' is not in environments/people.toml"),
        ("Davi Lima", "Davi\\u2060Lima", "U+2060 WORD JOINER"),
        ("Davi Lima", "Davi Lima\\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("Davi Lima", "\\uff24avi Lima", "usual form"),
    ],
)
def test_two_persons_are_two_entries(desk: Desk, owner: str, approver: str, why: str) -> None:
    """However somebody spells themselves."""
    desk.waived(owner, approver)
    assert why in desk.refusal()


def test_without_a_list_of_people_nobody_speaks(desk: Desk) -> None:
    """The first attestation says what is missing."""
    desk.attested()
    (desk.project / "environments/people.toml").unlink()
    refusal = desk.refusal()
    assert "lists nobody yet; add this entry" in refusal
    assert "[[person]]" in refusal


def test_the_former_list_of_signers_names_its_successor(desk: Desk) -> None:
    """A key that nobody reads any more must not lie there as if it counted."""
    desk.write("signers.toml", "")
    assert "signers.toml: is not read any more: write an entry [[person]]" in desk.refusal()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"Davi Lima"', '"An\\u0430 Reis"', "mixes scripts"),
        ('"Davi Lima"', '"Ana\\u00a0Reis"', "U+00A0 NO-BREAK SPACE"),
        ('"Davi Lima"', '"ana reis"', "looks the same as Ana Reis"),
        ('"Davi Lima"', '"Ana Reis"', "looks the same as Ana Reis"),
        ('"Davi Lima"', '"\u0410n\u0430"', "mixes scripts"),
        ("davi.lima@", "ANA.REIS@", "is the address of 2 entries"),
        ("davi.lima@example.com", "davi", "an address is expected"),
        ('roles = ["ops"]', "roles = []", "person.1.roles"),
        ('roles = ["ops"]', 'role = "ops"', "person.1.role: unknown key; did you mean roles?"),
        ('roles = ["ops"]', "", "person.1.roles: missing"),
    ],
)
def test_entries_of_people_that_may_not_be(desk: Desk, old: str, new: str, why: str) -> None:
    """One person with two entries would be two persons."""
    assert old in PEOPLE
    desk.write("people.toml", PEOPLE.replace(old, new))
    assert why in desk.refusal()


def test_whole_names_that_look_alike(desk: Desk) -> None:
    """Not one Latin letter is in it, and nobody sees it."""
    desk.write(
        "people.toml",
        PEOPLE.replace('"Ana Reis"', '"Oxe Cope"').replace(
            '"Davi Lima"', '"\u041e\u0445\u0435 \u0421\u043e\u0440\u0435"'
        ),
    )
    assert "looks the same as Oxe Cope" in desk.refusal()


def test_names_of_all_the_world_are_names(desk: Desk) -> None:
    """A refused name is an insult."""
    for name in (
        "田中 太郎",
        "José da Silva-Müller",
        "Łukasz Żółć",
        "김철수",
        "Анна Петрова",
        "O\u2019Brien",
        "Ní Ḃriain",
        "محمد علي",
    ):
        desk.write("people.toml", PEOPLE.replace('"Davi Lima"', f'"{name}"'))
        assert not desk.refusal(), name


@pytest.mark.parametrize("gone", [lambda path, _: path.unlink(), _folder, _pipe])
def test_a_list_that_is_gone_is_no_empty_list(desk: Desk, gone: Callable[[Path, Path], object]) -> None:
    """Without it the gate would demand no line at all."""
    gone(desk.project / "environments/checklist.md", desk.project)
    assert "environments/checklist.md: " in desk.refusal()
