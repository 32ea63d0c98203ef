"""When checks prove a line: all that prove it, here, without a warning."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from gonogo.policy.severity import Severity
from gonogo.record.results import Cause, CheckResult, LineStatus, Outcome
from gonogo.verdict.line_proof import Contradiction, judge_line
from tests.verdict.test_checklist_status import check


def judged(
    proving: Sequence[CheckResult] = (),
    supporting: Sequence[CheckResult] = (),
    missing: Mapping[str, str] | None = None,
    contradiction: Contradiction | None = None,
) -> tuple[str, bool]:
    """The status, and whether a person may attest it."""
    proof = judge_line(proving, supporting, missing or {}, contradiction)
    return proof.status, proof.open_to_people


def not_permitted(identifier: str) -> CheckResult:
    """One whose effect the environment does not permit."""
    return replace(check(identifier, Outcome.NOT_RUN), permitted=False)


def test_all_that_prove_it_pass() -> None:
    """What it stands on is named."""
    proof = judge_line([check("c-one"), check("c-two")], [check("c-other")], {})
    assert (proof.status, proof.why) == (LineStatus.VERIFIED, "c-one, c-two passed")


def test_a_warning_ticks_nothing() -> None:
    """A log that nobody writes would count as written."""
    proof = judge_line([check("c-one"), check("c-two", Outcome.WARN)], [], {})
    assert (proof.status, proof.open_to_people) == (LineStatus.OPEN, True)
    assert "c-two said so" in proof.why


def test_a_supporting_warning_is_told_and_takes_nothing_away() -> None:
    """The signer reads it beside the tick."""
    proof = judge_line([check("c-one")], [check("c-two", Outcome.WARN)], {})
    assert (proof.status, proof.why) == (LineStatus.VERIFIED, "c-one passed; c-two warns: c-two said so")


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN])
def test_what_would_have_contradicted_it_and_was_not_asked_leaves_it_open(outcome: Outcome) -> None:
    """A service that lets nobody log in would have its tokens signed with the key of the file."""
    assert judged([check("c-one")], [check("c-two", outcome)]) == ("open", False)
    assert judged([check("c-one")], [replace(check("c-two", outcome), severity=Severity.WARNING)]) == (
        "verified",
        False,
    )


def test_whoever_may_attest_looks_first_at_what_is_not_in_order() -> None:
    """A warning, or a gap of what only supports the line: of what is blocked, at what blocks it."""
    cause = Cause(check="mongo-reachable", scope=("a.test",))
    blocked = check("c-three", Outcome.BLOCKED)
    seen = [replace(blocked.observations[0], cause=cause)]
    blocked = replace(blocked, severity=Severity.WARNING, observations=seen)
    warning = judge_line([check("c-one"), check("c-two", Outcome.WARN)], [], {})
    gap = judge_line([], [check("c-one"), blocked], {})
    unasked = judge_line([], [check("c-one"), not_permitted("c-two")], {"c-gone": "this gate does not ask it"})
    assert [proof.look_at for proof in (warning, gap, unasked)] == ["c-two", "mongo-reachable", ""]


def test_supporting_checks_alone_tick_nothing() -> None:
    """A header that shows no version would be a machine that is kept up to date."""
    assert judged(supporting=[check("c-one"), check("c-two")]) == ("open", True)


@pytest.mark.parametrize("left", [(), ("c-one",), ("c-one", "c-two")])
def test_what_is_left_proves_nothing(left: Sequence[str]) -> None:
    """A redirect of port 80 would be the whole firewall, once no server is declared."""
    proof = judge_line([check(one) for one in left], [], {"c-gone": "service.without names servers"})
    assert (proof.status, proof.open_to_people) == (LineStatus.OPEN, True)
    assert "c-gone is not asked here: service.without names servers" in proof.why


def test_what_is_not_permitted_may_be_attested() -> None:
    """Production without money could never be GO."""
    assert judged([check("c-one"), not_permitted("c-two")]) == ("open", True)


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN])
def test_nobodys_word_replaces_an_answer_that_failed_to_come(outcome: Outcome) -> None:
    """Whoever could not be asked is asked again."""
    assert judged([check("c-one", outcome), check("c-two", Outcome.WARN)]) == ("open", False)


@pytest.mark.parametrize("place", ["proving", "supporting"])
def test_nobodys_word_stands_against_a_failure(place: str) -> None:
    """Also of a check that alone would prove nothing."""
    failed = [check("c-two", Outcome.FAIL)]
    found = judged([check("c-one"), *failed]) if place == "proving" else judged([check("c-one")], failed)
    assert found == ("failed", False)


@pytest.mark.parametrize(("stand_in", "expected"), [(False, ("failed", False)), (True, ("open", True))])
def test_another_value_than_the_line_says(expected: tuple[str, bool], *, stand_in: bool) -> None:
    """Fifty testers are not five thousand, however well the service keeps to five thousand."""
    contradiction = Contradiction(problems=["the list states 50, and the environment 5000"], stand_in=stand_in)
    assert judged([check("c-one")], contradiction=contradiction) == expected
