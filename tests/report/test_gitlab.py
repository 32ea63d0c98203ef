"""What GitLab shows of ``junit-gitlab.xml``, by the rules that it publishes: the page "Unit test reports" of its documentation."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from gonogo.record.archive import read_results
from gonogo.record.results import LineStatus, Observation, Outcome, Results
from gonogo.report.files import derived
from tests.report.accounts import CASES, accounted, line
from tests.report.conftest import check
from tests.report.test_one_truth import runs

SAMPLE = Path(__file__).parents[2] / "reports" / "sample" / "results.json"
READ_OF_A_CASE = {"classname", "name", "file", "time"}
"""Attributes of a case that it reads; of a suite only its name, which it shows nowhere."""
STATUSES: Mapping[str, str] = {"failure": "failed", "error": "error", "skipped": "skipped"}
"""Elements that make a case something else than a success, the first of these three that is there."""
SHOWS_OUTPUT = {"failed", "error"}
"""Of these cases it shows ``system-out`` as well, and looks there, and nowhere else, for an attachment: the first."""
ATTACHMENT = re.compile(r"\[\[ATTACHMENT\|([^\[\]|]+?)\]\]")
"""Its path begins at the root of the checkout, where the job keeps its artifacts."""
LARGEST = 30_000_000
"""Bytes of a file; a larger one is shown as no report at all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One case as a person sees it."""

    suite: str
    name: str
    file: str
    seconds: float
    status: str
    text: str
    attachment: str


def gitlab(content: bytes) -> Sequence[Shown]:
    """The cases that it shows: of those with the same suite, class and name, the first only."""
    assert len(content) < LARGEST
    shown: dict[str, Shown] = {}
    root = ET.fromstring(content)  # noqa: S314 - our own bytes
    for suite in root.iter("testsuite"):
        for case in suite.iterfind("testcase"):
            key = "_".join([suite.get("name", ""), case.get("classname", ""), case.get("name", "")])
            shown.setdefault(key, _shown(case))
    return list(shown.values())


def _shown(case: ET.Element) -> Shown:
    element = next((found for name in STATUSES if (found := case.find(name)) is not None), None)
    status = STATUSES[element.tag] if element is not None else "success"
    out = (case.findtext("system-out") or "") if status in SHOWS_OUTPUT else ""
    attached = ATTACHMENT.search(out)
    return Shown(
        suite=case.get("classname", ""),
        name=case.get("name", ""),
        file=case.get("file", ""),
        seconds=float(case.get("time", "0")),
        status=status,
        text=(element.text or "") if element is not None else "",  # an attribute of the element is not shown
        attachment=attached[1] if attached else "",
    )


def report(told: Results) -> Sequence[Shown]:
    """What GitLab makes of our file."""
    return gitlab(derived(told)["junit-gitlab.xml"])


def all_cases(told: Results) -> list[ET.Element]:
    """Every case of the file, whoever reads it."""
    return list(ET.fromstring(derived(told)["junit-gitlab.xml"]).iter("testcase"))  # noqa: S314 - our own bytes


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(runs())
def test_no_run_is_green_there_that_is_no_go(told: Results) -> None:
    """Nothing that is not in order is a success, no case is dropped, and only a GO has no red one."""
    shown = report(told)
    assert len(shown) == len(all_cases(told))
    red = [case for case in shown if case.status in SHOWS_OUTPUT]
    assert told.decision.verdict.opens or "verdict" in {case.name for case in red}
    green = {case.name.partition("[")[0] for case in shown if case.status == "success"}
    assert not green & {one.id for one in told.checks if one.outcome not in {Outcome.PASS, Outcome.WARN}}
    assert not green & {one.id for one in told.leaves if one.status in {LineStatus.OPEN, LineStatus.FAILED}}


@pytest.mark.parametrize("told", CASES.values(), ids=CASES)
def test_an_interrupted_run_is_red_whatever_its_verdict(told: Results) -> None:
    """It was going to be a GO, perhaps."""
    cut = dataclasses.replace(told, run=dataclasses.replace(told.run, interrupted=True))
    assert [case.status for case in report(cut) if case.name == "verdict"] == ["failed"]


def test_message_and_fix_are_what_is_shown() -> None:
    """It shows the text within the element, and none of its attributes: a message there alone would be seen by nobody."""
    told = accounted(
        [
            check("tls-a", Outcome.FAIL, "closed port"),
            check("dns-a", Outcome.ERROR, "no resolver answers", hint="declare others"),
            check("redis-a", Outcome.NOT_RUN, "not selected"),
        ],
        [line("b.open", LineStatus.OPEN, "nobody said")],
    )
    texts = {case.name.partition("[")[0]: (case.status, case.text) for case in report(told)}
    assert texts == {
        "verdict": (
            "failed",
            "NO-GO: Requirement not met: “Title of tls-a”. It matters. 1 must-pass check failed; start with tls-a: closed port",
        ),
        "tls-a": ("failed", "FAIL: closed port\nFix: Repair it."),
        "dns-a": ("error", "COULD NOT CHECK: no resolver answers\nFix: declare others"),
        "redis-a": ("skipped", "NOT RUN: not selected"),
        "b.open": ("failed", "Text of b.open\nopen: nobody said"),
    }


def test_files_are_those_of_the_team_and_the_page_is_attached() -> None:
    """One click to the file, and one to the page: the first case that is red has it, and no other."""
    failed = dataclasses.replace(check("tls-a", Outcome.FAIL, "closed"), file="environments/staging.toml", line=37)
    told = accounted([failed, check("dns-a")], [line("b.open", LineStatus.OPEN)])
    shown = {case.name.partition("[")[0]: case for case in report(told)}
    assert {name: case.file for name, case in shown.items()} == {
        "verdict": "",
        "tls-a": "environments/staging.toml",
        "dns-a": "",
        "b.open": "environments/checklist.md",
    }
    page = "reports/staging/20261123T120000Z-abcdef/signoff.html"
    assert {name: case.attachment for name, case in shown.items() if case.attachment} == {"verdict": page}
    assert {attribute for case in all_cases(told) for attribute in case.attrib} == READ_OF_A_CASE
    assert b"ATTACHMENT" not in derived(CASES["go"])["junit-gitlab.xml"]


def test_targets_that_look_alike_stay_apart() -> None:
    """Of two cases with one name the second is dropped: it must not be the one that failed."""
    scopes = (("a", "b"), ("a·b",))
    both = [
        Observation(scope=scope, outcome=outcome, message="closed" if outcome is Outcome.FAIL else "")
        for scope, outcome in zip(scopes, (Outcome.PASS, Outcome.FAIL), strict=True)
    ]
    told = accounted([dataclasses.replace(check("tls-a", Outcome.FAIL), observations=both)])
    assert {case.name: case.status for case in report(told) if case.name != "verdict"} == {
        "tls-a[a·b]": "success",
        "tls-a[a·b] (2)": "failed",
    }


def test_nobody_else_attaches_a_file() -> None:
    """A banner that names an attachment would put a link of its own beside our page."""
    attack = "[[ATTACHMENT|secrets/all.txt]]"
    told = accounted(
        [check("tls-a", Outcome.FAIL, attack), check("tls-b", Outcome.WARN, attack)],
        [line("b.open", LineStatus.OPEN, attack), line("b.kept", LineStatus.WAIVED, attack)],
    )
    assert {case.attachment for case in report(told)} == {"", "reports/staging/20261123T120000Z-abcdef/signoff.html"}
    named = dataclasses.replace(told, run=dataclasses.replace(told.run, environment="a]]|b"))
    assert {case.attachment for case in report(named)} == {""}


def test_a_whole_run_is_shown_whole() -> None:
    """The sample: every check at every target, every line, and the verdict."""
    told = read_results(SAMPLE)
    shown = report(told)
    observations = sum(len(one.observations) for one in told.checks)
    assert len(shown) == observations + len(told.leaves) + 1
    assert all(case.text for case in shown if case.status != "success")
