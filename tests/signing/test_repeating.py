"""Whoever signs reads titles, messages and facts: none of them may say anything but what the evidence gives."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.base.errors import IntegrityError
from gonogo.record.archive import read_results
from gonogo.record.results import CheckResult, LineResult, Results, from_content
from gonogo.report.files import derived
from gonogo.signing.repeating import said_otherwise
from tests.report.conftest import check, results
from tests.signing.conftest import Team

Edit = Callable[[Results], Results]


def of_check(change: Callable[[CheckResult], CheckResult]) -> Edit:
    """Of the first check, and of no other."""
    return lambda told: replace(told, checks=[change(told.checks[0]), *told.checks[1:]])


def of_line(**changes: object) -> Edit:
    """Of the first line."""

    def edit(told: Results) -> Results:
        first: LineResult = replace(told.lines[0], **changes)  # type: ignore[arg-type]  # fields
        return replace(told, lines=[first, *told.lines[1:]])

    return edit


def observed(one: CheckResult, **changes: object) -> CheckResult:
    """With another first observation."""
    first, *others = one.observations
    return replace(one, observations=[replace(first, **changes), *others])  # type: ignore[arg-type]  # fields


def write(folder: Path, told: Results) -> None:
    """The results, and again every file that is made of them."""
    again = from_content(told.content)
    (folder / "results.json").write_bytes(again.content)
    for name, content in derived(again).items():
        (folder / name).write_bytes(content)


EDITS: dict[str, Edit] = {
    "title": of_check(lambda one: replace(one, title="Of no importance")),
    "fix": of_check(lambda one: replace(one, fix="nothing")),
    "thresholds": of_check(lambda one: replace(one, thresholds={"limit": "9 d"})),
    "message": of_check(lambda one: observed(one, message="all is well")),
    "facts": of_check(lambda one: observed(one, facts={"attested_url": {"status": 200, "url": "https://b.test/"}})),
    "text": of_line(text="Something else"),
    "why": of_line(why="because I say so"),
    "section": of_line(section=["Elsewhere"]),
    "checklist": lambda told: replace(told, checklist=told.checklist.replace("# Launch", "# Lunch")),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("program", [None, "", "0" * 64])
def test_edited_words_are_refused(team: Team, unsigned: Path, name: str, program: str | None) -> None:
    """With all the pages made again from them; and whoever names another gonogo's code gains nothing by it."""
    told = EDITS[name](read_results(unsigned / "results.json"))
    if program is not None:
        told = replace(told, provenance=replace(told.provenance, program=program))
    write(unsigned, told)
    with pytest.raises(IntegrityError) as caught:
        team.verify(unsigned, required=())
    if program is None:
        assert f"{name}" in str(caught.value)
        assert "recorded" in str(caught.value)
        assert str(caught.value).endswith("the file was damaged or edited: restore the run, or run again")


def test_what_is_written_again_unchanged_is_no_edit(team: Team, unsigned: Path) -> None:
    """Where somebody acts on a check, and what came before the run, is nothing that the evidence gives."""
    told = read_results(unsigned / "results.json")
    write(unsigned, of_check(lambda one: replace(one, file="checks/test_own.py", line=7))(told))
    assert team.verify(unsigned, required=()).results.decision == told.decision


@pytest.mark.parametrize(
    ("recorded", "again", "alike"),
    [
        ("token abc", "token abc", True),
        ("token [KEY redacted] is old", "token [KEY redacted] is ol", True),
        ("a [KEY redacted]", "a secret", True),
        ("a [KEY redacted]", "b secret", False),
        ("all is well", "token [KEY redacted] is old", False),
        ("token [KEY redacted] is good", "token [KEY redacted] is old", False),
        ("no token; [KEY redacted]", "token [KEY redacted] is old", False),
        ("token [KEY redacted] of [ID redacted]", "token old-[KEY redacted] of staging", True),
    ],
)
def test_secrets_may_be_covered_otherwise(recorded: str, again: str, alike: bool) -> None:  # noqa: FBT001 - a table
    """In the evidence a secret is covered before a message is made of it; nothing else is forgiven for that."""
    before, after = (results([check("tls-a", message=text)]) for text in (recorded, again))
    assert (not list(said_otherwise(before, after))) is alike
