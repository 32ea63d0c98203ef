"""What is known of each line: the rules, on literals."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.environment.types import Effect
from gonogo.planning.gate_demands import GateDemands
from gonogo.policy.attestations import Attestation
from gonogo.policy.checklist import parse_checklist
from gonogo.policy.gates import Gate, Role
from gonogo.policy.severity import Severity
from gonogo.policy.waivers import Waiver
from gonogo.record.results import CheckResult, LineStatus, Observation, Outcome, Verdict
from gonogo.verdict.checklist_status import ANSWERS, ChecklistStatus, checklist_status, waived
from gonogo.verdict.decision import decide

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIST = parse_checklist(
    """# Before
- [ ] parent <!-- p -->
  - [ ] by check <!-- p.check -->
  - [ ] by both <!-- p.both attest=devops -->
  - [ ] by people <!-- p.people attest=devops -->
# Other
- [ ] named <!-- o.named checks=c-named -->
- [ ] of production <!-- o.production env=production -->
# Sign
- [ ] all is well <!-- s.statement -->
""",
    "environments/checklist.md",
)
DEMANDS = GateDemands(
    name="all",
    gate=Gate(title="T", sections=("*",)),
    stands_for=("staging",),
    checklist=LIST,
    roles={"devops": Role(title="DevOps", statements={"s.statement": ("p",)})},
)


def check(identifier: str, outcome: Outcome = Outcome.PASS, proves: Sequence[str] = ()) -> CheckResult:
    """One that says so of one target."""
    observed = Observation(scope=("attestations", "p.people"), outcome=outcome, message=f"{identifier} said so")
    return CheckResult(
        id=identifier,
        title="T",
        family="c",
        severity=Severity.BLOCKER,
        effect=Effect.READ,
        proves=proves,
        needs=(),
        outcome=outcome,
        why="w",
        fix="f",
        observations=[observed],
    )


def said(line: str, **changes: object) -> Attestation:
    """By DevOps, yesterday."""
    fields = {
        "line": line,
        "by": "Davi",
        "role": "devops",
        "at": AT - timedelta(days=1),
        "until": AT + timedelta(days=1),
        "note": "seen",
        "evidence": {"name": "e", "sha256": hashlib.sha256(line.encode()).hexdigest()},
    }
    return Attestation.model_validate({**fields, **changes})


CHECKS = (check("c-one", proves=("p.check", "p.both")), check("c-named"))
SAID = (said("p.both"), said("p.people"))


def accounted(checks: Sequence[CheckResult] = CHECKS, attested: Sequence[Attestation] = SAID) -> ChecklistStatus:
    """With these."""
    return checklist_status(replace(DEMANDS, attestations=attested), checks, AT)


def statuses(found: ChecklistStatus) -> dict[str, str]:
    """Of each line."""
    return {line.id: line.status for line in found.lines}


def test_everything_in_order() -> None:
    """Every line once, in the list's order; parents and statements rest on what is below them."""
    found = accounted()
    assert statuses(found) == {
        "p": "attested",
        "p.check": "verified",
        "p.both": "attested",
        "p.people": "attested",
        "o.named": "verified",
        "o.production": "open",
        "s.statement": "supported",
    }
    assert [line.id for line in found.lines if not line.demanded] == ["o.production"]
    assert not found.findings
    assert decide(CHECKS, found.lines).verdict is Verdict.GO


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.FAIL])
def test_a_line_of_another_environment_says_nothing(outcome: Outcome) -> None:
    """The check that proves it was asked of staging: of production neither its yes nor its no says anything."""
    own = replace(DEMANDS, checklist=LIST, attestations=(*SAID, said("o.production")))
    found = checklist_status(own, (*CHECKS, check("c-other", outcome, proves=("o.production",))), AT)
    line = next(line for line in found.lines if line.id == "o.production")
    assert (line.status, line.demanded) == (LineStatus.OPEN, False)
    assert line.why == "it is about production; staging was asked"
    of_production = replace(own, stands_for=("production",))
    found = checklist_status(of_production, (*CHECKS, check("c-other", outcome, proves=("o.production",))), AT)
    line = next(line for line in found.lines if line.id == "o.production")
    assert line.status == (LineStatus.VERIFIED if outcome is Outcome.PASS else LineStatus.FAILED)


@pytest.mark.parametrize("left_out", ["p.both", "p.people"])
def test_without_any_one_attestation_it_is_incomplete(left_out: str) -> None:
    """Also where a check has passed, if the list asks for a person as well."""
    found = accounted(attested=[one for one in SAID if one.line != left_out])
    changed = {name for name, status in statuses(found).items() if status == "open"}
    assert changed == {left_out, "p", "s.statement", "o.production"}
    decision = decide(CHECKS, found.lines)
    assert (decision.verdict, decision.open_lines) == (Verdict.INCOMPLETE, 2)
    assert left_out in decision.reason
    statement = next(line for line in found.lines if line.id == "s.statement")
    assert f"; open: {left_out} ({left_out.replace('p.', 'by ')})" in statement.why


def test_statement_is_as_its_worst_line_and_names_what_failed_before_what_is_open() -> None:
    """A line that is only open did not fail: whoever reads both in one list looks for a fault that is none."""
    failing = check("c-one", Outcome.FAIL, proves=("p.check",))
    found = accounted(checks=[failing, CHECKS[1]], attested=[one for one in SAID if one.line != "p.people"])
    statement = next(line for line in found.lines if line.id == "s.statement")
    assert statement.status is LineStatus.FAILED
    assert statement.why == "1 of 3 lines support it; failed: p.check (by check); open: p.people (by people)"


def test_a_line_that_nothing_verifies_is_open() -> None:
    """Not the absence of findings: the absence of an answer."""
    found = accounted(checks=[check("c-one", proves=("p.check", "p.both"))])
    line = next(line for line in found.lines if line.id == "o.named")
    assert (line.status, line.why) == (LineStatus.OPEN, "no check proves it here; devops may attest it")


def test_a_line_whose_check_warns_sends_nobody_to_attest_it() -> None:
    """An invitation to attest what a check saw not to be in order is an invitation to look away."""
    found = accounted(checks=[CHECKS[0], check("c-named", Outcome.WARN)])
    line = next(line for line in found.lines if line.id == "o.named")
    assert line.why == (
        "c-named warns, and a warning verifies nothing: c-named said so; look at c-named before anybody attests it"
    )
    assert line.attest == ("devops",), "who may is still on record"


@pytest.mark.parametrize(
    ("outcome", "status", "verdict"),
    [
        (Outcome.FAIL, "failed", Verdict.NO_GO),
        (Outcome.ERROR, "open", Verdict.INCOMPLETE),
        (Outcome.BLOCKED, "open", Verdict.INCOMPLETE),
        (Outcome.NOT_RUN, "open", Verdict.INCOMPLETE),
        (Outcome.WAIVED, "waived", Verdict.GO_WITH_EXCEPTIONS),
    ],
)
def test_what_checks_say_of_a_line(outcome: Outcome, status: str, verdict: Verdict) -> None:
    """Nobody's word stands against a check that failed."""
    checks = [check("c-one", outcome, ("p.check", "p.both")), check("c-named")]
    found = accounted(checks)
    assert {statuses(found)["p.check"], statuses(found)["p.both"], statuses(found)["p"]} == {status}
    assert statuses(found)["p.check"] == status
    assert decide(checks, found.lines).verdict is verdict


def test_an_attestation_that_does_not_count_is_a_finding() -> None:
    """It is told, with its reason, and the line stays open."""
    found = accounted(attested=[SAID[0], said("p.people", until=AT), said("p.gone")])
    assert statuses(found)["p.people"] == "open"
    assert [(one.subject, one.message.partition(" ")[0]) for one in found.findings] == [
        ("p.people", "it"),
        ("p.gone", "the"),
    ]
    line = next(line for line in found.lines if line.id == "p.people")
    assert line.attested is not None
    assert "it expired" in line.attested.problem


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (check(ANSWERS), "attested"),
        (check(ANSWERS, Outcome.FAIL), "open"),
        (check(ANSWERS, Outcome.NOT_RUN), "open"),
        (None, "open"),
    ],
)
def test_a_page_that_an_attestation_points_to_must_answer(asked: CheckResult | None, status: str) -> None:
    """Not asked is not answered."""
    checks = [*CHECKS, *([asked] if asked else [])]
    found = accounted(checks, [SAID[0], said("p.people", url="https://a.test/x")])
    assert statuses(found)["p.people"] == status


@pytest.mark.parametrize(
    ("begins", "ends", "outcome", "state"),
    [
        (-1, 1, Outcome.WAIVED, "in force"),
        (-1, 1, Outcome.PASS, "stale"),
        (-2, 0, Outcome.FAIL, "expired"),
        (1, 2, Outcome.FAIL, "not yet"),
    ],
)
def test_waivers_and_what_became_of_them(begins: int, ends: int, outcome: Outcome, state: str) -> None:
    """Only one that is in force excepts anything; the others are told."""
    waiver = Waiver(
        check="c-one",
        reason="r",
        risk="r",
        owner="a",
        approved_by="b",
        at=AT + timedelta(days=begins),
        until=AT + timedelta(days=ends),
    )
    one = check("c-one", outcome)
    if outcome is Outcome.WAIVED:
        one = replace(one, observations=[replace(one.observations[0], outcome=Outcome.FAIL)])
    found = checklist_status(replace(DEMANDS, waivers=[waiver]), [one], AT)
    assert [exception.state for exception in found.exceptions] == [state]
    assert waived(replace(DEMANDS, waivers=[waiver]), AT) == ({"c-one": {Outcome.FAIL}} if begins < 0 < ends else {})
    assert [finding.subject for finding in found.findings] == ([] if state == "in force" else ["c-one"])


def test_one_file_for_many_lines_is_told() -> None:
    """Thirty-eight promises resting on five bytes are worth a look."""
    shared = {"name": "minutes.txt", "sha256": "ab" * 32}
    found = accounted(attested=[said("p.both", evidence=shared), said("p.people", evidence=shared)])
    assert [(one.subject, one.message) for one in found.findings] == [
        ("minutes.txt", "this one file is the evidence of 2 lines: p.both, p.people")
    ]


def test_evidence_that_expired_is_not_among_what_counts() -> None:
    """A signer who reads "they count" must not find lines there whose attestation is over, or that nobody asked for."""
    shared = {"name": "minutes.txt", "sha256": "ab" * 32}
    over, needless = said("p.people", evidence=shared, until=AT), said("o.named", evidence=shared)
    alone = accounted(attested=[said("p.both", evidence=shared), over, needless])
    assert {one.subject: one.counts for one in alone.findings} == {"p.people": False, "o.named": False}


def test_a_word_that_nobody_asked_for_is_told() -> None:
    """A check verifies the line: whoever attested it should know that it counts for nothing."""
    found = accounted(attested=[*SAID, said("o.named")])
    assert [(one.subject, one.message) for one in found.findings] == [
        ("o.named", "c-named verifies this line; a person's word does not count for it")
    ]
