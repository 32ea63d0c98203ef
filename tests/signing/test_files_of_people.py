"""What commands add to the team's own files leaves everything else in them as it is: people wrote it, comments included."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.policy.people import read_people
from gonogo.policy.waivers import Waiver, write_waiver
from gonogo.signing.keys import enrol, new_key

PEOPLE = """\
# Everybody whose word counts.

[[person]]
name = "Ana Dias"  # on leave in March
email = "ana@example.com"
roles = ["devops"]
{keys}
# The second of two.
[[person]]
name = "Bo Ek"
email = "bo@example.com"
roles = ["technical-lead"]
"""
INLINE = 'person = [{{name = "Ana Dias", email = "ana@example.com", roles = ["devops"]}}]  # one row each\n'
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """With a folder for environments."""
    (tmp_path / "environments" / "waivers").mkdir(parents=True)
    return tmp_path


def public(tmp_path: Path, name: str) -> str:
    """A new key's public half."""
    return new_key(tmp_path / f"{name}.pem", "a passphrase that is long")


def kept(before: str, after: str) -> bool:
    """Whether every row of the file is there still, in its order."""
    rows = iter(after.splitlines())
    return all(any(row == other for other in rows) for row in before.splitlines())


@pytest.mark.parametrize("written", [PEOPLE, INLINE], ids=["tables", "inline"])
def test_a_key_is_added_and_nothing_else_is_touched(project: Path, tmp_path: Path, written: str) -> None:
    """To somebody without a key, to somebody whose key is to be renewed, and to somebody new."""
    path = project / "environments" / "people.toml"
    path.write_text(written.format(keys=""))
    first, second, third = (public(tmp_path, name) for name in ("first", "second", "third"))
    enrol(project, name="Ana Dias", role="devops", public=first)
    once = path.read_text()
    enrol(project, name="Ana Dias", role="devops", public=second)
    enrol(project, name="Cy Om", role="devops", public=third, email="cy@example.com")
    people = read_people(project)
    ana, cy = people.find("Ana Dias"), people.find("Cy Om")
    assert ana is not None
    assert cy is not None
    assert ana.roles == ("devops",)
    assert [(key.role, (key.key or "").strip()) for key in ana.keys] == [
        ("devops", one.strip()) for one in (first, second)
    ]
    assert [(key.key or "").strip() for key in cy.keys] == [third.strip()]
    if written is PEOPLE:
        assert first.strip() in once, "the key as openssl writes it, over several rows"
        assert kept(written.format(keys=""), once)
        comments = [row for row in path.read_text().splitlines() if "#" in row]
        assert comments == [row for row in written.splitlines() if "#" in row]


def test_a_key_without_a_role_gets_that_of_its_person(project: Path, tmp_path: Path) -> None:
    """One for another role is refused, since a person signs in one, and nothing is written."""
    path = project / "environments" / "people.toml"
    first = public(tmp_path, "first").strip()
    times = "valid_from = 2026-01-01T00:00:00Z\nvalid_until = 2030-01-01T00:00:00Z"
    path.write_text(PEOPLE.format(keys=f"[[person.keys]]\nkey = '''{first}'''\n{times}\n"))
    before = path.read_text()
    with pytest.raises(UsageError, match="a person signs in exactly one role"):
        enrol(project, name="Ana Dias", role="product-owner", public=public(tmp_path, "second"))
    assert path.read_text() == before
    enrol(project, name="Ana Dias", role="devops", public=public(tmp_path, "third"))
    ana = read_people(project).find("Ana Dias")
    assert ana is not None
    assert [key.role for key in ana.keys] == ["devops", "devops"]
    assert kept(before, path.read_text())


def test_a_waiver_is_added_or_replaced_and_comments_stay(project: Path) -> None:
    """An older one of the same check goes; what somebody noted about the others stays."""
    path = project / "environments" / "waivers" / "live.toml"
    made = [
        Waiver(
            check=check,
            reason=f"reason {number}",
            risk="none that is known",
            owner="Ana Dias",
            approved_by="Bo Ek",
            at=AT,
            until=AT + timedelta(days=7),
        )
        for number, check in enumerate(("dns-a", "tls-a", "dns-a"))
    ]
    write_waiver(project, "live", made[0])
    path.write_text(f"# ask Ana before you add one\n{path.read_text()}")
    write_waiver(project, "live", made[1])
    path.write_text(path.read_text().replace('"tls-a"', '"tls-a"  # until the new certificate'))
    write_waiver(project, "live", made[2])
    text = path.read_text()
    assert text.startswith("# ask Ana before you add one\n")
    assert "# until the new certificate" in text
    assert [(one["check"], one["reason"]) for one in tomllib.loads(text)["waiver"]] == [
        ("tls-a", "reason 1"),
        ("dns-a", "reason 2"),
    ]
