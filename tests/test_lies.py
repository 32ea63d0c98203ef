"""A lie that is believed is found, whether a check says nothing of it or was not asked."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gonogo.record.results import CheckResult, Outcome
from reference.faults import faulty
from tests.faults.lies import LIES, believed, drawn
from tests.verdict.test_checklist_status import check

LINE, LIE = "infra.os", "server-old-os"


def proves(outcome: Outcome = Outcome.PASS) -> CheckResult:
    """A check that proves the line."""
    return check("c-proves", outcome, proves=[LINE])


def supports(outcome: Outcome = Outcome.PASS) -> CheckResult:
    """One that only says something about it."""
    return replace(check("c-supports", outcome), supports=[LINE])


@pytest.mark.parametrize(
    ("checks", "lines"),
    [
        ([proves()], [LINE]),
        ([proves(), supports()], [LINE]),
        ([proves(), supports(Outcome.WARN)], [LINE]),
        ([supports()], [LINE]),
        ([check("c-other", Outcome.FAIL)], [LINE]),
        ([], [LINE]),
        ([proves(Outcome.FAIL)], []),
        ([proves(Outcome.WARN)], []),
        ([proves(Outcome.ERROR)], []),
        ([proves(), supports(Outcome.FAIL)], []),
    ],
)
def test_a_line_stands_until_a_check_of_it_says_no(checks: Sequence[CheckResult], lines: Sequence[str]) -> None:
    """Nothing asked is nothing said: an open line would pass for a lie that was seen."""
    assert LIE in LIES[LINE]
    assert believed(LIE, checks) == lines


def test_every_lie_of_a_set_is_told() -> None:
    """One that another takes back is none, and its line is ticked with right."""
    lies = ["tls-silent", "tls-refused", "atlas-small", "server-old-os", "release-old"]
    assert faulty(["tls-silent", "tls-refused"]) == faulty(["tls-refused"]), "the two change the same thing"
    for seed in range(20):
        told = drawn(random.Random(seed), lies, 4)  # noqa: S311 - of a test
        assert len({"tls-silent", "tls-refused"} & set(told)) <= 1
        assert len(told) == 4
        assert told == drawn(random.Random(seed), lies, 4), "the seed gives the same set"  # noqa: S311 - as above


def test_two_lies_of_which_one_makes_the_other_s_line_true_are_not_told_together() -> None:
    """The service writes where nobody needs to log in, whatever its user may do."""
    pair = ["mongo-app-read-only", "mongo-no-auth"]
    assert all(len(drawn(random.Random(seed), pair, 2)) == 1 for seed in range(4))  # noqa: S311 - of a test
