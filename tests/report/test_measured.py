"""What was observed, its threshold and the margin, from the facts of the record; earlier outcomes as a strip."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.tls import TlsEvidence
from gonogo.record.recording import facts
from gonogo.record.results import History, Outcome, PastRun, Results, Verdict
from gonogo.report.measured import earlier_outcomes, measured
from gonogo.report.wording import standing
from tests.checks.test_tls import lasting, seen
from tests.report.conftest import AT, check, results


def told(
    identifier: str, kind: str, evidence: RoundTripEvidence | TlsEvidence, **limits: str
) -> tuple[str, ...] | None:
    """Observed, threshold and margin."""
    shown = results([check(identifier, facts={kind: facts(evidence)}, thresholds=limits)])
    found = measured(shown, shown.checks[0], shown.checks[0].observations[0])
    return (found.observed, found.threshold, found.margin) if found else None


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        ((2,) * 19 + (50,), ("p95 2 ms", "at most 60 ms", "58 ms")),
        ((90,), ("p95 90 ms", "at most 60 ms", "-30 ms")),
        ((), None),
    ],
)
def test_round_trips(milliseconds: tuple[int, ...], expected: tuple[str, ...] | None) -> None:
    """Above the limit the margin is below nothing; without a sample there is none."""
    trips = tuple(timedelta(milliseconds=one) for one in milliseconds)
    evidence = RoundTripEvidence(scope=("mongodb",), taken_at=AT, reachable=True, round_trips=trips)
    assert told("mongo-latency", "mongo_latency", evidence, max_p95="60 ms") == expected


def test_expiry_by_the_rule_of_its_check() -> None:
    """A share of the life, not more than the ceiling and not less than the floor."""
    limits = {"floor": "24 h", "ceiling": "14 d", "min_remaining_fraction": "0.15"}
    evidence = seen(leaf=lasting(80, 20))
    found = told("tls-expiry", "tls", evidence, **limits)
    assert found == ("20 d left", "at least 14 d", "6 d")


def test_facts_that_cannot_be_read_measure_nothing() -> None:
    """They are shown as they are, and no number is made of them."""
    shown = results(
        [check("mongo-latency", facts={"mongo_latency": {"round_trips": "many"}}, thresholds={"max_p95": "1 s"})]
    )
    assert measured(shown, shown.checks[0], shown.checks[0].observations[0]) is None


def before(letters: str, outcome: Outcome) -> tuple[Results, Any]:
    """A check with these earlier outcomes."""
    runs = [
        PastRun(id=f"r{number}", verdict=Verdict.GO, started_at=AT, release=None, counts={}, sections={})
        for number in range(len(letters))
    ]
    one = check("tls-a", outcome, "" if outcome is Outcome.PASS else "closed")
    return replace(results([one]), history=History(runs=runs, outcomes={"tls-a": letters})), one


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("", "first run of this gate on record"),
        ("ppp", "new in this run; was pass before"),
        ("pp-", "not asked in the run before"),
        ("pff", "since run r1, 3 runs in a row"),
        ("ff", "at least since run r0, 3 runs in a row"),
    ],
)
def test_since_when(letters: str, expected: str) -> None:
    """Since which run it fails, as far as the record goes."""
    shown, one = before(letters, Outcome.FAIL)
    assert standing(shown, one) == expected


def test_strip_of_earlier_outcomes() -> None:
    """A shape for each, and the same in words."""
    shown, one = before("pf-a", Outcome.PASS)
    assert earlier_outcomes(shown, one) == ("✔✖–◇", "pass, fail, not planned, waived")  # noqa: RUF001 - no outcome
