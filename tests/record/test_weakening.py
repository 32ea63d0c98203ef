"""A policy that became weaker is told line by line, and never as a repair."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gonogo.policy.severity import Severity
from gonogo.record.declared import RoleResult
from gonogo.record.history import changes, history
from gonogo.record.results import LineStatus, Outcome, Results
from gonogo.report.changes import render_changes, weakened_words
from gonogo.report.terminal import render_summary
from tests.report.accounts import accounted, exception, line, waived
from tests.report.conftest import check

FAILING = accounted(
    [check("own-promise", Outcome.FAIL)], [line("own.promise", LineStatus.FAILED, checks=["own-promise"])]
)
LOWERED = accounted(
    [check("own-promise", Outcome.WARN, severity=Severity.WARNING)],
    [line("own.promise", LineStatus.OPEN, checks=["own-promise"])],
)


def told(before: Results, after: Results) -> list[tuple[str, str, str, str]]:
    """All but digests."""
    return [(one.kind, one.subject, one.before, one.after) for one in changes(before, after)]


def of_line(**more: Any) -> Results:  # noqa: ANN401 - fields
    """A run with one line."""
    return accounted([check("tls-a"), check("tls-b")], [line("x.one", **more)])


def test_a_lowered_severity_is_no_repair() -> None:
    """FAIL became WARN since the bar was lowered, and nobody repaired anything."""
    assert told(FAILING, LOWERED) == [("weakened", "own-promise", "severity blocker", "warning; it is warn now")]
    passing = accounted(
        [check("own-promise", severity=Severity.WARNING)], [line("own.promise", checks=["own-promise"])]
    )
    assert [kind for kind, *_ in told(FAILING, passing)] == ["weakened"]


def test_a_raised_severity_is_no_weakening() -> None:
    """Only what is less is told so."""
    assert not [one for one in told(LOWERED, FAILING) if one[0] == "weakened"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"demanded": False}, ("demanded", "not demanded any more")),
        ({}, {"leaf": False}, ("demanded by itself", "it only groups lines below it")),
        ({"checks": ["tls-a", "tls-b"]}, {"checks": ["tls-a"]}, ("verified by tls-a, tls-b", "not by tls-b any more")),
        (
            {"checks": ["tls-a"], "attest": ["lead"]},
            {"checks": ["tls-a"]},
            ("attested by lead", "nobody needs to attest it"),
        ),
        ({"attest": ["lead"]}, {"attest": ["lead", "ops"]}, ("attested by lead", "ops may attest it as well")),
    ],
)
def test_lines_that_ask_less(before: dict[str, Any], after: dict[str, Any], words: tuple[str, str]) -> None:
    """A digest says that something changed; a signer must know what."""
    assert told(of_line(**before), of_line(**after)) == [("weakened", "x.one", *words)]


def test_an_answer_that_changes_is_no_change_of_the_list() -> None:
    """People are asked for a line while a check warns of it: their right to it is as old as the list."""
    listed = "- [ ] Renewal <!-- x.one checks=tls-a -->\n- [ ] Word <!-- x.two attest=lead -->\n"
    proved = replace(of_line(checks=["tls-a"]), checklist=listed)
    warned = replace(of_line(checks=["tls-a"], status=LineStatus.OPEN, attest=["lead", "ops"]), checklist=listed)
    reworded = replace(warned, checklist=listed.replace("Word", "Spoken word"))
    for before, after in ((proved, warned), (warned, proved), (proved, reworded), (reworded, proved)):
        assert {kind for kind, *_ in told(before, after)} <= {"became unverified", "fixed"}
        by_other_rules = replace(after, provenance=replace(after.provenance, policy="another"))
        assert not [one.key for one in changes(before, by_other_rules) if one.key.endswith(".attest")]
    eased = replace(warned, checklist=listed.replace("checks=tls-a", "checks=tls-a attest=lead"))
    assert ("weakened", "x.one", "attested by lead", "nobody needs to attest it") in told(eased, proved)


def test_a_line_that_fails_and_is_not_asked_any_more_was_not_fixed() -> None:
    """Its checks are fewer, and so it is green."""
    failed = of_line(status=LineStatus.FAILED, checks=["tls-a", "tls-b"])
    assert [kind for kind, *_ in told(failed, of_line(checks=["tls-a"]))] == ["weakened"]


def test_waivers_are_told() -> None:
    """New ones, and those that accept more or last longer."""
    before = accounted([check("tls-a", Outcome.FAIL)])
    after = accounted([waived("tls-a")], exceptions=[exception("tls-a")])
    found = told(before, after)
    assert [(kind, subject, then) for kind, subject, then, _ in found] == [("weakened", "tls-a", "no waiver")]
    assert "FAIL accepted until 2026-11-30, owner Bo, by Cy" in found[0][3]
    more = replace(exception("tls-a"), excepts=("FAIL", "ERROR"))
    assert [one[0] for one in told(after, accounted([waived("tls-a")], exceptions=[more]))] == ["weakened"]
    assert not told(after, after)


FILE = "environments/waivers/staging.toml"


def with_waiver(severity: Severity, keys: Mapping[str, str] | None, **fields: Any) -> Results:  # noqa: ANN401 - fields
    """A run whose file of waivers has these keys; none: there is no such file."""
    made = accounted(
        [check("tls-a", severity=severity)], exceptions=[replace(exception("tls-a"), **fields)] if keys else []
    )
    rules = {"environments/staging.toml": {"": "1"}, **({FILE: {"": "ab12", **keys}} if keys else {})}
    return replace(made, provenance=replace(made.provenance, rules=rules, policy="2" if keys else "1"))


TERMS = {"waiver.tls-a.excepts": "FAIL", "waiver.tls-a.until": "2026-11-30", "waiver.tls-a.reason": "soon"}


def test_a_waiver_is_told_once() -> None:
    """A bar that was lowered, and a file of rules that changed, are the same news."""
    none, one = (with_waiver(Severity.BLOCKER, keys) for keys in (None, TERMS))
    assert told(none, one) == [
        ("weakened", "tls-a", "no waiver", "FAIL accepted until 2026-11-30, owner Bo, by Cy"),
    ]
    later = {**TERMS, "waiver.tls-a.until": "2026-12-30", "waiver.tls-a.reason": "later"}
    longer = with_waiver(Severity.BLOCKER, later, until=datetime(2026, 12, 30, tzinfo=UTC))
    assert told(one, longer) == [
        (
            "weakened",
            "tls-a",
            "FAIL accepted until 2026-11-30",
            "FAIL accepted until 2026-12-30, owner Bo, by Cy",
        ),
        ("policy changed", FILE, "soon", "later"),
    ]
    assert told(one, none) == [("policy changed", FILE, "there", "no such file")]
    other = with_waiver(Severity.BLOCKER, {**TERMS, "waiver.tls-b.until": "2026-12-01"})
    assert ("policy changed", FILE, "no such file", "added") in told(none, other), "a waiver that no result tells of"


def test_a_waiver_of_a_check_that_only_warns_is_without_effect() -> None:
    """It lowers no bar: nobody has to read rules, or to doubt what was repaired."""
    none, one = (with_waiver(Severity.WARNING, keys) for keys in (None, TERMS))
    words = "FAIL accepted until 2026-11-30, owner Bo: no effect on the verdict, for a failure of this check is only a warning"
    assert told(none, one) == [("without effect", "tls-a", "no waiver", words)]
    assert not weakened_words(replace(one, history=history(one, [none])))
    assert "the rules changed" not in summary(one, none)
    assert "1 waiver without effect on the verdict" in summary(one, none)
    assert "the rules changed as well" in summary(with_waiver(Severity.BLOCKER, TERMS), none)
    wider = with_waiver(Severity.WARNING, TERMS, excepts=("FAIL", "WARN"))
    assert [kind for kind, *_ in told(none, wider)] == ["weakened"], "its line may be done by the waiver"


def summary(after: Results, before: Results) -> str:
    """The terminal of a run that was compared with the one before."""
    compared = replace(after, history=history(after, [before]))
    return " ".join(render_summary(compared, report_path="p", report_digest="", colour=False, width=100).split())


def test_roles_and_statements_are_told() -> None:
    """Fewer people, or less that they sign."""
    both = [RoleResult(id="lead", title="L", statements=["x.one"]), RoleResult(id="ops", title="O", statements=[])]
    before = accounted([], [line("x.one")], roles=both)
    after = accounted([], [line("x.one")], roles=[replace(both[0], statements=[])])
    assert [(subject, now) for _, subject, _, now in told(before, after)] == [
        ("role lead", "not x.one any more"),
        ("role ops", "not there any more"),
    ]
    rested = accounted([], [line("x.one", supports=["a.one", "a.two"]), line("a.one"), line("a.two")])
    rests = accounted([], [line("x.one", supports=["a.one"]), line("a.one"), line("a.two")])
    assert told(rested, rests) == [("weakened", "x.one", "rests on 2 lines", "1, not on a.two")]


def test_thresholds_are_told_by_name() -> None:
    """Nobody reads a digest."""
    before, after = (accounted([check("tls-a", thresholds={"slowest": value})]) for value in ("2 s", "9 s"))
    assert told(before, after) == [("policy changed", "catalogue.toml", "2 s", "9 s")]
    assert [change.key for change in changes(before, after)] == ["tls-a.slowest"]


def test_every_weakening_stands_in_terminal_page_and_diff() -> None:
    """However many they are: five of forty would hide the one that matters."""
    lines = [line(f"x.line-{number}") for number in range(40)]
    before = accounted([check("tls-a")], lines)
    after = accounted([check("tls-a")], [replace(one, demanded=False) for one in lines])
    found = changes(before, after)
    after = accounted(after.checks, after.lines, history=replace(after.history, changes=found, since="then"))
    terminal = render_summary(after, report_path="p", report_digest="", colour=False, width=100)
    for one in lines:
        assert f"≠ {one.id}   demanded → not demanded any more" in terminal
        assert f"{one.id}: demanded → not demanded any more" in weakened_words(after)
        assert one.id in render_changes(before, after, found)
