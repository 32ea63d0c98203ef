"""Gates, attestations and waivers as files: what is wrong in them is told with file, key and cure."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.base.moments import ending_from
from gonogo.policy.attestations import Attestation, read_attestations, why_not, write_attestation
from gonogo.policy.catalogue import CheckPolicy
from gonogo.policy.checklist import parse_checklist
from gonogo.policy.checklist_line import ChecklistLine
from gonogo.policy.gates import Gate, lines_of, read_gates
from gonogo.policy.waivers import Waiver, in_force, read_waivers, write_waiver

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHA = hashlib.sha256(b"minutes").hexdigest()
LINE = ChecklistLine(id="comm.invites", text="Invites", number=3, attest=("product-owner",))
CHECKLIST = parse_checklist(
    "# One\n- [ ] a <!-- one.a -->\n## 1. Inner 🎯\n- [ ] b <!-- one.b env=staging -->\n# Two\n- [ ] c <!-- two.c -->\n",
    "environments/checklist.md",
)


def attestation(**changes: object) -> Attestation:
    """One that counts."""
    fields = {
        "line": "comm.invites",
        "by": "Paula",
        "role": "product-owner",
        "at": NOW - timedelta(days=1),
        "until": NOW + timedelta(days=1),
        "note": "seen",
        "evidence": {"name": "minutes.txt", "sha256": SHA, "file": "evidence/minutes.txt"},
        "found": SHA,
    }
    return Attestation.model_validate({**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"role": "devops"}, "devops may not attest comm.invites; product-owner may"),
        ({"found": "0" * 64}, "evidence/minutes.txt is not the file that was attested"),
        ({"at": NOW + timedelta(hours=1)}, "in the future"),
        ({"until": NOW}, "it expired"),
        ({"until": NOW - timedelta(days=2)}, "it ends before it begins"),
    ],
)
def test_what_does_not_count(changes: dict[str, object], said: str) -> None:
    """Each reason in words that say what to do; the moment of expiry is expired already."""
    problem = why_not(attestation(**changes), LINE, NOW, ("devops",))
    assert said in problem
    assert bool(problem) == bool(said)


def test_unknown_line_and_roles_of_the_gates() -> None:
    """Where the line asks for nobody, any role may; a line that is gone has nobody's word."""
    anybody = ChecklistLine(id="comm.invites", text="Invites", number=3)
    assert "has no line comm.invites" in why_not(attestation(), None, NOW, ())
    assert "devops may" in why_not(attestation(), anybody, NOW, ("devops",))
    assert not why_not(attestation(), anybody, NOW, ())


def test_written_and_read_again(tmp_path: Path) -> None:
    """The file is what the team reviews: it says the same when read."""
    path = write_attestation(tmp_path, "staging", attestation(), b"minutes")
    assert path == tmp_path / "environments/attestations/staging/comm.invites.toml"
    (read,) = read_attestations(tmp_path, "staging")
    assert read.model_copy(update={"path": ""}) == attestation()
    (path.parent / "evidence/minutes.txt").write_bytes(b"other")
    assert read_attestations(tmp_path, "staging")[0].found == hashlib.sha256(b"other").hexdigest()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+00:00\nuntil", "\nuntil", "at: found '2026-11-23 12:00:00'; has no zone"),
        ("2026-11-25", "2026-02-31", "not TOML: Invalid date or datetime"),
        ('by = "Paula"', 'by = " "', "by: found ' '; is empty"),
        ('by = "Paula"', "", "by: missing"),
        ('by = "Paula"', 'by = "P"\nvia = "mail"', "via: unknown key"),
        ("evidence/minutes.txt", "../../secret", "a file beside the attestation is expected"),
        ('"seen"', '"seen"\nurl = "ftp://a.test"', "url: found 'ftp://a.test'; an https:// address is expected"),
        ("evidence/minutes.txt", "evidence/gone.txt", "evidence.file: evidence/gone.txt cannot be read (No such file"),
    ],
)
def test_nonsense_in_an_attestation(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Edited by hand, at night: the file and the key are named, and nothing is guessed."""
    path = write_attestation(tmp_path, "staging", attestation(), b"minutes")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UsageError) as caught:
        read_attestations(tmp_path, "staging")
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_two_attestations_of_one_line(tmp_path: Path) -> None:
    """Which of them would count?"""
    path = write_attestation(tmp_path, "staging", attestation(), b"minutes")
    path.with_name("copy.toml").write_text(path.read_text())
    with pytest.raises(UsageError, match=r"comm\.invites is attested by"):
        read_attestations(tmp_path, "staging")


def waiver(**changes: object) -> dict[str, object]:
    """One that may be."""
    fields: dict[str, object] = {
        "check": "tls-expiry",
        "reason": "renewal is due",
        "risk": "low",
        "owner": "Davi",
        "approved_by": "Tomás",
        "at": NOW,
        "until": NOW + timedelta(days=30),
    }
    return {**fields, **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"excepts": []}, "at least 1 item"),
        ({"excepts": ["BLOCKED"]}, "Input should be 'FAIL', 'WARN' or 'ERROR'"),
        ({"until": NOW + timedelta(days=30, seconds=1)}, "longer than 30 days"),
        ({"until": NOW}, "ends before it begins"),
        ({"risk": ""}, "is empty"),
    ],
)
def test_waivers_that_may_not_be(changes: dict[str, object], said: str) -> None:
    """An exception is somebody's, somebody else's word for it, and ends."""
    with pytest.raises(ValueError, match=said):
        Waiver.model_validate(waiver(**changes))


def test_waivers_are_written_read_and_replaced(tmp_path: Path) -> None:
    """A second one for the same check takes the place of the first."""
    write_waiver(tmp_path, "staging", Waiver.model_validate(waiver()))
    write_waiver(tmp_path, "staging", Waiver.model_validate(waiver(check="dns-a")))
    path = write_waiver(tmp_path, "staging", Waiver.model_validate(waiver(reason="another")))
    read = read_waivers(tmp_path, "staging", {"tls-expiry", "dns-a"}, set())
    assert {one.check: one.reason for one in read} == {"dns-a": "renewal is due", "tls-expiry": "another"}
    for known, unwaivable, said in (
        ({"dns-a"}, set(), "no check 'tls-expiry'"),
        ({"dns-a", "tls-expiry"}, {"dns-a"}, "dns-a cannot be waived"),
    ):
        with pytest.raises(UsageError, match=said):
            read_waivers(tmp_path, "staging", known, unwaivable)
    path.write_text(path.read_text() * 2)
    with pytest.raises(UsageError, match="two waivers for"):
        read_waivers(tmp_path, "staging", {"tls-expiry", "dns-a"}, set())


def test_a_waiver_holds_from_its_date_to_its_end() -> None:
    """The moment of its end is over."""
    one = Waiver.model_validate(waiver())
    moments = (NOW - timedelta(seconds=1), NOW, one.until - timedelta(seconds=1), one.until)
    assert [in_force(one, at) for at in moments] == [False, True, True, False]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90d", NOW + timedelta(days=90)),
        ("36 h", NOW + timedelta(hours=36)),
        ("2026-12-01", datetime(2026, 12, 1, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2026-12-01T09:00:00+03:00", datetime(2026, 12, 1, 6, tzinfo=UTC)),
    ],
)
def test_moments_on_the_command_line(text: str, moment: datetime) -> None:
    """A day includes itself."""
    assert ending_from(text, NOW, "--until") == moment


@pytest.mark.parametrize("text", ["1m", "2026-02-31", "2026-12-01T09:00:00", "soon", "", "99999999999d"])
def test_moments_that_could_be_anything(text: str) -> None:
    """A minute or a month? Whose nine o'clock?"""
    with pytest.raises(UsageError, match="--until"):
        ending_from(text, NOW, "--until")


def test_gates_demand_sections_and_environments(tmp_path: Path) -> None:
    """A heading brings what stands below it; a line of another environment is not asked for."""
    ids = [
        [line.id for line in lines_of(Gate(title="T", sections=sections), CHECKLIST, stands_for)]
        for sections, stands_for in (
            (("*",), ("staging",)),
            (("one",), ("production",)),
            (("Inner",), ("staging",)),
            (("1. inner", "Two"), ("x",)),
        )
    ]
    assert ids == [["one.a", "one.b", "two.c"], ["one.a"], ["one.b"], ["two.c"]]
    path = tmp_path / "gates.toml"
    path.write_text(
        '[gates.a]\ntitle = "T"\nsections = ["Inne"]\n[roles.lead]\ntitle = "L"\n'
        '[roles.lead.statements]\n"two.c" = ["three"]\n'
    )
    with pytest.raises(UsageError) as caught:
        read_gates(path, CHECKLIST)
    assert "gates.a.sections: no heading 'Inne' in environments/checklist.md; did you mean '1. Inner" in str(
        caught.value
    )
    assert "roles.lead.statements: no line 'three'" in str(caught.value)
    path.write_text('[default]\nstaging = "b"\n')
    with pytest.raises(UsageError, match="there is no gate 'b'"):
        read_gates(path, CHECKLIST)


def test_a_waiver_ends_with_the_day_that_it_names(tmp_path: Path) -> None:
    """Whoever writes the fifth means the fifth: it is read, shown and written as that day."""
    path = write_waiver(tmp_path, "staging", Waiver.model_validate(waiver(until=date(2026, 12, 5))))
    assert "until = 2026-12-05\n" in path.read_text()
    (read,) = read_waivers(tmp_path, "staging", {"tls-expiry"}, set())
    assert read.until == datetime(2026, 12, 5, 23, 59, 59, 999999, tzinfo=UTC)
    assert in_force(read, datetime(2026, 12, 5, 23, 59, 59, tzinfo=UTC))
    assert not in_force(read, datetime(2026, 12, 6, tzinfo=UTC))
    assert read.excepts == ("FAIL",)


def test_thirty_days_are_thirty_days() -> None:
    """To the end of the thirtieth, and not of the thirty-first."""
    Waiver.model_validate(waiver(until=date(2026, 12, 24)))
    with pytest.raises(ValueError, match="longer than 30 days"):
        Waiver.model_validate(waiver(until=date(2026, 12, 25)))


@pytest.mark.parametrize(
    ("gate", "check", "asked"),
    [
        ("after-launch", "after-launch", True),
        ("launch", "after-launch", False),
        (None, "after-launch", False),
        (None, None, True),
        ("before-deploy", None, True),
        ("after-launch", "launch", True),
    ],
)
def test_check_of_a_later_time_is_not_asked_before(gate: str | None, check: str | None, asked: bool) -> None:  # noqa: FBT001 - a row
    """Before the launch nobody can have watched it: such a check would leave every sign-off INCOMPLETE."""
    policy = CheckPolicy.model_validate({"title": "It went well", "severity": "blocker", "when": check})
    assert Gate.model_validate({"title": "Well?", "sections": ("*",), "when": gate}).may_ask(policy) is asked


@pytest.mark.parametrize(
    ("gate", "effect", "proves", "asked"),
    [
        ("after-launch", "load", False, False),
        ("after-launch", "intrusive", False, False),
        ("after-launch", "money", False, False),
        ("after-launch", "write", False, True),
        ("after-launch", "load", True, True),
        ("launch", "load", False, True),
        (None, "load", False, True),
    ],
)
def test_what_disturbs_users_is_asked_after_the_launch_for_what_it_proves_only(
    gate: str | None,
    effect: str,
    proves: bool,  # noqa: FBT001 - a row
    asked: bool,  # noqa: FBT001 - a row
) -> None:
    """Of a line that a load only says something about, the watch itself knows more."""
    policy = CheckPolicy.model_validate({"title": "It holds", "severity": "blocker", "effect": effect})
    chosen = Gate.model_validate({"title": "Well?", "sections": ("*",), "when": gate})
    assert chosen.may_ask(policy, proves=proves) is asked
