"""Readers that others wrote, and rules that they publish: what a CI page shows of a run is what the run says."""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from junit2htmlreport.parser import Junit

from gonogo.record.archive import read_results
from gonogo.record.results import Results, Verdict
from gonogo.report.ctrf import render_ctrf
from gonogo.report.junit import render_junit
from tests.report.accounts import CASES

EVERY = pytest.mark.parametrize("told", CASES.values(), ids=CASES)
SAMPLE = Path(__file__).parents[2] / "reports" / "sample" / "results.json"
JENKINS = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
"""The schema that the xUnit plugin of Jenkins validates by before it counts (junit-10.xsd, MIT)."""


def cases(results: Results) -> list[ET.Element]:
    """All test cases of the JUnit file."""
    return list(ET.fromstring(render_junit(results)).iter("testcase"))  # noqa: S314 - our own bytes


@EVERY
def test_jenkins_takes_the_file(told: Results) -> None:
    """Or it would show no result at all."""
    JENKINS.validate(render_junit(told).decode().partition("?>")[2])


@EVERY
def test_junit2html_reads_the_same_numbers(told: Results, tmp_path: Path) -> None:
    """A program of somebody else: the same cases, failures and durations, and no GO where there is none."""
    path = tmp_path / "junit.xml"
    path.write_bytes(render_junit(told))
    read = Junit(str(path))
    found = [case for suite in read.suites for case in suite.all()]
    ours = cases(told)
    assert len(found) == len(ours)
    # It counts errors among what failed.
    failed = [case.name for case in found if case.failed()]
    assert Counter(failed) == Counter(
        case.get("name") for case in ours if case.find("failure") is not None or case.find("error") is not None
    )
    assert ("verdict" in failed) is not told.decision.verdict.opens
    assert sum(case.duration for case in found) == pytest.approx(sum(float(case.get("time", "0")) for case in ours))
    assert "verdict" in read.html()


@EVERY
def test_gitlab_tells_every_case_from_the_others(told: Results) -> None:
    """It compares runs by suite, class and name; of two that are the same it drops one."""
    root = ET.fromstring(render_junit(told))  # noqa: S314 - our own bytes
    named = [
        (suite.get("name"), case.get("classname"), case.get("name"))
        for suite in root
        for case in suite.iter("testcase")
    ]
    assert len(named) == len(set(named))
    assert all(name for row in named for name in row)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("interrupted", [False, True])
def test_no_reader_shows_a_run_as_green_that_is_no_go(*, verdict: Verdict, interrupted: bool) -> None:
    """A run that was stopped before it asked anything has no failed check: its verdict fails."""
    base = CASES["empty"]
    told = dataclasses.replace(
        base,
        decision=dataclasses.replace(base.decision, verdict=verdict, reason="nothing was asked"),
        run=dataclasses.replace(base.run, interrupted=interrupted),
    )
    green = verdict.opens and not interrupted
    (case,) = [case for case in cases(told) if case.get("name") == "verdict"]
    assert (case.find("failure") is None) is green
    first = json.loads(render_ctrf(told))["results"]["tests"][0]
    assert (first["testId"], first["status"]) == ("verdict", "passed" if green else "failed")
    assert green or "nothing was asked" in first["message"]


def test_durations_are_those_of_the_run() -> None:
    """Steps of journeys have times of their own; what many checks judge was asked once, and is no time of theirs."""
    told = read_results(SAMPLE)
    took = Counter[str]()
    for case in cases(told):
        took[str(case.get("name")).partition("[")[0]] += round(float(case.get("time", "0")) * 1000)
    run = round((told.run.finished_at - told.run.started_at).total_seconds() * 1000)
    assert took["verdict"] == run
    durations = {one["testId"]: one["duration"] for one in json.loads(render_ctrf(told))["results"]["tests"]}
    assert {name: took[name] for name in durations} == pytest.approx(durations, abs=2)
    walked = {
        check.id for check in told.checks for seen in check.observations if "elapsed" in seen.facts.get("walk", {})
    }
    assert sum(took[name] > 0 for name in walked) > 50
    assert all(took[name] < run for name in walked)
    assert took["tls-expiry"] == 0
