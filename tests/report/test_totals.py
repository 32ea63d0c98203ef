"""Every format tells the same: whoever reads only one of them must not decide on other numbers."""

import html
import json
from collections import Counter
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gonogo.record.results import DONE, Outcome, Results, Verdict, sum_line
from gonogo.report.ctrf import STATUSES
from gonogo.report.files import derived
from gonogo.report.terminal import render_summary
from gonogo.report.wording import line_sum
from tests.report.accounts import CASES

EVERY = pytest.mark.parametrize("told", CASES.values(), ids=CASES)


def numbers(results: Results) -> dict[Outcome, int]:
    """As results.json has them."""
    return {outcome: results.counts[outcome.value] for outcome in Outcome}


def statement(results: Results) -> dict[str, Any]:
    """The predicate of the in-toto statement."""
    predicate: dict[str, Any] = json.loads(derived(results)["statement.intoto.json"])["predicate"]
    return predicate


@EVERY
def test_people_read_the_same_sum_and_verdict(told: Results) -> None:
    """Terminal, page and job summary, side by side in one pull request."""
    files = derived(told)
    terminal = render_summary(told, report_path="x", report_digest="", colour=False, width=100)
    page = html.unescape(files["signoff.html"].decode())
    for text in (terminal, page, files["summary.md"].decode()):
        assert sum_line(told.counts) in text
        assert f"{told.decision.verdict}" in text
    for text in (terminal, files["summary.md"].decode()):
        assert not told.leaves or line_sum(told) in text


@EVERY
def test_ctrf_counts_what_results_count(told: Results) -> None:
    """A dashboard shows these six numbers and nothing else."""
    summary = json.loads(derived(told)["ctrf.json"])["results"]["summary"]
    expected: Counter[str] = Counter(["passed" if told.decision.verdict.opens else "failed"])  # the case of the verdict
    for outcome, number in numbers(told).items():
        expected[STATUSES[outcome]] += number
    assert {status: summary[status] for status in ("passed", "failed", "skipped", "pending", "other")} == {
        status: expected[status] for status in ("passed", "failed", "skipped", "pending", "other")
    }
    assert summary["tests"] == told.counts["planned"] + 1 == sum(expected.values())
    assert summary["extra"]["counts"] == told.counts
    assert summary["extra"]["verdict"] == told.decision.verdict
    assert summary["extra"]["linesNotDone"] == told.decision.open_lines


@EVERY
def test_junit_counts_what_results_count(told: Results) -> None:
    """One observation each: cases are checks, and the checklist is a suite of its own."""
    root = ET.fromstring(derived(told)["junit.xml"])  # noqa: S314 - our own bytes
    suites = {suite.get("name"): suite for suite in root}
    lines, verdict = suites.pop("checklist", None), suites.pop("verdict")
    counts = numbers(told)
    totals = {
        name: sum(int(suite.get(name, "")) for suite in suites.values())
        for name in ("tests", "failures", "errors", "skipped")
    }
    assert totals == {
        "tests": told.counts["planned"],
        "failures": counts[Outcome.FAIL],
        "errors": counts[Outcome.ERROR],
        "skipped": counts[Outcome.BLOCKED] + counts[Outcome.NOT_RUN] + counts[Outcome.WAIVED],
    }
    assert (verdict.get("tests"), verdict.get("failures")) == ("1", "0" if told.decision.verdict.opens else "1")
    if lines is not None:
        assert lines.get("tests") == str(len(told.leaves))
        assert lines.get("failures") == str(told.decision.open_lines)
    assert (lines is None) == (not told.leaves)


@EVERY
def test_statement_lists_what_results_count(told: Results) -> None:
    """A policy engine asks for an empty list of failed tests, and deploys."""
    said, counts = statement(told), numbers(told)
    checks = {name: [one for one in said[name] if not one.startswith("checklist/")] for name in said if "Tests" in name}
    lines = {name: [one for one in said[name] if one.startswith("checklist/")] for name in said if "Tests" in name}
    assert len(checks["passedTests"]) == counts[Outcome.PASS]
    assert len(checks["warnedTests"]) == counts[Outcome.WARN] + counts[Outcome.WAIVED]
    assert sum(map(len, checks.values())) == told.counts["planned"]
    assert len(lines["failedTests"]) == sum(line.status not in DONE for line in told.leaves)
    assert sum(map(len, lines.values())) == len(told.leaves)
    assert (said["result"] == "FAILED") == (told.decision.verdict in {Verdict.NO_GO, Verdict.INCOMPLETE})
    if said["result"] == "PASSED":
        assert not said["failedTests"]
        assert not said["warnedTests"]


def test_cases_are_worth_the_name() -> None:
    """Every outcome, every status and every verdict stands in one of them."""
    told = CASES.values()
    assert {one.decision.verdict for one in told} == set(Verdict)
    assert {found.outcome for one in told for found in one.checks} == set(Outcome)
    assert statement(CASES["go"])["result"] == "PASSED"
    assert statement(CASES["warned"])["result"] == statement(CASES["waived"])["result"] == "WARNED"
