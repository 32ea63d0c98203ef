"""Thirty runs that nobody thought of: every format tells the same first cause and the same counts."""

import html
import json
import re
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.policy.severity import Severity
from gonogo.record.results import Cause, CheckResult, LineResult, LineStatus, Outcome, Results, Verdict, sum_line
from gonogo.report.blockers import stops
from gonogo.report.files import derived
from gonogo.report.github import render_commands
from gonogo.report.terminal import render_summary
from gonogo.report.wording import causes, line_sum
from gonogo.verdict.causes import root_causes
from gonogo.verdict.undone import undone_words
from tests.report.accounts import accounted, line
from tests.report.conftest import check

NAMES = (
    "mongo-reachable",
    "health-deep",
    "redis-listening",
    "tls-a",
    "tls-b",
    "dns-a",
    "client-a",
    "client-b",
    "load-a",
)
MESSAGES = ("closed port", "no reply", "POST /api/register answered 503: {}; 201 was expected", "not selected")
SCOPE = ("a.test", "192.0.2.1")


@st.composite
def runs(draw: st.DrawFn) -> Results:
    """Checks of any outcome, some BLOCKED by others that did not pass, and lines of any status."""
    outcomes = st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.BLOCKED])
    made: list[CheckResult] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=len(NAMES))):
        severity = draw(st.sampled_from([Severity.BLOCKER, Severity.BLOCKER, Severity.WARNING]))
        broken = [one.id for one in made if one.outcome in {Outcome.FAIL, Outcome.ERROR}]
        if broken and draw(st.sampled_from([True, False])):
            behind = Cause(check=draw(st.sampled_from(broken)), scope=SCOPE)
            made.append(check(name, Outcome.BLOCKED, "blocked", cause=behind, severity=severity))
            continue
        outcome = draw(outcomes)
        if outcome is Outcome.FAIL:
            severity = Severity.BLOCKER
        message = "" if outcome is Outcome.PASS else draw(st.sampled_from(MESSAGES))
        made.append(check(name, outcome, message, severity=severity, facts={"walk": {}}))
    statuses = draw(st.lists(st.sampled_from(LineStatus), max_size=5))
    lines: list[LineResult] = [
        line(f"a.l{number}", status, checks=[made[number].id] if number < len(made) else [])
        for number, status in enumerate(statuses)
    ]
    return accounted(made, lines, causes=root_causes(made))


def first_told(told: Results) -> dict[str, str]:
    """Format to the id of the check that it begins with; empty where it names none."""
    files = derived(told)
    page = html.unescape(files["signoff.html"].decode())
    terminal = render_summary(told, report_path="x", report_digest="", colour=False, width=200)
    ctrf = json.loads(files["ctrf.json"])["results"]["summary"]["extra"]

    def found(pattern: str, text: str) -> str:
        match = re.search(pattern, text)
        return match[1] if match else ""

    return {
        "headline": found(r"start with ([a-z-]+): ", told.decision.reason),
        "page": found(r'<h3 class="what">.*?<a href="signoff-whole.html#([a-z-]+)">', page),
        "terminal": found(
            r"(?m)^ (?:BLOCKERS|COULD NOT CHECK|WAIVED, BUT OTHERS DEPEND ON IT|NOT RUN)\n . ([a-z-]+)",
            terminal,
        ),
        "summary": found(r"## What keeps it from GO\n\n- . \*\*([a-z\\-]+)\*\*", files["summary.md"].decode()),
        "annotations": found(r"\A::error (?:[^:]*,)?title=(?!checklist)([a-z-]+)::", render_commands(told)),
        "JUnit": str(properties(files["junit.xml"])["first cause"]),
        "CTRF": ctrf["firstCause"],
    }


def properties(junit: bytes) -> dict[str | None, str | None]:
    """Those of the suite that says the verdict."""
    suite = ET.fromstring(junit).find("testsuite[@name='verdict']/properties")  # noqa: S314 - our own bytes
    assert suite is not None
    return {one.get("name"): one.get("value") for one in suite}


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(runs())
def test_first_cause_and_counts_are_the_same_everywhere(told: Results) -> None:
    """Whoever reads one of them knows what the others say."""
    first = next((cause.check.id for cause in causes(told)), "")
    opens = told.decision.verdict.opens
    for where, identifier in first_told(told).items():
        assert identifier == ("" if where == "headline" and opens else first), where
    words = stops(told).words
    of_lines = undone_words(told.leaves)
    assert of_lines in words
    assert of_lines in render_commands(told)
    files = derived(told)
    terminal = render_summary(told, report_path="x", report_digest="", colour=False, width=200)
    for where, text in {"summary.md": files["summary.md"].decode(), "terminal": terminal}.items():
        assert words in html.unescape(text), where
    head = html.unescape(files["signoff.html"].decode().partition("</header>")[0])
    assert stops(told).title in head
    assert stops(told).details in head
    junit = properties(files["junit.xml"])
    assert (junit["checks"], junit["checklist"]) == (sum_line(told.counts), line_sum(told) if told.leaves else "")
    assert properties(files["junit.xml"])["stops"] == words
    assert json.loads(files["ctrf.json"])["results"]["summary"]["extra"]["stops"] == words
    assert not (words and opens)
    assert words or told.decision.verdict is not Verdict.NO_GO


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(runs())
def test_counts_are_those_of_the_checks_and_lines(told: Results) -> None:
    """Nothing counted twice, and nothing that stops the launch left out of the causes."""
    counted = stops(told)
    blockers = [one for one in told.checks if one.severity is Severity.BLOCKER]
    gaps = {Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN}
    assert counted.failed == sum(one.outcome is Outcome.FAIL for one in blockers)
    assert counted.unanswered == sum(one.outcome in gaps for one in blockers)
    assert len(counted.lines) == told.decision.open_lines
    assert counted.causes == len(causes(told))
    reached = [identifier for cause in causes(told) for identifier in cause.reach]
    assert {one.id for one in blockers if one.outcome in {*gaps, Outcome.FAIL}} <= set(reached)
    leads = [identifier for cause in causes(told) for identifier in (cause.check.id, *cause.alike)]
    assert len(leads) == len(set(leads)), "each check is a cause once"
